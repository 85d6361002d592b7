"""What a provider says about a text after it took it. Events are kept, all of them; the state is the highest rank and never goes back."""

import time
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.core import clock
from apps.core.rows import insert_once
from apps.core.work import Lane, finishing, waiting
from apps.messaging import routes
from apps.messaging.gateway import DeliveryReport, SmsGateway
from apps.messaging.models import DeliveryEvent, InboundMessage, OutboundMessage, SendAttempt
from apps.messaging.services.alarms import sound
from apps.messaging.services.errors import heed
from apps.messaging.vocabulary import (
    FINAL_RANK,
    HANDED_OVER,
    MOVES,
    RANK,
    UNDERWAY,
    UNSETTLED,
    AlarmKind,
    AttemptState,
    SendState,
)

_BELIEVED_FOR = 0.2  # seconds
_busy_until = float("-inf")  # on this process's own monotonic clock
_FAILURES = frozenset({AttemptState.UNDELIVERED, AttemptState.FAILED})
_TAKEN = frozenset({SendState.ACCEPTED, SendState.SENT})


def take_delivery(*, gateway: SmsGateway, attempt_id: UUID | None, event: DeliveryReport) -> None:
    """An event as a provider posts it. While urgent texts wait it is kept and applied after them: news of texts that have left can wait."""
    if not _urgent_texts_wait():
        record_delivery(gateway=gateway, attempt_id=attempt_id, event=event)
        return
    row = _row(gateway, attempt_id, None, event)
    row.due_at, row.lane = clock.now(), Lane.SAFETY
    if not insert_once(row):  # one that is there is applied already, or waits, or found no text of ours when it came
        parked = DeliveryEvent.objects.filter(_same(row), attempt__isnull=True, due_at__isnull=True)
        parked.update(due_at=row.due_at, lane=row.lane)


def _urgent_texts_wait() -> bool:
    """Asked of the database, but in a crowd not for each of its hundreds of events: that some wait is believed for a moment."""
    global _busy_until
    now = time.monotonic()
    if now >= _busy_until and waiting((InboundMessage, OutboundMessage), lane=Lane.SAFETY):
        _busy_until = now + _BELIEVED_FOR
    return now < _busy_until


def hear(*, message: OutboundMessage) -> bool:
    """Apply now what has been said of this text and waits for its turn: somebody is about to act on silence. Whether there was any."""
    calls = [(call.pk, call.provider_id) for call in message.send_attempts.all()]
    named = Q(attempt_ref__in=[key for key, _ in calls]) | Q(provider_id__in=[name for _, name in calls if name])
    waiting_news = DeliveryEvent.objects.filter(named, attempt__isnull=True, due_at__isnull=False)
    kept = list(waiting_news.filter(gateway__in=routes.enabled()).order_by("received_at"))
    for row in kept:
        sms = routes.gateway(row.gateway)
        record_delivery(gateway=sms, attempt_id=row.attempt_ref, event=_report(sms, row))
    return bool(kept)


def apply_delivery(row: DeliveryEvent) -> None:
    """Work handler of an event that was only kept."""
    with finishing(row):
        sms = routes.gateway(row.gateway)
        record_delivery(gateway=sms, attempt_id=row.attempt_ref, event=_report(sms, row))


def could_not_apply(row: DeliveryEvent) -> None:
    """It broke the program: people are told, and the provider is asked about the text as if it had said nothing."""
    sound(kind=AlarmKind.QUARANTINED, gateway=row.gateway, about=str(row.pk))


@transaction.atomic
def record_delivery(*, gateway: SmsGateway, attempt_id: UUID | None, event: DeliveryReport) -> None:
    """Keep an event and let it move the text's state. It is matched by our id, then by the provider's; one of neither is kept too."""
    # Locked before the event is written: a poll holds the text first, and then writes the same event.
    message, attempt = _locked(gateway, attempt_id, event.provider_id)
    row, is_new = _kept(gateway, attempt_id, attempt, event)
    if attempt is None or message is None or (not is_new and row.attempt_id is not None):
        return
    if row.attempt_id is None:
        row.attempt = attempt
        row.save(update_fields=["attempt"])
    apply(gateway=gateway, message=message, attempt=attempt, report=event)


def _locked(
    gateway: SmsGateway, attempt_id: UUID | None, provider_id: str
) -> tuple[OutboundMessage | None, SendAttempt | None]:
    """The text that an event is about, locked, and its attempt as it then stands."""
    names: dict[str, UUID | str | None] = {"pk": attempt_id, "provider_id": provider_id}
    for field, value in names.items():
        if value:
            called = SendAttempt.objects.filter(gateway=gateway.name, **{field: value})
            for message in OutboundMessage.objects.select_for_update().filter(pk__in=called.values("message"))[:1]:
                return message, called.filter(message=message).latest("started_at")
    return None, None


