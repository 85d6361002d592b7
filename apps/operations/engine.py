"""Running due rows: what the worker's task, the pump's inline run and the sentinel have in common."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import clock, work
from apps.core.unit import unit
from apps.core.work import Lane, Work, WorkRow
from apps.operations.turns import Turns

DRAIN_SECONDS = 20.0
INLINE_AFTER = 5.0
INLINE_SECONDS = 5.0
SENTINEL_AFTER = 60.0
ASK_ALL_AGAIN = 1.0  # seconds
_turns: dict[tuple[Lane, timedelta], Turns] = defaultdict(Turns)


@lru_cache(maxsize=1)
def table() -> tuple[Work, ...]:
    """The heartbeat table. It stands on the top floor, so it is reached by name."""
    rows: Sequence[Work] = import_string(settings.WORK_TABLE)
    return tuple(rows)


def run_one(*, lane: Lane, overdue_by: timedelta = timedelta(0)) -> bool:
    """Claim and handle the oldest row of the kind whose turn it is in this lane, and as many beside it as go at once. False when there
    is none."""
    turns = _turns[lane, overdue_by]
    known = turns.known()
    if known and _run_of(turns, known, lane, overdue_by):
        return True
    return _run_of(turns, _waiting(turns, lane, overdue_by), lane, overdue_by)


def _run_of(turns: Turns, kinds: frozenset[type[WorkRow]], lane: Lane, overdue_by: timedelta) -> bool:
    for entry in turns.order(table(), kinds):
        with unit():
            handled = _run_some(entry, lane, overdue_by)
        turns.took(entry.model, rows=handled)
        if handled:
            return True
    return False


def _run_some(entry: Work, lane: Lane, overdue_by: timedelta) -> int:
    """How many rows were handled in one turn."""
    handled = 0
    while handled < entry.at_once and (row := work.claim(entry.model, lane=lane, overdue_by=overdue_by)) is not None:
        beside = work.claim_beside(row, most=entry.at_once - 1, overdue_by=overdue_by) if entry.together else []
        work.run_together(entry, [row, *beside])
        handled += 1 + len(beside)
        if entry.together:
            break
    return handled


def _waiting(turns: Turns, lane: Lane, overdue_by: timedelta) -> frozenset[type[WorkRow]]:
    """The kinds that wait. In a storm most do not: those that did a moment ago are asked alone, all of them once a while."""
    now = time.monotonic()
    lately = turns.lately(table()) if now - turns.all_asked_at < ASK_ALL_AGAIN else []
    found = work.waiting(lately, lane=lane, overdue_by=overdue_by) if lately else frozenset()
    if not found:
        turns.all_asked_at = now
        found = work.waiting([entry.model for entry in table()], lane=lane, overdue_by=overdue_by)
    turns.learn(found)
    return found


def drain(lane: Lane) -> int:
    """Handle due rows, the most urgent lane first, down to `lane`, for a while. Returns how many."""
    ends = time.monotonic() + DRAIN_SECONDS * settings.TIME_FACTOR
    handled = 0
    while time.monotonic() < ends and _run_most_urgent(lane):
        handled += 1
    return handled


def _run_most_urgent(lane: Lane) -> bool:
    """One row of the most urgent lane that has any, down to `lane`. One slot is never given to bulk work."""
    for each in sorted(Lane):
        if each > lane or (each == Lane.BULK and _bulk_is_full()):
            return False
        if run_one(lane=each):
            return True
    return False


def _bulk_is_full() -> bool:
    held = work.held([entry.model for entry in table()], lane=Lane.BULK)
    return held >= max(1, settings.WORKER_CONCURRENCY - 1)


def run_overdue_safety(*, overdue_by: float) -> int:
    """Handle safety rows overdue by more than this, and then whatever safety work they created: a new page counts as due at once.

    For a while only: whoever helps out has bells to ring and a watch to keep, and a long backlog needs all workers, not one thread.
    """
    ends = time.monotonic() + INLINE_SECONDS * settings.TIME_FACTOR
    handled = 0
    while time.monotonic() < ends and run_one(lane=Lane.SAFETY, overdue_by=work.seconds(overdue_by)):
        handled += 1
        while time.monotonic() < ends and run_one(lane=Lane.SAFETY):
            handled += 1
    return handled


@dataclass(frozen=True)
class Backlog:
    """Due rows of one lane: how many, and since when the oldest has waited (None when none)."""

    lane: Lane
    due: int
    oldest: datetime | None

    @property
    def age_seconds(self) -> float:
        return 0.0 if self.oldest is None else max(0.0, (clock.now() - self.oldest).total_seconds())


def backlog(lane: Lane) -> Backlog:
    """Rows whose time has come and that nobody has finished, leased ones included: a worker can be alive and useless."""
    now = clock.now()
    count, oldest = 0, None
    for model in work.all_models():
        rows = model._default_manager.filter(lane=lane, due_at__lte=now, quarantined_at__isnull=True).order_by("due_at")
        count += rows.count()
        first = rows.values_list("due_at", flat=True).first()
        oldest = min(filter(None, (oldest, first)), default=None)
    return Backlog(lane, count, oldest)


def anything_due(lane: Lane, *, overdue_by: float = 0.0) -> bool:
    """Whether a row waits that nobody holds; `overdue_by` in seconds."""
    late = work.seconds(overdue_by)
    return bool(work.waiting([entry.model for entry in table()], lane=lane, overdue_by=late))


def quarantined() -> int:
    return sum(model._default_manager.filter(quarantined_at__isnull=False).count() for model in work.all_models())
