"""What stops the program before the first text: a time chain that does not hold, a database that cannot wait, a second scheduler."""

import sqlite3
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.core import wording, work
from apps.messaging.gateway import SmsGateway


def time_chain() -> list[tuple[str, float]]:
    """Each must be shorter than the next: a call ends before half its lease, a lease before its task, a task before it is sent again."""
    chain: list[tuple[str, float]] = [
        ("a provider's time-out", SmsGateway.timeout),
        ("half a lease", work.LEASE / 2),
        ("a lease", work.LEASE),
        ("CELERY_TASK_SOFT_TIME_LIMIT", settings.CELERY_TASK_SOFT_TIME_LIMIT),
        ("CELERY_TASK_TIME_LIMIT", settings.CELERY_TASK_TIME_LIMIT),
    ]
    again = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout")
    return [*chain, ("visibility_timeout", again)] if again is not None else chain


@register()
def time_chain_holds(**_: Any) -> list[CheckMessage]:
    wrong = [(shorter, longer) for shorter, longer in pairwise(time_chain()) if not shorter[1] < longer[1]]
    return [
        Error(f"{shorter[0]} ({shorter[1]} s) must be shorter than {longer[0]} ({longer[1]} s)", id="operations.E001")
        for shorter, longer in wrong
    ]


@register()
def writers_can_wait(**_: Any) -> list[CheckMessage]:
    """On SQLite a deferred transaction that turns into a write fails at once instead of waiting for the other writer."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3") or database["OPTIONS"].get("transaction_mode") == "IMMEDIATE":
        return []
    return [Error("SQLite needs transaction_mode IMMEDIATE", id="operations.E002")]


@register()
def rows_can_be_leased(**_: Any) -> list[CheckMessage]:
    """A lease is one UPDATE … RETURNING, which SQLite knows since 3.35 (2021, https://sqlite.org/lang_returning.html)."""
    uses_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if not uses_sqlite or sqlite3.sqlite_version_info >= (3, 35):
        return []
    return [Error(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed", id="operations.E006")]


@register()
def rows_are_the_only_schedule(**_: Any) -> list[CheckMessage]:
    """Two beats run everything twice and none runs nothing: due rows are the schedule."""
    beats = [name for name in settings.INSTALLED_APPS if "celery_beat" in name]
    if beats or getattr(settings, "CELERY_BEAT_SCHEDULE", None):
        return [Error("there is no beat here: a due row is the schedule", id="operations.E003")]
    return []


@register()
def acknowledged_late(**_: Any) -> list[CheckMessage]:
    """A poisonous task must not come back for ever, and a doorbell must not wait behind a stuck worker."""
    right = {
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": False,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_ACCEPT_CONTENT": ["json"],
    }
    wrong = [name for name, value in right.items() if getattr(settings, name, None) != value]
    return [Error(f"{name} must be {right[name]}", id="operations.E004") for name in wrong]


@register()
def texts_can_be_said(**_: Any) -> list[CheckMessage]:
    return [Error(f"wording: {problem}", id="operations.E005") for problem in wording.problems()]
