"""The rota on the page of those on call: a shift is handed over by buttons, and the duty desk has a rota of its own."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client

from apps.core import clock
from apps.escalation import rota
from apps.escalation import services as escalation
from apps.escalation.models import HandOver, Leave, Route, Shift
from apps.escalation.vocabulary import Duty, HandOverState
from apps.staff.models import SiteAssignment, User
from apps.staff.services import assign, end_assignment, set_phone
from apps.staff.vocabulary import Role
from apps.trials.models import Site
from tests import people
from tests.house.test_blinding_crawl import REFUSED
from tests.workplace.scenes import Scene, page, signed_in

pytestmark = pytest.mark.django_db
URL, NOW_URL = "/admin/duty/", "/admin/"
HOUR = timedelta(hours=1)
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def desk(everybody: None) -> User:
    """A second person of the duty desk. Everybody has answered a page of late, but Carol."""
    dee = people._member("Dee", Role.DUTY_DESK, at=None, position=2)
    set_phone(user=dee, number="+12025550118")
    for person in User.objects.exclude(name="Carol"):
        Route.objects.create(person=person, channel="sms", delivered_at=clock.now(), answered_at=clock.now())
    return dee


def shift(person: User, site: str = "BJ01", *, duty: Duty = Duty.FIRST, begins: float = -1, ends: float = 7) -> Shift:
    now, place = clock.now(), None if site == "desk" else people.site(site)
    return rota.add_shift(
        site=place, duty=duty, person=person, starts_at=now + begins * HOUR, ends_at=now + ends * HOUR, by=None
    )


def send(person: User, act: str, row: Any, site: str = "BJ01", **said: str) -> Any:
    key = str(row.pk) if hasattr(row, "pk") else str(row)
    fields = {f"{act}-{key}-{name}": value for name, value in said.items()}
    return signed_in(person).post(URL, {"act": act, "site": site, "row": key, **fields})


def hand_over(person: User, row: Any, to: User, site: str = "BJ01", reason: str = "") -> Any:
    return send(person, "handover", row, site, to=str(to.pk), reason=reason)


def entered(person: User, duty: Duty, to: User, site: str = "desk") -> Any:
    local = clock.now().astimezone(ZoneInfo(settings.TIME_ZONE))
    return signed_in(person).post(URL, {
        "act": "shift", "site": site, f"shift-{site}-duty": duty.value, f"shift-{site}-person": str(to.pk),
        f"shift-{site}-starts_at": f"{local + HOUR:%Y-%m-%dT%H:%M}", f"shift-{site}-ends_at": f"{local + 9 * HOUR:%Y-%m-%dT%H:%M}",
    })  # fmt: skip


# --- a shift is handed over


def test_a_shift_is_offered_seen_by_both_and_accepted_by_a_button(desk: User) -> None:
    alice, bob = people.alice(), people.bob()
    planned = shift(alice)
    assert "Hand over my shift" in page(alice, URL)

    assert hand_over(alice, planned, bob, reason="my child is ill").status_code == 303

    offer = HandOver.objects.get()
    assert "Alice → Bob" in page(alice, URL)
    assert "Take it back" in page(alice, URL)
    assert "Hand over my shift" not in page(alice, URL)
    mine = page(bob, URL)
    for said in ("同事请您接班", "接受该班次", "my child is ill"):
        assert said in mine
    assert "Alice 请您接班" in page(bob, NOW_URL)
    assert Shift.objects.count() == 1

    assert send(bob, "accept", offer).status_code == 303
    assert Shift.objects.get(person=bob).made_by == alice
    assert "同事请您接班" not in page(bob, URL)
    assert "somebody else has it" in page(alice, URL)


def test_whoever_has_left_the_site_is_offered_its_shifts_no_more_and_reads_no_name_there(desk: User) -> None:
    alice, bob = people.alice(), people.bob()
    hand_over(alice, shift(alice, begins=48, ends=56), bob)
    assert "Alice" in page(bob, NOW_URL)
    today = clock.now().date()
    end_assignment(assignment=SiteAssignment.objects.get(user=bob), ends_on=today - timedelta(days=1))
    assign(user=bob, role=Role.INVESTIGATOR, site=people.site("SH02"), starts_on=today)
    for url in (NOW_URL, URL):
        assert "Alice" not in page(bob, url)


def test_the_receiver_refuses_and_the_giver_takes_back(desk: User) -> None:
    alice, bob = people.alice(), people.bob()
    planned = shift(alice)
    hand_over(alice, planned, bob)
    assert send(bob, "refuse", HandOver.objects.get()).status_code == 303
    hand_over(alice, planned, bob)
    second = HandOver.objects.get(state=HandOverState.OFFERED)
    assert send(alice, "withdraw", second).status_code == 303
    second.refresh_from_db()
    assert second.state == HandOverState.WITHDRAWN
    assert Shift.objects.count() == 1


def test_somebody_else_who_plans_the_rota_hands_over_at_once_or_accepts_in_the_receivers_place(desk: User) -> None:
    alice, bob, chen = people.alice(), people.bob(), people.chen()
    first, second = shift(alice), shift(alice, duty=Duty.SECOND)
    assert hand_over(chen, first, bob).status_code == 303
    assert Shift.objects.get(person=bob).duty == Duty.FIRST
    hand_over(alice, second, bob)
    offer = HandOver.objects.get(state=HandOverState.OFFERED)
    assert "替对方接受" in page(chen, URL)
    assert send(chen, "accept", offer).status_code == 303
    assert Shift.objects.filter(person=bob, duty=Duty.SECOND).exists()


def test_the_giver_cannot_accept_for_the_receiver(desk: User) -> None:
    alice = people.alice()
    hand_over(alice, shift(alice), people.bob())
    assert send(alice, "accept", HandOver.objects.get()).status_code == 403
    assert send(alice, "refuse", HandOver.objects.get()).status_code == 403
    assert Shift.objects.count() == 1


def test_who_cannot_be_relied_upon_is_not_offered_and_the_page_says_why(desk: User) -> None:
    alice, carol = people.alice(), people.carol()
    planned = shift(alice)
    body = page(alice, URL)
    form = body[body.index('value="handover"') :].partition("</form>")[0]
    assert "Bob" in form
    assert "Carol" not in form
    assert "Carol: has no tested route that wakes" in body
    answer = hand_over(alice, planned, carol)
    assert answer.status_code == 422
    assert not HandOver.objects.exists()


def test_a_refusal_that_comes_too_late_for_its_button_is_said_at_the_top(desk: User) -> None:
    alice, bob = people.alice(), people.bob()
    hand_over(alice, shift(alice), bob)
    offer = HandOver.objects.get()
    escalation.withdraw_hand_over(hand_over=offer, by=alice)
    answer = send(bob, "accept", offer)
    assert answer.status_code == 422
    assert "该交班已有答复或已被撤回。" in answer.content.decode()


def test_a_colleague_on_leave_is_refused_in_words(desk: User) -> None:
    alice, bob = people.alice(), people.bob()
    now = clock.now()
    rota.add_leave(person=bob, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    answer = hand_over(alice, shift(alice), bob)
    assert answer.status_code == 422
    assert answer.content.decode().count("This person is away in that time.") == 2  # above, and at the form
    assert 'id="refused"' in answer.content.decode()


# --- who may not


@pytest.mark.parametrize("name", ["dora", "erin", "dan", "ada", "sam", "mona", "kim"])
def test_nobody_without_the_right_at_the_site_does_anything_or_learns_anything(desk: User, name: str) -> None:
    people._member("Mona", Role.MONITOR, at="BJ01")
    people._member("Kim", Role.COORDINATOR, at="SH02")
    alice, bob = people.alice(), people.bob()
    planned = shift(alice)
    hand_over(alice, planned, bob, reason="canaryreason")
    offer = HandOver.objects.get()
    stranger = User.objects.get(username=name)

    answers = [
        hand_over(stranger, planned, bob),
        hand_over(stranger, planned, bob, site="SH02"),
        hand_over(stranger, planned, bob, site="desk"),
        *(send(stranger, act, offer, site) for act in ("accept", "refuse", "withdraw") for site in ("BJ01", "desk")),
        send(stranger, "unshift", planned),
        send(stranger, "unshift", planned, "desk"),
        entered(stranger, Duty.FIRST, bob, site="BJ01"),
    ]

    assert {answer.status_code for answer in answers} <= {400, 403}
    assert not any("Alice" in answer.content.decode() for answer in answers)
    offer.refresh_from_db()
    planned.refresh_from_db()
    assert (offer.state, planned.cancelled_at, Shift.objects.count()) == (HandOverState.OFFERED, None, 1)
    seen = signed_in(stranger).get(URL).content.decode()
    assert not [word for word in ("BJ01", "Alice", "canaryreason", str(offer.pk)) if word in seen]


def test_whoever_is_not_signed_in_is_sent_to_the_door(desk: User) -> None:
    planned = shift(people.alice())
    for site in ("BJ01", "desk"):
        answer = Client().post(URL, {"act": "handover", "site": site, "row": str(planned.pk)})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
    assert not HandOver.objects.exists()


@pytest.mark.parametrize("row", ["", "nonsense", NOBODY, "0" * 400, "'; DROP TABLE", "\x00"])
@pytest.mark.parametrize("act", ["handover", "accept", "refuse", "withdraw", "unshift", "mend", "unleave"])
def test_a_row_that_is_none_is_a_bad_request(everybody: None, act: str, row: str) -> None:
    assert signed_in(people.carol()).post(URL, {"act": act, "site": "BJ01", "row": row}).status_code == 400


@pytest.mark.parametrize("site", ["", "XX99", "desk", "SH02", "\x00"])
def test_a_place_that_there_is_not_is_refused_like_another_sites(everybody: None, site: str) -> None:
    planned = shift(people.alice())
    for act in ("shift", "unshift", "handover", "drill", "kit", "mend"):
        answer = signed_in(people.alice()).post(URL, {"act": act, "site": site, "row": str(planned.pk)})
        assert answer.status_code in REFUSED


@pytest.mark.parametrize("to", ["", "nonsense", NOBODY, "dora", "alice"])
def test_a_receiver_who_is_none_is_refused_at_the_form(desk: User, to: str) -> None:
    planned = shift(people.alice())
    value = str(getattr(people, to)().pk) if hasattr(people, to) else to
    answer = send(people.alice(), "handover", planned, to=value)
    assert answer.status_code == 422
    assert 'id="refused"' in answer.content.decode()
    assert "Dora" not in answer.content.decode()
    assert not HandOver.objects.exists()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("0001-01-01T00:00", "2027-06-01T00:00"),
        ("2027-05-12T20:00", "9999-12-31T23:59"),
        ("2027-05-12T20:00", "2027-05-12T20:00"),
        ("2028-03-26T02:30", "2028-03-26T09:00"),  # the night has no such time
    ],
)
@pytest.mark.parametrize("act", ["shift", "leave"])
def test_a_time_that_there_is_not_is_refused_in_words(desk: User, act: str, begins: str, ends: str) -> None:
    Site.objects.filter(code="BJ01").update(timezone="Europe/Berlin")
    said = {"starts_at": begins, "ends_at": ends, "duty": Duty.FIRST.value, "person": str(people.bob().pk)}
    prefix = "shift-BJ01" if act == "shift" else "leave"
    fields = {f"{prefix}-{name}": value for name, value in said.items()}
    assert signed_in(people.carol()).post(URL, {"act": act, "site": "BJ01", **fields}).status_code == 422
    assert not Shift.objects.exists()
    assert not Leave.objects.exists()


# --- the duty desk's rota


def test_the_administrator_makes_the_duty_desks_rota_and_sees_nothing_of_any_site(desk: User, scene: Scene) -> None:
    ada = people.ada()
    body = page(ada, URL)
    assert "The whole trial" in body
    assert "Duty desk" in body or "duty desk" in body

    for duty in (Duty.DESK, Duty.DOCTOR):
        answer = entered(ada, duty, desk)
        assert answer.status_code == 303, answer.content.decode()

    body = page(ada, URL)
    assert {each.site for each in Shift.objects.all()} == {None}
    assert "Dee" in body
    assert "Set the PIN" not in body  # who is never paged has none
    for word in ("BJ01", "Alice", "Carol", scene.beijing.case_number, *scene.tokens_of_shanghai()):
        assert word not in body
    assert entered(ada, Duty.FIRST, desk).status_code == 422  # a site's duty
    assert entered(ada, Duty.DESK, people.alice()).status_code == 422


def test_the_gap_of_the_duty_desk_is_listed(desk: User) -> None:
    shift(people.dan(), "desk", duty=Duty.DESK, begins=0, ends=8)
    now = clock.now()
    rota.add_leave(person=people.dan(), starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    rota.add_leave(person=desk, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    body = page(people.ada(), URL)
    assert "None in the next four weeks." not in body


def test_the_desk_sees_its_rota_hands_its_shifts_over_and_plans_nothing(desk: User) -> None:
    dan = people.dan()
    planned = shift(dan, "desk", duty=Duty.DESK)
    body = page(dan, URL)
    assert "Hand over my shift" in body
    assert "Enter a shift" not in body
    assert entered(dan, Duty.DESK, desk).status_code == 403
    assert send(dan, "unshift", planned, "desk").status_code == 403

    assert hand_over(dan, planned, desk, "desk").status_code == 303
    offer = HandOver.objects.get()
    assert hand_over(desk, planned, dan, "desk").status_code == 403  # another's shift
    assert send(desk, "accept", offer, "desk").status_code == 303
    assert Shift.objects.get(person=desk).site is None


def test_the_administrator_hands_a_shift_of_the_desk_over_at_once(desk: User) -> None:
    planned = shift(people.dan(), "desk", duty=Duty.DESK)
    assert hand_over(people.ada(), planned, desk, "desk").status_code == 303
    assert Shift.objects.get(person=desk).is_override


def test_a_principal_investigator_may_not_touch_the_desks_rota(desk: User) -> None:
    planned = shift(people.dan(), "desk", duty=Duty.DESK)
    for answer in (
        entered(people.carol(), Duty.DESK, desk),
        hand_over(people.carol(), planned, desk, "desk"),
        hand_over(people.carol(), planned, desk, "BJ01"),
    ):
        assert answer.status_code in (400, 403)
    assert "The whole trial" not in page(people.carol(), URL)


def test_who_is_on_call_now_stands_first(desk: User) -> None:
    shift(people.bob())
    body = page(people.alice(), URL)
    now = body[body.index("On call now") :].partition("</table>")[0]
    assert "<b>Bob</b>" in now
