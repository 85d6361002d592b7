"""An investigator who acts on an escalation or a task knows of its cases from that hour; anybody else makes nobody aware (decision 13)."""

from datetime import datetime

from django.db.models import Q

from apps.conversations.models import Task
from apps.escalation.models import Escalation
from apps.participants.models import Participant
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.staff.models import User


def of_escalation(running: Escalation, *, person: User, at: datetime) -> None:
    """They have taken it or recorded what came of a call: the cases that it pages about, and those of the tasks that are late."""
    about = Q(escalation=running)
    for task in running.tasks.all():
        about |= _named_by(task)
    _note(about, person, at)


def whom(running: Escalation) -> list[Participant]:
    """Whose cases and tasks it is about: they are held before it is changed (see `participants/holding.py`)."""
    about = Q(events__escalation=running) | Q(tasks__escalation=running)
    return list(Participant.objects.filter(about).distinct())


def of_task(task: Task, *, person: User, at: datetime) -> None:
    """They have done it, or have called in vain: its own case, that of its text, and what people are being paged about with it."""
    about = _named_by(task)
    if task.escalation_id is not None and task.participant_id is not None:
        about |= Q(escalation=task.escalation_id, participant=task.participant_id)
    _note(about, person, at)


def _named_by(task: Task) -> Q:
    about = Q(pk=task.event_id)
    if task.message_id is not None:
        of_the_text = Q(reports__symptom_report__message=task.message_id)
        about |= of_the_text & Q(participant=task.participant_id) if task.participant_id else of_the_text
    return about


def _note(about: Q, person: User, at: datetime) -> None:
    found = AdverseEvent.objects.filter(about).select_related("participant").distinct()
    safety.note_investigator_aware(events=found, person=person, at=at)
