"""Lines: one row a phone number, and its wish to get texts or none."""

from collections.abc import Collection, Hashable

from django.db import IntegrityError, transaction

from apps.core import clock, phone
from apps.core.unit import forget, once
from apps.messaging.models import InboundMessage, Line, NumberShown, OptOut
from apps.messaging.services.outbox import cancel_queued
from apps.messaging.vocabulary import OBEYS_STOP, Purpose
from apps.staff.models import User
from apps.vault.services import create_data_key, phone_index, phone_indexes


def line_for(*, number: phone.Number) -> Line:
    """The line of a number; made, with a key of its own, when it is met for the first time."""
    if (found := _found(number)) is not None:
        return found
    forget(_named(phone_index(number.e164)))
    try:
        with transaction.atomic():
            return Line.objects.create(
                data_key=create_data_key(),
                number=number.e164,
                index=phone_index(number.e164),
                country=number.country[:2],
            )
    except IntegrityError:
        return Line.objects.get(index=phone_index(number.e164))  # another process was first


def line_of(index: bytes) -> Line | None:
    """The line with this blind index, as it stood when this unit of work first asked."""
    return _asked(bytes(index), [bytes(index)]) if index else None


def _found(number: phone.Number) -> Line | None:
    return _asked(phone_index(number.e164), phone_indexes(number.e164))


def _asked(newest: bytes, indexes: Collection[bytes]) -> Line | None:
    lines = Line.objects.filter(index__in=indexes).select_related("data_key")
    return once(_named(newest), lines.first)


def _named(index: bytes | memoryview) -> Hashable:
    return "line", bytes(index)


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
    forget(_named(line.index))
    line.opted_out_at = line.opted_out_at or now
    if source == "carrier" or (message is not None and message.opt_out_hint == "STOP"):
        line.carrier_blocked_at = line.carrier_blocked_at or now
    line.save(update_fields=["opted_out_at", "carrier_blocked_at"])
    cancel_queued(line=line, purposes=[Purpose(purpose) for purpose in OBEYS_STOP])
    return OptOut.objects.create(line=line, message=message, is_out=True, source=source, at=now)


@transaction.atomic
def opt_in(*, line: Line, message: InboundMessage | None = None, source: str = "text") -> OptOut:
    """Texts again. Only a text from the phone itself lifts the carrier's block."""
    forget(_named(line.index))
    line.opted_out_at = None
    if source != "staff":
        line.carrier_blocked_at = None
    line.save(update_fields=["opted_out_at", "carrier_blocked_at"])
    return OptOut.objects.create(line=line, message=message, is_out=False, source=source, at=clock.now())
