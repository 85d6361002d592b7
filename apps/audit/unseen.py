"""Rows that are not as the trail left them: written, put there or taken away while their trigger did not stand.

A trigger that is taken away and put back leaves no trace of its own. What was written meanwhile differs from the row's last entry.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.utils.dateparse import parse_datetime

from apps.audit.triggers import Regulated, regulated, row_as_kept

_NAMED = 5
# One statement, and so one view of the database: a write between two of them would look unseen.
_COMPARED = """WITH kept AS (
    SELECT row_key, "new" AS was FROM audit_auditevent WHERE sequence IN (
        SELECT max(sequence) FROM audit_auditevent WHERE "table" = %s GROUP BY row_key)),
stands AS (SELECT CAST(t."{key}" AS text) AS row_key, {row} AS is_now FROM "{table}" t)
SELECT stands.row_key, is_now, was FROM stands LEFT JOIN kept ON kept.row_key = stands.row_key
UNION ALL
SELECT kept.row_key, NULL, was FROM kept LEFT JOIN stands ON stands.row_key = kept.row_key
    WHERE stands.row_key IS NULL AND was IS NOT NULL"""


def problems(*, using: str = "default") -> list[str]:
    """One line a table, with the keys of the first rows. A column that either side has not, or that is no change alone, is not compared."""
    tables = set(connections[using].introspection.table_names())
    found = ((item.table, sorted(_differing(item, using))) for item in regulated() if item.table in tables)
    return [
        f"{len(keys)} rows of {table} are not as the trail left them: {', '.join(keys[:_NAMED])}"
        for table, keys in found
        if keys
    ]


def _differing(item: Regulated, using: str) -> Iterator[str]:
    connection = connections[using]
    row = row_as_kept(item, "t", vendor=connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(_COMPARED.format(key=item.key, table=item.table, row=row), [item.table])
        for key, is_now, was in cursor:
            if is_now is None or was is None or not _alike(json.loads(is_now), json.loads(was), item.watched):
                yield key


def _alike(is_now: dict[str, Any], was: dict[str, Any], watched: tuple[str, ...]) -> bool:
    return all(_is_same(is_now[name], was[name]) for name in watched if name in is_now and name in was)


def _is_same(one: Any, other: Any) -> bool:
    """PostgreSQL writes a time in the zone of the session that wrote it."""
    if one == other:
        return True
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    try:
        time = parse_datetime(one)
        return time is not None and time == parse_datetime(other)
    except ValueError:
        return False
