"""Awareness follows what stood on a page: the site's, and the sponsor's when its monitor reads (decisions 13 and 23)."""

from collections.abc import Iterable

from apps.core import clock
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action, Role


def shown(seen: Scope, events: Iterable[AdverseEvent]) -> None:
    """These events stood on a page of somebody with this scope."""
    for event in events:
        if seen.may(Action.VIEW_TEXTS, site=event.participant.site_id):
            safety.mark_shown(event=event)
        elif _is_monitor(seen, event):
            safety.note_sponsor_aware(events=[event], at=clock.now())


def read(seen: Scope, event: AdverseEvent, person: User) -> None:
    """This person opened the event itself."""
    if seen.may(Action.VIEW_TEXTS, site=event.participant.site_id):
        safety.mark_read(event=event, person=person)
    else:
        shown(seen, [event])


def _is_monitor(seen: Scope, event: AdverseEvent) -> bool:
    return any(grant.role == Role.MONITOR and grant.site == event.participant.site_id for grant in seen.grants)
