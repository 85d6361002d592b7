"""What several ways of handling a text end in: looking later, asking later, a person."""

from datetime import datetime

from apps.core import clock
from apps.core.work import StaleLease, seconds
from apps.messaging import rules
from apps.messaging.gateway import SmsGateway
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.messaging.services.alarms import sound
from apps.messaging.vocabulary import MOVES, UNSETTLED, URGENT, AlarmKind, SendState


def fresh(message: OutboundMessage, *, to_be_read: bool = False) -> OutboundMessage:
    """The row as it stands now, locked. Raises StaleLease when the lease was lost. The caller holds the transaction.

    `to_be_read` brings number and key along, for whoever sends it.
    """
    rows = OutboundMessage.objects.select_for_update(of=("self",))
    row = (rows.select_related("line__data_key") if to_be_read else rows).get(pk=message.pk)
    if to_be_read and row.data_key_id == row.line.data_key_id:
        row.data_key = row.line.data_key
    if row.fence != message.fence:
        raise StaleLease(OutboundMessage.__name__)
    return row


def after_unknown(row: OutboundMessage) -> datetime:
    """When to act on an unknown outcome: an urgent text goes again, any other is looked up."""
    unknown = row.send_attempts.filter(state__in=UNSETTLED).count()
    wait = rules.urgent_again_after(unknown=unknown, purpose=row.purpose)
    return clock.now() + seconds(rules.LOOK_AFTER if wait is None else wait)


def to_poll(row: OutboundMessage, gateway: SmsGateway, attempt: SendAttempt) -> datetime | None:
    """When to ask the provider what became of a text; None when that is known, or was asked often enough."""
    if row.state not in (SendState.ACCEPTED, SendState.SENT):
        return None
    polls = gateway.urgent_polls if row.purpose in URGENT else gateway.polls
    wait = rules.next_poll(polls, done=attempt.times_polled)
    return None if wait is None else clock.now() + seconds(wait)


def hold(row: OutboundMessage, *, code: str, kind: AlarmKind = AlarmKind.HELD) -> None:
    """A person must decide. A text that the provider is known to have keeps its state; the alarm rings all the same."""
    if SendState.HELD in MOVES[row.state]:
        row.state, row.error_code = SendState.HELD, code[:20]
        row.save(update_fields=["state", "error_code"])
    sound(kind=kind, gateway="", code=code, message=row)
