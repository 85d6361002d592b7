"""Reminders of visits. Wang's week 24 falls on 2027-06-23 here; his calendar contact of 14 July is apart from it."""

from collections.abc import Callable
from datetime import date

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.followup.models import CheckIn, CheckInState, Reminder
from apps.followup.planning import recompute_plan
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants import services as participants
from apps.participants.models import Participant, Plan, Visit
from tests.followup.days import Kinds, local, run_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]
KINDS = (Plan, Reminder)


@pytest.fixture
def begins() -> str:
    return "2027-06-01 12:00"


@pytest.fixture
def kinds() -> Kinds:
    return KINDS


@pytest.fixture
def w24(wang: Participant) -> Visit:
    """Wang's visit of week 24."""
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 1, 6))
    run_due(KINDS)
    CheckIn.objects.all().update(due_at=None)
    Reminder.objects.filter(wording="lab_reminder").update(due_at=None)  # tests/followup/test_nudges.py
    return Visit.objects.get(participant=wang, code="W24")


def appointed(visit: Visit, text: str) -> Visit:
    participants.set_appointment(visit=visit, appointment_at=local(text))
    run_due(KINDS)
    return visit


def sent() -> list[str]:
    rows = OutboundMessage.objects.filter(purpose="reminder").order_by("planned_at", "key")
    return [row.text for row in rows]


def tasks(visit: Visit) -> list[str]:
    return list(
        Task.objects.filter(participant=visit.participant).order_by("created_at").values_list("kind", flat=True)
    )


def test_the_appointment_is_reminded_of_a_week_and_a_day_before_with_day_and_hour(
    w24: Visit, it_is: Callable[[str], None]
) -> None:
    appointed(w24, "2027-06-25 09:30")

    it_is("2027-06-18 09:59")
    assert sent() == []
    it_is("2027-06-18 10:00")
    it_is("2027-06-24 10:00")

    week_before, day_before = sent()
    assert "6月25日09:30" in week_before
    assert "明天6月25日09:30" in day_before


def test_an_english_reader_gets_the_day_in_english(jones: Participant, it_is: Callable[[str], None]) -> None:
    Participant.objects.filter(pk=jones.pk).update(day_zero=date(2027, 1, 6))
    run_due(KINDS)
    appointed(Visit.objects.get(participant=jones, code="W24"), "2027-06-25 09:30")

    it_is("2027-06-18 10:00")

    assert "Fri 25 Jun at 09:30" in sent()[0]


def test_a_moved_appointment_is_reminded_of_on_its_new_days_only(w24: Visit, it_is: Callable[[str], None]) -> None:
    appointed(w24, "2027-06-25 09:30")
    it_is("2027-06-18 10:00")

    appointed(w24, "2027-07-02 14:00")
    for time in ("2027-06-24 10:00", "2027-06-25 10:00", "2027-07-01 10:00"):
        it_is(time)

    assert len(sent()) == 3
    assert "6月25日" in sent()[0]
    assert "7月2日" in sent()[1]
    assert "7月2日" in sent()[2]


def test_an_appointment_at_another_hour_of_the_same_day_says_the_new_hour_and_sends_nothing_twice(
    w24: Visit, it_is: Callable[[str], None]
) -> None:
    appointed(w24, "2027-06-25 09:30")
    it_is("2027-06-18 10:00")

    appointed(w24, "2027-06-25 15:00")
    it_is("2027-06-24 10:00")

    assert len(sent()) == 2
    assert "15:00" in sent()[1]


def test_a_visit_without_an_appointment_is_a_task_ten_days_before_and_never_a_text(
    w24: Visit, it_is: Callable[[str], None]
) -> None:
    it_is("2027-06-13 09:59")
    assert tasks(w24) == []

    it_is("2027-06-13 10:00")
    it_is("2027-06-24 10:00")

    assert tasks(w24) == [TaskKind.APPOINTMENT]
    assert Task.objects.get(participant=w24.participant).visit == w24  # whoever makes it must know for which visit
    assert sent() == []


