"""One Celery task: a doorbell without arguments, one queue a lane."""

from celery import shared_task

from apps.audit.services import acting
from apps.core.work import Lane
from apps.operations import engine


@shared_task(name="trialcare.drain.safety")
def drain_safety() -> None:
    with acting(actor="worker"):
        engine.drain(Lane.SAFETY)


@shared_task(name="trialcare.drain.messages")
def drain_messages() -> None:
    with acting(actor="worker"):
        engine.drain(Lane.MESSAGES)


@shared_task(name="trialcare.drain.bulk")
def drain_bulk() -> None:
    with acting(actor="worker"):
        engine.drain(Lane.BULK)


DOORBELLS = {Lane.SAFETY: drain_safety, Lane.MESSAGES: drain_messages, Lane.BULK: drain_bulk}
