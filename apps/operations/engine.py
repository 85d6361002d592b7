"""Running due rows: what the worker's task, the pump's inline run and the sentinel have in common."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import clock, work
from apps.core.work import Lane, Work, WorkRow

DRAIN_SECONDS = 20.0
INLINE_AFTER = 5.0
INLINE_SECONDS = 5.0
SENTINEL_AFTER = 60.0
_EMPTY_FIRST, _EMPTY_LONGEST = 0.2, 0.8  # seconds
_turn = itertools.count(1)
_served: dict[type[WorkRow], int] = {}  # the turn in which this process last handled a row of this kind


@dataclass(frozen=True)
class _Empty:
    """A line that had nothing is asked last `until` then, on this process's own clock; each time in a row for twice as long."""

    wait: float
    until: float


_Line = tuple[type[WorkRow], Lane, timedelta]
_empty: dict[_Line, _Empty] = {}


@lru_cache(maxsize=1)
def table() -> tuple[Work, ...]:
    """The heartbeat table. It stands on the top floor, so it is reached by name."""
    rows: Sequence[Work] = import_string(settings.WORK_TABLE)
    return tuple(rows)


def run_one(*, lane: Lane, overdue_by: timedelta = timedelta(0)) -> bool:
    """Claim and handle one row of this lane, the oldest of its kind; False when there is none.

    The line that was served longest ago comes first, so that lines with work share evenly: a hundred texts at once never hold back the
    pages they ask for, nor the reverse. What was found empty a moment ago is asked last, and the more rarely the longer it stays so: in a
    storm most lines are.
    """
    now = time.monotonic()
    empty = {model for (model, *of), last in _empty.items() if of == [lane, overdue_by] and last.until > now}
    for entry in sorted(table(), key=lambda entry: (entry.model in empty, _served.get(entry.model, 0))):
        line = (entry.model, lane, overdue_by)
        if (row := work.claim(entry.model, lane=lane, overdue_by=overdue_by)) is not None:
            _served[entry.model] = next(_turn)
            _empty.pop(line, None)
            work.run(entry, row)
            return True
        _note_empty(line)
    return False


def _note_empty(line: _Line) -> None:
    wait = min(2 * _empty[line].wait, _EMPTY_LONGEST) if line in _empty else _EMPTY_FIRST
    _empty[line] = _Empty(wait, time.monotonic() + wait)


def drain(lane: Lane) -> int:
    """Handle due rows, the most urgent lane first, down to `lane`, for a while. Returns how many."""
    ends = time.monotonic() + DRAIN_SECONDS * settings.TIME_FACTOR
    handled = 0
    while time.monotonic() < ends:
        if lane == Lane.BULK and _bulk_is_full():
            break
        if not any(run_one(lane=each) for each in Lane if each <= lane):
            break
        handled += 1
    return handled


def _bulk_is_full() -> bool:
    """One slot is never given to bulk work."""
    busy = sum(
        entry.model._default_manager.filter(lane=Lane.BULK, lease_until__gt=work.lease_time()).count()
        for entry in table()
    )
    return busy >= max(1, settings.WORKER_CONCURRENCY - 1)


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
    return any(work.due(entry.model, lane=lane, overdue_by=late).exists() for entry in table())


def quarantined() -> int:
    return sum(model._default_manager.filter(quarantined_at__isnull=False).count() for model in work.all_models())
