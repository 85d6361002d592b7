"""What is due, asked in one statement over all kinds of rows: a test that plays days asks tens of thousands of times."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from apps.core.work import Lane, WorkRow, _due, _table
from apps.operations import engine


def work(*, most: int = 2000) -> None:
    """The engine handles rows, of the most urgent lane that has any, until nothing is due. Fails when work makes work for ever."""
    for _ in range(most):
        if not one():
            return
    raise AssertionError("work makes work for ever")


def one() -> bool:
    """The engine handles a row of the most urgent lane that has any. False when nothing is due."""
    return any(engine.run_one(lane=lane) for lane in lanes())


def lanes() -> list[Lane]:
    """The lanes in which the engine may claim something now, the most urgent first."""
    asked, values = [], []
    for entry in engine.table():
        is_due, bounds = _due(entry.model, lane=None)
        asked.append(f"SELECT this.lane FROM {_table(entry.model)} AS this WHERE {is_due}")
        values += bounds
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(asked), values)
        return sorted(Lane(lane) for (lane,) in cursor.fetchall())


def next_at(models: Sequence[type[WorkRow]], *, after: datetime) -> datetime | None:
    """When the next row of these kinds falls due, or None."""
    times = [
        f"SELECT MIN(due_at) AS due FROM {_table(model)} WHERE due_at > %s AND quarantined_at IS NULL"
        for model in models
    ]
    when = connection.ops.adapt_datetimefield_value(after)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(due) FROM ({' UNION ALL '.join(times)}) AS kinds", [when] * len(times))
        (found,) = cursor.fetchone()
    # SQLite keeps times as text, in UTC.
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found
