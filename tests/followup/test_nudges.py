"""A test that is due, the day's plan, the record book. Wang's week 24 falls on 2027-06-23 here; its window opens on 9 June."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.followup.models import CheckIn, CheckInState, Reminder
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants import services as participants
from apps.participants.models import Participant, Plan, Visit
from apps.participants.vocabulary import FollowUp
from tests.followup.days import Kinds, local, run_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]
KINDS = (Plan, Reminder)
It = Callable[[str], None]


@pytest.fixture
def begins() -> str:
    return "2027-06-06 20:00"


@pytest.fixture
def kinds() -> Kinds:
    return KINDS


@pytest.fixture(autouse=True)
def planned(wang: Participant) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 1, 6))
    run_due(KINDS)
    CheckIn.objects.all().update(due_at=None)
    Reminder.objects.filter(wording="").update(due_at=None)


def wishes(wang: Participant, **wanted: bool) -> None:
    wang.refresh_from_db()
    participants.change_preferences(participant=wang, **wanted)
    run_due(KINDS)


def sent(wording: str) -> list[str]:
    rows = OutboundMessage.objects.filter(wording=wording).order_by("planned_at")
    return [f"{row.planned_at.astimezone(local('2027-06-06 20:00').tzinfo):%m-%d %H:%M}" for row in rows]


def tasks() -> list[str]:
    return list(Task.objects.exclude(kind=TaskKind.APPOINTMENT).order_by("created_at").values_list("kind", flat=True))


def answer(letter: str) -> None:
    last = Question.objects.filter(message__purpose="reminder").latest("asked_at")
    Question.objects.filter(pk=last.pk).update(state=QuestionState.ANSWERED, answer=letter, answered_at=clock.now())


# --- the test that is due


def test_it_leaves_at_ten_on_the_day_that_the_window_opens_without_any_appointment(it_is: It) -> None:
    it_is("2027-06-09 09:59")
    assert sent("lab_reminder") == []

    it_is("2027-06-09 10:00")
    it_is("2027-06-10 10:00")
    it_is("2027-06-16 10:00")

    assert sent("lab_reminder") == ["06-09 10:00"]


def test_an_answer_ends_it(it_is: It) -> None:
    it_is("2027-06-09 10:00")
    answer("B")
    it_is("2027-06-11 10:00")

    assert Reminder.objects.get(wording="lab_reminder", visit_code="W24").state == CheckInState.ANSWERED
    assert tasks() == []


def test_its_silence_is_a_call_after_two_days(it_is: It) -> None:
    it_is("2027-06-09 10:00")
    it_is("2027-06-11 09:59")
    assert tasks() == []

    it_is("2027-06-11 10:00")
    it_is("2027-06-12 10:00")

    assert tasks() == [TaskKind.TEST_DUE]
    assert Task.objects.get(kind=TaskKind.TEST_DUE).visit == Visit.objects.get(code="W24", participant__code="BJ01-001")


def test_one_that_did_not_arrive_is_a_call(it_is: It) -> None:
    it_is("2027-06-09 10:00")
    OutboundMessage.objects.filter(wording="lab_reminder").update(state=SendState.UNDELIVERED)
    it_is("2027-06-09 10:30")

    assert tasks() == [TaskKind.UNDELIVERED]


def test_one_that_a_reported_death_took_back_is_no_call_to_the_family(wang: Participant, it_is: It) -> None:
    it_is("2027-06-09 10:00")
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)
    assert OutboundMessage.objects.get(wording="lab_reminder").state == SendState.CANCELLED
    it_is("2027-06-09 10:30")

    assert (Reminder.objects.get(wording="lab_reminder", visit_code="W24").state, tasks()) == (CheckInState.MISSED, [])


def test_who_stopped_texts_is_called_instead(it_is: It) -> None:
    Line.objects.update(opted_out_at=clock.now())
    it_is("2027-06-09 10:00")

    assert (sent("lab_reminder"), tasks()) == ([], [TaskKind.OPTED_OUT])


def test_a_shared_phone_is_not_told_of_a_test_and_a_person_calls(wang: Participant, it_is: It) -> None:
    wishes(wang, is_discreet=True)
    it_is("2027-06-09 10:00")

    assert (sent("lab_reminder"), tasks()) == ([], [TaskKind.TEST_DUE])


def test_nothing_goes_to_who_is_frozen(wang: Participant, it_is: It) -> None:
    Participant.objects.filter(pk=wang.pk).update(follow_up=FollowUp.FROZEN)
    it_is("2027-06-09 10:00")

    assert (sent("lab_reminder"), tasks()) == ([], [])


def test_a_visit_that_took_place_is_not_reminded_of(wang: Participant, it_is: It) -> None:
    participants.record_visit(visit=Visit.objects.get(participant=wang, code="W24"), done_on=date(2027, 6, 7))
    it_is("2027-06-09 10:00")

    assert sent("lab_reminder") == []


def test_after_a_day_without_a_worker_it_still_leaves_in_its_week_and_never_by_night(it_is: It) -> None:
    it_is("2027-06-09 23:00")
    assert sent("lab_reminder") == []

    it_is("2027-06-10 08:00")

    assert sent("lab_reminder") == ["06-10 08:00"]


def test_after_its_week_a_person_calls(it_is: It) -> None:
    it_is("2027-06-16 09:00")

    assert (sent("lab_reminder"), tasks()) == ([], [TaskKind.TEST_DUE])


def test_a_checkin_of_the_same_hour_goes_first(wang: Participant, it_is: It) -> None:
    row = CheckIn.objects.get(participant=wang, occurrence=date(2027, 6, 9))
    CheckIn.objects.filter(pk=row.pk).update(due_at=local("2027-06-09 10:05"))
    it_is("2027-06-09 10:00")
    assert sent("lab_reminder") == []

    CheckIn.objects.filter(pk=row.pk).update(due_at=None, state=CheckInState.ANSWERED)
    it_is("2027-06-09 10:30")

    assert sent("lab_reminder") == ["06-09 10:30"]


# --- what was wished


def test_nobody_gets_them_who_has_not_chosen_them(it_is: It) -> None:
    it_is("2027-06-07 10:00")
    it_is("2027-06-08 10:00")

    assert (sent("daily_plan"), sent("diary")) == ([], [])


def test_the_plan_goes_daily_and_the_record_book_on_mondays(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True, wants_diary=True)
    for day in range(7, 16):
        it_is(f"2027-06-{day:02} 10:00")
        it_is(f"2027-06-{day:02} 21:00")

    assert sent("diary") == ["06-07 10:00", "06-14 10:00"]
    assert len(sent("daily_plan")) == 9


def test_who_no_longer_wishes_it_gets_none_from_then_on(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    it_is("2027-06-07 10:00")
    wishes(wang, wants_daily_plan=False)
    it_is("2027-06-08 10:00")

    assert sent("daily_plan") == ["06-07 10:00"]
    assert not Reminder.objects.filter(wording="daily_plan", state=CheckInState.PLANNED).exists()


def test_it_keeps_no_checkin_waiting(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    it_is("2027-06-07 10:00")

    assert Question.objects.get(wording="daily_plan").expires_at <= clock.now()


def test_three_days_of_silence_are_one_call(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    Reminder.objects.filter(wording="lab_reminder").update(due_at=None)
    for day in (7, 8):
        it_is(f"2027-06-{day:02} 10:00")
        it_is(f"2027-06-{day:02} 21:00")
    assert tasks() == []

    for day in (9, 10, 11):
        it_is(f"2027-06-{day:02} 10:00")
        it_is(f"2027-06-{day:02} 21:00")

    assert tasks() == [TaskKind.PLAN_NOT_KEPT]


def test_a_phone_that_nothing_reaches_is_one_call_and_not_one_a_day(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    for day in (7, 8):
        it_is(f"2027-06-{day:02} 10:00")
        OutboundMessage.objects.filter(wording="daily_plan").update(state=SendState.UNDELIVERED)
        it_is(f"2027-06-{day:02} 10:30")

    assert tasks() == [TaskKind.UNDELIVERED]


@pytest.mark.parametrize("changed", ["is_discreet", "cannot_read"])
def test_none_goes_to_a_shared_phone_or_to_who_cannot_read(wang: Participant, it_is: It, changed: str) -> None:
    wishes(wang, wants_daily_plan=True, wants_diary=True, **{changed: True})
    it_is("2027-06-07 10:00")

    assert (sent("daily_plan"), sent("diary"), tasks()) == ([], [], [])


def test_the_last_day_of_the_window_is_the_last_for_them(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    it_is("2028-04-13 03:59")
    for day in (13, 14, 15, 16):
        it_is(f"2028-04-{day} 10:00")
        it_is(f"2028-04-{day} 21:00")

    assert sent("daily_plan") == ["04-13 10:00", "04-14 10:00"]


def test_the_row_is_sent_once_however_often_the_plan_is_made(wang: Participant, it_is: It) -> None:
    wishes(wang, wants_daily_plan=True)
    it_is("2027-06-07 10:00")
    Plan.objects.update(due_at=clock.now() + timedelta(minutes=1))
    it_is("2027-06-07 10:02")

    assert sent("daily_plan") == ["06-07 10:00"]
