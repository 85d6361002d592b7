"""Which tasks are a call to a participant: those can be logged as unanswered. And which of them, done, mean that they were spoken with."""

from datetime import timedelta

import pytest

from apps.conversations import unanswered
from apps.conversations.board import close_task, open_task
from apps.conversations.models import Task
from apps.conversations.vocabulary import CALLS, TaskKind
from apps.core import clock
from tests import people
from tests.conversations.test_unanswered import AFTERNOON, in_vain
from tests.times import beginning_at

pytestmark = pytest.mark.django_db
K = TaskKind
# Opened beside the check-ins: about an item, a question, a test, the plan, the end, and somebody who was lost.
BESIDE = (K.PROGRESS, K.ADVICE, K.TEST_DUE, K.PLAN_NOT_KEPT, K.FAREWELL, K.RETURNED)
time = beginning_at(AFTERNOON)


def task_of(kind: TaskKind) -> Task:
    deadline = clock.now() + timedelta(hours=20)
    jones = people.jones()
    return open_task(key=f"x:{kind}", kind=kind, site=jones.site, participant=jones, deadline=deadline)


@pytest.mark.parametrize("kind", BESIDE)
def test_every_call_to_a_participant_can_be_logged_as_unanswered_and_is_promised_again(kind: TaskKind) -> None:
    task = task_of(kind)

    assert in_vain(task) == 303

    again = Task.objects.get(kind=kind, done_at__isnull=True)
    assert (again.deadline, task.attempt.person) == (AFTERNOON + timedelta(hours=2), people.chen())
    assert not unanswered.was_reached(people.jones(), since=AFTERNOON)


@pytest.mark.parametrize("kind", [K.PAUSE_CALL, K.CONFIRM, K.CAREGIVER, K.READ, K.DEATH, K.WELFARE])
def test_what_asks_somebody_else_or_a_number_that_nobody_knows_is_not_told_to_the_participant_as_a_call(
    kind: TaskKind,
) -> None:
    assert not unanswered.may_be_logged(task_of(kind))


@pytest.mark.parametrize("kind", sorted(CALLS))
def test_a_call_that_is_done_has_reached_them_unless_it_may_have_been_another_or_none(kind: TaskKind) -> None:
    close_task(task=task_of(kind), person=people.chen(), result="spoke with them")

    is_theirs = kind not in (K.APPOINTMENT, K.CHECK_NUMBER, K.RETURNED)
    assert unanswered.was_reached(people.jones(), since=AFTERNOON) == is_theirs
