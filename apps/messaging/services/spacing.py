"""A text that nobody asked for never leaves within a minute of another automatic one to the same phone (clinical rule 3).

An answer to what somebody has just written is held by nothing, since they wait for it; it is a text after which others wait.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from apps.core import clock
from apps.core.work import seconds
from apps.messaging import rules
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.messaging.vocabulary import TO_PARTICIPANTS, UNPROMPTED, SendState

_SOON = timedelta(hours=1)
_BEFORE_OTHERS = timedelta(milliseconds=1)  # of the same minute
_LEAVING = frozenset({SendState.CALLING, SendState.UNKNOWN})


def crowded_until(row: OutboundMessage) -> datetime | None:
    """Until when this text waits for one that has just left, is leaving, or is due before it; None: it may leave."""
    if row.purpose not in UNPROMPTED:
        return None
    now, apart = clock.now(), seconds(rules.APART)
    is_before = ~Q(purpose__in=UNPROMPTED) | Q(due_at__lt=row.due_at) | Q(due_at=row.due_at, pk__lt=row.pk)
    others = OutboundMessage.objects.filter(line_id=row.line_id, purpose__in=TO_PARTICIPANTS).exclude(pk=row.pk)
    just_called = SendAttempt.objects.filter(message__line_id=row.line_id, started_at__gt=clock.machine() - 2 * apart)
    near = others.filter(
        Q(handed_over_at__gt=now - apart)
        | Q(state__in=_LEAVING, pk__in=just_called.values("message"))
        | Q(is_before, state=SendState.PLANNED, due_at__lte=now)
    )
    found = list(near.values_list("state", "handed_over_at"))
    if not found:
        return None
    # Each gets a minute of its own at once: a row that is put off again and again keeps the database from what is urgent.
    waiting = others.filter(purpose__in=UNPROMPTED, state=SendState.PLANNED, due_at__lt=now + _SOON)
    waiting = waiting.exclude(useful_until__lte=now)  # it comes to its end without leaving
    ahead = waiting.filter(Q(planned_at__lt=row.planned_at) | Q(planned_at=row.planned_at, pk__lt=row.pk)).count()
    left = [at or now for state, at in found if state != SendState.PLANNED]
    first = max(left) + apart if left else now + apart
    until = first + apart * (ahead if left else max(0, ahead - 1))
    return first - _BEFORE_OTHERS if _is_useless(row, until) else until  # out of turn rather than too late


def _is_useless(row: OutboundMessage, at: datetime) -> bool:
    return row.useful_until is not None and row.useful_until <= at
