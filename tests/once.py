"""What many tests begin with is entered once and copied from then on: the same rows, read when they were first made and written again.

Audit rows are not copied: the triggers write them, for the copy as for the first. Nothing is copied over what is there already; keys
that a database counts up are behind its counter, since a counter is not rolled back (PostgreSQL), or follows the highest (SQLite).
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

_Row = tuple[Any, ...]
_Rows = dict[type[models.Model], list[_Row]]
_LEFT_TO_TRIGGERS = frozenset({"audit_auditevent", "audit_chainlink", "audit_sealing"})
_kept: dict[Hashable, _Rows] = {}
_wanted: set[Hashable] = set()


def once(key: Hashable, enter: Callable[[], None]) -> None:
    """The rows that `enter` adds where `key` holds: entered at the first call, read at the second, copied at the others."""
    key = (connection.vendor, key)
    if key in _kept:
        _write(_kept[key])
        return
    if key not in _wanted:  # what is wanted once is not worth the reading
        _wanted.add(key)
        enter()
        return
    before = _read()
    enter()
    _kept[key] = _added(before, _read())


def _added(before: _Rows, after: _Rows) -> _Rows:
    """What is there now and was not. Whoever changed or took away what was there cannot be copied."""
    for model, rows in before.items():
        assert set(rows) <= set(after[model]), f"{model.__name__}: a row was changed"
    added = {model: [row for row in rows if row not in set(before[model])] for model, rows in after.items()}
    return {model: rows for model, rows in added.items() if rows}


def _tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in _LEFT_TO_TRIGGERS:
            yield model


def _columns(model: type[models.Model]) -> str:
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in model._meta.local_concrete_fields)


def _read() -> _Rows:
    """As the driver gives it, so that it goes back unchanged."""
    found: _Rows = {}
    with connection.cursor() as cursor:
        for model in _tables():
            cursor.execute(f"SELECT {_columns(model)} FROM {connection.ops.quote_name(model._meta.db_table)}")
            found[model] = [tuple(_plain(value) for value in row) for row in cursor.fetchall()]
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _write(rows: _Rows) -> None:
    with connection.cursor() as cursor:
        for model, found in rows.items():
            place = f"({', '.join(['%s'] * len(found[0]))})"
            cursor.execute(
                f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({_columns(model)})"
                f" VALUES {', '.join([place] * len(found))}",
                [value for row in found for value in row],
            )
