"""Who changed one row, when and how: from the audit trail. Values are the page's own to ask for, by the names of their facts."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from apps.audit.models import AuditEvent, Reading
from apps.staff.models import User
from apps.workplace import changes
from apps.workplace.changes import Change


@dataclass(frozen=True)
class Entry:
    at: datetime
    who: str
    what: str
    reason: str
    changes: Sequence[Change] = ()


def of(row: Model, *, with_reasons: bool, facts: Sequence[str] = (), limit: int = 200) -> list[Entry]:
    """The newest changes of this row first. A reason and a fact may tell of somebody's health: they are given only on demand."""
    events = list(_about(row).order_by("-sequence")[:limit])
    entries = _entries(events, with_reasons=with_reasons)
    if not facts:
        return entries
    return [replace(entry, changes=changes.of(row, event, facts)) for entry, event in zip(entries, events, strict=True)]


def entered(row: Model) -> Entry | None:
    """By whom and when this row was entered; None of one that is older than the trail."""
    return next(iter(_entries([*_about(row).filter(operation__iexact="insert")], with_reasons=False)), None)


def _about(row: Model) -> "QuerySet[AuditEvent]":
    return AuditEvent.objects.filter(table=row._meta.db_table, row_key__in=_keys(row))


def _entries(events: Sequence[AuditEvent], *, with_reasons: bool) -> list[Entry]:
    names = names_of(event.actor for event in events)
    return [
        Entry(
            at=datetime.fromisoformat(event.at),
            who=names.get(event.actor, event.actor),
            what=in_words(event.operation),
            reason=event.reason if with_reasons else "",
        )
        for event in events
    ]


def readings_of(row: Model, *, limit: int = 200) -> list[tuple[datetime, str]]:
    """When it was shown to whom, the newest first."""
    found = [*Reading.objects.filter(table=row._meta.db_table, row_key=str(row.pk)).order_by("-at")[:limit]]
    names = names_of(each.actor for each in found)
    return [(each.at, names.get(each.actor, each.actor)) for each in found]


def in_words(operation: str) -> str:
    """`insert`, `update` or `delete` as people say it."""
    words = {"insert": _("entered"), "update": _("changed"), "delete": _("deleted")}
    return words.get(operation.lower(), operation)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Actor `user:<id>` -> the person's name."""
    ids = {actor.removeprefix("user:") for actor in actors if actor.startswith("user:")}
    return {f"user:{user.pk}": user.name for user in User.objects.filter(pk__in=ids)}


def _keys(row: Model) -> list[str]:
    """As the two databases write it: SQLite keeps a UUID without hyphens."""
    return [str(row.pk), row.pk.hex] if isinstance(row.pk, uuid.UUID) else [str(row.pk)]
