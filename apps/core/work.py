"""Rows are the queue.

A row that carries work has a due time; null means nothing to do. `claim` leases it to one process by compare-and-set on `fence`;
`finishing` ends the lease with the same fence inside the transaction of the effects. A process that dies simply lets its lease run
out. Due times are trial time, leases are the database's machine time: leases never mix two hosts' clocks.
"""

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.apps import apps as registry
from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q

from apps.core import clock
from apps.core.failpoints import strike
from apps.core.unit import start_anew, unit

log = logging.getLogger(__name__)

LEASE = 30.0
MAX_ATTEMPTS = 5
BACKOFF = (5.0, 15.0, 45.0, 120.0)
WORK_COLUMNS = ("due_at", "lease_until", "fence", "attempts", "last_error", "quarantined_at", "lane")


class StaleLease(Exception):
    """The row was claimed again, rescheduled or cancelled since this process claimed it: its effects are rolled back."""


class Lane(models.IntegerChoices):
    """Lower runs first. Safety work never waits behind the others."""

    SAFETY = 0, "safety"
    MESSAGES = 1, "messages"
    BULK = 2, "bulk"


def seconds(length: float) -> timedelta:
    """A length of the time chain. One factor scales the whole chain in tests, so that a five-minute fault takes seconds."""
    return timedelta(seconds=length * settings.TIME_FACTOR)


def lease_time() -> datetime:
    """The time that leases are measured in: the database server's on PostgreSQL, the machine's on SQLite (one host)."""
    if connection.vendor != "postgresql":
        return clock.machine()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        time: datetime = cursor.fetchone()[0]
        return time


