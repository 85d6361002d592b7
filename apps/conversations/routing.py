"""Who wrote, and what must happen. Commands are obeyed first, then every other text is triaged, whatever else it answers."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from apps.conversations import (
    alarm,
    answers,
    aware,
    closure,
    commands,
    death,
    judged,
    limits,
    progress,
    returning,
    second_opinion,
    stays,
    unanswered,
    understanding,
)
from apps.conversations.board import READ_WITHIN, contact_in_the_morning, open_task
from apps.conversations.history import told_about
from apps.conversations.models import Turn
from apps.conversations.speaking import is_night, morning_call
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Acknowledgement, ContactRecord, Escalation
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, Via
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants.contacts import contact_points_of
from apps.participants.holding import hold
from apps.participants.models import ContactPoint
from apps.participants.vocabulary import ContactKind
from apps.safety import services as safety
from apps.staff.models import User
from apps.staff.services import scope, staff_on
from apps.staff.vocabulary import Role
from apps.triage import services as triage
from apps.triage.models import SymptomReport
from apps.triage.rules.net import language_of

READ_URGENT_WITHIN = timedelta(minutes=15)
_DOCTORS = frozenset({Role.PRINCIPAL_INVESTIGATOR, Role.INVESTIGATOR})


def route(message: InboundMessage) -> None:
    """Inside the caller's transaction: everything that this text asks for, and a Turn for the courtesy answer."""
    if message.line is None or message.disposition == Disposition.UNPARSED:
        _unreadable(message)
        return
    people = staff_on(messaging.indexes_of(message.line))
    if people and _from_staff(message, message.line, people):
        return
    points = _first_of_each_participant(contact_points_of(message.line))
    if points and all(closure.is_closed(point.participant.site, at=message.received_at) for point in points):
        closure.handle(message=message, points=points)
        return
    hold(point.participant for point in points)  # before anything of theirs is read: see holding.py
    if not points:
        _unmatched(message, message.line)
    elif len(points) == 1:
        _from_participant(message, points[0])
    else:
        _from_a_shared_phone(message, points)
    returning.notice(message, points)


def _first_of_each_participant(points: Iterable[ContactPoint]) -> list[ContactPoint]:
    """A line may be the participant's own and the caregiver's at once: then it counts as the participant's."""
    ordered = sorted(points, key=lambda point: point.kind != ContactKind.PARTICIPANT)
    return list({point.participant_id: point for point in reversed(ordered)}.values())


# --- staff


def _from_staff(message: InboundMessage, line: Line, people: list[User]) -> bool:
    """An acknowledgement code, or a result with it. False when the text is none: then it may be anybody's."""
    if commands.stops_or_starts(message, line):
        _notice(message, line, people[0], "", {})
        return True
    for person in people:
        if (meant := escalation.meant_by(person=person, text=message.body)) is not None:
            hold(aware.whom(meant))
        before, since = _open_of(person), clock.now()
        answer = escalation.answer_staff_text(person=person, text=message.body)
        if answer is not None:
            _after_acknowledgement(before)
            unanswered.after_texts(person, since=since)
            for record in ContactRecord.objects.filter(person=person, at__gte=since).select_related("escalation"):
                aware.of_escalation(record.escalation, person=person, at=record.at)
                judged.after_contact(record)
                stays.after_contact(record)
            _notice(message, line, person, answer.wording, answer.values)
            return True
    if contact_points_of(line):
        return False
    report = triage.triage(message=message, participant=None, sender="caregiver")
    if report.level in ("R1", "R2"):
        return False
    _notice(message, line, people[0], "staff_code_unknown", {})
    return True


def _open_of(person: User) -> list[Escalation]:
    return list(Escalation.objects.filter(pages__person=person, state=EscalationState.OPEN).distinct())


def _after_acknowledgement(before: list[Escalation]) -> None:
    for running in before:
        running.refresh_from_db()
        if running.state != EscalationState.OPEN:
            _taken(running)


