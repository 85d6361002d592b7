"""The pump: bells for everybody first, then a few seconds' worth of help, whatever the backlog."""

import time
from typing import Any

import pytest
from celery.worker import state

from apps.core.work import Lane
from apps.operations import engine
from apps.operations import pump as pumps
from apps.operations.pump import DEAF_AFTER, RINGS, Pump, PumpStep
from apps.triage.rules import CatalogueError


def test_whoever_helps_out_stops_after_a_while_however_long_the_backlog(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TIME_FACTOR = 0.02
    monkeypatch.setattr(engine, "run_one", lambda **_: True)
    began = time.monotonic()
    assert engine.run_overdue_safety(overdue_by=5) > 0
    assert time.monotonic() - began < 2


def test_the_bells_are_rung_before_the_pump_helps_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pump = Pump()
    rung_before: list[int] = []
    monkeypatch.setattr(engine, "anything_due", lambda lane: lane == Lane.SAFETY)
    monkeypatch.setattr(engine, "run_overdue_safety", lambda **_: rung_before.append(pump._rings.qsize()))
    pump.tick()
    assert rung_before == [RINGS]


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows wait and nobody in this worker is at work."""
    monkeypatch.setattr(engine, "anything_due", lambda lane, overdue_by=0.0: True)
    monkeypatch.setattr(engine, "run_overdue_safety", lambda **_: 0)


def _pump(reconnects: list[str], *, takes_bells: bool, listens_for: float) -> Pump:
    pump = Pump(reconnect=lambda: reconnects.append("anew"))
    pump._broker_takes_bells = takes_bells
    pump._listens_since = time.monotonic() - listens_for
    return pump


def test_a_consumer_that_has_fallen_deaf_connects_anew_and_is_given_time(late: None) -> None:
    reconnects: list[str] = []
    pump = _pump(reconnects, takes_bells=True, listens_for=DEAF_AFTER + 1)
    pump.tick()
    pump.tick()
    assert reconnects == ["anew"]


@pytest.mark.parametrize(("takes_bells", "listens_for"), [(False, DEAF_AFTER + 1), (True, DEAF_AFTER - 1)])
def test_a_broker_that_is_away_or_a_moment_is_no_deafness(late: None, takes_bells: bool, listens_for: float) -> None:
    reconnects: list[str] = []
    _pump(reconnects, takes_bells=takes_bells, listens_for=listens_for).tick()
    assert reconnects == []


def test_a_worker_at_work_is_not_deaf(late: None, monkeypatch: pytest.MonkeyPatch) -> None:
    reconnects: list[str] = []
    monkeypatch.setattr(state, "active_requests", {"a task"})
    _pump(reconnects, takes_bells=True, listens_for=DEAF_AFTER + 1).tick()
    assert reconnects == []


def test_a_worker_started_in_either_way_reads_the_catalogue_before_its_children_or_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise CatalogueError("confusion.toml: unknown class <claims>")

    monkeypatch.setattr(pumps, "guard", lambda: None)
    monkeypatch.setattr("apps.triage.rules.catalogue", broken)
    with pytest.raises(CatalogueError, match="unknown class"):
        PumpStep(object())