class WorkRow(models.Model):
    """A row that promises work. `attempts` counts unexplained ends only: it rises with a claim and falls with an orderly finish."""

    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=200, blank=True, editable=False)
    quarantined_at = models.DateTimeField(null=True, blank=True, editable=False)
    lane = models.PositiveSmallIntegerField(choices=Lane.choices, default=Lane.MESSAGES, editable=False)

    audit_ignored: ClassVar[tuple[str, ...]] = WORK_COLUMNS
    comes_with: ClassVar[tuple[str, ...]] = ()  # relations that the handler reads anyway: fetched with the claimed row
    # The relation (or path of relations) whose row is locked before this one, by everybody who locks both.
    held_under: ClassVar[str] = ""
    in_turn: ClassVar[str] = ""  # SQL about the due row `this`, where rows must run in order: whether its turn has come

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["lane", "due_at"],
                condition=Q(due_at__isnull=False, quarantined_at__isnull=True),
                name="%(class)s_due",
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the domain fields only: the work columns belong to claim, finish and `set_due`."""
        if not self._state.adding and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            fields = (field for field in self._meta.concrete_fields if not field.primary_key)
            kwargs["update_fields"] = [field.name for field in fields if field.name not in WORK_COLUMNS]
        super().save(*args, **kwargs)


Row = TypeVar("Row", bound=WorkRow)


@dataclass(frozen=True)
class Work:
    """One line of the heartbeat table: which rows, and the one service function that handles a claimed row.

    `gave_up` is called in the transaction that quarantines a row, so that nothing is only parked. `patience`: for how many rows of
    other kinds it waits at most. `at_once`: how many rows of a crowd are taken in one turn. They are handled one after another, or, where
    there is a `together`, by that, which gives back those that must be handled alone and have not been touched.
    """

    model: type[WorkRow]
    handle: Callable[[Any], None]
    gave_up: Callable[[Any], None] | None = None
    patience: int = 24
    at_once: int = 1
    together: Callable[[Sequence[Any]], Sequence[Any]] | None = None


@dataclass
class Ending:
    """What becomes of a row: due again at `due_at`, or done. `note` is a code for the row, never message text."""

    due_at: datetime | None = None
    note: str = ""


def waiting(
    models_: Sequence[type[WorkRow]], *, lane: int, overdue_by: timedelta = timedelta(0)
) -> frozenset[type[WorkRow]]:
    """Of which of these kinds rows are due in this lane, asked in one statement.

    Due is what anybody may claim now. `overdue_by`: only rows that nobody has taken for so long. A row whose process died counts from
    the end of its lease: whoever helps out late (pump, sentinel) leaves the next try to the workers, whose children may die of it
    without harm.
    """
    asked, values = [], []
    for place, model in enumerate(models_):
        is_due, bounds = _due(model, lane=lane, overdue_by=overdue_by)
        asked.append(f"SELECT {place} WHERE EXISTS (SELECT 1 FROM {_table(model)} AS this WHERE {is_due})")  # noqa: S608 - names of our own
        values += bounds
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked), values)
        return frozenset(models_[place] for (place,) in cursor.fetchall())


def held(models_: Sequence[type[WorkRow]], *, lane: int) -> int:
    """How many due rows of these kinds and this lane are not `_free`, asked in one statement."""
    free, bounds = _free()
    when = connection.ops.adapt_datetimefield_value(clock.now())
    counts = [
        f"SELECT COUNT(*) AS held FROM {_table(model)} AS this"  # noqa: S608 - names of our own
        f" WHERE this.lane = %s AND this.due_at <= %s AND this.quarantined_at IS NULL AND NOT ({free})"
        for model in models_
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT SUM(held) FROM ({' UNION ALL '.join(counts)}) AS kinds",  # noqa: S608
            [int(lane), when, *bounds] * len(counts),
        )
        return int(cursor.fetchone()[0])


def _due(model: type[WorkRow], *, lane: int | None, overdue_by: timedelta = timedelta(0)) -> tuple[str, list[Any]]:
    """The condition of a due row `this`, with its values."""
    free, bounds = _free(since=overdue_by)
    when = connection.ops.adapt_datetimefield_value(clock.now() - overdue_by)
    parts = ["this.due_at <= %s", "this.quarantined_at IS NULL", f"({free})", model.in_turn]
    values = [when, *bounds]
    if lane is not None:
        parts, values = ["this.lane = %s", *parts], [int(lane), *values]
    return " AND ".join(filter(None, parts)), values


def _free(*, since: timedelta = timedelta(0)) -> tuple[str, list[Any]]:
    """Leased to nobody, or the lease has run out `since` long ago, by the database's own clock on PostgreSQL.

    One that ends further ahead than any lease is long was written before the clock was set back: its row would wait for as long as
    the step, so it counts as run out. The fence guards against its owner.
    """
    too_far = 2 * seconds(LEASE)
    if connection.vendor == "postgresql":
        now = "statement_timestamp()"
        free = f"this.lease_until IS NULL OR this.lease_until < {now} - %s OR this.lease_until > {now} + %s"
        return free, [since, too_far]
    time, plain = clock.machine(), connection.ops.adapt_datetimefield_value
    free = "this.lease_until IS NULL OR this.lease_until < %s OR this.lease_until > %s"
    return free, [plain(time - since), plain(time + too_far)]


def _table(model: type[WorkRow]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def claim(model: type[Row], *, lane: int | None = None, overdue_by: timedelta = timedelta(0)) -> Row | None:
    """Lease the oldest due row to this process, or None.

    The row is what the lease itself gives back: whoever held it before may have written to it until then, and no later. What
    `comes_with` it is read after that, with the fence of this lease: a process that was stopped in between has lost the row, and must
    not take the next owner's fence for its own.
    """
    while (row := _lease_oldest(model, lane=lane, overdue_by=overdue_by)) is not None:
        if model.comes_with:
            rows = model._default_manager.select_related(*model.comes_with)
            row = rows.filter(pk=row.pk, fence=row.fence).first()
        if row is not None:
            strike("claimed")
            return row
    return None


def claim_beside(first: Row, *, most: int, overdue_by: timedelta = timedelta(0)) -> list[Row]:
    """Lease up to `most` rows more, of the same kind and lane as one just claimed, to be handled together with it.

    Only rows that nobody has claimed before, beside such a one: if one of them kills its process, the others are no suspects twice, and
    none waits under its lease for calls that are made one after the other, as those that go again are.
    """
    if first.fence > 1 or most < 1:
        return []
    return _lease(type(first), lane=first.lane, overdue_by=overdue_by, most=most, only="this.fence = 0")


def _lease_oldest(model: type[Row], *, lane: int | None, overdue_by: timedelta) -> Row | None:
    return next(iter(_lease(model, lane=lane, overdue_by=overdue_by, most=1)), None)


def _lease(model: type[Row], *, lane: int | None, overdue_by: timedelta, most: int, only: str = "") -> list[Row]:
    """The oldest rows as their lease leaves them. One statement finds and leases.

    Its own outer condition is the guard; the lock only spares two processes the same row.
    """
    is_due, values = _due(model, lane=lane, overdue_by=overdue_by)
    is_due = f"{is_due} AND {only}" if only else is_due
    free, bounds = _free()
    key = connection.ops.quote_name(model._meta.pk.attname)
    on_postgresql = connection.vendor == "postgresql"
    until = "statement_timestamp() + %s" if on_postgresql else "%s"
    lease = seconds(LEASE)
    ends: Any = lease if on_postgresql else connection.ops.adapt_datetimefield_value(clock.machine() + lease)
    now = connection.ops.adapt_datetimefield_value(clock.now())
    oldest = (
        f"SELECT this.{key} FROM {_table(model)} AS this WHERE {is_due}"  # noqa: S608 - names of our own
        f" ORDER BY this.due_at, this.{key} LIMIT {most:d}"
        + (" FOR NO KEY UPDATE SKIP LOCKED" if on_postgresql else "")
    )
    # Not IN on PostgreSQL: a planner may run its subquery again for each row, and lease more than `most`.
    among = f"= ANY(ARRAY({oldest}))" if on_postgresql else f"IN ({oldest})"
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields)
    leased = model._default_manager.raw(
        f"UPDATE {_table(model)} AS this SET fence = fence + 1, attempts = attempts + 1, lease_until = {until}"  # noqa: S608
        f" WHERE {key} {among} AND due_at <= %s AND quarantined_at IS NULL AND ({free}) RETURNING {columns}",
        [ends, *values, now, *bounds],
    )
    return list(leased)


@contextmanager
def finishing(row: WorkRow) -> Iterator[Ending]:
    """Effects and the end of the lease in one transaction. Raises StaleLease, and rolls back, when the row is no longer ours."""
    ending = Ending()
    with transaction.atomic():
        yield ending
        strike("before_finish")
        mine = type(row)._default_manager.filter(pk=row.pk, fence=row.fence)
        attempts = max(row.attempts - 1, 0)
        if not mine.update(due_at=ending.due_at, lease_until=None, attempts=attempts, last_error=ending.note[:200]):
            raise StaleLease(type(row).__name__)


def read_again(row: WorkRow) -> None:
    """The domain fields as they stand now. The claim stays that of the row in hand, so that an act since then still ends it as stale."""
    row.refresh_from_db(fields=[field.name for field in row._meta.concrete_fields if field.name not in WORK_COLUMNS])


def set_due(rows: "models.QuerySet[Any]", *, due_at: datetime | None) -> int:
    """Reschedule or cancel rows from outside. The fence rises too, so a process in flight cannot undo it."""
    return rows.update(due_at=due_at, fence=F("fence") + 1, lease_until=None)


def run(work: Work, row: WorkRow) -> None:
    """Handle one claimed row. An exception is recorded on the row, with back-off; too many unexplained ends quarantine it."""
    if row.attempts > MAX_ATTEMPTS:
        quarantine(work, row, reason=row.last_error or "process ended")
        return
    try:
        with unit():
            work.handle(row)
    except StaleLease:
        log.warning("stale lease", extra={"model": type(row).__name__, "row": str(row.pk)})
        start_anew()
    except Exception as error:  # noqa: BLE001 - the task's edge: whatever it is, it is written on the row and the row is tried again
        log.error("work failed", extra={"model": type(row).__name__, "row": str(row.pk), "error": type(error).__name__})
        start_anew()
        _record_failure(work, row, reason=type(error).__name__)


def run_together(work: Work, rows: Sequence[WorkRow]) -> None:
    """Handle rows claimed beside each other. What `together` gives back, and everything where there is none, is handled row by row."""
    alone = rows
    if work.together is not None and len(rows) > 1:
        try:
            with unit():
                alone = work.together(rows)
        except Exception as error:  # noqa: BLE001 - the task's edge, as in `run`: every row that was not finished is tried again, alone
            log.error(
                "work failed", extra={"model": work.model.__name__, "row": "several", "error": type(error).__name__}
            )
            start_anew()
            for row in rows:
                put_off(row, reason=type(error).__name__)
            return
    for row in alone:
        run(work, row)


def _record_failure(work: Work, row: WorkRow, *, reason: str) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        quarantine(work, row, reason=reason)
        return
    put_off(row, reason=reason)


def put_off(row: WorkRow, *, reason: str) -> None:
    """A row that failed and was not finished is due again after a while."""
    wait = BACKOFF[min(row.attempts, len(BACKOFF)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
    again = clock.now() + seconds(wait)
    mine = type(row)._default_manager.filter(pk=row.pk, fence=row.fence, lease_until__isnull=False)
    mine.update(due_at=again, lease_until=None, last_error=reason[:200])


def quarantine(work: Work, row: WorkRow, *, reason: str) -> None:
    """Take a poisonous row out of the flow and tell the one who must know, in one transaction."""
    with transaction.atomic():
        _hold_above(row)
        mine = type(row)._default_manager.filter(pk=row.pk, fence=row.fence)
        changed = mine.update(quarantined_at=clock.now(), lease_until=None, last_error=reason[:200])
        if changed and work.gave_up is not None:
            read_again(row)  # what the handler had done to it in memory was rolled back
            work.gave_up(row)
    log.error("row quarantined", extra={"model": type(row).__name__, "row": str(row.pk), "error": reason[:80]})


def _hold_above(row: WorkRow) -> None:
    """What `gave_up` locks as well must be locked first, else it and whoever keeps the order would wait for each other."""
    if row.held_under:
        rows = type(row)._default_manager.filter(pk=row.pk).select_related(row.held_under)
        rows = rows.exclude(
            **{row.held_under: None}
        )  # nothing stands above it, and PostgreSQL locks no row that may be missing
        list(rows.select_for_update(of=(row.held_under,), no_key=True))


def all_models() -> list[type[WorkRow]]:
    """Every concrete work model, for counts over all of them."""
    return [model for model in registry.get_models() if issubclass(model, WorkRow)]
