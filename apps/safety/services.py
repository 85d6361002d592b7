"""The case: opened from a participant's own words, read, confirmed or dismissed by a named person."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.audit.services import because
from apps.core import clock
from apps.core.states import IllegalMove, check_move
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging.models import InboundMessage
from apps.participants import arm_told
from apps.participants import services as participants
from apps.participants.holding import hold
from apps.participants.models import Participant
from apps.participants.vocabulary import LEFT, SILENT, FollowUp
from apps.safety import items, receipt
from apps.safety.judgement import SafetyError, check_days, check_whole, is_graver
from apps.safety.models import AdverseEvent, Report
from apps.safety.vocabulary import CRITERIA, MOVES, EventState
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.triage.models import SymptomReport

# Texts of one participant within this time about an unread draft belong to it: a storm is one case, not ten.
STORM = timedelta(hours=2)
UNORDERED = timedelta(minutes=1)  # texts of one storm are handled side by side, and the later one may come first
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_ASSESSED = ("severity_grade", "causality_investigator", "outcome", "onset_on", "ended_on", "term", *CRITERIA)


class NotAllowedHere(SafetyError):
    """This person may not do this at the participant's site."""


class ReasonMissing(SafetyError):
    """A dismissal or a correction needs a reason."""


class ChangedMeanwhile(SafetyError):
    """Somebody has changed the event since the version that this judgement started from."""


class Incomplete(SafetyError):
    """A confirmed event has a term, a severity grade and the investigator's causality."""


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
    hold([participant])  # two texts at once are one case
    event = still_a_draft(case) or still_a_draft(running_draft(participant, received_at=message.received_at))
    is_first = event is None
    if event is None:
        event = _draft(participant, message, report, reporter)
    joins = not is_first and not event.reports.filter(symptom_report=report).exists()
    rise(event, report.level, escalation, joins=joins)
    items.expect(event, path=report.path)
    if not is_first:
        items.told_again(event, at=message.received_at)
    joined = Report(event=event, symptom_report=report, is_first=is_first)
    Report.objects.bulk_create([joined], ignore_conflicts=True)  # the same text again is no second report
    return event


def raise_draft(*, event: AdverseEvent, level: str, escalation: Escalation | None) -> None:
    """By a digit, or by no answer where one was due: a draft is at least this urgent now. What a person has judged stays as it is."""
    with transaction.atomic():
        draft = still_a_draft(event)
        if draft is None:
            return
        rise(draft, level, escalation)
        of_a_death = draft.reports.filter(symptom_report__path__in=items.NEVER).first()
        items.expect(draft, path=of_a_death.symptom_report.path if of_a_death else "")


def still_a_draft(event: AdverseEvent | None) -> AdverseEvent | None:
    """The row as it stands now, held until the transaction ends: a person may have judged it since it was read."""
    if event is None:
        return None
    return AdverseEvent.objects.select_for_update().filter(pk=event.pk, state=EventState.DRAFT).first()


def rise(event: AdverseEvent, level: str, escalation: Escalation | None, *, joins: bool = False) -> None:
    """The more urgent level wins. An escalation that has ended makes room for the one that was started anew; what its pages told the
    sponsor stays on the case. A form that was opened before is told of what joined and of what became more urgent."""
    changed = ["level", "escalation", "changed_at", "version"]
    rises = bool(level) and (not event.level or level < event.level)
    if rises:
        event.level = level
    if event.escalation is None or (escalation is not None and event.escalation.state not in RUNNING):
        if day_zero := event.sponsor_day_zero:
            event.sponsor_aware_at = day_zero
            changed.append("sponsor_aware_at")
        event.escalation = escalation
    event.changed_at = clock.now()
    if event._state.adding:
        event.save()
        return
    event.version += rises or joins
    event.save(update_fields=changed)


