"""The pump: bells for everybody first, then a few seconds' worth of help, whatever the backlog."""

import time
from typing import Any

import pytest

from apps.core.work import Lane
from apps.operations import engine
from apps.operations.pump import RINGS, Pump


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
