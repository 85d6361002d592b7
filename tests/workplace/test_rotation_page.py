"""People on call in turn are planned by buttons: seen before they are written, and written whole."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from apps.core import clock
from apps.escalation import rota
from apps.escalation.models import Incident, Route, Shift
from apps.escalation.vocabulary import Duty, IncidentKind
from apps.messaging.models import OutboundMessage
from apps.staff.models import User
from tests import people
from tests.workplace.scenes import page, signed_in

pytestmark = pytest.mark.django_db
URL = "/admin/rotation/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _everybody(everybody: None) -> None:
    for person in User.objects.exclude(name="Carol"):
        Route.objects.create(person=person, channel="sms", delivered_at=clock.now(), answered_at=clock.now())


def said(*persons: User, days: str = "1", until: float = 4, duty: str = Duty.FIRST.value) -> dict[str, str]:
    local = clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)) - HOUR
    turns = {f"person_{place}": str(person.pk) for place, person in enumerate(persons, start=1)}
    return turns | {
        "duty": duty, "days": days, "starts_at": f"{local:%Y-%m-%dT%H:%M}",
        "until": f"{local + until * DAY:%Y-%m-%dT%H:%M}",
    }  # fmt: skip


def preview(person: User, form: dict[str, str], at: str = "BJ01") -> Any:
    return signed_in(person).get(f"{URL}?{urlencode({'at': at} | form)}")


def written(person: User, form: dict[str, str], at: str = "BJ01") -> Any:
    return signed_in(person).post(f"{URL}?at={at}", form)


def test_the_page_of_those_on_call_leads_to_it_for_whoever_plans_the_rota() -> None:
    assert "/admin/rotation/?at=BJ01" in page(people.alice(), "/admin/duty/")
    assert "/admin/rotation/" not in page(people.dan(), "/admin/duty/")


def test_the_preview_shows_every_shift_and_writes_none() -> None:
    body = preview(people.alice(), said(people.alice(), people.bob())).content.decode()
    table = body[body.index("What would be written") :].partition("</table>")[0]
    assert [table.count(f"<b>{name}</b>") for name in ("Alice", "Bob")] == [2, 2]
    assert "Enter the shifts: 4" in body
    assert not Shift.objects.exists()


def test_the_button_writes_what_was_shown_and_tells_each_colleague_once() -> None:
    alice, bob = people.alice(), people.bob()
    answer = written(alice, said(alice, bob))
    assert (answer.status_code, answer["Location"]) == (303, "/admin/duty/")
    assert [*Shift.objects.order_by("starts_at").values_list("person__name", flat=True)] == ["Alice", "Bob"] * 2
    assert {shift.made_by for shift in Shift.objects.all()} == {alice}
    assert OutboundMessage.objects.filter(wording="staff_shifts_in_turn").count() == 1


def test_a_second_press_of_the_button_is_refused_in_words_and_writes_nothing_twice() -> None:
    alice, form = people.alice(), said(people.alice(), people.bob())
    written(alice, form)
    again = written(alice, form)
    assert again.status_code == 422
    assert "Somebody has this duty in that time already" in again.content.decode()
    assert Shift.objects.count() == 4


def test_gaps_and_leave_are_shown_before_and_no_hindrance() -> None:
    alice, bob = people.alice(), people.bob()
    rota.add_leave(person=bob, starts_at=clock.now() + 30 * HOUR, ends_at=clock.now() + 32 * HOUR)
    body = preview(alice, said(alice, bob)).content.decode()
    assert "away in a part of it" in body
    assert "None until the rotation ends." not in body
    assert written(alice, said(alice, bob)).status_code == 303


def test_what_is_taken_already_is_named_and_there_is_no_button() -> None:
    alice, now = people.alice(), clock.now()
    rota.add_shift(
        site=people.site("BJ01"), duty=Duty.FIRST, person=alice, starts_at=now + 40 * HOUR, ends_at=now + 41 * HOUR,
        by=None,
    )  # fmt: skip
    body = preview(alice, said(alice)).content.decode()
    assert "So it cannot be written" in body
    assert "Enter the shifts" not in body


def test_an_untested_colleague_needs_a_reason_which_is_in_no_address() -> None:
    alice, carol = people.alice(), people.carol()
    body = preview(alice, said(alice, carol)).content.decode()
    assert "Carol: has no tested route that wakes, has no tested way to acknowledge" in body
    assert 'name="reason"' not in body.partition('method="post"')[0].rpartition('method="get"')[2]
    assert written(alice, said(alice, carol)).status_code == 422
    assert not Shift.objects.exists()
    assert written(alice, said(alice, carol) | {"reason": "the site begins"}).status_code == 303
    assert Incident.objects.get(kind=IncidentKind.UNTESTED).person == carol


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "0"}, {"days": "x"}, {"duty": "duty_desk"}, {"duty": "nonsense"}, {"starts_at": "0001-01-01T00:00"},
        {"until": "2000-01-01T00:00"}, {"until": "2199-01-01T00:00"}, {"person_1": ""}, {"person_1": "nonsense"},
        {"person_1": "dora"}, {"person_2": "dan"},
    ],
)  # fmt: skip
def test_what_makes_no_rotation_is_refused_in_words(wrong: dict[str, str]) -> None:
    given = {key: str(getattr(people, value)().pk) if hasattr(people, value) else value for key, value in wrong.items()}
    form = said(people.alice()) | given
    for answer in (preview(people.alice(), form), written(people.alice(), form)):
        assert answer.status_code == 422
        assert "Dora" not in answer.content.decode()
    assert not Shift.objects.exists()


@pytest.mark.parametrize("who", ["dora", "erin", "sam", "ada", "dan"])
def test_nobody_plans_another_places_rota_nor_sees_its_people(who: str) -> None:
    stranger = getattr(people, who)()
    form = said(people.alice())
    for answer in (preview(stranger, form), preview(stranger, {}), written(stranger, form)):
        assert answer.status_code == 403
        assert "Alice" not in answer.content.decode()
    assert not Shift.objects.exists()


@pytest.mark.parametrize("at", ["", "XX99", "desk", "SH02"])
def test_a_place_that_there_is_not_is_refused_like_another_sites(at: str) -> None:
    assert preview(people.carol(), said(people.alice()), at).status_code == 403


def test_the_administrator_plans_the_duty_desks_rotation_and_is_offered_nobody_of_a_site() -> None:
    ada, dan = people.ada(), people.dan()
    body = preview(ada, {}, "desk").content.decode()
    assert "Dan" in body
    assert "Alice" not in body
    assert written(ada, said(dan, duty=Duty.DESK.value), "desk").status_code == 303
    assert {shift.site for shift in Shift.objects.all()} == {None}


def test_it_speaks_chinese() -> None:
    body = preview(people.bob(), said(people.alice())).content.decode()
    for words in ("将写入的班次", "显示将写入的内容", "轮值结束前没有。"):
        assert words in body
