"""Somebody writes from the phone of a participant who was recorded as lost, or they are learnt to live: a person calls.

The text is treated like any. Only a person takes somebody back into the follow-up: a number may be another's by now.
"""

from apps.conversations.board import open_task
from apps.conversations.models import Task
from apps.conversations.speaking import local_time, promised_call
from apps.conversations.vocabulary import TaskKind
from apps.messaging.models import InboundMessage
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import FollowUp


def notice(message: InboundMessage, points: list[ContactPoint]) -> None:
    """After all that the text asks for: one task a day and participant, none where it has told of a death, which has a task of its own."""
    for participant in (point.participant for point in points if point.participant.follow_up == FollowUp.LOST):
        call(participant, key=f"returned:{participant.pk}:{local_time(participant.site):%Y%m%d}", message=message)


def call(participant: Participant, *, key: str, message: InboundMessage | None = None) -> None:
    """One call at a time, however often they are heard of."""
    site, kind = participant.site, TaskKind.RETURNED
    if Task.objects.filter(participant=participant, kind=kind, done_at__isnull=True).exists():
        return
    deadline = promised_call(site).deadline
    open_task(key=key, kind=kind, site=site, participant=participant, message=message, deadline=deadline)
