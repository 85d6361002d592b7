"""An escalation takes its first step as it begins: nothing can happen between a text and its first page."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.escalation import opening, stepping
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ChainName
from apps.messaging.models import OutboundMessage
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


class Broken(Exception):
    """A step that breaks the program."""


def test_its_first_pages_stand_and_wait_in_the_outbox_when_it_begins(stage: Stage) -> None:
    people.everybody()
    running = stage.start()
    assert stage.paged(running) == [(0, "Alice")]
    assert OutboundMessage.objects.filter(key__startswith="page:", due_at__lte=clock.now()).count() == 1
    assert running.due_at == running.next_step_at
    assert running.next_step_at is not None
    assert clock.now() < running.next_step_at <= clock.now() + timedelta(minutes=5)


def test_it_goes_on_from_there_and_pages_nobody_twice(stage: Stage) -> None:
    people.everybody()
    running = stage.start()
    stage.drain()
    assert stage.paged(running) == [(0, "Alice")]
    stage.minutes(6)
    assert [minute for minute, _ in stage.paged(running)].count(0) == 1


def test_one_for_the_morning_list_pages_nobody_yet(stage: Stage) -> None:
    people.everybody()
    running = stage.start(ChainName.R2, not_before=clock.now() + timedelta(hours=7))
    assert not Page.objects.exists()
    assert running.due_at == clock.now() + timedelta(hours=7)


def test_a_first_step_that_breaks_undoes_nothing_and_is_taken_by_the_rows_own_turn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.everybody()
    step = stepping.take_due_steps

    def breaks(escalation: Escalation) -> object:
        step(escalation)
        raise Broken

    monkeypatch.setattr(opening, "take_due_steps", breaks)
    running = stage.start()
    assert Escalation.objects.get() == running
    assert not Page.objects.exists()
    assert (running.step, running.due_at) == (0, clock.now())
    stage.drain()
    assert stage.paged(running) == [(0, "Alice")]
