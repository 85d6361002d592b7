"""The watcher outside Celery and outside the broker. All well: one ping outward. Otherwise silence, and an e-mail to the operator.

Silence is the alarm: an outside service that hears nothing for five minutes pages somebody, whatever has died here. Two sentinels are
harmless: rows are claimed as by any worker.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import Error as DatabaseTrouble

from apps.audit.services import acting
from apps.core import clock, work
from apps.operations import engine, standing, watch
from apps.operations.models import SentinelBeat
from apps.operations.watch import Problem

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between looks
HEARTBEAT_TIMEOUT = 5.0
TELL_AGAIN_AFTER = timedelta(hours=1)
DATABASE_DOWN = Problem(
    "database", "the database does not answer", "start it; texts are refused meanwhile and fetched afterwards"
)
STRUCK = Problem("sentinel", "the sentinel's own look failed", "see the sentinel's log")


@dataclass
class Sentinel:
    """Looks again and again. What it has told the operator it remembers itself: the database may be what is down."""

    told_at: dict[str, datetime] = field(default_factory=dict)

    def look(self) -> list[Problem]:
        """One look: run what is overdue, find what does not hold, say so or ping. Never raises on a database that is down."""
        found = self._find()
        if found:
            log.error("not well", extra={"state": ",".join(problem.code for problem in found)})
            self._tell(found)
        else:
            _ping()
        return found

    def _find(self) -> list[Problem]:
        try:
            with acting(actor="sentinel"):
                standing.ensure()
                done = engine.run_overdue_safety(overdue_by=engine.SENTINEL_AFTER)
                found = [*_left_lying(done), *watch.problems()]
                _remember(found)
        except DatabaseTrouble as error:
            log.error("the sentinel cannot read the database", extra={"error": type(error).__name__})
            return [DATABASE_DOWN]
        except Exception as error:  # noqa: BLE001 - the process's edge: whatever it is, the operator hears of it and the next look comes
            log.error("the sentinel's look failed", extra={"error": type(error).__name__})
            return [STRUCK]
        return found

    def _tell(self, found: list[Problem]) -> None:
        """The second path: one e-mail for what was not told within the hour. What could not be told is told at the next look."""
        now = clock.machine()
        fresh = [problem for problem in found if problem.code not in self._told_lately(now)]
        if fresh and settings.OPERATOR_EMAIL and _mail(fresh):
            self.told_at.update({problem.code: now for problem in fresh})

    def _told_lately(self, now: datetime) -> set[str]:
        return {code for code, told in self.told_at.items() if now - told < TELL_AGAIN_AFTER}


def _left_lying(count: int) -> list[Problem]:
    """What the sentinel had to do itself is no good news: it must not be told as "all is well"."""
    if not count:
        return []
    says = f"the workers left urgent work lying for a minute; the sentinel did it ({count} rows)"
    return [Problem("safety_left_lying", says, "restart the worker; look at its log and at the broker")]


def _remember(found: list[Problem]) -> None:
    codes = [problem.code for problem in found]
    SentinelBeat.objects.update_or_create(name="sentinel", defaults={"at": clock.machine(), "problems": codes})


def _mail(found: list[Problem]) -> bool:
    subject = f"trialcare: {found[0].says}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
    body = "\n".join(str(problem) for problem in found)
    try:
        EmailMessage(subject, body, to=[settings.OPERATOR_EMAIL]).send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        log.error("the operator could not be told by e-mail", extra={"error": type(error).__name__})
        return False
    return True


def _ping() -> None:
    """Nothing of the trial travels with it. A ping that fails is silence, which is what it would say."""
    if not settings.HEARTBEAT_URL:
        return
    try:
        requests.get(settings.HEARTBEAT_URL, timeout=HEARTBEAT_TIMEOUT).raise_for_status()
    except requests.RequestException as error:
        log.warning("the heartbeat was not taken", extra={"error": type(error).__name__})


def age_seconds() -> float | None:
    """Seconds since a sentinel last looked, None when none ever did."""
    beat = SentinelBeat.objects.order_by("-at").first()
    return None if beat is None else max(0.0, (clock.machine() - beat.at).total_seconds())


def limit_seconds() -> float:
    """A sentinel older than this is dead: eight looks missed."""
    return work.seconds(8 * EVERY).total_seconds()
