"""Whose turn it is: what is nearest to a phone first, and nothing waits for ever behind it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from apps.audit.models import Sealing
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.unit import once
from apps.core.work import Lane, Work, WorkRow
from apps.messaging.models import Reconciliation
from apps.operations import engine, turns

pytestmark = pytest.mark.django_db
PATIENCE = 6
START = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)


class Hand:
    """Notes what was handled, on a machine whose own clock stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.handled: list[str] = []
        self.takes = 0.1  # seconds a row

    def finish(self, row: WorkRow) -> None:
        with work.finishing(row):
            self.handled.append(type(row).__name__)
        self.time += self.takes


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    hand = Hand()
    for module in (engine, turns):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: hand.time))
    monkeypatch.setattr(engine, "_turns", defaultdict(turns.Turns))
    monkeypatch.setattr(
        engine, "table", lambda: (Work(Sealing, hand.finish), Work(Reconciliation, hand.finish, patience=PATIENCE))
    )
    with clock.using(VirtualClock(START)):
        yield hand


def near(number: int, *, lane: Lane = Lane.SAFETY) -> None:
    for name in range(number):
        Sealing.objects.create(name=str(name), due_at=START, lane=lane)


def far(name: str, *, lane: Lane = Lane.SAFETY) -> None:
    """Older than everything near."""
    Reconciliation.objects.create(gateway=name, due_at=START - timedelta(hours=1), lane=lane)


def test_what_stands_first_in_the_table_is_done_first(hand: Hand) -> None:
    near(3)
    far("phone")
    while engine.run_one(lane=Lane.SAFETY):
        pass
    assert hand.handled == ["Sealing", "Sealing", "Sealing", "Reconciliation"]


def test_a_kind_waits_for_a_few_rows_of_others_and_no_more(hand: Hand) -> None:
    near(30)
    for name in range(3):
        far(str(name))
    while engine.run_one(lane=Lane.SAFETY):
        pass
    turn = ["Sealing"] * PATIENCE + ["Reconciliation"]
    assert hand.handled[: 3 * len(turn)] == 3 * turn


def test_an_empty_lane_that_is_asked_in_between_makes_nobody_in_another_wait_longer(hand: Hand) -> None:
    near(30, lane=Lane.MESSAGES)
    far("phone", lane=Lane.MESSAGES)
    while any(engine.run_one(lane=lane) for lane in (Lane.SAFETY, Lane.MESSAGES)):
        pass
    assert hand.handled.index("Reconciliation") == PATIENCE


def test_calls_into_an_outage_take_their_time_and_hold_up_nothing_else(hand: Hand) -> None:
    near(9)
    for name in range(9):
        far(str(name))
    hand.takes = turns.SECONDS + 1
    for _ in range(9):
        assert engine.run_one(lane=Lane.SAFETY)
    assert hand.handled[1:] == ["Reconciliation", "Sealing"] * 4


def test_what_comes_while_others_are_busy_is_noticed_and_gets_its_turn(hand: Hand) -> None:
    near(60)
    assert engine.run_one(lane=Lane.SAFETY)
    far("phone")
    for _ in range(20):
        assert engine.run_one(lane=Lane.SAFETY)
    assert "Reconciliation" in hand.handled


def test_whoever_has_nothing_else_to_do_asks_every_kind(hand: Hand) -> None:
    for _ in range(5):
        assert not engine.run_one(lane=Lane.SAFETY)
    far("phone")
    assert engine.run_one(lane=Lane.SAFETY)
    assert hand.handled == ["Reconciliation"]


def test_a_crowd_is_taken_several_rows_a_turn(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    table = (Work(Sealing, hand.finish, at_once=4), Work(Reconciliation, hand.finish, patience=PATIENCE))
    monkeypatch.setattr(engine, "table", lambda: table)
    near(6)
    assert engine.run_one(lane=Lane.SAFETY)
    assert len(hand.handled) == 4
    assert engine.run_one(lane=Lane.SAFETY)
    assert len(hand.handled) == 6


def test_the_rows_of_one_turn_ask_once_and_the_next_turn_asks_anew(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look(row: WorkRow) -> None:
        once("staff", lambda: asked.append("staff"))
        hand.finish(row)

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, look, at_once=4),))
    near(6)
    while engine.run_one(lane=Lane.SAFETY):
        pass
    assert asked == ["staff", "staff"]


def test_after_a_row_that_failed_the_next_one_of_its_turn_asks_anew(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first one was told may have been written by itself, and is rolled back."""
    asked: list[str] = []

    def look(row: WorkRow) -> None:
        once("staff", lambda: asked.append("staff"))
        if len(asked) == 1:
            raise RuntimeError
        hand.finish(row)

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, look, at_once=4),))
    near(2)
    assert engine.run_one(lane=Lane.SAFETY)
    assert asked == ["staff", "staff"]
    assert hand.handled == ["Sealing"]


def test_what_is_handled_together_is_taken_in_one_turn_and_what_is_given_back_is_handled_alone(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowds: list[int] = []

    def together(rows: Sequence[WorkRow]) -> Sequence[WorkRow]:
        crowds.append(len(rows))
        for row in rows[1:]:
            with work.finishing(row):
                pass
        return rows[:1]

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, hand.finish, at_once=4, together=together),))
    near(6)
    while engine.run_one(lane=Lane.SAFETY):
        pass
    assert crowds == [4, 2]
    assert hand.handled == ["Sealing", "Sealing"]


def test_when_handling_together_breaks_only_what_was_not_finished_is_put_off(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def together(rows: Sequence[WorkRow]) -> Sequence[WorkRow]:
        with work.finishing(rows[0]):
            pass
        raise RuntimeError

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, hand.finish, at_once=4, together=together),))
    near(3)
    assert engine.run_one(lane=Lane.SAFETY)
    rows = Sealing.objects.order_by("due_at")
    assert [row.due_at is None for row in rows].count(True) == 1
    assert all(row.due_at > START and row.last_error == "RuntimeError" for row in rows if row.due_at)
    assert not any(row.lease_until for row in rows)