@transaction.atomic
def take(*, running: Escalation, person: User, via: Via) -> Acknowledgement:
    """A named person takes an escalation in the workplace; its participants hear that somebody has it."""
    hold(aware.whom(running))
    running.refresh_from_db()
    was_open = running.state == EscalationState.OPEN
    acknowledgement = escalation.acknowledge(escalation=running, person=person, via=via)
    running.refresh_from_db()
    if was_open and running.state != EscalationState.OPEN:  # not by somebody who cannot open it
        _taken(running)
    return acknowledgement


@transaction.atomic
def record_contact(*, running: Escalation, person: User, result: ContactResult, via: Via) -> ContactRecord:
    """What came of the call; one in vain is told to the participant and promised again."""
    hold(aware.whom(running))
    record = escalation.record_contact(escalation=running, person=person, result=result, via=via)
    aware.of_escalation(running, person=person, at=record.at)
    unanswered.after_contact(record)
    judged.after_contact(record)
    stays.after_contact(record)
    return record


def _taken(running: Escalation) -> None:
    """Only now is the promise true: tell the texter that a named person has it (clinical rule 18)."""
    if running.acknowledged_by is None or running.acknowledged_at is None:
        return
    aware.of_escalation(running, person=running.acknowledged_by, at=running.acknowledged_at)
    doctor = any(grant.role in _DOCTORS for grant in scope(running.acknowledged_by).grants)
    wording_key = "taken" if doctor else "taken_team"
    for turn in running.turns.filter(participant__isnull=False, line__isnull=False).select_related(
        "participant__site", "line"
    ):
        if turn.participant and turn.line:
            alarm.say_once(
                f"taken:{running.pk}:{turn.line_id}", turn.line, turn.participant, wording_key, Purpose.REPLY
            )


