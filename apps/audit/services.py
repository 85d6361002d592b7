"""Attributing writes, chaining the trail, and verifying it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Model

from apps.audit import triggers, unseen
from apps.audit.actors import acting, because, current
from apps.audit.models import AuditEvent, ChainLink, Reading, Sealing
from apps.audit.rules import COLUMNS, GENESIS, link_hash
from apps.core import clock
from apps.core.work import Lane, finishing

__all__ = [
    "Anchor",
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
class Anchor:
    """One link of the chain as it was once: `position:hash`."""

    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"


@dataclass(frozen=True)
class Verdict:
    """What verification found: `problems` one a line, empty when the trail stands. `head` is the last link, to be noted elsewhere."""

    events: int
    linked: int
    problems: tuple[str, ...]
    head: Anchor


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


def verify(*, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Compare triggers with the expected list and rows with their last entry, and recompute the chain.

    A chain alone does not stop whoever owns the database and makes all of it anew: `anchors` are links as they were noted elsewhere.
    """
    problems = [*triggers.problems(), *unseen.problems()]
    # Read first: links that a sealer adds meanwhile are none that lost their event.
    last = ChainLink.objects.order_by("-position").values_list("position", flat=True).first() or 0
    links, broken = _chain(last)
    problems += [broken] if broken else []
    problems += [
        f"link {at.position} is not the one that was noted" for at in anchors if links.get(at.position) != at.hash
    ]
    linked = len(links)
    return Verdict(AuditEvent.objects.count(), linked, tuple(problems), Anchor(linked, links.get(linked, GENESIS)))


def _chain(last: int) -> tuple[dict[int, str], str]:
    """The links that stand, from the first on, with their hashes, and what is wrong with the next one."""
    links: dict[int, str] = {}
    previous = GENESIS
    fields = [f"event__{column}" for column in COLUMNS]
    for row in ChainLink.objects.order_by("position").values_list("position", "previous", "hash", *fields).iterator():
        position, stored_previous, stored, *values = row
        if position != len(links) + 1:
            break
        if stored_previous != previous or stored != link_hash(previous, values):
            return links, f"chain broken at link {position} (event {values[0]})"
        links[position] = previous = stored
    return links, f"link {len(links) + 1} is missing, or its event is" if len(links) < last else ""
