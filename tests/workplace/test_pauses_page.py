"""A pause on a participant's card: begun, renewed and ended by a named person with a reason, seen by those who may read texts."""

from datetime import timedelta

import pytest

from apps.audit.models import AuditEvent
from apps.participants import pauses
from apps.participants.models import Participant, Pause
from apps.staff.models import User
from tests.workplace.scenes import Scene, change_url, page, press, signed_in

pytestmark = pytest.mark.django_db


def wang() -> Participant:
    return Participant.objects.get(code="BJ01-001")


def begin(person: User, code: str = "travel", reason: str = "with her sister until June") -> object:
    return press(person, wang(), "pause", code=code, reason=reason)


def test_a_coordinator_pauses_the_checkins_and_the_card_says_whose_it_is_and_until_when(
    scene: Scene, chen: User, alice: User
) -> None:
    begin(chen)
    pause = Pause.objects.get()
    assert (pause.began_by, pause.reason) == (chen, "with her sister until June")
    shown = page(alice, change_url(wang()))
    assert "holiday or travel" in shown
    assert "Study coordinator" in shown
    assert f"{pause.expires_at.astimezone(wang().zone):%Y-%m-%d %H:%M}" in shown
    assert "休假或外出" in page(chen, change_url(wang()))


def test_it_is_renewed_and_ended_with_a_reason_that_stands_in_the_trail(scene: Scene, chen: User) -> None:
    begin(chen)
    pause = Pause.objects.get()
    Pause.objects.update(expires_at=pause.expires_at - timedelta(days=10))
    press(chen, wang(), "renew_pause", pause=str(pause.pk), reason="stays longer")
    pause.refresh_from_db()
    assert (pause.renewed_by, pause.reason) == (chen, "stays longer")
    assert pause.expires_at - pause.began_at >= timedelta(days=14)
    press(chen, wang(), "end_pause", pause=str(pause.pk), reason="home")
    pause.refresh_from_db()
    assert (pause.ended_by, pause.ended_because) == (chen, "by_person")
    assert AuditEvent.objects.filter(table="participants_pause").count() >= 3


@pytest.mark.parametrize("code", ["death_path", "number_check", "nonsense"])
def test_what_goes_with_a_state_is_begun_by_nobody_by_hand(scene: Scene, chen: User, code: str) -> None:
    begin(chen, code)
    assert not Pause.objects.exists()


def test_without_a_reason_nothing_is_paused(scene: Scene, chen: User) -> None:
    begin(chen, reason=" ")
    assert not Pause.objects.exists()


def test_another_sites_investigator_pauses_nobody_here(scene: Scene, dora: User) -> None:
    with pytest.raises(pauses.NotYourPause):
        pauses.begin_by_hand(participant=wang(), code="travel", person=dora, reason="why not")
    assert signed_in(dora).get(change_url(wang())).status_code == 404
