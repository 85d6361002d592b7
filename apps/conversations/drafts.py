"""The case that a digit of a list opens, or joins, by itself (clinical rule 10)."""

from apps.conversations.models import Turn
from apps.escalation.models import Escalation
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.triage import services as triage
from apps.triage.models import SymptomReport


def by_digit(
    turn: Turn, level: str, *, escalation: Escalation | None = None, case: AdverseEvent | None = None
) -> SymptomReport:
    """A draft of at least this level from the turn's text; `case` is the one that was asked about.

    A text that was read as words first has a report already, which may say less: the digit's level stands on the case all the same.
    """
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    report = triage.by_digit(message=turn.message, participant=participant, sender=point.kind, level=level)
    event = safety.open_adverse_event(
        participant=participant, message=turn.message, report=report, escalation=escalation, reporter=point.kind, case=case
    )  # fmt: skip
    safety.raise_draft(event=event, level=level, escalation=escalation)
    return report
