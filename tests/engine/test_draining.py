"""What a worker does with its time: the most urgent first, and bulk work never in the last slot nor at anybody's cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Sealing
from apps.core import clock, work
from apps.core.work import Lane, Work
from apps.operations import engine

pytestmark = pytest.mark.django_db


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of rows in the order in which they were handled."""
    names: list[str] = []

    def handle(row: Sealing) -> None:
        with work.finishing(row):
            names.append(row.name)

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, handle),))
    return names


def due(name: str, lane: Lane, **columns: Any) -> Sealing:
    return Sealing.objects.create(name=name, due_at=clock.now() - timedelta(seconds=1), lane=lane, **columns)


def held_by_others(number: int) -> None:
    for place in range(number):
        due(f"held {place}", Lane.BULK, lease_until=clock.machine() + timedelta(seconds=20))


def test_one_drain_goes_from_the_most_urgent_lane_down(handled: list[str]) -> None:
    due("bulk", Lane.BULK), due("page", Lane.SAFETY), due("courtesy", Lane.MESSAGES)
    engine.drain(Lane.BULK)
    assert handled == ["page", "courtesy", "bulk"]


def test_a_slot_full_of_bulk_work_still_takes_what_is_more_urgent(handled: list[str], settings: Any) -> None:
    held_by_others(settings.WORKER_CONCURRENCY - 1)
    due("bulk", Lane.BULK), due("page", Lane.SAFETY)
    engine.drain(Lane.BULK)
    assert handled == ["page"]


def test_bulk_held_by_others_leaves_the_last_slot_free_and_not_more(handled: list[str], settings: Any) -> None:
    held_by_others(settings.WORKER_CONCURRENCY - 2)
    due("bulk", Lane.BULK)
    engine.drain(Lane.BULK)
    assert handled == ["bulk"]


def test_leases_from_before_the_clock_was_set_back_hold_no_slot(handled: list[str], settings: Any) -> None:
    for place in range(settings.WORKER_CONCURRENCY):
        due(f"held {place}", Lane.BULK, lease_until=clock.machine() + timedelta(hours=1))
    due("bulk", Lane.BULK)
    engine.drain(Lane.BULK)
    assert "bulk" in handled


def test_nobody_counts_bulk_work_while_urgent_rows_wait(handled: list[str]) -> None:
    """It once cost fifteen statements a row, a third of a storm."""
    for number in range(5):
        due(f"page {number}", Lane.SAFETY)
    with CaptureQueriesContext(connection) as asked:
        engine.drain(Lane.BULK)
    assert sum("SUM(held)" in query["sql"] for query in asked) == 1
    assert len(handled) == 5
