"""Texts that wait to be sent: queued once by their key, cancelled, or decided by a person."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from apps.core import clock, segments, states, work
from apps.core.rows import insert_once
from apps.core.wording import Text
from apps.core.work import Lane
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import SAYS_STOPPED, URGENT, Purpose, SendState
from apps.vault.models import KeyDestroyed


def queue(
    *,
    key: str,
    line: Line,
    purpose: Purpose,
    text: Text,
    due_at: datetime | None = None,
    useful_until: datetime | None = None,
) -> OutboundMessage:
    """Put a text into the outbox. The same key again is the same row, whatever else is given.

    `due_at` and `useful_until` are trial time; without `due_at` it is due at once. Raises ValueError for an empty text.
    """
    now = clock.now()
    message = OutboundMessage(
        key=key,
        line=line,
        data_key=line.data_key,
        purpose=purpose,
        wording=text.key,
        wording_version=text.version,
        language=text.lang,
        text=text.text,
        segments=segments.count(text.text).parts,
        planned_at=now,
        due_at=due_at or now,
        useful_until=useful_until,
        lane=Lane.SAFETY if purpose in URGENT else Lane.MESSAGES,
    )
    try:
        message.is_new = insert_once(message)
        return message if message.is_new else OutboundMessage.objects.get(key=key)
    except KeyDestroyed:  # of a line that was shredded: nothing new can be written for it, what is there is there
        if (found := OutboundMessage.objects.filter(key=key).first()) is None:
            raise
        return found


def cancel_queued(*, line: Line, purposes: Collection[Purpose]) -> int:
    """Cancel what still waits for a line; the text that confirms a stop is spared. Returns how many."""
    waiting = OutboundMessage.objects.filter(line=line, purpose__in=list(purposes)).exclude(wording__in=SAYS_STOPPED)
    return _cancelled(waiting)


def cancel(*, messages: Iterable[OutboundMessage]) -> int:
    """Cancel those of these texts that still wait. Returns how many."""
    return _cancelled(OutboundMessage.objects.filter(pk__in=[message.pk for message in messages]))


def _cancelled(rows: "QuerySet[OutboundMessage]") -> int:
    # The fence rises, so a worker that has just claimed such a row finds it no longer its own before it calls anybody.
    waiting = rows.filter(state=SendState.PLANNED)
    return waiting.update(state=SendState.CANCELLED, due_at=None, fence=F("fence") + 1, lease_until=None)


@transaction.atomic
def release(*, message: OutboundMessage) -> None:
    """A person has decided that a held text goes out (again). Raises IllegalMove unless it is held."""
    message.refresh_from_db()
    if message.state != SendState.HELD:
        raise states.IllegalMove(f"{message.state} -> {SendState.PLANNED}")
    message.state = SendState.PLANNED
    message.error_code = ""
    message.save(update_fields=["state", "error_code"])
    OutboundMessage.objects.filter(pk=message.pk).update(quarantined_at=None, attempts=0)
    work.set_due(OutboundMessage.objects.filter(pk=message.pk), due_at=clock.now())


@transaction.atomic
def write_off(*, message: OutboundMessage) -> None:
    """A person has decided that a held text is not sent. Raises IllegalMove unless it is held."""
    message.refresh_from_db()
    if message.state != SendState.HELD:
        raise states.IllegalMove(f"{message.state} -> {SendState.CANCELLED}")
    message.state = SendState.CANCELLED
    message.save(update_fields=["state"])
    work.set_due(OutboundMessage.objects.filter(pk=message.pk), due_at=None)
