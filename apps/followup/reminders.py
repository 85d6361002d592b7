"""Reminders of visits: two texts before an appointment, or a task for staff to make one."""

from datetime import datetime

from apps.conversations.services import AnotherQuestionOpen, ask
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.followup import nudges, rules
from apps.followup.checkins import CALLS, LOOK_AGAIN, QUESTION_OPEN, UNDELIVERED, NotAgain
from apps.followup.models import CheckInState, Reminder
from apps.followup.reminder_rows import call_about, skipped, visit_of
from apps.messaging.vocabulary import NOT_REACHED, Purpose
from apps.participants.holding import hold_for
from apps.participants.services import texting_line, texting_status
from apps.participants.vocabulary import FollowUp
from apps.trials.services import current_protocol


def send_reminder(reminder: Reminder) -> None:
    """Work handler: remind, or open the task; half an hour after a text, see whether it arrived."""
    if reminder.wording in nudges.NUDGES:
        nudges.advance(reminder)
        return
    with work.finishing(reminder) as ending:
        hold_for(reminder, reminder.participant)
        if reminder.state == CheckInState.PLANNED:
            ending.due_at = _remind(reminder) if reminder.wording else _open_appointment_task(reminder)
        elif reminder.state == CheckInState.SENT and reminder.message and reminder.message.state in NOT_REACHED:
            reminder.state, reminder.skipped_because = CheckInState.MISSED, UNDELIVERED
            call_about(reminder, TaskKind.UNDELIVERED)
        reminder.save()


def could_not_remind(reminder: Reminder) -> None:
    """The program failed five times at this row: a person calls."""
    if reminder.wording in nudges.NUDGES:
        nudges.could_not(reminder)
        return
    Reminder.objects.filter(pk=reminder.pk).update(state=CheckInState.SKIPPED, skipped_because="failed")
    call_about(reminder, TaskKind.UNDELIVERED if reminder.wording else TaskKind.APPOINTMENT)


def _open_appointment_task(reminder: Reminder) -> NotAgain:
    visit = visit_of(reminder)
    if visit.appointment_at or visit.done_on:
        return skipped(reminder, "appointment_made")
    if reminder.participant.follow_up != FollowUp.ACTIVE:
        return skipped(reminder, reminder.participant.follow_up)
    call_about(reminder, TaskKind.APPOINTMENT)
    return skipped(reminder, "task")


def _remind(reminder: Reminder) -> datetime | None:
    participant, protocol = reminder.participant, current_protocol()
    now, zone = clock.now(), participant.zone
    local, appointment = now.astimezone(zone), visit_of(reminder).appointment_at
    if appointment is None or appointment.astimezone(zone).date() != reminder.for_day or visit_of(reminder).done_on:
        return skipped(reminder, "appointment_changed")
    if not protocol.window.covers(local.date()):
        return skipped(reminder, "outside_window")
    if rules.no_reminders_on(local.date(), protocol):
        return skipped(reminder, "holiday")
    if (reason := texting_status(participant, line=texting_line(participant))) is not None:
        if (kind := CALLS.get(reason)) is not None:
            call_about(reminder, kind)
        return skipped(reminder, reason.value)
    day = reminder.planned_at.astimezone(zone).date()
    if now >= min(appointment, rules.useful_until(day, zone=zone, quiet=protocol.quiet_hours)):
        call_about(reminder, TaskKind.UNDELIVERED)
        return skipped(reminder, "too_late")
    if (allowed := rules.allowed_from(local, quiet=protocol.quiet_hours)) > local:
        return allowed
    return _ask(reminder, appointment.astimezone(zone))


def _ask(reminder: Reminder, appointment: datetime) -> datetime:
    participant = reminder.participant
    given = {"date": rules.date_words(appointment.date(), lang=participant.language), "time": f"{appointment:%H:%M}"}
    key, purpose = f"reminder:{reminder.pk}", Purpose.REMINDER
    try:
        question = ask(participant=participant, wording_key=reminder.wording, key=key, purpose=purpose, given=given)
    except AnotherQuestionOpen:
        reminder.skipped_because = QUESTION_OPEN
    else:
        reminder.state, reminder.message, reminder.skipped_because = CheckInState.SENT, question.message, ""
    return clock.now() + LOOK_AGAIN