def running_draft(participant: Participant, *, received_at: datetime) -> AdverseEvent | None:
    """The unread draft that a text of then joins. Not one that was received later: a text that the provider gave us hours afterwards would
    lend its case an awareness that came too late, and only a signed reason moves one (decision 13).
    """
    near = (received_at - STORM, received_at + UNORDERED)
    drafts = participant.events.filter(state=EventState.DRAFT, first_read_at__isnull=True, received_at__range=near)
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
        case_number=fresh_case_number(participant),
        participant=participant,
        data_key=participant.data_key,
        verbatim=message.body,
        verbatim_language=participant.language,
        reporter=reporter,
        received_at=message.received_at,
        classified_at=report.classified_at,
        changed_at=clock.now(),
    )


def fresh_case_number(participant: Participant) -> str:
    """Site and a random part: case numbers in sequence would tell how many there were elsewhere, and when.

    Of some 900 million; the table refuses one that is taken, and the text is handled again with another.
    """
    return f"{participant.site.code}-{_random(6)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def note_investigator_aware(*, events: Iterable[AdverseEvent], person: User, at: datetime) -> None:
    """Somebody has taken these cases or called about them: an investigator of the site is aware of them since then.

    Anybody else is not, as with reading: a coordinator who has it is nobody who judges it.
    """
    rights = scope(person)
    for event in events:
        if rights.may(Action.CONFIRM_EVENTS, site=event.participant.site_id):
            AdverseEvent.objects.filter(pk=event.pk, investigator_aware_at__isnull=True).update(
                investigator_aware_at=at
            )


def note_sponsor_aware(*, events: list[AdverseEvent], at: datetime) -> None:
    """Sponsor day 0: the first moment that anything about the case reached anyone acting for the sponsor (decision 13)."""
    for event in events:
        AdverseEvent.objects.filter(pk=event.pk, sponsor_aware_at__isnull=True).update(sponsor_aware_at=at)


def mark_shown(*, event: AdverseEvent) -> None:
    """The event stood on a page that somebody of the site looked at."""
    AdverseEvent.objects.filter(pk=event.pk, first_shown_at__isnull=True).update(first_shown_at=clock.now())


def mark_read(*, event: AdverseEvent, person: User) -> None:
    """A named person opened the event itself. An investigator is aware of it then, be it taken or never paged about."""
    now = clock.now()
    mark_shown(event=event)
    AdverseEvent.objects.filter(pk=event.pk, first_read_at__isnull=True).update(first_read_at=now, first_read_by=person)
    note_investigator_aware(events=[event], person=person, at=now)


@transaction.atomic
def assess(*, event: AdverseEvent, person: User, started_from: int | None = None, **assessment: Any) -> AdverseEvent:
    """Write what was judged of a draft: grade, criteria, causality, onset, term. Raises NotAllowedHere or IllegalMove.

    Unknown fields are a programming error. `started_from` is the version that the person saw, here and below: where it is another by
    now, ChangedMeanwhile is raised and nothing is written.
    """
    _require(person, event, Action.DRAFT_EVENTS)
    event = _judged(event, assessment, while_it_is=EventState.DRAFT, started_from=started_from)
    check_days(event)
    return _changed(event, person)


@transaction.atomic
def confirm(*, event: AdverseEvent, person: User, started_from: int | None = None, **assessment: Any) -> AdverseEvent:
    """An investigator confirms the adverse event. Raises any SafetyError, or IllegalMove."""
    _require(person, event, Action.CONFIRM_EVENTS)
    participant = _held(event)
    event = _complete(_judged(event, assessment, while_it_is=EventState.DRAFT, started_from=started_from))
    event.state = EventState.CONFIRMED
    event.confirmed_at, event.confirmed_by = clock.now(), person
    _freeze_after_death(event, participant, person)
    items.follow(event)
    event = _changed(event, person)
    receipt.expect(event, known_since=event.serious_since, person=person)
    return event


