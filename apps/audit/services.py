"""Attributing writes, chaining the trail, and verifying it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Model

from apps.audit import triggers
from apps.audit.actors import acting, because, current
from apps.audit.models import AuditEvent, ChainLink, Reading, Sealing
from apps.audit.rules import COLUMNS, GENESIS, link_hash
from apps.core import clock
from apps.core.work import Lane, finishing

__all__ = [
    "Verdict",
    "acting",
    "because",
    "current",
    "ensure_sealing",
    "note_readings",
    "seal_chain",
    "seal_due",
    "verify",
]

SEAL_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Verdict:
    """What verification found: `problems` one a line, empty when the trail stands."""

    events: int
    linked: int
    problems: tuple[str, ...]


def note_readings(rows: Iterable[Model]) -> None:
    """Whoever acts is being shown these rows, which tell of somebody's health. Once in a quarter of an hour that is a row of its own."""
    reader, now = current(), clock.machine()
    if reader is None:
        raise LookupError("nobody is acting")
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    readings = [
        Reading(actor=reader.actor, table=row._meta.db_table, row_key=str(row.pk), at=now, quarter=quarter)
        for row in rows
    ]
    if readings:
        Reading.objects.bulk_create(readings, ignore_conflicts=True)


def ensure_sealing() -> None:
    """The sealer's row exists and is due."""
    Sealing.objects.get_or_create(name="chain", defaults={"due_at": clock.now(), "lane": Lane.BULK})


def seal_due(row: Sealing) -> None:
    """Handle the sealer's work row."""
    seal_chain()
    with finishing(row) as ending:
        ending.due_at = clock.now() + SEAL_EVERY


def seal_chain(*, batch: int = 2000) -> int:
    """Chain events that have no link yet, in the order of their sequence. Returns how many. A second sealer simply loses."""
    try:
        with transaction.atomic():
            last = ChainLink.objects.order_by("-position").first()
            position, previous = (last.position, last.hash) if last else (0, GENESIS)
            links = []
            for values in (
                AuditEvent.objects.filter(link__isnull=True).order_by("sequence").values_list(*COLUMNS)[:batch]
            ):
                position += 1
                link = ChainLink(
                    position=position, event_id=values[0], previous=previous, hash=link_hash(previous, values)
                )
                links.append(link)
                previous = link.hash
            ChainLink.objects.bulk_create(links)
            return len(links)
    except IntegrityError:
        return 0


def verify() -> Verdict:
    """Compare triggers with the expected list, and recompute the chain."""
    problems = triggers.problems()
    previous, linked = GENESIS, 0
    fields = [f"event__{column}" for column in COLUMNS]
    for row in ChainLink.objects.order_by("position").values_list("position", "previous", "hash", *fields).iterator():
        linked += 1
        position, stored_previous, stored, *values = row
        if position != linked:
            problems.append(f"link {linked} is missing")
            break
        if stored_previous != previous or stored != link_hash(previous, values):
            problems.append(f"chain broken at link {position} (event {values[0]})")
            break
        previous = stored
    return Verdict(AuditEvent.objects.count(), linked, tuple(problems))
