"""The stored texts of a period under the present rules: what would have been decided differently. Nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.triage import context as contexts
from apps.triage import services
from apps.triage.models import BY_LIST, SymptomReport
from apps.triage.rules import Assessment
from apps.vault.models import KeyDestroyed


@dataclass(frozen=True, slots=True)
class Acting:
    """What people do about a decision: at which level ("R9": nothing), whether at night too, by which path."""

    level: str
    night_page: bool
    path: str

    @classmethod
    def of(cls, decision: SymptomReport | Assessment) -> Acting:
        return cls(services.acts_at(decision) or "R9", decision.night_page, decision.path or "")

    def is_less_than(self, other: Acting) -> bool:
        """A person would be told later, not at night any more, or not at all; or a death or a crisis would be taken for something else."""
        if self.level != other.level:
            return self.level > other.level
        return (other.night_page and not self.night_page) or (other.path != "" and self.path != other.path)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stored decision and what the present rules say. `level` is "" for nothing to do; `text` is sealed at rest, so mind it."""

    report: uuid.UUID
    received_at: datetime
    old_version: str
    old_label: str
    old_level: str
    label: str
    level: str
    reason: str
    text: str
    acted: Acting
    acts: Acting

    @property
    def is_changed(self) -> bool:
        return (self.old_label, self.old_level, self.acted) != (self.label, self.level, self.acts)

    @property
    def is_lowered(self) -> bool:
        return self.acts.is_less_than(self.acted)


def replay(*, since: datetime, until: datetime) -> Iterator[Replayed | None]:
    """Each text received in [since, until), oldest first, in the context that its decision was made in. None: its key is destroyed."""
    rows = SymptomReport.objects.filter(message__received_at__gte=since, message__received_at__lt=until)
    rows = rows.exclude(rules_version__startswith=BY_LIST).select_related("message__data_key", "message__line")
    for report in rows.order_by("message__received_at", "pk").iterator(chunk_size=200):
        try:
            text = report.message.body
        except KeyDestroyed:
            yield None
            continue
        found = services.decide(message=report.message, sender=report.sender, context=contexts.restored(report.context))
        yield Replayed(
            report=report.pk,
            received_at=report.message.received_at,
            old_version=report.rules_version,
            old_label=report.label,
            old_level=report.level,
            label=found.label,
            level=found.level or "",
            reason=found.reason,
            text=text,
            acted=Acting.of(report),
            acts=Acting.of(found),
        )
