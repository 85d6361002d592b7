"""Calls of ours that nobody answered: on record by name, said to the participant, and promised again. The promise is a task.

A person logs it on the task of the call, or as the result of an escalation. What was logged is a row, and its texts leave from there: "we
called you just now and will try again at ..."; about an open emergency, where a contact person has agreed, "we could not reach you".
"""

from datetime import datetime, timedelta

from django.db import transaction

from apps.conversations import again as times
from apps.conversations import aware
from apps.conversations.board import WITHIN, NotYourTask, open_task
from apps.conversations.models import CallAttempt, Task, Turn
from apps.conversations.speaking import public_holidays, say
from apps.conversations.vocabulary import CALLS, SPOKEN, Again, TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import ContactRecord, Escalation
from apps.escalation.people import may_open
from apps.escalation.vocabulary import IS_CONTACT, RUNNING, ChainName, ContactResult, Via
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import NOT_REACHED, Purpose, SendState
from apps.participants.contacts import caregiver_line, texting_line, texting_status
from apps.participants.holding import hold, hold_for
from apps.participants.models import Participant
from apps.participants.vocabulary import SILENT
from apps.safety.models import SpokenReport
from apps.safety.vocabulary import Teller
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.services import current_protocol

ONCE_IN = timedelta(minutes=30)  # however often they are called
DAY = timedelta(days=1)  # the text names an hour without a day
_URGENT = (ChainName.R1, ChainName.R2)
_ALIKE = frozenset({"call_missed", "emergency_noreach"})


# --- logging


def may_be_logged(task: Task) -> bool:
    """Whether this task is a call to a participant that somebody may have made in vain."""
    return task.done_at is None and task.participant is not None and task.kind in CALLS


def choices(participant: Participant, running: Escalation | None = None) -> list[Again]:
    """When the call may be tried again, as far as it can be promised now."""
    is_urgent = _open_alarm(participant, running) is not None
    return times.offered(_local(participant), quiet=current_protocol().quiet_hours, is_urgent=is_urgent)


@transaction.atomic
def nobody_answered(*, task: Task, person: User, again: Again) -> Task:
    """A named person has called in vain: the task is done, and the next call is a task of the same kind. Returns that.

    Twice is once. Whoever is paged because the call was late is told by the record; the paging stays with the next call.
    """
    hold([task.participant] if task.participant else [])
    task = Task.objects.select_for_update().get(pk=task.pk)
    if not scope(person).may(Action.SEND, site=task.site_id):
        raise NotYourTask
    if (logged := CallAttempt.objects.filter(task=task).first()) is not None:
        return logged.again
    if not may_be_logged(task):
        return task
    if _is_only_about(task) and task.escalation and may_open(person, task.escalation.site):
        escalation.record_contact(
            escalation=task.escalation, person=person, result=ContactResult.NO_ANSWER, via=Via.ADMIN
        )
    attempt = _log_task(task, person, again)
    aware.of_task(task, person=person, at=attempt.at)
    return attempt.again


def _is_only_about(task: Task) -> bool:
    """People are being paged because of this task, and of nothing else."""
    running = task.escalation
    return running is not None and running.state in RUNNING and not running.events.exists()


def after_contact(record: ContactRecord) -> None:
    """An escalation's "no answer" is a call in vain to everybody that it is about."""
    running = Escalation.objects.get(pk=record.escalation_id)
    if record.result != ContactResult.NO_ANSWER or running.is_drill or running.state not in RUNNING:
        return
    # A task that somebody is logging at this moment holds its own lock, and waits for this escalation's.
    waiting = running.tasks.select_for_update(skip_locked=True).filter(done_at__isnull=True)
    due = [task for task in waiting if may_be_logged(task)]
    for task in due:
        assert task.participant is not None
        _log_task(task, record.person, choices(task.participant, running)[0])
    called = [task.participant_id for task in due if task.participant_id is not None]
    people = Participant.objects.filter(events__escalation=running).exclude(pk__in=called).distinct()
    for participant in people.select_related("site"):
        attempt = _attempt(participant, record.person, running)
        attempt.contact = record
        _put(attempt, choices(participant, running)[0], TaskKind.CALL_AGAIN, running=running)


def after_texts(person: User, *, since: datetime) -> None:
    """The same, of results that this person has just texted."""
    records = ContactRecord.objects.filter(person=person, result=ContactResult.NO_ANSWER, at__gte=since)
    for record in records.exclude(pk__in=CallAttempt.objects.filter(contact__isnull=False).values("contact")):
        after_contact(record)


def _log_task(task: Task, person: User, again: Again) -> CallAttempt:
    participant = task.participant
    assert participant is not None
    attempt = _attempt(participant, person, task.escalation)
    attempt.task = task
    _put(attempt, again, TaskKind(task.kind), running=task.escalation, like=task)
    task.done_at, task.done_by, task.result = attempt.at, person, str(ContactResult.NO_ANSWER.label)
    task.save()
    work.set_due(Task.objects.filter(pk=task.pk), due_at=None)
    return attempt


def _attempt(participant: Participant, person: User, running: Escalation | None) -> CallAttempt:
    is_urgent = _open_alarm(participant, running) is not None
    now, lane = clock.now(), Lane.SAFETY if is_urgent else Lane.MESSAGES
    return CallAttempt(participant=participant, person=person, at=now, is_urgent=is_urgent, due_at=now, lane=lane)


