"""Rows as they stood at a time, read from the audit trail: later corrections do not appear in an older cut."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.dateparse import parse_datetime

from apps.audit.models import AuditEvent
from apps.core import clock

Row = TypeVar("Row", bound=models.Model)
Values = dict[str, Any]


def versions(model: type[models.Model]) -> Iterator[tuple[uuid.UUID, datetime, Values]]:
    """Every version of every row, oldest first: key, the time it was written (machine time), and its columns."""
    trail = AuditEvent.objects.filter(table=model._meta.db_table, new__isnull=False).order_by("sequence")
    for key, at, new in trail.values_list("row_key", "at", "new").iterator():
        yield uuid.UUID(key), datetime.fromisoformat(at), json.loads(new or "{}")


def last_versions(
    model: type[Row], *, stood: Callable[[datetime, Values], bool], or_first: bool = False
) -> dict[uuid.UUID, Row]:
    """By key, the last version of each row for which `stood(written at, columns)` holds; with `or_first` at least its first."""
    last: dict[uuid.UUID, Values] = {}
    for key, at, values in versions(model):
        if stood(at, values) or (or_first and key not in last):
            last[key] = values
    return {key: revived(model, values) for key, values in last.items()}


def machine_time(trial_time: datetime) -> datetime:
    """The trail is written in machine time, which outside a demo or a rehearsal is trial time."""
    return trial_time - (clock.now() - clock.machine())


def revived(model: type[Row], values: Values) -> Row:
    """A row as an object that is never saved. Sealed columns stay sealed until they are read."""
    row = model()
    for field in model._meta.concrete_fields:
        setattr(row, field.attname, _value(field, values.get(str(field.column))))
    row._state.adding = False
    row._state.db = "default"
    return row


def moment(value: str) -> datetime:
    """A time as the trail holds it: SQLite writes UTC without saying so."""
    found = parse_datetime(value)
    if found is None:
        raise ValueError("not a time")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _value(field: "models.Field[Any, Any]", value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, models.BinaryField):
        return bytes.fromhex(value.removeprefix("\\x"))  # PostgreSQL writes \x before the digits
    if isinstance(field, models.DateTimeField):
        return moment(value)
    return field.to_python(value)
