"""Many at once: none starves another, nothing courteous goes first, and silence ends nothing (three days of it: fault 26)."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from apps.core.work import Lane
from apps.escalation import rules
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import EscalationState, PageKind, Via
from apps.messaging.vocabulary import SendState
from apps.operations import engine
from apps.staff.models import User
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def first_pages(running: list[Escalation]) -> int:
    """How many of them have a text on its way to somebody."""
    return sum(each.pages.filter(message__isnull=False).exists() for each in running)


def test_forty_at_once_are_all_paged_before_anybody_is_paged_twice(stage: Stage) -> None:
    running = [stage.start() for _ in range(40)]
    turns = 0
    while first_pages(running) < 40:
        assert engine.run_one(lane=Lane.SAFETY)
        turns += 1
    assert turns <= 40 * 4  # a step, and the pages of its two people by their channels
    assert not Page.objects.filter(step__gt=2).exists()


def test_forty_at_once_each_reach_the_second_person_in_their_own_fifth_minute(stage: Stage) -> None:
    running = [stage.start() for _ in range(40)]
    stage.minutes(6)
    assert all(stage.paged(each) == [(0, "Alice"), (5, "Bob")] for each in running)


def test_a_page_waits_behind_no_courtesy(stage: Stage, carol: User) -> None:
    told = [stage.start() for _ in range(20)]
    stage.minutes(6)
    for each in told:
        escalation.acknowledge(escalation=each, person=carol, via=Via.ADMIN)
    waiting = Page.objects.filter(kind=PageKind.NOTICE, due_at__isnull=False)
    assert waiting.count() == 40
    urgent = stage.start()
    while engine.run_one(lane=Lane.SAFETY):
        continue
    assert first_pages([urgent]) == 1
    assert waiting.count() == 40


def gaps(running: Escalation, ends: datetime) -> list[timedelta]:
    times = [*running.pages.filter(kind="page").order_by("created_at").values_list("created_at", flat=True), ends]
    return [later - earlier for earlier, later in pairwise(times)]


def test_an_hour_in_which_every_text_fails_never_finish_and_never_rest_longer_than_five_minutes(stage: Stage) -> None:
    stage.carrier.outcome = lambda _message: SendState.FAILED
    running = stage.start()
    stage.play(timedelta(hours=1))
    running.refresh_from_db()
    assert max(gaps(running, stage.time.now())) <= rules.REST + timedelta(minutes=1)
    assert (running.state, running.due_at is not None) == (EscalationState.OPEN, True)


def test_six_hours_of_taking_and_forgetting_open_it_again_every_half_hour(stage: Stage, alice: User) -> None:
    running = stage.start()
    for _ in range(12):
        stage.drain()
        stage.text(alice, stage.code(running, alice))
        running.refresh_from_db()
        assert running.state == EscalationState.ACKNOWLEDGED
        stage.minutes(30)
        running.refresh_from_db()
        assert (running.state, running.due_at is not None) == (EscalationState.OPEN, True)
    assert running.milestones.filter(kind="expired").count() == 12
