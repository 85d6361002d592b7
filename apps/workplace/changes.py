"""What an entry of the trail changed, for people: the named facts of a row, as they were and as they became."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from apps.audit.models import AuditEvent
from apps.exports.history import revived
from apps.vault.models import KeyDestroyed
from apps.workplace.templatetags.workplace import at


@dataclass(frozen=True)
class Change:
    """One fact. Somebody wrote some of them: no page shows `before` and `after` unmasked."""

    name: str
    before: str
    after: str


def of(row: models.Model, entry: AuditEvent, names: Iterable[str]) -> list[Change]:
    """Those facts that this entry changed; none where the row was entered. A text that was only sealed anew is the same."""
    if not entry.old or not entry.new:
        return []
    return [*_compared(_then(row, entry.old), _then(row, entry.new), names)]


def _then(row: models.Model, values: str) -> models.Model:
    """The row as it was. Its key is the one that is open already: no statement for each entry."""
    then: Any = revived(type(row), json.loads(values))
    now: Any = row
    if hasattr(now, "data_key_id") and then.data_key_id == now.data_key_id:
        then.data_key = now.data_key
    return then  # type: ignore[no-any-return]


def _compared(before: models.Model, after: models.Model, names: Iterable[str]) -> Iterator[Change]:
    for name in names:
        was, became = _said(before, name), _said(after, name)
        if was != became:
            yield Change(str(before._meta.get_field(name).verbose_name), was, became)  # type: ignore[union-attr]


def _said(row: models.Model, name: str) -> str:
    try:
        value = getattr(row, name)
    except KeyDestroyed:
        return _("no longer readable")
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return at(value)
    if isinstance(value, date):
        return value.isoformat()
    in_words = getattr(row, f"get_{name}_display", None)
    return str(in_words() if in_words else value)