def _notice(message: InboundMessage, line: Line, person: User, wording_key: str, values: dict[str, str]) -> None:
    Turn.objects.create(
        message=message, line=line, reply_wording=wording_key, reply_values=values, reply_language=person.language,
        command="staff", arrived_at=message.received_at, due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip
    messaging.settle(message=message, disposition=Disposition.STAFF)


# --- nobody we know, nothing we can read


def _unreadable(message: InboundMessage) -> None:
    running = escalation.start(chain=ChainName.UNMATCHED, site=None, received_at=message.received_at)
    _for_the_duty_desk(message, running, TaskKind.NOT_PROCESSED)
    if message.disposition != Disposition.UNPARSED:
        messaging.settle(message=message, disposition=Disposition.UNPARSED)


def _unmatched(message: InboundMessage, line: Line) -> None:
    """Decision 25: a trial-level chain with an opaque reference; the generic emergency text once in 30 minutes for a red flag."""
    report = triage.triage(message=message, participant=None, sender="caregiver")
    commands.stops_or_starts(message, line)
    running = None
    if report.level in ("R1", "R2") or report.label == "unclear" or message.media_count:
        running = escalation.start(chain=ChainName.UNMATCHED, site=None, received_at=message.received_at)
    if report.level == "R1" and not staff_on(
        messaging.indexes_of(line)
    ):  # staff who write about a patient are no patients
        alarm.generic_emergency(line, written=message.body)
    _for_the_duty_desk(message, running, TaskKind.UNKNOWN_NUMBER)
    messaging.settle(message=message, disposition=Disposition.UNMATCHED)


def _for_the_duty_desk(message: InboundMessage, running: Escalation | None, kind: TaskKind) -> None:
    Turn.objects.create(message=message, line=message.line, escalation=running, arrived_at=message.received_at)
    within = READ_URGENT_WITHIN if running else READ_WITHIN
    open_task(
        key=f"unmatched:{message.pk}", kind=kind, site=None, message=message, running=running, deadline=clock.now() + within
    )  # fmt: skip


# --- participants and caregivers


def _from_participant(message: InboundMessage, point: ContactPoint) -> None:
    turn = answers.handle(message=message, point=point)
    if turn is None:
        turn = _triaged(message, point)
    stays.note(turn)
    turn.save()


def _from_a_shared_phone(message: InboundMessage, points: list[ContactPoint]) -> None:
    """The writer is unknown: a red flag counts for each of them, a person finds out who wrote, nothing is asked (rule 15)."""
    if language_of([message.body]) == "zh":  # whoever writes Chinese reads it, whichever of them it is about
        points.sort(key=lambda point: not point.participant.language.startswith("zh"))
    country = points[0].line.country
    command = None if message.media_count else understanding.read(message.body, country=country).command
    if command == "stop" or message.opt_out_hint == "STOP":
        for point in points[1:]:  # the texts stop for all of them
            commands.call_after_stop(message, point)
    if command in ("stop", "start", "help"):
        turn = commands.COMMANDS[command](message=message, point=points[0], understood=understanding.Understood())
        turn.save()
        return
    commands.heed_provider(message, points[0])
    turns = [_tonight(message, point) or _triaged(message, point) for point in points]
    first = turns[0]
    first.participant, first.contact_point, first.site, first.reply_wording = None, None, points[0].participant.site, ""
    first.escalation = next((turn.escalation for turn in turns if turn.escalation), None)
    first.save()
    for point in points:
        open_task(
            key=f"who-wrote:{message.pk}:{point.participant_id}", kind=TaskKind.READ, site=point.participant.site, message=message,
            deadline=clock.now() + READ_WITHIN,
        )  # fmt: skip
    messaging.settle(message=message, disposition=Disposition.PERSON)


def _tonight(message: InboundMessage, point: ContactPoint) -> Turn | None:
    """ "New or worse" and "please call" are R2 at night (clinical rule 19), also while nobody knows whose answer it is."""
    if (
        message.media_count
        or not set(understanding.read(message.body).answers) & {"2", "3"}
        or not is_night(point.participant.site)
    ):
        return None
    turn = turn_for(message, point)
    answers.call_me(turn)
    return turn


def _triaged(message: InboundMessage, point: ContactPoint) -> Turn:
    participant, sender = point.participant, point.kind
    report = triage.triage(
        message=message, participant=participant, sender=sender, told=told_about(participant, message)
    )
    if report.path in ("death", "death_hold"):
        return death.handle(message=message, point=point, report=report)
    level = _level(message, report)
    if stays.is_coming_home(participant, report.findings, report.reason) and not message.media_count:
        return stays.come_home(message=message, point=point, report=report)
    if level in ("R1", "R2"):
        return _serious(message, point, report, level)
    second_opinion.ask_for(report)
    return answers.settle_quiet(message=message, point=point, report=report)


def _level(message: InboundMessage, report: SymptomReport) -> str:
    """The level that acts. A picture goes to the on-call too (decision 35)."""
    acts_at = triage.acts_at(report)
    return "R2" if message.media_count and acts_at not in ("R1", "R2") else acts_at


def _serious(message: InboundMessage, point: ContactPoint, report: SymptomReport, level: str) -> Turn:
    participant = point.participant
    running = alarm.page(
        participant=participant,
        level=level,
        received_at=message.received_at,
        night_page=_pages_at_night(report, level),
        wrote=point,
    )
    event = safety.open_adverse_event(
        participant=participant, message=message, report=report, escalation=running, reporter=point.kind,
        case=progress.case_of(message, point, report),
    )  # fmt: skip
    turn = turn_for(message, point, report=report, escalation=running)
    if message.media_count and not report.level:
        turn.reply_wording = "no_media"
    elif level == "R2":
        _say_what_happens(turn, may_wait=not _pages_at_night(report, level))
    else:
        alarm.emergency_text(message, point, report)
    if event.escalation_id is None:
        event.escalation = running
        event.save()
    disposition = Disposition.SYMPTOM if report.level else Disposition.PERSON
    messaging.settle(message=message, disposition=disposition)
    return turn


def _pages_at_night(report: SymptomReport, level: str) -> bool:
    """An unclear one too (decision 30): nobody knows yet that it may wait."""
    return level == "R1" or report.night_page or report.label == "unclear" or not report.level


def _say_what_happens(turn: Turn, *, may_wait: bool) -> None:
    """No doctor is said to be alerted while the page waits for the 07:00 list: the morning is promised, and kept (clinical rule 18)."""
    assert turn.site is not None
    promise = morning_call(turn.site) if may_wait else None
    turn.reply_wording = limits.thanks(turn.report) or ("sym_done_r3" if promise else "sym_done_r2")
    if promise is not None:
        contact_in_the_morning(turn, promise)
