"""A text about a death: its own path (clinical rule 5, decision 31)."""

from datetime import timedelta

from apps.conversations import alarm
from apps.conversations.board import open_task
from apps.conversations.models import Turn
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants import services as participants
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, FollowUp
from apps.safety import services as safety
from apps.triage.models import SymptomReport

READ_WITHIN = timedelta(minutes=15)


def handle(*, message: InboundMessage, point: ContactPoint, report: SymptomReport) -> Turn:
    """All sending stops, but for one text, once. A person reads within 15 minutes; only a person restores.

    The page says when to read, not "phone now": it is written before the freeze, in the same transaction.
    """
    participant = point.participant
    is_first = participant.follow_up not in SILENT
    turn = turn_for(message, point, report=report)
    turn.escalation = alarm.page(participant=participant, level="R2", received_at=message.received_at)
    if is_first:
        participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)
    _to_be_read(turn, participant, report)
    if is_first:
        turn.reply_wording = "death_reply" if report.path == "death" else "death_hold"
    messaging.settle(message=message, disposition=Disposition.SYMPTOM)
    return turn


def doubted(*, message: InboundMessage, point: ContactPoint, report: SymptomReport) -> Turn:
    """Somebody writes that they are alive after all: read as soon as the report of the death, and no text restores anything."""
    turn = turn_for(message, point, report=report)
    turn.escalation = alarm.page(participant=point.participant, level="R2", received_at=message.received_at)
    _to_be_read(turn, point.participant, report)
    messaging.settle(message=message, disposition=Disposition.PERSON)
    return turn


def _to_be_read(turn: Turn, participant: Participant, report: SymptomReport) -> None:
    assert turn.contact_point is not None
    safety.open_adverse_event(
        participant=participant, message=turn.message, report=report, escalation=turn.escalation,
        reporter=turn.contact_point.kind,
    )  # fmt: skip
    open_task(
        key=f"death:{turn.message_id}", kind=TaskKind.DEATH, site=participant.site, participant=participant,
        message=turn.message, deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