@transaction.atomic
def correct(
    *, event: AdverseEvent, person: User, reason: str, started_from: int | None = None, **assessment: Any
) -> AdverseEvent:
    """An investigator changes a confirmed event. The earlier values stay in the trail, with the reason.

    Raises any SafetyError, or IllegalMove.
    """
    _require(person, event, Action.CONFIRM_EVENTS)
    if not reason.strip():
        raise ReasonMissing
    participant, before = _held(event), _locked(event)
    event = _complete(_judged(event, assessment, while_it_is=EventState.CONFIRMED, started_from=started_from))
    with because(reason):
        _freeze_after_death(event, participant, person)
    items.follow(event)
    with because(reason):
        event = _changed(event, person, reason=reason)
    # What makes it serious, or graver than it was, came with the correction.
    receipt.expect(event, known_since=event.changed_at, person=person, is_graver=is_graver(event, than=before))
    return event


@transaction.atomic
def dismiss(*, event: AdverseEvent, person: User, reason: str, started_from: int | None = None) -> AdverseEvent:
    """An investigator finds that there was no adverse event. The reason stands in the trail."""
    event = _moved(event, person, reason, wanted=EventState.DISMISSED, started_from=started_from)
    items.follow(event)
    with because(reason):
        return _changed(event, person, reason=reason)


@transaction.atomic
def reopen(*, event: AdverseEvent, person: User, reason: str, started_from: int | None = None) -> AdverseEvent:
    """A dismissal was wrong: the event is a draft again, and asked about again. The reason stands in the trail."""
    event = _moved(event, person, reason, wanted=EventState.DRAFT, started_from=started_from)
    with because(reason):
        event = _changed(event, person, reason=reason)
    items.follow_again(event)
    return event


def _moved(
    event: AdverseEvent, person: User, reason: str, *, wanted: EventState, started_from: int | None
) -> AdverseEvent:
    """The event in the state that an investigator wants it in, not yet saved."""
    _require(person, event, Action.CONFIRM_EVENTS)
    if not reason.strip():
        raise ReasonMissing
    event = _locked(event)
    check_move(MOVES, present=event.state, wanted=wanted)
    if started_from not in (None, event.version):
        raise ChangedMeanwhile
    event.state = wanted
    return event


def _held(event: AdverseEvent) -> Participant:
    """The participant, held before the event: a text about a death takes them in this order too, and neither waits for the other."""
    return Participant.objects.select_for_update(no_key=True).get(pk=event.participant_id)


def _freeze_after_death(event: AdverseEvent, participant: Participant, person: User) -> None:
    """A death that a person judges stops all texts like one that a text reports (decision 31)."""
    if event.death and participant.follow_up not in SILENT | LEFT:
        participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN, person=person)


def _judged(
    event: AdverseEvent, assessment: dict[str, Any], *, while_it_is: EventState, started_from: int | None
) -> AdverseEvent:
    """The event with this assessment, not yet saved. What was judged of it when it stood elsewhere is refused."""
    if unknown := set(assessment) - set(_ASSESSED):
        raise TypeError(f"not part of an assessment: {', '.join(sorted(unknown))}")
    event = _locked(event)
    if event.state != while_it_is:
        raise IllegalMove(f"{event.state} is judged as {while_it_is}")
    if started_from not in (None, event.version):
        raise ChangedMeanwhile
    for name, value in assessment.items():
        setattr(event, name, value)
    return event


def _complete(event: AdverseEvent) -> AdverseEvent:
    if not (event.term and event.severity_grade and event.causality_investigator):
        raise Incomplete
    check_whole(event)
    return event


def _locked(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.select_for_update().get(pk=event.pk)


def _changed(event: AdverseEvent, person: User, *, reason: str = "") -> AdverseEvent:
    event.version += 1
    event.changed_at = clock.now()
    event.save()
    for name, text in (("term", event.term), ("reason", reason)):
        arm_told.note(row=event, field=name, text=text, participant=event.participant, said_by=person)
    return event


def _require(person: User, event: AdverseEvent, action: Action) -> None:
    if not scope(person).may(action, site=event.participant.site_id):
        raise NotAllowedHere
