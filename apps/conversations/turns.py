"""The courtesy answer to one text, before it is saved."""

from datetime import timedelta

from apps.conversations.models import Turn
from apps.core import clock
from apps.core.work import Lane
from apps.escalation.models import Escalation
from apps.messaging.models import InboundMessage
from apps.participants.models import ContactPoint
from apps.triage.models import SymptomReport

AT_ONCE = timedelta(minutes=1)  # texts of one phone so close to each other may be two words on the same question


def turn_for(
    message: InboundMessage,
    point: ContactPoint,
    *,
    report: SymptomReport | None = None,
    escalation: Escalation | None = None,
) -> Turn:
    """A turn in order on this line; not saved yet."""
    return Turn(
        message=message, line=point.line, participant=point.participant, contact_point=point, site=point.participant.site,
        report=report, escalation=escalation, arrived_at=message.received_at, due_at=clock.now(), lane=Lane.MESSAGES,
    )  # fmt: skip