def test_what_was_planned_for_a_day_that_is_over_has_waited_since_now(w24: Visit, trial_time: VirtualClock) -> None:
    Reminder.objects.filter(participant=w24.participant).delete()
    trial_time.move_to(local("2027-06-20 09:00"))

    recompute_plan(participant=w24.participant)

    task = Reminder.objects.get(participant=w24.participant, visit_code="W24", wording="")
    assert (task.planned_at, task.due_at) == (local("2027-06-13 10:00"), local("2027-06-20 09:00"))


def test_with_an_appointment_nobody_is_asked_to_make_one(w24: Visit, it_is: Callable[[str], None]) -> None:
    appointed(w24, "2027-06-25 09:30")

    it_is("2027-06-13 10:00")

    assert TaskKind.APPOINTMENT not in tasks(w24)
    assert (
        Reminder.objects.get(participant=w24.participant, visit_code="W24", wording="").state == CheckInState.CANCELLED
    )


def test_a_visit_that_took_place_early_is_not_reminded_of(w24: Visit, it_is: Callable[[str], None]) -> None:
    appointed(w24, "2027-06-25 09:30")
    participants.record_visit(visit=w24, done_on=date(2027, 6, 10))

    it_is("2027-06-18 10:00")
    it_is("2027-06-24 10:00")

    assert sent() == []


def test_a_reminder_after_a_day_without_a_worker_is_not_sent_late_and_a_person_calls(
    w24: Visit, it_is: Callable[[str], None]
) -> None:
    appointed(w24, "2027-06-25 09:30")

    it_is("2027-06-25 09:00")

    assert sent() == []
    assert tasks(w24).count(TaskKind.UNDELIVERED) == 2


def test_what_was_moved_since_the_plan_was_made_is_seen_at_the_moment_of_sending(
    w24: Visit, it_is: Callable[[str], None]
) -> None:
    appointed(w24, "2027-06-25 09:30")
    Visit.objects.filter(pk=w24.pk).update(appointment_at=local("2027-06-26 09:30"))
    Plan.objects.update(due_at=None)

    it_is("2027-06-18 10:00")

    assert sent() == []


def test_what_was_made_since_the_plan_was_made_is_no_task(w24: Visit, it_is: Callable[[str], None]) -> None:
    Visit.objects.filter(pk=w24.pk).update(appointment_at=local("2027-06-26 09:30"))
    Plan.objects.update(due_at=None)

    it_is("2027-06-13 10:00")

    assert tasks(w24) == []


def test_who_stopped_texts_is_called_about_the_visit(w24: Visit, it_is: Callable[[str], None]) -> None:
    appointed(w24, "2027-06-25 09:30")
    Line.objects.update(opted_out_at=clock.now())

    it_is("2027-06-18 10:00")

    assert sent() == []
    assert tasks(w24) == [TaskKind.OPTED_OUT]


def test_a_reminder_that_did_not_arrive_becomes_a_call(w24: Visit, it_is: Callable[[str], None]) -> None:
    appointed(w24, "2027-06-25 09:30")
    it_is("2027-06-18 10:00")
    OutboundMessage.objects.filter(purpose="reminder").update(state=SendState.UNDELIVERED)

    it_is("2027-06-18 10:30")

    assert tasks(w24) == [TaskKind.UNDELIVERED]


def test_nobody_is_reminded_of_a_visit_on_the_first_days_of_spring_festival(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2028-01-10 10:00")
    visit = Visit.objects.get(participant=wang, code="CAL-END1")
    CheckIn.objects.all().update(due_at=None)
    appointed(visit, "2028-01-28 09:00")

    it_is("2028-01-27 10:00")

    row = Reminder.objects.get(visit_code="CAL-END1", wording="visit_1d")
    assert (row.state, row.skipped_because) == (CheckInState.SKIPPED, "holiday")
