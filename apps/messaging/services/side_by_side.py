"""Several due texts at once: their calls run side by side, and what each step writes is written for all of them in one transaction.

Only for what is plain: a text that was never tried, and an answer that says "accepted". Everything else goes the way of `sending`, text by
text, so this file decides nothing that is not decided there. A crash leaves each row as a crash of its own would.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from apps.core import clock
from apps.core.failpoints import strike
from apps.core.work import StaleLease, put_off
from apps.messaging import routes
from apps.messaging.gateway import Outcome, SendResult, SmsGateway
from apps.messaging.models import DeliveryEvent, OutboundMessage, SendAttempt
from apps.messaging.services.endings import to_poll
from apps.messaging.services.errors import stoppage
from apps.messaging.services.sending import Started, call, started_with, why_withheld, write_down
from apps.messaging.services.spacing import crowded_until
from apps.messaging.vocabulary import URGENT, AttemptState, SendState

log = logging.getLogger(__name__)
Calls = Mapping[UUID, Started]
_SOON = 0.02  # seconds: answers that come so close are written down together


@dataclass(frozen=True)
class Answered:
    """One text whose call has ended."""

    message: OutboundMessage
    started: Started
    result: SendResult


def deliver_together(messages: Sequence[OutboundMessage]) -> Sequence[OutboundMessage]:
    """Send these claimed texts; those given back have not been touched and want `deliver`."""
    claimed = {message.pk: message for message in messages}
    calls = _begun(claimed)
    for ended in _ended(calls, claimed):
        _write_all_down(ended)
    return [message for message in messages if message.pk not in calls]


# --- before the calls


def _begun(claimed: Mapping[UUID, OutboundMessage]) -> Calls:
    """The calls that may now be made: their rows are committed. When one of the texts breaks, the others are begun one by one."""
    calls = _started_unless_one_breaks(claimed)
    if calls is None:
        alone = [_started_unless_one_breaks({pk: message}) or {} for pk, message in claimed.items()]
        calls = {pk: started for each in alone for pk, started in each.items()}
    if calls:
        strike("attempt_written")
    return calls


def _started_unless_one_breaks(claimed: Mapping[UUID, OutboundMessage]) -> Calls | None:
    try:
        with transaction.atomic():
            return _started(claimed)
    except Exception as error:  # noqa: BLE001 - the edge between texts: one that breaks never holds up another
        log.error("texts not begun together", extra={"count": len(claimed), "error": type(error).__name__})
        return None


def _started(claimed: Mapping[UUID, OutboundMessage]) -> Calls:
    planned = OutboundMessage.objects.filter(pk__in=claimed, state=SendState.PLANNED).select_related("line__data_key")
    gateways: dict[UUID, SmsGateway] = {}
    rows = []
    for row in planned.select_for_update(of=("self",)).order_by("pk"):
        if row.fence != claimed[row.pk].fence or row.fence > 1:  # claimed before, so a call may lie open
            continue
        if row.data_key_id == row.line.data_key_id:
            row.data_key = row.line.data_key
        if (gateway := _way(row)) is not None:
            gateways[row.pk] = gateway
            rows.append(row)
    time = clock.machine()
    attempts = [SendAttempt(message=row, gateway=gateways[row.pk].name, started_at=time) for row in rows]
    calls = {row.pk: started_with(row, gateways[row.pk], attempt) for row, attempt in zip(rows, attempts, strict=True)}
    SendAttempt.objects.bulk_create(attempts)
    OutboundMessage.objects.filter(pk__in=calls).update(state=SendState.CALLING, error_code="")
    return calls


def _way(row: OutboundMessage) -> SmsGateway | None:
    """By which gateway it leaves now; None when anything speaks against it, which `sending` then weighs."""
    route = routes.to_country(row.line.country)
    if route is None or why_withheld(row, route) is not None:
        return None
    if row.purpose not in URGENT and stoppage(gateway=route.gateway, message=row) is not None:
        return None
    return route.gateway if crowded_until(row) is None else None


# --- the calls


def _ended(calls: Calls, claimed: Mapping[UUID, OutboundMessage]) -> Iterator[list[Answered]]:
    """The answers as they come in: a provider that lets one call wait holds up no other text's outcome."""
    if not calls:
        return
    with ThreadPoolExecutor(max_workers=len(calls), thread_name_prefix="sending") as threads:
        waiting = {threads.submit(call, started): pk for pk, started in calls.items()}
        while waiting:
            wait(waiting, return_when=FIRST_COMPLETED)
            done, _ = wait(waiting, timeout=_SOON)
            ended = []
            for future in done:
                pk = waiting.pop(future)
                if (result := _result(future, claimed[pk])) is not None:
                    ended.append(Answered(claimed[pk], calls[pk], result))
            yield ended


