"""The operator's page: what came in, what went out, what is overdue, and what was taken out of the flow. Counts and ids only."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from apps.core import clock, work
from apps.core.work import Lane
from apps.messaging.models import Alarm, InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Disposition, SendState
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action

_LANES = {Lane.SAFETY: _("safety"), Lane.MESSAGES: _("messages"), Lane.BULK: _("bulk")}


def context(seen: Scope) -> dict[str, Any]:
    """What the template shows. Raises PermissionDenied for everybody but the people who run the system."""
    if not seen.may(Action.RUN):
        raise PermissionDenied
    return {
        "received": _by(InboundMessage, "disposition", Disposition),
        "sent": _by(OutboundMessage, "state", SendState),
        "lanes": [_lane(lane) for lane in Lane],
        "quarantined": [each for model in work.all_models() for each in _quarantined(model)],
        "alarms": Alarm.objects.order_by("-last_at")[:50],
    }


def _by(model: Any, column: str, words: Any) -> list[tuple[Any, int]]:
    counted = dict(model.objects.values_list(column).annotate(Count("pk")).order_by())
    return [(word.label, counted.get(word.value, 0)) for word in words]


def _lane(lane: Lane) -> dict[str, Any]:
    now, rows, oldest = clock.now(), 0, None
    for model in work.all_models():
        found = model._default_manager.filter(lane=lane, due_at__lte=now, quarantined_at__isnull=True)
        summary = found.aggregate(rows=Count("pk"), oldest=Min("due_at"))
        rows += summary["rows"]
        oldest = min(filter(None, (oldest, summary["oldest"])), default=None)
    return {"name": _LANES[lane], "rows": rows, "oldest": oldest}


def _quarantined(model: type[work.WorkRow]) -> list[dict[str, Any]]:
    rows = model._default_manager.filter(quarantined_at__isnull=False).order_by("quarantined_at")[:50]
    return [
        {"kind": model._meta.verbose_name, "id": row.pk, "since": row.quarantined_at, "why": row.last_error}
        for row in rows
    ]
