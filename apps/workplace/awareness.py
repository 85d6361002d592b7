"""Awareness follows what stood on a page: the site's, and the sponsor's when its monitor reads (decisions 13 and 23)."""

from collections.abc import Iterable

from django.db.models import Q

from apps.core import clock
from apps.participants.models import Participant
from apps.safety import services as safety
from apps.safety.items import NEVER
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import Outcome
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action, Role

FIELDS = ("first_shown_at", "first_read_at", "first_read_by", "investigator_aware_at", "sponsor_aware_at")


def shown(seen: Scope, events: Iterable[AdverseEvent]) -> None:
    """These events stood on a page of somebody with this scope."""
    for event in events:
        if seen.may(Action.VIEW_TEXTS, site=event.participant.site_id):
            safety.mark_shown(event=event)
        elif _is_monitor(seen, event.participant):
            safety.note_sponsor_aware(events=[event], at=clock.now())


def read(seen: Scope, event: AdverseEvent, person: User) -> None:
    """This person opened the event itself."""
    if seen.may(Action.VIEW_TEXTS, site=event.participant.site_id):
        safety.mark_read(event=event, person=person)
    else:
        shown(seen, [event])


def told_of_death(seen: Scope, participants: Iterable[Participant]) -> None:
    """A page said of these participants what only a report of a death makes of anybody: whoever acts for the sponsor has heard of it."""
    for participant in dict.fromkeys(participants):
        if _is_monitor(seen, participant):
            safety.note_sponsor_aware(events=_of_the_death(participant), at=clock.now())


def _of_the_death(participant: Participant) -> list[AdverseEvent]:
    """The cases that tell of it. While none does, every open one: nobody has said yet which of them it was."""
    tells = Q(death=True) | Q(outcome=Outcome.FATAL) | Q(reports__symptom_report__path__in=NEVER)
    found = [*participant.events.filter(tells).distinct()]
    return found or [event for event in participant.events.all() if event.is_open]


def _is_monitor(seen: Scope, participant: Participant) -> bool:
    return any(grant.role == Role.MONITOR and grant.site == participant.site_id for grant in seen.grants)
