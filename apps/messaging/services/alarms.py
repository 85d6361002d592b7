"""Alarms: one row a cause, counted. No number, no text, no secret in them."""

import logging
import threading
import time

from django.db import Error, transaction
from django.db.models import F

from apps.core import clock
from apps.messaging.models import Alarm, OutboundMessage
from apps.messaging.vocabulary import AlarmKind

log = logging.getLogger(__name__)
_WRITE_EVERY = 1.0  # seconds: a flood of forged calls must not take the database from the genuine ones
_refused: dict[tuple[str, str], int] = {}
_written: dict[tuple[str, str], float] = {}
_lock = threading.Lock()


def sound(
    *,
    kind: AlarmKind,
    gateway: str,
    code: str = "",
    message: OutboundMessage | None = None,
    about: str = "",
    times: int = 1,
    once: bool = False,
) -> None:
    """Count one more of this alarm. `about` (an opaque id) makes a row of its own for one thing, `message` likewise.

    `once`: a thing that is seen again and again is written the first time only.
    """
    key = ":".join((kind, gateway, code[:40], str(message.pk) if message else about))[:200]
    if once and Alarm.objects.filter(key=key).exists():
        return
    log.warning("transport alarm", extra={"state": kind.value, "gateway": gateway, "code": code[:40]})
    now = clock.now()
    if Alarm.objects.filter(key=key).update(times=F("times") + times, last_at=now):
        return
    fields = {"kind": kind, "gateway": gateway, "code": code[:40], "message": message, "times": times}
    with transaction.atomic():
        alarm, is_new = Alarm.objects.get_or_create(key=key, defaults={**fields, "first_at": now, "last_at": now})
        if not is_new:
            Alarm.objects.filter(pk=alarm.pk).update(times=F("times") + times, last_at=now)


def callback_refused(*, gateway: str, reason: str) -> None:
    """Count a refused call of a provider. Never raises for the database's sake: the answer is a refusal all the same."""
    kind, key = AlarmKind.CALLBACK_REFUSED, (gateway, reason)
    with _lock:
        _refused[key] = _refused.get(key, 0) + 1
        if time.monotonic() - _written.get(key, float("-inf")) < _WRITE_EVERY:
            return
        _written[key], times = time.monotonic(), _refused.pop(key)
    try:
        sound(kind=kind, gateway=gateway, code=reason, times=times)
    except Error as error:
        log.error("alarm not written", extra={"gateway": gateway, "code": reason, "error": type(error).__name__})
