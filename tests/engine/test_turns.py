"""Which line a worker asks next: lines with work share evenly, and what stays empty is asked ever more rarely, yet never forgotten."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings

from apps.audit.models import Sealing
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import Lane, Work, WorkRow
from apps.messaging.models import Reconciliation
from apps.operations import engine

pytestmark = pytest.mark.django_db
START = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)


def finish(row: WorkRow) -> None:
    with work.finishing(row):
        pass


TABLE = (Work(Sealing, finish), Work(Reconciliation, finish))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each line was asked, on a machine whose own clock stands still until a test moves it."""
    counted: Counter[str] = Counter()
    claim = work.claim

    def counting(model: Any, **given: Any) -> Any:
        counted[model.__name__] += 1
        return claim(model, **given)

    monkeypatch.setattr(work, "claim", counting)
    monkeypatch.setattr(engine, "_empty", {})
    monkeypatch.setattr(engine, "_served", {})
    with clock.using(VirtualClock(START)), override_settings(WORK_TABLE=f"{__name__}.TABLE"):
        engine.table.cache_clear()
        yield counted
    engine.table.cache_clear()


def seals(number: int) -> None:
    for name in range(number):
        Sealing.objects.create(name=str(name), due_at=START, lane=Lane.SAFETY)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: seconds))


def test_a_line_that_stays_empty_is_asked_ever_more_rarely_while_another_has_work(
    asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seals(60)
    for tenth in range(60):  # six seconds, ten rows each
        at(monkeypatch, 1000 + tenth / 10)
        assert engine.run_one(lane=Lane.SAFETY)
    assert asked["Sealing"] == 60
    assert 6 <= asked["Reconciliation"] <= 10


def test_whoever_has_nothing_else_to_do_asks_every_line(asked: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 1000)
    for _ in range(5):
        assert not engine.run_one(lane=Lane.SAFETY)
    Reconciliation.objects.create(gateway="phone", due_at=START - timedelta(hours=1), lane=Lane.SAFETY)
    assert engine.run_one(lane=Lane.SAFETY)


def test_a_line_in_which_something_was_found_takes_its_turn_again(
    asked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 1000)
    for _ in range(5):
        assert not engine.run_one(lane=Lane.SAFETY)
    Reconciliation.objects.create(gateway="phone", due_at=START, lane=Lane.SAFETY)
    Reconciliation.objects.create(gateway="other", due_at=START, lane=Lane.SAFETY)
    seals(4)
    at(monkeypatch, 1000.9)
    handled = []
    for _ in range(4):
        before = Sealing.objects.filter(due_at__isnull=False).count()
        assert engine.run_one(lane=Lane.SAFETY)
        handled.append(Sealing.objects.filter(due_at__isnull=False).count() < before)
    assert handled == [True, False, True, False]
