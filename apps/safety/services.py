"""The case: opened from a participant's own words, read, confirmed or dismissed by a named person."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.core.states import check_move
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent, Report
from apps.safety.vocabulary import CRITERIA, MOVES, EventState
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.triage.models import SymptomReport

# Texts of one participant within this time about an unread draft belong to it: a storm is one case, not ten.
STORM = timedelta(hours=2)
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_ASSESSED = ("severity_grade", "causality_investigator", "outcome", "onset_on", "ended_on", "term", *CRITERIA)


class SafetyError(Exception):
    """A step of the case that is not allowed."""


class NotAllowedHere(SafetyError):
    """This person may not do this at the participant's site."""


class ReasonMissing(SafetyError):
    """A dismissal or a correction needs a reason."""


class Incomplete(SafetyError):
    """Confirming needs a term, a severity grade and the investigator's causality."""


@transaction.atomic(savepoint=False)
def open_adverse_event(
    *,
    participant: Participant,
    message: InboundMessage,
    report: SymptomReport,
    escalation: Escalation | None,
    reporter: str,
    case: AdverseEvent | None = None,
) -> AdverseEvent:
    """A draft from the participant's own words; awareness is the time that the text was received (decision 13).

    A text soon after an unread draft of the same participant joins it, and the more urgent level wins. So does an answer to a question
    about a `case`, however late, while that is a draft.
    """
    is_about = case is not None and case.state == EventState.DRAFT
    event = case if is_about else _running_draft(participant, received_at=message.received_at)
    is_first = event is None
    if event is None:
        event = _draft(participant, message, report, reporter)
    _raise(event, report.level, escalation)
    joined = Report(event=event, symptom_report=report, is_first=is_first)
    Report.objects.bulk_create([joined], ignore_conflicts=True)  # the same text again is no second report
    return event


def raise_draft(*, event: AdverseEvent, level: str, escalation: Escalation) -> None:
    """No answer came where one was due: a draft is at least this urgent now. What a person has judged stays as it is."""
    if event.state == EventState.DRAFT:
        _raise(event, level, escalation)


def _raise(event: AdverseEvent, level: str, escalation: Escalation | None) -> None:
    """The more urgent level wins. An escalation that has ended makes room for the one that was started anew."""
    if level and (not event.level or level < event.level):
        event.level = level
    if event.escalation is None or (escalation is not None and event.escalation.state not in RUNNING):
        event.escalation = escalation
    event.changed_at = clock.now()
    event.save(update_fields=None if event._state.adding else ["level", "escalation", "changed_at"])


def _running_draft(participant: Participant, *, received_at: datetime) -> AdverseEvent | None:
    drafts = participant.events.filter(
        state=EventState.DRAFT, first_read_at__isnull=True, received_at__gte=received_at - STORM
    )
    return drafts.select_related("escalation").order_by("-received_at").first()


def unclosed_items(participant: Participant, *, since: datetime, until: datetime) -> set[str]:
    """Items reported in [since, until) whose same-day (R3) draft no person has closed: said again, they count for more."""
    reports = Report.objects.filter(
        event__participant=participant,
        event__state=EventState.DRAFT,
        event__level="R3",
        symptom_report__message__received_at__gte=since,
        symptom_report__message__received_at__lt=until,
    ).values_list("symptom_report__findings", flat=True)
    return {finding["id"] for findings in reports for finding in findings if finding["state"] == "present"}


def _draft(participant: Participant, message: InboundMessage, report: SymptomReport, reporter: str) -> AdverseEvent:
    return AdverseEvent(
        case_number=_case_number(participant),
        participant=participant,
        data_key=participant.data_key,
        verbatim=message.body,
        verbatim_language=participant.language,
        reporter=reporter,
        received_at=message.received_at,
        classified_at=report.classified_at,
        changed_at=clock.now(),
    )


def _case_number(participant: Participant) -> str:
    """Site and a random part: case numbers in sequence would tell how many there were elsewhere, and when.

    Of some 900 million; the table refuses one that is taken, and the text is handled again with another.
    """
    return f"{participant.site.code}-{_random(6)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def note_investigator_aware(*, escalation: Escalation, at: datetime) -> None:
    """A named person of the site has taken the escalation: the investigator is aware of its events since then."""
    for event in escalation.events.filter(investigator_aware_at__isnull=True):
        event.investigator_aware_at = at
        event.save(update_fields=["investigator_aware_at"])


def note_sponsor_aware(*, events: list[AdverseEvent], at: datetime) -> None:
    """Sponsor day 0: the first moment that anything about the case reached anyone acting for the sponsor (decision 13)."""
    for event in events:
        AdverseEvent.objects.filter(pk=event.pk, sponsor_aware_at__isnull=True).update(sponsor_aware_at=at)


def mark_shown(*, event: AdverseEvent) -> None:
    """The event stood on a page that somebody of the site looked at."""
    AdverseEvent.objects.filter(pk=event.pk, first_shown_at__isnull=True).update(first_shown_at=clock.now())


def mark_read(*, event: AdverseEvent, person: User) -> None:
    """A named person opened the event itself."""
    now = clock.now()
    mark_shown(event=event)
    AdverseEvent.objects.filter(pk=event.pk, first_read_at__isnull=True).update(first_read_at=now, first_read_by=person)


@transaction.atomic
def assess(*, event: AdverseEvent, person: User, **assessment: Any) -> AdverseEvent:
    """Write what the investigator judged: grade, criteria, causality, onset, term. Unknown fields are a programming error."""
    _require(person, event, Action.DRAFT_EVENTS)
    if unknown := set(assessment) - set(_ASSESSED):
        raise TypeError(f"not part of an assessment: {', '.join(sorted(unknown))}")
    event = AdverseEvent.objects.select_for_update().get(pk=event.pk)
    for name, value in assessment.items():
        setattr(event, name, value)
    return _changed(event)


@transaction.atomic
def confirm(*, event: AdverseEvent, person: User, **assessment: Any) -> AdverseEvent:
    """An investigator confirms the adverse event. Raises Incomplete, NotAllowedHere or IllegalMove."""
    _require(person, event, Action.CONFIRM_EVENTS)
    event = assess(event=event, person=person, **assessment)
    check_move(MOVES, present=event.state, wanted=EventState.CONFIRMED)
    if not (event.term and event.severity_grade and event.causality_investigator):
        raise Incomplete
    event.state = EventState.CONFIRMED
    event.confirmed_at, event.confirmed_by = clock.now(), person
    return _changed(event)


@transaction.atomic
def dismiss(*, event: AdverseEvent, person: User, reason: str) -> AdverseEvent:
    """An investigator finds that there was no adverse event. The reason stands in the trail."""
    _require(person, event, Action.CONFIRM_EVENTS)
    if not reason.strip():
        raise ReasonMissing
    event = AdverseEvent.objects.select_for_update().get(pk=event.pk)
    check_move(MOVES, present=event.state, wanted=EventState.DISMISSED)
    event.state = EventState.DISMISSED
    return _changed(event)


def _changed(event: AdverseEvent) -> AdverseEvent:
    event.version += 1
    event.changed_at = clock.now()
    event.save()
    return event


def _require(person: User, event: AdverseEvent, action: Action) -> None:
    if not scope(person).may(action, site=event.participant.site_id):
        raise NotAllowedHere
