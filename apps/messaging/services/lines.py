"""Lines: one row a phone number, and its wish to get texts or none."""

import contextlib
from collections.abc import Hashable, Sequence

from django.db import IntegrityError, connection, transaction

from apps.core import clock, phone
from apps.core.unit import forget, once
from apps.messaging.models import InboundMessage, Line, NumberShown, OptOut
from apps.messaging.services.outbox import cancel_queued
from apps.messaging.vocabulary import OBEYS_STOP, Purpose
from apps.staff.models import User
from apps.staff.services import phone_indexes_of
from apps.vault import services as vault
from apps.vault.services import create_data_key, is_newest_index, is_readable_index, phone_index, phone_indexes


def line_for(*, number: phone.Number) -> Line:
    """The line of a number; made, with a key of its own, when it is met for the first time."""
    indexes = phone_indexes(number.e164)
    if (found := _asked(indexes)) is not None:
        return found
    forget(_named(indexes))
    try:
        with transaction.atomic():
            return _made_meanwhile(indexes) or Line.objects.create(
                data_key=create_data_key(), number=number.e164, index=indexes[0], country=number.country[:2]
            )
    except IntegrityError:
        return Line.objects.get(index__in=indexes)  # another process was first


def line_of(person: User) -> Line | None:
    """The line of this person's mobile, as it stood when this unit of work first asked."""
    return _asked(indexes) if (indexes := phone_indexes_of(person)) else None


def indexes_of(line: Line) -> list[bytes]:
    """The blind indexes under which the number of this line may stand elsewhere, the newest first."""
    return vault.phone_indexes_of(line.index, lambda: str(line.number))


def reindex_lines(*, batch: int = 500) -> int:
    """Write up to `batch` blind indexes under the newest key that stand under an older one. Returns how many were left before.

    A shredded number stays as it is: nobody can open it. So does the second of two lines of one number, which only a person can join.
    """
    rows = Line.objects.filter(data_key__destroyed_at__isnull=True).order_by("pk").values_list("pk", "index")
    old = [key for key, index in rows if not is_newest_index(index)]
    for key in old[:batch]:
        line = Line.objects.select_related("data_key").get(pk=key)
        with contextlib.suppress(IntegrityError), transaction.atomic():
            Line.objects.filter(pk=key, index=line.index).update(index=phone_index(line.number))
    return len(old)


def unreadable_lines() -> int:
    """How many lines are found by no number, because their index key is not set."""
    rows = Line.objects.filter(data_key__destroyed_at__isnull=True).values_list("index", flat=True)
    return sum(not is_readable_index(index) for index in rows)


def _made_meanwhile(indexes: Sequence[bytes]) -> Line | None:
    """While several keys are in use the index alone keeps nobody from entering a number twice: processes that begin to write under the
    next one a moment apart do so one after the other."""
    if len(indexes) == 1:
        return None
    if connection.vendor == "postgresql":  # on SQLite one transaction writes at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(min(indexes)[-8:], signed=True)])
    return Line.objects.filter(index__in=indexes).select_related("data_key").first()


def _asked(indexes: Sequence[bytes]) -> Line | None:
    lines = Line.objects.filter(index__in=indexes).select_related("data_key")
    return once(_named(indexes), lines.first)


def _named(indexes: Sequence[bytes]) -> Hashable:
    return "line", bytes(indexes[0])


@transaction.atomic
def show_number(*, line: Line, person: User) -> str:
    """The whole number in E.164, for a person who is about to call it; that it was shown is on record.

    Whether this person may see it is asked by the caller, who knows whose line it is.
    """
    NumberShown.objects.create(line=line, person=person, at=clock.now())
    return str(line.number)


@transaction.atomic
def opt_out(*, line: Line, message: InboundMessage | None = None, source: str = "text") -> OptOut:
    """No more texts to this line; what waits for it is cancelled. `source`: text, carrier or staff.

    Where the provider itself acted on the word, nothing reaches the phone any more, not even an emergency text.
    """
    now = clock.now()
    forget(_named(indexes_of(line)))
    line.opted_out_at = line.opted_out_at or now
    if source == "carrier" or (message is not None and message.opt_out_hint == "STOP"):
        line.carrier_blocked_at = line.carrier_blocked_at or now
    line.save(update_fields=["opted_out_at", "carrier_blocked_at"])
    cancel_queued(line=line, purposes=[Purpose(purpose) for purpose in OBEYS_STOP])
    return OptOut.objects.create(line=line, message=message, is_out=True, source=source, at=now)


@transaction.atomic
def opt_in(*, line: Line, message: InboundMessage | None = None, source: str = "text") -> OptOut:
    """Texts again. Only a text from the phone itself lifts the carrier's block."""
    forget(_named(indexes_of(line)))
    line.opted_out_at = None
    if source != "staff":
        line.carrier_blocked_at = None
    line.save(update_fields=["opted_out_at", "carrier_blocked_at"])
    return OptOut.objects.create(line=line, message=message, is_out=False, source=source, at=clock.now())