def _result(future: "Future[SendResult]", message: OutboundMessage) -> SendResult | None:
    """None when the call broke: its row stays in CALLING, and finds out later what became of it."""
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - the edge between texts
        _failed(message, error)
        return None


# --- after the calls


def _write_all_down(ended: Sequence[Answered]) -> None:
    try:
        with transaction.atomic():
            written = _accepted([each for each in ended if each.result.outcome is Outcome.ACCEPTED])
            strike("before_finish")
    except Exception as error:  # noqa: BLE001 - the edge between texts: each is written down by itself then
        log.error("outcomes not written together", extra={"error": type(error).__name__})
        written = frozenset()
    for each in ended:
        if each.message.pk not in written:
            _write_down(each)


def _write_down(each: Answered) -> None:
    try:
        write_down(each.message, each.started, each.result)
    except StaleLease:
        log.warning("stale lease", extra={"model": "OutboundMessage", "row": str(each.message.pk)})
    except Exception as error:  # noqa: BLE001 - the edge between texts
        _failed(each.message, error)


def _failed(message: OutboundMessage, error: Exception) -> None:
    log.error("work failed", extra={"model": "OutboundMessage", "row": str(message.pk), "error": type(error).__name__})
    put_off(message, reason=type(error).__name__)


def _accepted(answered: Sequence[Answered]) -> frozenset[UUID]:
    """Writes those of which nobody else has said anything meanwhile, neither a callback nor another owner; which they are."""
    rows, attempts = _still_ours(answered), _still_calling(answered)
    spoken_of = _spoken_of(answered)
    due: dict[datetime | None, list[UUID]] = defaultdict(list)
    for each in answered:
        row, attempt = rows.get(each.message.pk), attempts.get(each.started.attempt.pk)
        if row is None or attempt is None or not each.result.provider_id or each.result.provider_id in spoken_of:
            attempts.pop(each.started.attempt.pk, None)
            continue
        attempt.state, attempt.provider_id = AttemptState.ACCEPTED, each.result.provider_id[:80]
        attempt.ended_at = clock.machine()
        row.state = SendState.ACCEPTED
        due[to_poll(row, each.started.gateway, attempt)].append(row.pk)
    SendAttempt.objects.bulk_update(attempts.values(), ["state", "provider_id", "ended_at"])
    for due_at, those in due.items():
        OutboundMessage.objects.filter(pk__in=those).update(
            state=SendState.ACCEPTED, error_code="", handed_over_at=Coalesce("handed_over_at", clock.now()),
            due_at=due_at, lease_until=None, attempts=F("attempts") - 1, last_error="",
        )  # fmt: skip
    return frozenset(pk for those in due.values() for pk in those)


def _still_ours(answered: Sequence[Answered]) -> dict[UUID, OutboundMessage]:
    """The texts that still wait for this outcome, locked."""
    fences = {each.message.pk: each.message.fence for each in answered}
    calling = OutboundMessage.objects.filter(pk__in=fences, state=SendState.CALLING)
    locked = calling.select_for_update(of=("self",)).order_by("pk")
    return {row.pk: row for row in locked if row.fence == fences[row.pk]}


def _still_calling(answered: Sequence[Answered]) -> dict[UUID, SendAttempt]:
    calling = SendAttempt.objects.filter(
        pk__in=[each.started.attempt.pk for each in answered], state=AttemptState.CALLING, provider_id=""
    )
    return {attempt.pk: attempt for attempt in calling}


def _spoken_of(answered: Sequence[Answered]) -> frozenset[str]:
    """Whose reports came before this answer, and wait for it."""
    names = [each.result.provider_id for each in answered]
    parked = DeliveryEvent.objects.filter(provider_id__in=names, attempt__isnull=True)
    return frozenset(parked.values_list("provider_id", flat=True))
