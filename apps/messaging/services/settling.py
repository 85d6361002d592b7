"""What became of a text: looked up in the provider's log when a call's outcome is unknown, asked for when no report comes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from apps.core import clock
from apps.core.work import Ending, finishing, seconds
from apps.messaging import routes, rules
from apps.messaging.gateway import DeliveryReport, ListedSms, Listing, SmsGateway
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.messaging.services.alarms import sound
from apps.messaging.services.endings import fresh, hold, to_poll
from apps.messaging.services.reports import fall_back, record_delivery
from apps.messaging.vocabulary import FINAL, UNDERWAY, UNSETTLED, AlarmKind, AttemptState, SendState

_SKEW = timedelta(minutes=5)
_POLLED_AT_ONCE = 2  # each takes up to the provider's time-out, all of them less than a lease


def settle_unknown(message: OutboundMessage) -> None:
    """Look a call of unknown outcome up; after looking in vain often enough a person decides. Never sends."""
    attempt = message.send_attempts.filter(state__in=UNSETTLED).order_by("-started_at").first()
    gateway = _gateway_of(attempt)
    if attempt is None or gateway is None or not gateway.can_list:
        with finishing(message):
            hold(fresh(message), code="cannot_look")
        return
    if attempt.state == AttemptState.CALLING and not gateway.absence_is_proof:
        with finishing(message) as ending:
            _its_process_died(message, attempt, ending)
        return
    listing = gateway.listed(since=attempt.started_at - _SKEW, counterpart=message.line.number)
    with finishing(message) as ending:
        _hold_rivals(message)
        _settle(message, attempt, gateway, listing, ending)


def _hold_rivals(message: OutboundMessage) -> None:
    """All texts of the line that may be found in the log, in one order: two that are settled at once must not wait for each other."""
    unsettled_calls = SendAttempt.objects.filter(message__line=message.line_id, state__in=UNSETTLED)
    rivals = OutboundMessage.objects.filter(pk__in=unsettled_calls.values("message")).order_by("pk")
    list(rivals.select_for_update().values_list("pk", flat=True))


def _gateway_of(attempt: SendAttempt | None) -> SmsGateway | None:
    try:
        return routes.gateway(attempt.gateway) if attempt is not None else None
    except routes.NotEnabled:
        return None


def _its_process_died(message: OutboundMessage, attempt: SendAttempt, ending: Ending) -> None:
    row = fresh(message)
    row.send_attempts.filter(pk=attempt.pk, state=AttemptState.CALLING).update(state=AttemptState.UNKNOWN)
    if row.state == SendState.CALLING:
        row.state = SendState.UNKNOWN
        row.save(update_fields=["state"])
    ending.due_at = clock.now() + seconds(rules.LOOK_AFTER)


def _settle(
    message: OutboundMessage, attempt: SendAttempt, gateway: SmsGateway, listing: Listing, ending: Ending
) -> None:
    row = fresh(message)
    attempt.refresh_from_db()
    if row.state not in (SendState.CALLING, SendState.UNKNOWN) or attempt.state not in UNSETTLED:
        ending.due_at = None if row.state in FINAL else clock.now()  # a callback was quicker
        return
    found, unclear = _found(row, gateway, listing)
    if found:
        heal(gateway=gateway, found=found)
        row.refresh_from_db()
    # What was found may be another text to the same phone: this one is then as unknown as before.
    if attempt in found or row.state not in (SendState.CALLING, SendState.UNKNOWN):
        ending.due_at = to_poll(row, gateway, attempt)
    elif attempt.pk in unclear:
        hold(row, code="cannot_tell")
    elif not listing.complete:
        _look_again_or_hold(row, attempt, ending)
    else:
        _absent(row, attempt, gateway, ending)


def _found(
    row: OutboundMessage, gateway: SmsGateway, listing: Listing
) -> tuple[dict[SendAttempt, ListedSms], frozenset[object]]:
    rivals = SendAttempt.objects.filter(gateway=gateway.name, message__line=row.line, state__in=UNSETTLED)
    log = {row.line_id: without_known(gateway, listing.items)}
    calls = {call.pk: call for call in rivals.select_related("message", "message__data_key")}
    found, unclear = rules.matched([unsettled(call) for call in calls.values()], log=log)
    return {calls[pk]: sms for pk, sms in found.items()}, frozenset(unclear)


def unsettled(attempt: SendAttempt) -> rules.Unsettled:
    message = attempt.message
    return rules.Unsettled(attempt.pk, message.pk, message.line_id, message.text, attempt.started_at)


def without_known(gateway: SmsGateway, items: Iterable[ListedSms]) -> list[ListedSms]:
    """The outbound texts of a log that no call of ours is known to have made."""
    sent = [sms for sms in items if not sms.is_inbound]
    ids = [sms.provider_id for sms in sent]
    known = set(
        SendAttempt.objects.filter(gateway=gateway.name, provider_id__in=ids).values_list("provider_id", flat=True)
    )
    return [sms for sms in sent if sms.provider_id not in known]


def heal(*, gateway: SmsGateway, found: dict[SendAttempt, ListedSms]) -> None:
    """The provider has these: record that it accepted them, and whatever else it says."""
    for attempt, sms in found.items():
        report = sms.report
        if report.state is None:
            report = replace(report, state=AttemptState.ACCEPTED)
        record_delivery(gateway=gateway, attempt_id=attempt.pk, event=report)


def _look_again_or_hold(row: OutboundMessage, attempt: SendAttempt, ending: Ending) -> None:
    if clock.machine() - attempt.started_at > rules.GIVE_UP_LOOKING:
        hold(row, code="cannot_look")
    else:
        ending.due_at = clock.now() + seconds(rules.LOOK_AFTER)


def _absent(row: OutboundMessage, attempt: SendAttempt, gateway: SmsGateway, ending: Ending) -> None:
    attempt.times_listed += 1
    attempt.listed_at = clock.machine()
    if gateway.absence_is_proof:
        attempt.state = AttemptState.RETRY
        row.state, ending.due_at = SendState.PLANNED, clock.now()
        row.save(update_fields=["state"])
    elif attempt.times_listed < rules.LOOKS:
        ending.due_at = clock.now() + seconds(rules.LOOK_AFTER)
    else:
        hold(row, code="not_in_log")
    attempt.save(update_fields=["times_listed", "listed_at", "state"])


def poll(message: OutboundMessage) -> None:
    """Ask what became of a text that the provider took. After the last time without an end, an alarm."""
    attempts = list(message.send_attempts.filter(state__in=UNDERWAY).order_by("-started_at")[:_POLLED_AT_ONCE])
    reports = [(attempt, _asked(attempt)) for attempt in attempts]
    with finishing(message) as ending:
        _polled(message, reports, ending)


def _asked(attempt: SendAttempt) -> DeliveryReport | None:
    gateway = _gateway_of(attempt)
    return gateway.fetch(attempt.provider_id) if gateway is not None and attempt.provider_id else None


def _polled(message: OutboundMessage, reports: list[tuple[SendAttempt, DeliveryReport | None]], ending: Ending) -> None:
    fresh(message)
    for attempt, report in reports:
        gateway = _gateway_of(attempt)
        if report is not None and gateway is not None:
            record_delivery(gateway=gateway, attempt_id=attempt.pk, event=report)
        attempt.refresh_from_db()
        attempt.times_polled += 1
        attempt.save(update_fields=["times_polled"])
    row = fresh(message)
    fall_back(row)
    newest = reports[0][0] if reports else None
    gateway = _gateway_of(newest)
    if newest is not None and gateway is not None:
        ending.due_at = to_poll(row, gateway, newest)
    if row.state in (SendState.ACCEPTED, SendState.SENT) and ending.due_at is None:
        sound(kind=AlarmKind.NO_FINAL_STATE, gateway=newest.gateway if newest else "", message=row)
