"""What became of a check-in: answered, reminded of, called about.

Wang is past week 52: every second Wednesday at about ten.
"""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core.clock import VirtualClock
from apps.followup.models import CheckInState
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from tests.followup.days import answers, checkin, local, run_due, tasks, texts_to, writes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


def test_an_answer_ends_the_checkin_and_nothing_more_leaves(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    answers(checkin(wang))

    for time in ("2027-05-12 14:15", "2027-05-13 09:35", "2027-05-13 13:00"):
        it_is(time)

    assert texts_to(wang) == ["checkin"]
    assert checkin(wang).state == CheckInState.ANSWERED
    assert tasks() == []


def test_whoever_writes_in_words_is_not_silent(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 11:00")
    writes(wang, "还可以")

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert checkin(wang).state == CheckInState.ANSWERED


def test_silence_is_reminded_of_twice_and_then_a_person_calls(jones: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:09")
    assert texts_to(jones) == ["checkin"]

    it_is("2027-05-12 14:15")
    assert texts_to(jones) == ["checkin", "checkin_remind1"]

    it_is("2027-05-13 09:30")
    assert texts_to(jones) == ["checkin", "checkin_remind1", "checkin_remind2"]
    last = OutboundMessage.objects.get(wording="checkin_remind2")
    assert "today after 12:00" in last.text

    it_is("2027-05-13 11:59")
    assert tasks() == []
    it_is("2027-05-13 12:00")
    assert tasks() == [(TaskKind.NO_REPLY, jones.code)]
    assert checkin(jones).state == CheckInState.MISSED
    assert Task.objects.get(kind=TaskKind.NO_REPLY).deadline == local("2027-05-13 16:00")

    it_is("2027-05-14 12:00")
    assert len(texts_to(jones)) == 3


def test_an_answer_to_the_reminder_ends_the_chain_too(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:15")
    answers(checkin(wang))

    it_is("2027-05-13 09:30")

    assert checkin(wang).state == CheckInState.ANSWERED
    assert len(texts_to(wang)) == 2


def test_a_worker_that_was_down_overnight_makes_up_for_no_reminder(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")

    it_is("2027-05-13 09:45")

    assert texts_to(wang) == ["checkin", "checkin_remind2"]


def test_a_reminder_that_is_due_at_night_waits(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")

    it_is("2027-05-12 22:00")
    assert texts_to(wang) == ["checkin"]

    it_is("2027-05-13 08:00")
    assert texts_to(wang) == ["checkin", "checkin_remind1"]


@pytest.mark.parametrize("state", [SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.HELD])
def test_undelivered_is_not_missed_a_person_calls_within_half_an_hour_of_knowing(
    wang: Participant, it_is: Callable[[str], None], state: SendState
) -> None:
    it_is("2027-05-12 10:10")
    OutboundMessage.objects.update(state=state)

    it_is("2027-05-12 10:40")

    assert texts_to(wang) == ["checkin"]
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.MISSED, "undelivered")
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_the_second_undelivered_text_in_a_week_asks_whether_the_number_is_right(
    wang: Participant, trial_time: VirtualClock
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 8))
    for day in (12, 13):
        trial_time.move_to(local(f"2027-05-{day} 10:10"))
        run_due()
        OutboundMessage.objects.update(state=SendState.UNDELIVERED)
        trial_time.advance(timedelta(minutes=31))
        run_due()

    assert [kind for kind, _ in tasks()] == [TaskKind.UNDELIVERED, TaskKind.CHECK_NUMBER]


def test_in_the_first_weeks_silence_is_followed_by_a_call_after_four_hours(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 10))

    it_is("2027-05-12 10:10")
    it_is("2027-05-12 12:15")
    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin", "checkin_remind1"]
    assert tasks() == [(TaskKind.NO_REPLY, wang.code)]


@pytest.mark.parametrize(("state", "calls"), [(EventState.DRAFT, 1), (EventState.DISMISSED, 0)])
def test_an_urgent_event_hurries_the_call_unless_a_person_has_dismissed_it(
    wang: Participant, it_is: Callable[[str], None], state: EventState, calls: int
) -> None:
    AdverseEvent.objects.create(
        case_number="BJ01-AAAAAA", participant=wang, data_key=wang.data_key, verbatim="今天早上吐血了", level="R2",
        state=state, received_at=local("2027-05-10 10:00"), changed_at=local("2027-05-10 10:00"), reporter="participant",
    )  # fmt: skip

    it_is("2027-05-12 10:10")
    it_is("2027-05-12 12:15")
    it_is("2027-05-12 14:15")

    assert len(tasks()) == calls
