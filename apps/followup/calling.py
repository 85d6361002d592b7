"""Asking a person to call somebody who is followed; and whether a search has asked for it already."""

from datetime import datetime

from apps.conversations.models import Task
from apps.conversations.services import open_task
from apps.conversations.vocabulary import TaskKind
from apps.participants.models import Participant, Visit
from apps.participants.vocabulary import LEFT, SILENT


def call(
    participant: Participant, kind: TaskKind, *, key: str, deadline: datetime, visit: Visit | None = None
) -> Task | None:
    """None is asked for to whoever has left. Nor is the family of somebody reported dead phoned to ask how they are: the task about the
    death stands."""
    if participant.follow_up in LEFT | SILENT:
        return None
    return open_task(key=key, kind=kind, site=participant.site, participant=participant, deadline=deadline, visit=visit)


def is_searched_for(participant: Participant) -> bool:
    """A search has asked people to call them, and that stands, and pages when it is late: nobody need be asked twice for the same call."""
    return participant.tasks.filter(kind=TaskKind.SEARCH_CALLS, done_at__isnull=True).exists()
