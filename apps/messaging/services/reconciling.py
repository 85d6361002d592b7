"""The provider's message log against our rows, both ways: the last defence against a lost callback or a lost answer."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.core import clock, phone
from apps.core.work import Lane, finishing, seconds, set_due
from apps.messaging import routes, rules
from apps.messaging.gateway import ListedSms, Listing, SmsGateway
from apps.messaging.models import Line, Reconciliation, SendAttempt
from apps.messaging.services.alarms import sound
from apps.messaging.services.inbound import receive_listed
from apps.messaging.services.reports import record_delivery
from apps.messaging.services.settling import heal, unsettled, without_known
from apps.messaging.vocabulary import RANK, ROW_UNREADABLE, UNSETTLED, AlarmKind
from apps.vault.models import KeyDestroyed
from apps.vault.services import phone_indexes

log = logging.getLogger(__name__)

EVERY = 300.0  # seconds
WINDOW = timedelta(hours=24)
_LONGEST = timedelta(days=30)
_OVERLAP = timedelta(hours=1)
_STILL_CALLING = timedelta(seconds=120)  # a text this young may belong to a call that has not ended yet


@dataclass(frozen=True)
class Reconciled:
    """One gateway's log compared. `strange`: texts in the log that we did not send. Not `complete`: only part was read.

    `unreadable`: rows without a time, or of which nothing can be read.
    """

    gateway: str
    listed: int
    inserted: int
    healed: int
    updated: int
    strange: int
    complete: bool
    code: str = ""
    unreadable: int = 0


def ensure_reconciliation() -> None:
    """Every enabled gateway with a log has its due row, one that was switched off meanwhile too."""
    for name in routes.enabled():
        Reconciliation.objects.get_or_create(gateway=name, defaults={"due_at": clock.now(), "lane": Lane.MESSAGES})
    resting = Reconciliation.objects.filter(gateway__in=routes.enabled(), due_at__isnull=True, lease_until__isnull=True)
    set_due(resting.filter(quarantined_at__isnull=True), due_at=clock.now())


def reconcile_due(row: Reconciliation) -> None:
    """Handle a gateway's work row: compare, and be due again in five minutes."""
    if row.gateway not in routes.enabled():
        with finishing(row):
            pass
        return
    began = clock.machine()
    done = _reconciled(routes.gateway(row.gateway), since=_since(row))
    with finishing(row) as ending:
        if done.complete:
            row.completed_at = began
            row.save(update_fields=["completed_at"])
        ending.due_at, ending.note = clock.now() + seconds(EVERY), done.code[:40]


def _since(row: Reconciliation) -> datetime:
    """A day back, and further after a long silence."""
    time = clock.machine()
    last = row.completed_at or time
    return max(min(time - WINDOW, last - _OVERLAP), time - _LONGEST)


def reconcile(*, since: datetime | None = None) -> list[Reconciled]:
    """Compare every enabled gateway's log since a (machine) time, by default the last 24 hours."""
    start = since or clock.machine() - WINDOW
    return [_reconciled(routes.gateway(name), since=start) for name in routes.enabled()]


def _reconciled(gateway: SmsGateway, *, since: datetime) -> Reconciled:
    listing = gateway.listed(since=since)
    inserted = sum(receive_listed(gateway=gateway, sms=sms) for sms in listing.items if sms.is_inbound)
    updated = _update(gateway, listing.items)
    unknown = [sms for sms in without_known(gateway, listing.items) if not sms.is_automatic]
    healed = _heal(gateway, unknown, since=since)
    strange = [sms for sms in unknown if sms.provider_id not in healed and _is_old(sms)]
    for sms in strange:
        sound(kind=AlarmKind.STRANGE_OUTBOUND, gateway=gateway.name, about=sms.provider_id, once=True)
    unreadable = _name_unreadable(gateway, listing)
    if not listing.complete:
        sound(kind=AlarmKind.LOG_INCOMPLETE, gateway=gateway.name, code=listing.code)
    return Reconciled(
        gateway=gateway.name,
        listed=len(listing.items),
        inserted=inserted,
        healed=len(healed),
        updated=updated,
        strange=len(strange),
        complete=listing.complete,
        code=listing.code,
        unreadable=unreadable,
    )


def _name_unreadable(gateway: SmsGateway, listing: Listing) -> int:
    """How many rows could not be read whole. Each rings once: it stands in the log for as long as that is read."""
    undated = [sms.provider_id for sms in listing.items if not sms.is_dated]
    count = len(undated) + listing.unreadable
    if not count:
        return 0
    log.warning("rows of a message log could not be read", extra={"gateway": gateway.name, "count": count})
    unnamed = [f"{clock.machine():%Y-%m-%d}:{number}" for number in range(listing.unreadable)]
    for about in (*undated, *unnamed):
        sound(kind=AlarmKind.LOG_INCOMPLETE, gateway=gateway.name, code=ROW_UNREADABLE, about=about, once=True)
    return count


def _is_old(sms: ListedSms) -> bool:
    return clock.machine() - sms.created_at > _STILL_CALLING


def _update(gateway: SmsGateway, items: Sequence[ListedSms]) -> int:
    """Reports that we missed about calls that we know. Returns how many moved something."""
    reports = {sms.provider_id: sms.report for sms in items if not sms.is_inbound}
    behind = 0
    for attempt in SendAttempt.objects.filter(gateway=gateway.name, provider_id__in=list(reports)):
        report = reports[attempt.provider_id]
        if report.state is not None and RANK[report.state] > RANK[attempt.state]:
            record_delivery(gateway=gateway, attempt_id=attempt.pk, event=report)
            behind += 1
    return behind


def _heal(gateway: SmsGateway, items: Sequence[ListedSms], *, since: datetime) -> frozenset[str]:
    """Calls of unknown outcome that stand in the log. Returns the provider ids that were found to be ours."""
    calls = SendAttempt.objects.filter(gateway=gateway.name, state__in=UNSETTLED, started_at__gte=since)
    over = calls.exclude(started_at__gt=clock.machine() - _STILL_CALLING)
    wanted = {call.pk: call for call in over.select_related("message", "message__data_key")}
    if not wanted or not items:
        return frozenset()
    readable = [each for call in wanted.values() if (each := _readable(call)) is not None]
    found, _ = rules.matched(readable, log=_by_line(items))
    heal(gateway=gateway, found={wanted[pk]: sms for pk, sms in found.items()})
    return frozenset(sms.provider_id for sms in found.values())


def _readable(attempt: SendAttempt) -> rules.Unsettled | None:
    try:
        return unsettled(attempt)
    except KeyDestroyed:
        return None


def _by_line(items: Sequence[ListedSms]) -> dict[UUID, list[ListedSms]]:
    by_line: dict[UUID, list[ListedSms]] = {}
    for sms in items:
        number = phone.normalise(sms.counterpart)
        line = Line.objects.filter(index__in=phone_indexes(number.e164)).first() if number else None
        if line is not None:
            by_line.setdefault(line.pk, []).append(sms)
    return by_line