def _kept(
    gateway: SmsGateway, attempt_id: UUID | None, attempt: SendAttempt | None, event: DeliveryReport
) -> tuple[DeliveryEvent, bool]:
    """The event's row, and whether this call wrote it: providers say things more than once."""
    new = _row(gateway, attempt_id, attempt, event)
    if insert_once(new):
        return new, True
    return DeliveryEvent.objects.get(_same(new)), False


def _same(row: DeliveryEvent) -> Q:
    """What makes two of them one and the same event."""
    return Q(**{name: getattr(row, name) for name in ("gateway", "provider_id", "status", "error_code", "done_at")})


def _row(
    gateway: SmsGateway, attempt_id: UUID | None, attempt: SendAttempt | None, event: DeliveryReport
) -> DeliveryEvent:
    return DeliveryEvent(
        gateway=gateway.name,
        provider_id=event.provider_id[:80],
        status=event.status[:24],
        error_code=event.error_code[:20],
        done_at=event.done_at[:24],
        attempt=attempt,
        attempt_ref=attempt_id,
        received_at=clock.now(),
    )


def _report(gateway: SmsGateway, row: DeliveryEvent) -> DeliveryReport:
    return DeliveryReport(row.provider_id, row.status, gateway.state_of(row.status), row.error_code, row.done_at)


def adopt_parked(*, gateway: SmsGateway, attempt: SendAttempt) -> bool:
    """Apply events that came before we knew this provider id; whether there were any. The caller holds the transaction."""
    parked = DeliveryEvent.objects.filter(gateway=gateway.name, provider_id=attempt.provider_id, attempt__isnull=True)
    for row in (found := list(parked)):
        record_delivery(gateway=gateway, attempt_id=attempt.pk, event=_report(gateway, row))
    return bool(found)


def apply(*, gateway: SmsGateway, message: OutboundMessage, attempt: SendAttempt, report: DeliveryReport) -> None:
    """Move an attempt and its text by a report. The caller holds the transaction, has locked the text, and read both after that."""
    changed = _name(gateway, attempt, report.provider_id)
    raised = _raise_attempt(gateway, attempt, report) if report.state is not None else []
    if changed or raised:
        attempt.save(update_fields=changed + raised)
    if raised:
        _raise_message(message, attempt)
        if report.error_code and attempt.state in _FAILURES:
            heed(gateway=gateway, line=message.line, code=report.error_code)


def _name(gateway: SmsGateway, attempt: SendAttempt, provider_id: str) -> list[str]:
    """Fields that have changed."""
    if not attempt.provider_id and provider_id:
        attempt.provider_id = provider_id[:80]
        return ["provider_id"]
    if provider_id and attempt.provider_id != provider_id:
        sound(kind=AlarmKind.ID_MISMATCH, gateway=gateway.name, about=str(attempt.pk))
    return []


def _raise_attempt(gateway: SmsGateway, attempt: SendAttempt, report: DeliveryReport) -> list[str]:
    """Fields that have changed: none when the attempt has not moved. Of two different final states the first is kept."""
    present, wanted = RANK[attempt.state], RANK[report.state or AttemptState.UNKNOWN]
    if present == wanted == FINAL_RANK and attempt.state != report.state:
        sound(kind=AlarmKind.TWO_FINALS, gateway=gateway.name, about=str(attempt.pk))
    if wanted <= present:
        return []
    attempt.state = report.state or attempt.state
    attempt.error_code = report.error_code[:20]
    attempt.ended_at = attempt.ended_at or clock.machine()
    return ["state", "error_code", "ended_at"]


def _may_still_arrive(message: OutboundMessage, *, besides: SendAttempt) -> bool:
    """By another call that is under way; or by one of which nobody knows, while the text is looked at again."""
    others = message.send_attempts.exclude(pk=besides.pk)
    if others.filter(state__in=UNDERWAY).exists():
        return True
    return message.due_at is not None and others.filter(state__in=UNSETTLED).exists()


def fall_back(message: OutboundMessage) -> None:
    """No call of it is under way any more: one that failed counts, though nobody knows of another. The caller holds the lock.

    Should the other arrive after all, its report says so.
    """
    attempts = message.send_attempts
    failed = attempts.filter(state__in=_FAILURES).order_by("-started_at").first()
    if failed is None or message.state not in _TAKEN or attempts.filter(state__in=UNDERWAY).exists():
        return
    message.state, message.error_code = SendState(failed.state), failed.error_code
    message.save(update_fields=["state", "error_code"])


def _raise_message(message: OutboundMessage, attempt: SendAttempt) -> None:
    wanted = SendState(attempt.state)
    if attempt.state in _FAILURES and _may_still_arrive(message, besides=attempt):
        return
    if wanted not in MOVES[message.state]:
        return
    message.state = wanted
    message.error_code = attempt.error_code
    if wanted in HANDED_OVER:
        message.handed_over_at = message.handed_over_at or clock.now()
    if wanted == SendState.DELIVERED:
        message.delivered_at = clock.now()
    message.save(update_fields=["state", "error_code", "handed_over_at", "delivered_at"])
