"""Work for people: tasks that stay until a named person closes them."""

from datetime import datetime

from django.db import transaction

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site


class NotYourTask(Exception):
    """This person may not close tasks of this site."""


class ResultMissing(Exception):
    """Closing a task needs a word about what came of it."""


def open_task(
    *,
    key: str,
    kind: TaskKind,
    site: Site | None,
    deadline: datetime,
    participant: Participant | None = None,
    message: InboundMessage | None = None,
    event: AdverseEvent | None = None,
) -> Task:
    """One task per key, however often it is asked for."""
    values = {"kind": kind, "site": site, "participant": participant, "message": message, "event": event}
    task, _ = Task.objects.get_or_create(key=key, defaults=values | {"created_at": clock.now(), "deadline": deadline})
    return task


@transaction.atomic
def close_task(*, task: Task, person: User, result: str) -> Task:
    """A named person says what came of it. Closing twice keeps the first."""
    task = Task.objects.select_for_update().get(pk=task.pk)
    action = Action.SEND if task.site_id else Action.VIEW_UNMATCHED
    if not scope(person).may(action, site=task.site_id):
        raise NotYourTask
    if not result.strip():
        raise ResultMissing
    if task.done_at is None:
        task.done_at, task.done_by, task.result = clock.now(), person, result.strip()[:200]
        task.save()
    return task
