"""Counts of what came in, went out and is still owed: what an operator compares with the provider's own figures."""

from typing import Any

from django.db.models import Count, Model, Q, QuerySet

from apps.conversations.models import Task
from apps.core import clock
from apps.core.work import Lane
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Disposition, SendState
from apps.operations import engine, sentinel
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState


def take() -> dict[str, Any]:
    """All counts now, ready for JSON. Every known disposition and state stands there, zero included."""
    now = clock.now()
    tasks = Task.objects.filter(done_at__isnull=True)
    return {
        "at": now.isoformat(timespec="seconds"),
        "inbound": _by(InboundMessage.objects.all(), "disposition", Disposition.values),
        "outbound": _by(OutboundMessage.objects.all(), "state", SendState.values),
        "events": _by(AdverseEvent.objects.all(), "state", EventState.values),
        "open_escalations": Escalation.objects.filter(state__in=RUNNING, drill__isnull=True).count(),
        "overdue": {lane.label: _backlog(lane) for lane in Lane},
        "obligations": tasks.aggregate(open=Count("pk"), due=Count("pk", filter=Q(deadline__lte=now))),
        "quarantined": engine.quarantined(),
        "sentinel_age_seconds": sentinel.age_seconds(),
    }


def _by(rows: QuerySet[Model], column: str, known: list[str]) -> dict[str, int]:
    counted = dict(rows.order_by().values_list(column).annotate(Count("pk")))
    return {value: counted.get(value, 0) for value in known}


def _backlog(lane: Lane) -> dict[str, float]:
    backlog = engine.backlog(lane)
    return {"rows": backlog.due, "oldest_seconds": round(backlog.age_seconds, 1)}
