"""The case that a digit of a list opens, or joins, by itself (clinical rule 10)."""

from collections.abc import Iterable

from apps.conversations.models import Turn
from apps.escalation.models import Escalation
from apps.participants.models import Participant
from apps.safety import items
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
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


def about(participant: Participant, named: Iterable[str]) -> AdverseEvent | None:
    """The newest draft that tells of one of these items of the catalogue already: said again, it is no second case."""
    names = set(named)
    drafts = (event for event in items.open_events(participant) if event.state == EventState.DRAFT)
    return next((event for event in drafts if names & _told_of(event)), None)


def _told_of(event: AdverseEvent) -> set[str]:
    found = event.reports.values_list("symptom_report__findings", flat=True)
    return {finding["id"] for findings in found for finding in findings if finding["state"] == "present"}
