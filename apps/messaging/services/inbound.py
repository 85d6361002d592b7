"""Texts that arrive. Stored before anything else happens to them; each is a due row of the safety lane."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.core import clock, phone
from apps.core.failpoints import strike
from apps.core.work import Lane
from apps.messaging.gateway import InboundSms, ListedSms, RawCallback, SmsGateway, storable
from apps.messaging.models import InboundMessage, Line
from apps.messaging.services.alarms import sound
from apps.messaging.services.lines import line_for
from apps.messaging.vocabulary import AlarmKind, Disposition
from apps.vault.models import DataKey, KeyDestroyed
from apps.vault.services import create_data_key

_NEWS_AFTER = timedelta(seconds=60)  # a provider tries its webhook for 15 s in all


def receive(*, gateway: SmsGateway, callback: RawCallback) -> list[InboundMessage]:
    """Store every text of a genuine callback, in one transaction; a repeat gives the row that is there. Nothing is interpreted."""
    with transaction.atomic():
        rows = [_stored(gateway, sms, received_at=clock.now()) for sms in gateway.parse_inbound(callback)]
        strike("inbound_before_commit")
    strike("inbound_after_commit")
    return rows


def receive_listed(*, gateway: SmsGateway, sms: ListedSms) -> bool:
    """Store a text that stands in the provider's log but was never posted to us. True when it was missing."""
    if InboundMessage.objects.filter(gateway=gateway.name, dedupe_key=sms.provider_id).exists():
        return False
    found = InboundSms(
        dedupe_key=sms.provider_id,
        provider_id=sms.provider_id,
        sender=sms.counterpart,
        text=storable(sms.text),
        media_count=sms.media_count,
        provider_at=sms.created_at if sms.is_dated else None,
        raw=sms.text.encode("utf-8", "surrogatepass"),
    )
    with transaction.atomic():
        _stored(gateway, found, received_at=trial_time(sms.created_at), reconciled=True)
        if clock.machine() - sms.created_at > _NEWS_AFTER:
            sound(kind=AlarmKind.MISSED_INBOUND, gateway=gateway.name)
    return True


def trial_time(machine_time: datetime) -> datetime:
    """A provider's time on the trial's clock; the same in production."""
    return clock.now() - (clock.machine() - machine_time)


def settle(*, message: InboundMessage, disposition: Disposition) -> None:
    """What became of a text. The caller holds `finishing`."""
    message.disposition = disposition
    message.handled_at = clock.now()
    message.save(update_fields=["disposition", "handled_at"])


def _stored(gateway: SmsGateway, sms: InboundSms, *, received_at: datetime, reconciled: bool = False) -> InboundMessage:
    number = phone.normalise(sms.sender) if sms.sender else None
    line = line_for(number=number) if number else None
    found = _find(gateway, sms)
    if found is not None and _lacks_the_words(found, sms):
        sms = replace(sms, dedupe_key=f"{sms.dedupe_key}:words")
        found = _find(gateway, sms)
    if found is not None:
        _compare(found, sms)
        return found
    row = InboundMessage(
        gateway=gateway.name,
        dedupe_key=sms.dedupe_key[:80],
        provider_id=sms.provider_id[:80],
        line=line,
        data_key=_key_for(line),
        body=sms.text,
        raw=sms.raw.decode("latin-1"),
        media_count=sms.media_count,
        opt_out_hint=sms.opt_out_hint,
        received_at=received_at,
        provider_at=sms.provider_at,
        reconciled=reconciled,
        disposition=Disposition.WAITING if sms.readable else Disposition.UNPARSED,
        due_at=received_at,
        lane=Lane.SAFETY,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        # The other was first: what it has, and lacks, is looked at like what stood there before.
        return _stored(gateway, sms, received_at=received_at, reconciled=reconciled)
    if not sms.readable:
        sound(kind=AlarmKind.UNPARSED, gateway=gateway.name)
    return row


def _find(gateway: SmsGateway, sms: InboundSms) -> InboundMessage | None:
    return InboundMessage.objects.filter(gateway=gateway.name, dedupe_key=sms.dedupe_key[:80]).first()


def _lacks_the_words(found: InboundMessage, sms: InboundSms) -> bool:
    """The provider's log was quicker than its post, and keeps no words where bodies are redacted: the post is a text of its own."""
    try:
        return found.reconciled and bool(sms.text) and not found.body
    except KeyDestroyed:
        return False


def _key_for(line: Line | None) -> DataKey:
    """The line's key. A line whose key was shredded may text again: the new text gets a key of its own."""
    return line.data_key if line is not None and line.data_key.destroyed_at is None else create_data_key()


def _compare(found: InboundMessage, sms: InboundSms) -> None:
    # A signature has no time in it, so a captured call verifies for ever; the same id with another text is worth a look.
    try:
        is_same = found.body == sms.text
    except KeyDestroyed:
        return
    if not is_same:
        sound(kind=AlarmKind.CHANGED_REPEAT, gateway=found.gateway, about=found.dedupe_key)
