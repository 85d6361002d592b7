"""An investigator who acts on a case, be it by a task, is aware of it from that hour; a coordinator makes nobody aware (decision 13)."""

from datetime import datetime, timedelta

import pytest

from apps.conversations.models import Task
from apps.conversations.services import open_task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from tests import due, people
from tests.conversations.test_story import text
from tests.times import MORNING, beginning_at
from tests.workplace.scenes import press

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
time = beginning_at(MORNING)


@pytest.fixture
def task(time: VirtualClock) -> Task:
    """A complaint of the same day, whose call nobody has made yet."""
    text("jones", "2")
    text("jones", "5")
    time.advance(HOUR)
    return Task.objects.get(kind=TaskKind.SYMPTOM)


def aware_at() -> datetime | None:
    return AdverseEvent.objects.get().investigator_aware_at


def done(person: User, task: Task) -> None:
    press(person, task, "close", result="spoke with her")


def in_vain(person: User, task: Task) -> None:
    press(person, task, "unanswered", again="two_hours")


def late(time: VirtualClock, task: Task) -> Escalation:
    time.move_to(task.deadline + timedelta(minutes=1))
    due.work()
    return Escalation.objects.get()


def test_an_investigator_who_has_called_about_a_case_is_aware_of_it_from_that_hour(task: Task) -> None:
    assert aware_at() is None
    done(people.alice(), task)
    assert aware_at() == MORNING + HOUR


def test_so_is_one_who_has_called_in_vain(task: Task) -> None:
    in_vain(people.alice(), task)
    assert aware_at() == MORNING + HOUR


def test_a_coordinator_who_does_makes_no_investigator_aware(time: VirtualClock, task: Task) -> None:
    in_vain(people.chen(), task)
    done(people.chen(), Task.objects.get(kind=TaskKind.SYMPTOM, done_at__isnull=True))
    assert aware_at() is None


def test_an_investigator_who_does_it_late_is_aware_since_the_contact(time: VirtualClock, task: Task) -> None:
    late(time, task)
    done(people.alice(), task)
    assert aware_at() == clock.now()


def test_whoever_takes_or_ends_the_paging_about_a_late_task_is_aware_of_its_case(
    time: VirtualClock, task: Task
) -> None:
    running = late(time, task)
    press(people.chen(), running, "contact", result="2")
    assert aware_at() is None
    press(people.alice(), running, "contact", result="1")
    assert aware_at() == clock.now()


def test_the_first_hour_stands(time: VirtualClock, task: Task) -> None:
    in_vain(people.alice(), task)
    time.advance(HOUR)
    done(people.alice(), Task.objects.get(kind=TaskKind.SYMPTOM, done_at__isnull=True))
    assert aware_at() == MORNING + HOUR


def test_a_task_about_nothing_of_the_case_makes_nobody_aware(time: VirtualClock, task: Task) -> None:
    call = open_task(
        key="call", kind=TaskKind.CALL_BACK, site=task.site, participant=task.participant, deadline=clock.now() + HOUR
    )
    done(people.alice(), call)
    assert aware_at() is None
