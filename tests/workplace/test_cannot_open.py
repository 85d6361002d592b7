"""When the duty doctor has answered about a site's participant: what the site's people see, and what the participant is not told."""

import pytest

from apps.conversations import services as conversations
from apps.escalation.vocabulary import EscalationState, Via
from apps.messaging.models import OutboundMessage
from apps.staff.models import User
from tests import people
from tests.workplace.scenes import Scene, change_url, page, press

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(scene: Scene) -> Scene:
    assert scene.beijing.escalation is not None
    conversations.take(running=scene.beijing.escalation, person=people.dan(), via=Via.LINK)
    return scene


def urls(scene: Scene) -> list[str]:
    assert scene.beijing.escalation is not None
    return ["/admin/", change_url(scene.beijing.escalation), change_url(scene.beijing)]


@pytest.mark.parametrize("who", ["alice", "chen"])
def test_the_site_reads_who_answered_and_that_one_of_them_must_take_it(answered: Scene, who: str) -> None:
    for url in urls(answered):
        body = page(getattr(people, who)(), url)
        assert "Dan answered at" in body or "Dan 于" in body
        assert "Taken by Dan" not in body
        assert "由 Dan" not in body
        assert "Take it" in body or "接手" in body


def test_the_participant_is_promised_nobody_until_the_site_has_it(answered: Scene) -> None:
    taken = OutboundMessage.objects.filter(wording__in=["taken", "taken_team"])
    assert not taken.exists()
    running = answered.beijing.escalation
    assert running is not None
    press(people.alice(), running, "take")
    running.refresh_from_db()
    assert running.state == EscalationState.ACKNOWLEDGED
    assert taken.exists()
    assert "Taken by Alice" in page(people.alice(), change_url(running))
    assert "cannot open it: somebody who can must take it" not in page(people.alice(), change_url(running))


def test_the_duty_doctor_still_sees_nothing_of_the_site(answered: Scene, dan: User) -> None:
    body = page(dan, "/admin/")
    for word in ("BJ01", answered.beijing.case_number, *answered.tokens_of_shanghai()):
        assert word not in body
