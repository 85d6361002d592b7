"""The last text of the window: once, by day, on 2028-04-14. After that day nothing leaves that nobody asked for."""

from collections.abc import Callable

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.followup import services as followup
from apps.followup.models import CheckIn, Farewell, Reminder
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants import services as participants
from apps.participants.contacts import add_contact_point, end_contact_point
from apps.participants.models import Participant, Plan
from apps.participants.vocabulary import ContactKind, FollowUp
from apps.staff.models import User
from tests import people
from tests.followup.days import Kinds, local, opted_out, texts_to
from tests.followup.test_checkins import cannot_read, carrier_blocked, frozen, suspended, without_consent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]
LAST_DAY = "2028-04-14"


@pytest.fixture
def begins() -> str:
    return "2028-03-30 12:00"


@pytest.fixture
def kinds() -> Kinds:
    return (Plan, CheckIn, Reminder, Farewell)


def farewell(participant: Participant) -> Farewell:
    return Farewell.objects.get(participant=participant)


def calls() -> list[str]:
    return list(Task.objects.filter(kind=TaskKind.FAREWELL).values_list("participant__code", flat=True))


def test_it_leaves_once_on_the_last_day_by_day_in_each_ones_language(
    wang: Participant, jones: Participant, it_is: Callable[[str], None]
) -> None:
    it_is(f"{LAST_DAY} 15:15")
    assert texts_to(wang) == []

    for hour in ("15:45", "16:30", "20:00", "21:30"):
        it_is(f"{LAST_DAY} {hour}")
    it_is("2028-04-20 12:00")

    assert texts_to(wang) == texts_to(jones) == ["end_of_study"]
    texts = {row.language: row.text for row in OutboundMessage.objects.filter(wording="end_of_study")}
    assert "120" in texts["zh-Hans"]
    assert "until closure" in texts["en"]


@pytest.mark.parametrize("hour", [None, "10:00", "15:30", "19:00"])
def test_no_check_in_and_no_reminder_of_one_follows_it(
    wang: Participant, it_is: Callable[[str], None], hour: str | None
) -> None:
    """Whoever is asked on the last day too is told of the end after it, the evening at the latest."""
    Participant.objects.filter(pk=wang.pk).update(day_zero="2028-04-10")
    if hour:
        wang.refresh_from_db()
        participants.change_preferences(participant=wang, send_time=local(f"{LAST_DAY} {hour}").time())
    participants.replan(participant=wang)

    for half_hour in range(16, 48):
        it_is(f"{LAST_DAY} {half_hour // 2:02d}:{half_hour % 2 * 30:02d}")
    it_is("2028-04-15 12:00")

    sent = [text for text in texts_to(wang) if text]
    assert sent.count("end_of_study") == 1
    asked_last = OutboundMessage.objects.exclude(wording="end_of_study").order_by("planned_at").last()
    told = OutboundMessage.objects.get(wording="end_of_study")
    assert asked_last is not None
    assert told.planned_at >= asked_last.planned_at
    assert told.planned_at < local(f"{LAST_DAY} 21:00")


@pytest.mark.parametrize("happens", [opted_out, cannot_read, carrier_blocked, suspended, without_consent])
def test_who_cannot_be_told_by_text_is_called(
    wang: Participant, carol: User, it_is: Callable[[str], None], happens: Callable[[Participant, User], None]
) -> None:
    happens(wang, carol)

    it_is(f"{LAST_DAY} 16:00")

    assert texts_to(wang) == []
    assert calls() == [wang.code]


@pytest.mark.parametrize("happens", [frozen])
def test_who_is_not_to_be_contacted_hears_nothing(
    wang: Participant, carol: User, it_is: Callable[[str], None], happens: Callable[[Participant, User], None]
) -> None:
    happens(wang, carol)

    it_is(f"{LAST_DAY} 16:00")

    assert (texts_to(wang), calls()) == ([], [])


def test_who_was_recorded_as_lost_or_has_left_has_had_their_last_text(
    wang: Participant, jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    participants.set_follow_up(participant=wang, wanted=FollowUp.LOST, person=carol)
    participants.set_follow_up(participant=jones, wanted=FollowUp.WITHDRAWN, person=carol)

    it_is(f"{LAST_DAY} 16:00")

    assert (texts_to(wang), texts_to(jones), calls()) == ([], [], [])


def test_two_on_one_phone_are_told_once(wang: Participant, jones: Participant, it_is: Callable[[str], None]) -> None:
    for point in jones.contact_points.filter(kind=ContactKind.PARTICIPANT):
        end_contact_point(contact_point=point, person=people.carol())
    add_contact_point(participant=jones, kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"], is_checked=True)

    it_is(f"{LAST_DAY} 16:00")

    assert texts_to(wang) == ["end_of_study"]
    assert farewell(wang).message == farewell(jones).message


@pytest.mark.parametrize("back_at", [f"{LAST_DAY} 21:00", "2028-04-15 10:00"])
def test_a_worker_that_was_down_on_the_last_day_texts_nobody_afterwards_but_a_person_calls(
    wang: Participant, it_is: Callable[[str], None], back_at: str
) -> None:
    it_is("2028-04-13 21:30")

    it_is(back_at)

    assert texts_to(wang) == []
    assert (farewell(wang).skipped_because, calls()) == ("too_late", [wang.code])


def test_one_that_does_not_arrive_becomes_a_call(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is(f"{LAST_DAY} 16:00")
    OutboundMessage.objects.filter(wording="end_of_study").update(state=SendState.UNDELIVERED)

    it_is(f"{LAST_DAY} 17:00")

    assert calls() == [wang.code]


def test_a_second_worker_at_the_same_row_says_it_only_once(
    wang: Participant, it_is: Callable[[str], None], trial_time: VirtualClock
) -> None:
    it_is(f"{LAST_DAY} 16:00")
    Farewell.objects.update(state="planned", due_at=clock.now())
    row = work.claim(Farewell)
    assert row is not None

    followup.advance_farewell(row)

    assert texts_to(wang) == ["end_of_study"]


def test_a_row_that_fails_five_times_is_a_call(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2028-04-13 21:30")

    followup.could_not_say_farewell(farewell(wang))

    assert calls() == [wang.code]