def _put(
    attempt: CallAttempt, again: Again, kind: TaskKind, *, running: Escalation | None, like: Task | None = None
) -> None:
    """Write the attempt with its promise. The next task is about whatever the last one was about."""
    participant, protocol = attempt.participant, current_protocol()
    if again not in choices(participant, running):  # the page stood open over the hour
        again = choices(participant, running)[0]
    soon = work.seconds(protocol.contact.attempt_buys_minutes * 60)
    deadline = times.call_at(again, _local(participant), soon=soon, holidays=public_holidays())
    running = _open_alarm(participant, running) or running
    attempt.again = open_task(
        key=f"{WITHIN if attempt.is_urgent else ''}again:{attempt.pk}", kind=kind, site=participant.site,
        participant=participant, deadline=deadline, running=running, message=like.message if like else None,
        event=like.event if like else None, call=like.call if like else None, visit=like.visit if like else None,
    )  # fmt: skip
    attempt.save(force_insert=True)


def _open_alarm(participant: Participant, running: Escalation | None = None) -> Escalation | None:
    """The most urgent R1 or R2 that is open about this participant; `running` may be about them without an event."""
    rows = Escalation.objects.filter(state__in=RUNNING, chain__in=_URGENT)
    about = rows.filter(events__participant=participant).order_by("chain", "received_at").first()
    return about or (rows.filter(pk=running.pk).first() if running else None)


# --- what was tried, and what it brought


def was_tried(participant: Participant, *, since: datetime) -> bool:
    """Whether a call in vain was logged since."""
    return participant.call_attempts.filter(at__gte=since).exists()


def was_reached(participant: Participant, *, since: datetime) -> bool:
    """Whether a named person has spoken with them since: a call that was not in vain, the contact of an escalation, or what they told."""
    calls = Task.objects.filter(participant=participant, kind__in=SPOKEN, done_at__gte=since, attempt__isnull=True)
    contacts = ContactRecord.objects.filter(escalation__events__participant=participant, at__gte=since)
    told = SpokenReport.objects.filter(event__participant=participant, teller=Teller.PARTICIPANT, told_at__gte=since)
    return calls.exists() or contacts.filter(result__in=IS_CONTACT).exists() or told.exists()


# --- saying so


def tell_of_attempt(attempt: CallAttempt) -> None:
    """Work handler: tell the participant of the call; in an emergency once more when so long has passed, unless they were reached."""
    with work.finishing(attempt) as ending:
        hold_for(attempt, attempt.participant)
        if _is_over(attempt):
            return
        not_reached_at = _not_reached_at(attempt.participant)
        if not_reached_at is not None and not_reached_at <= clock.now():
            _say_not_reached(attempt)
            return
        _say_called(attempt)
        ending.due_at = not_reached_at


def _is_over(attempt: CallAttempt) -> bool:
    """They have been reached or have written since, or nothing is texted to them at all."""
    participant = attempt.participant
    wrote = Turn.objects.filter(participant=participant, arrived_at__gt=attempt.at).exists()
    return participant.follow_up in SILENT or wrote or was_reached(participant, since=attempt.at)


def _not_reached_at(participant: Participant) -> datetime | None:
    """When it is to be said that nobody could reach them, and that the contact person is called too; None where that is not true."""
    alarm = _open_alarm(participant)
    if alarm is None or alarm.chain != ChainName.R1 or caregiver_line(participant) in (None, texting_line(participant)):
        return None
    minutes = current_protocol().conversation.emergency_no_reach_after_minutes
    return alarm.received_at + work.seconds(minutes * 60)


def _say_not_reached(attempt: CallAttempt) -> None:
    participant = attempt.participant
    line = texting_line(participant)
    is_doubted = attempt.again.kind == TaskKind.CHECK_NUMBER or participant.texts_suspended_at is not None
    if line is None or is_doubted or _said_lately(line, {"emergency_noreach"}):
        return
    say(
        key=f"no-reach:{attempt.pk}", line=line, lang=participant.language, site=participant.site,
        wording_key="emergency_noreach", purpose=Purpose.EMERGENCY,
    )  # fmt: skip


def _say_called(attempt: CallAttempt) -> None:
    participant, again = attempt.participant, attempt.again.deadline
    line = texting_line(participant)
    if (
        line is None
        or _is_not_for_this_phone(attempt, line)
        or not _may_say_called(attempt)
        or _said_lately(line, _ALIKE)
    ):
        return
    say(
        key=f"call-missed:{attempt.pk}", line=line, lang=participant.language, site=participant.site,
        wording_key="call_missed", purpose=Purpose.REPLY, useful_until=again,
        given={"time": f"{again.astimezone(participant.zone):%H:%M}"},
    )  # fmt: skip


def _is_not_for_this_phone(attempt: CallAttempt, line: Line) -> bool:
    """It may be a stranger's, takes no texts, or must not show in discreet mode that anybody calls."""
    participant = attempt.participant
    is_doubted = attempt.again.kind == TaskKind.CHECK_NUMBER or texting_status(participant, line=line) is not None
    return is_doubted or participant.is_discreet


def _may_say_called(attempt: CallAttempt) -> bool:
    """At night and outside the window only about an open R1 or R2."""
    participant, again, now = attempt.participant, attempt.again.deadline, clock.now()
    if not now < again <= attempt.at + DAY:
        return False
    local, protocol = _local(participant), current_protocol()
    by_day = protocol.window.covers(local.date()) and not protocol.quiet_hours.covers(local.time())
    return attempt.is_urgent or by_day


def _said_lately(line: Line, wordings: frozenset[str] | set[str]) -> bool:
    said = OutboundMessage.objects.filter(line=line, wording__in=wordings, planned_at__gt=clock.now() - ONCE_IN)
    return said.exclude(state__in=NOT_REACHED | {SendState.CANCELLED}).exists()


def _local(participant: Participant) -> datetime:
    """Trial time where the participant lives: the hour that a text names is theirs."""
    return clock.now().astimezone(participant.zone)
