"""Every promise has a time; one that is not kept pages people until somebody has acted."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.conversations.models import Task
from apps.conversations.services import close_task, open_task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation.figures import figures as figures_of
from apps.escalation.models import Escalation, Page
from apps.escalation.timeline import timeline
from apps.escalation.vocabulary import OFFERED, ContactResult, EscalationState
from apps.operations import engine
from apps.workplace.escalations import ContactForm
from tests import people
from tests.times import beginning_at

pytestmark = pytest.mark.django_db
MORNING = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)  # Wednesday 10:00 in Shanghai
time = beginning_at(MORNING)


def promised(within: timedelta, *, kind: TaskKind = TaskKind.CALL_BACK, known: bool = True) -> Task:
    site, participant = (people.site("BJ01"), people.wang()) if known else (None, None)
    return open_task(key="promise", kind=kind, site=site, participant=participant, deadline=clock.now() + within)


def pass_time(time: VirtualClock, length: timedelta) -> None:
    time.advance(length)
    while engine.run_one(lane=Lane.SAFETY):
        continue


def test_a_call_promised_within_the_hour_and_not_made_pages_the_investigator(time: VirtualClock) -> None:
    task = promised(timedelta(minutes=15))
    pass_time(time, timedelta(minutes=14))
    assert not Escalation.objects.exists()
    pass_time(time, timedelta(minutes=1))
    task.refresh_from_db()
    assert task.escalation is not None
    assert task.escalation.chain == "R2"
    assert Page.objects.filter(person=people.alice(), channel="sms", escalation=task.escalation).exists()


def test_a_page_about_a_late_task_does_not_say_that_a_message_came_late(time: VirtualClock) -> None:
    promised(timedelta(minutes=15))
    pass_time(time, timedelta(minutes=15))
    assert Page.objects.get(person=people.alice(), channel="sms").wording == "staff_r2"


def test_what_was_promised_for_later_in_the_day_goes_to_the_coordinator_and_wakes_nobody(time: VirtualClock) -> None:
    promised(timedelta(hours=7))
    pass_time(time, timedelta(hours=7))
    assert Escalation.objects.get().chain == "R3"
    assert not Page.objects.filter(wakes=True).exists()
    assert Page.objects.filter(person=people.chen(), channel="console").exists()


def test_a_task_that_was_done_in_time_pages_nobody(time: VirtualClock) -> None:
    close_task(task=promised(timedelta(minutes=15)), person=people.alice(), result="reached")
    pass_time(time, timedelta(hours=1))
    assert not Escalation.objects.exists()


def test_doing_it_late_ends_the_paging(time: VirtualClock) -> None:
    task = promised(timedelta(minutes=15))
    pass_time(time, timedelta(minutes=16))
    close_task(task=task, person=people.alice(), result="reached")
    assert Escalation.objects.get().state == EscalationState.CONTACTED


@pytest.mark.parametrize(
    ("kind", "known", "state", "result"),
    [
        (TaskKind.CALL_BACK, True, EscalationState.CONTACTED, ContactResult.REACHED),
        (TaskKind.READ, True, EscalationState.CLOSED, ContactResult.CLOSED),
        (TaskKind.UNKNOWN_NUMBER, False, EscalationState.CLOSED, ContactResult.CLOSED),
        (TaskKind.MISSED_CALL, False, EscalationState.CLOSED, ContactResult.CLOSED),
    ],
)
def test_only_a_call_to_a_participant_that_is_done_late_is_a_contact_in_somebodys_name(
    time: VirtualClock, kind: TaskKind, known: bool, state: EscalationState, result: ContactResult
) -> None:
    began = clock.now()
    task = promised(timedelta(minutes=15), kind=kind, known=known)
    pass_time(time, timedelta(minutes=16))
    close_task(task=task, person=people.alice() if known else people.dan(), result="read, spam")
    running = Escalation.objects.get()
    assert (running.state, running.contacts.get().result, running.due_at) == (state, result, None)
    [figures] = figures_of(since=began, until=clock.now() + timedelta(minutes=1))
    assert (figures.still_running, figures.to_contact.count) == (0, int(result == ContactResult.REACHED))
    assert not running.pages.filter(due_at__isnull=False).exists()


def test_an_end_without_a_contact_is_told_as_that_and_offered_to_nobody(time: VirtualClock) -> None:
    task = promised(timedelta(minutes=15), kind=TaskKind.READ)
    pass_time(time, timedelta(minutes=16))
    close_task(task=task, person=people.alice(), result="read, spam")
    told = [moment.what for moment in timeline(Escalation.objects.get())]
    assert "closed without a contact" in told
    assert not any("contact: " in what for what in told)
    assert ContactResult.CLOSED not in OFFERED
    assert "closed without" not in str(ContactForm(about=None, person=people.alice())["result"])


def test_a_task_that_stays_open_is_looked_at_again_until_it_is_closed(time: VirtualClock) -> None:
    task = promised(timedelta(minutes=15))
    for _ in range(6):
        pass_time(time, timedelta(hours=4))
        task.refresh_from_db()
        assert task.due_at is not None
    assert Escalation.objects.filter(state=EscalationState.OPEN).count() == 1


def test_a_text_of_a_stranger_that_raised_no_alarm_wakes_nobody_at_night(time: VirtualClock) -> None:
    time.move_to(datetime(2027, 5, 12, 15, 0, tzinfo=UTC))  # 23:00 in Shanghai
    promised(timedelta(hours=4), kind=TaskKind.UNKNOWN_NUMBER, known=False)
    pass_time(time, timedelta(hours=4))
    running = Escalation.objects.get()
    assert (running.chain, running.next_step_at) == ("unmatched", datetime(2027, 5, 12, 23, 0, tzinfo=UTC))
    assert not Page.objects.exists()
