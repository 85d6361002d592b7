"""Handling a text that is due: hand it over, find out what became of it, or ask whether it has arrived.

The attempt is committed before the call, the call is made outside any transaction, and its outcome is written with the end of the
lease. So a crash at any point leaves a row that says what is known, and nobody sends blindly after it.
"""

import random
from dataclasses import dataclass

from django.db import transaction

from apps.core import clock
from apps.core.failpoints import strike
from apps.core.work import Ending, StaleLease, finishing, seconds
from apps.messaging import routes, rules
from apps.messaging.gateway import DeliveryReport, OutboundSms, Outcome, SendResult, SmsGateway
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.messaging.services.alarms import sound
from apps.messaging.services.endings import after_unknown, fresh, hold, to_poll
from apps.messaging.services.errors import heed, stoppage
from apps.messaging.services.reports import adopt_parked, apply
from apps.messaging.services.settling import poll, settle_unknown
from apps.messaging.services.spacing import crowded_until
from apps.messaging.vocabulary import (
    FINAL,
    HANDED_OVER,
    UNSETTLED,
    URGENT,
    AlarmKind,
    AttemptState,
    ErrorClass,
    SendState,
)


@dataclass(frozen=True)
class Started:
    """A call that may now be made: its row is committed."""

    gateway: SmsGateway
    attempt: SendAttempt
    sms: OutboundSms


def deliver(message: OutboundMessage) -> None:
    """Handle a due text. Raises StaleLease when the row was taken or cancelled meanwhile."""
    if message.state == SendState.PLANNED or _goes_again(message):
        send(message)
    elif message.state in (SendState.CALLING, SendState.UNKNOWN):
        settle_unknown(message)
    elif message.state in (SendState.ACCEPTED, SendState.SENT):
        poll(message)
    else:
        with finishing(message):
            pass  # it has come to its end since it was due


def _goes_again(message: OutboundMessage) -> bool:
    """An urgent text whose outcome is unknown, also one whose process died while calling, goes again at once (decision 5)."""
    if message.state not in (SendState.CALLING, SendState.UNKNOWN):
        return False
    unknown = message.send_attempts.filter(state__in=UNSETTLED).count()
    return rules.urgent_again_after(unknown=unknown, purpose=message.purpose) is not None


def could_not_deliver(message: OutboundMessage) -> None:
    """The row was quarantined: a person decides, and whoever waits for the text sees that it did not go."""
    row = fresh(message)
    hold(row, code="quarantined", kind=AlarmKind.QUARANTINED)


def send(message: OutboundMessage) -> None:
    started = _begin(message)
    if started is None:
        return
    strike("attempt_written")
    write_down(message, started, call(started))


def call(started: Started) -> SendResult:
    """Ask the provider. No database in here: it may run in a thread of its own."""
    result = started.gateway.send(started.sms)
    strike("provider_accepted")
    return result


def write_down(message: OutboundMessage, started: Started, result: SendResult) -> None:
    """The outcome of a call, with the end of the lease. Raises StaleLease when somebody else has the row by now."""
    try:
        with finishing(message) as ending:
            _record(message, started, result, ending)
    except StaleLease:
        # Somebody else has the row by now. What the provider said about this call is true all the same.
        with transaction.atomic():
            _record_attempt(OutboundMessage.objects.select_for_update().get(pk=message.pk), started, result)
        raise


def _begin(message: OutboundMessage) -> Started | None:
    """Decide at the moment of sending. None: the text does not leave now, and the row says why."""
    with transaction.atomic():
        row = fresh(message, to_be_read=True)
        if row.state != SendState.PLANNED and not _goes_again(row):  # whatever `message` said when it was read
            with finishing(message) as ending:
                ending.due_at = None if row.state in FINAL else clock.now()
            return None
        route = routes.to_country(row.line.country)
        if (withheld := why_withheld(row, route)) is not None:
            with finishing(message) as ending:
                _withhold(row, withheld)
                ending.note = withheld.code
            return None
        assert route is not None
        stop = None if row.purpose in URGENT else stoppage(gateway=route.gateway, message=row)
        if stop is not None:
            with finishing(message) as ending:
                ending.due_at, ending.note = stop.until, f"stopped {stop.error_code}"
            return None
        if (until := crowded_until(row)) is not None:
            with finishing(message) as ending:
                ending.due_at, ending.note = until, "apart"
            return None
        return _start(row, route.gateway)


def why_withheld(row: OutboundMessage, route: routes.Route | None) -> rules.Withheld | None:
    planned = rules.Planned(
        purpose=row.purpose,
        wording=row.wording,
        text=row.text,
        parts=row.segments,
        opted_out=row.line.opted_out_at is not None,
        carrier_blocked=row.line.carrier_blocked_at is not None,
        useful_until=row.useful_until,
    )
    return rules.why_withheld(planned, capability=route.capability if route else None, now=clock.now())


def _withhold(row: OutboundMessage, withheld: rules.Withheld) -> None:
    if row.send_attempts.filter(state__in=UNSETTLED).exists() and withheld.state != SendState.REFUSED:
        hold(row, code=withheld.code)  # it may have gone out before, so it is neither cancelled nor too late
        return
    row.state, row.error_code = withheld.state, withheld.code
    row.save(update_fields=["state", "error_code"])
    if withheld.is_alarm:
        sound(kind=AlarmKind.UNSENDABLE, gateway="", code=withheld.code, message=row)


def _start(row: OutboundMessage, gateway: SmsGateway) -> Started:
    time = clock.machine()
    if row.fence > 1:  # claimed before, so a call may lie open
        row.send_attempts.filter(state=AttemptState.CALLING).update(state=AttemptState.UNKNOWN, ended_at=time)
    attempt = SendAttempt.objects.create(message=row, gateway=gateway.name, started_at=time)
    row.state, row.error_code = SendState.CALLING, ""
    row.save(update_fields=["state", "error_code"])
    return started_with(row, gateway, attempt)


def started_with(row: OutboundMessage, gateway: SmsGateway, attempt: SendAttempt) -> Started:
    sms = OutboundSms(
        attempt_id=attempt.pk,
        recipient=row.line.number,
        text=row.text,
        wording=row.wording,
        language=row.language,
        valid_for=rules.valid_for(purpose=row.purpose, useful_until=row.useful_until, now=clock.now()),
    )
    return Started(gateway, attempt, sms)


# --- the outcome of a call


def _record(message: OutboundMessage, started: Started, result: SendResult, ending: Ending) -> None:
    row = fresh(message)
    _record_attempt(row, started, result)
    ending.note = result.code
    if row.state in HANDED_OVER:  # accepted, now or by a callback that overtook the answer
        ending.due_at = to_poll(row, started.gateway, started.attempt)
    elif row.state != SendState.CALLING:
        ending.due_at = None
    elif result.outcome is Outcome.UNKNOWN:
        row.state = SendState.UNKNOWN
        row.save(update_fields=["state"])
        ending.due_at = after_unknown(row)
    elif result.outcome is Outcome.RETRY:
        _again(row, result, ending)
    else:
        _rejected(row, started.gateway, result, ending)


def _record_attempt(row: OutboundMessage, started: Started, result: SendResult) -> None:
    """`row` is locked, and says afterwards what it has become."""
    attempt, gateway = started.attempt, started.gateway
    attempt.refresh_from_db()
    if result.outcome is Outcome.ACCEPTED:
        report = DeliveryReport(result.provider_id, "accepted", AttemptState.ACCEPTED)
        apply(gateway=gateway, message=row, attempt=attempt, report=report)
        if adopt_parked(gateway=gateway, attempt=attempt):
            attempt.refresh_from_db()
            row.refresh_from_db()
        return
    if attempt.state in UNSETTLED:  # otherwise a callback knew better
        attempt.state = AttemptState(result.outcome.value)
        attempt.error_code = result.code[:20]
        attempt.ended_at = clock.machine()
        attempt.save(update_fields=["state", "error_code", "ended_at"])


def _again(row: OutboundMessage, result: SendResult, ending: Ending) -> None:
    row.state = SendState.PLANNED
    row.save(update_fields=["state"])
    times = row.send_attempts.filter(state=AttemptState.RETRY).count()
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
    wait = rules.retry_wait(times=times, purpose=row.purpose, retry_after=result.retry_after, jitter=jitter)
    ending.due_at = clock.now() + seconds(wait)


def _rejected(row: OutboundMessage, gateway: SmsGateway, result: SendResult, ending: Ending) -> None:
    error_class = heed(gateway=gateway, line=row.line, code=result.code)
    stop = stoppage(gateway=gateway, message=row)
    if error_class is ErrorClass.CONFIG and stop is not None and row.purpose not in URGENT:
        row.state = (
            SendState.PLANNED
        )  # certainly not sent, and not the text's fault: it waits until operators have acted
        ending.due_at = stop.until
    else:
        row.state = SendState.REFUSED
    row.error_code = result.code[:20]
    row.save(update_fields=["state", "error_code"])
