"""A test that is due, the day's plan and the record book: from the planned minute to a letter, or to a person who calls.

A test is owed to everybody: where its text cannot go, or brings nothing, a person calls. The other two are a service that somebody
chose: the check-in, which goes first, is what looks after the participant.
"""

from datetime import datetime, timedelta

from apps.conversations.letters import LAB, PLAN, call_about_plan
from apps.conversations.models import Question, Task
from apps.conversations.services import AnotherQuestionOpen, ask
from apps.conversations.speaking import say
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.followup import nudge_rules, rules
from apps.followup.calling import call
from apps.followup.checkins import CALLS, LOOK_AGAIN, NOT_AGAIN, QUESTION_OPEN, UNDELIVERED, NotAgain, call_deadline
from apps.followup.models import CheckInState, Reminder
from apps.followup.reminder_rows import call_about, skipped, visit_of
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import NOT_REACHED, Purpose, SendState
from apps.participants import pauses
from apps.participants.holding import hold_for
from apps.participants.models import Participant
from apps.participants.services import texting_line, texting_status
from apps.participants.vocabulary import LEFT, SILENT
from apps.trials.protocol import Protocol
from apps.trials.services import current_protocol

DIARY = "diary"
NUDGES = frozenset({LAB, PLAN, DIARY})
_SOON = timedelta(hours=1)  # a check-in or an appointment text that is due so soon goes first
_NUMBER_LOOKED_AT = (TaskKind.UNDELIVERED, TaskKind.CHECK_NUMBER, TaskKind.CANNOT_TEXT)


def advance(reminder: Reminder) -> None:
    """Work handler of these rows: send, or see what became of what was sent."""
    with work.finishing(reminder) as ending:
        hold_for(reminder, reminder.participant)
        if reminder.state == CheckInState.PLANNED:
            ending.due_at = _send(reminder, current_protocol())
        elif reminder.state == CheckInState.SENT:
            ending.due_at = _see(reminder, current_protocol())
        reminder.save()


def could_not(reminder: Reminder) -> None:
    """The program failed five times at this row: a person calls about a test; what was only wished is looked into when it goes on."""
    Reminder.objects.filter(pk=reminder.pk).update(state=CheckInState.SKIPPED, skipped_because="failed")
    if reminder.wording == LAB:
        call_about(reminder, TaskKind.TEST_DUE)
    else:
        _number_is_looked_at(reminder)


# --- sending


def _send(reminder: Reminder, protocol: Protocol) -> datetime | None:
    """Returns when the row is due again."""
    participant, now = reminder.participant, clock.now()
    local, day = now.astimezone(participant.zone), reminder.planned_at.astimezone(participant.zone).date()
    if (because := _not_wanted(reminder, participant)) or not protocol.window.covers(local.date()):
        return skipped(reminder, because or "outside_window")
    if (reason := texting_status(participant, line=texting_line(participant))) is not None:
        return _no_text(reminder, reason.value, CALLS.get(reason))
    if participant.is_discreet:  # whoever else reads this phone learns of no test and of no doctor's plan
        return _no_text(reminder, "discreet", TaskKind.TEST_DUE)
    if now >= nudge_rules.useless_from(day, wording=reminder.wording, zone=participant.zone, protocol=protocol):
        return _no_text(reminder, "too_late", TaskKind.TEST_DUE)
    if reminder.wording == LAB and rules.no_reminders_on(local.date(), protocol):
        return nudge_rules.next_day(local, wording=LAB, protocol=protocol)
    if (allowed := rules.allowed_from(local, quiet=protocol.quiet_hours)) > local:
        return allowed
    return now + LOOK_AGAIN if _something_goes_first(participant) else _text(reminder)


def _not_wanted(reminder: Reminder, participant: Participant) -> str:
    if reminder.wording == LAB:
        return "done" if visit_of(reminder).done_on else ""
    if pauses.is_away(participant):  # in hospital others see to the day's plan
        return "paused"
    return "" if reminder.wording in participant.wishes else "not_wished"


def _something_goes_first(participant: Participant) -> bool:
    soon = {"state": CheckInState.PLANNED, "due_at__lt": clock.now() + _SOON}
    about_visits = participant.reminders.exclude(wording__in=NUDGES).exclude(wording="")
    return participant.checkins.filter(**soon).exists() or about_visits.filter(**soon).exists()


def _text(reminder: Reminder) -> datetime:
    message = _tell(reminder) if reminder.wording == DIARY else _ask(reminder)
    if message is None:
        reminder.skipped_because = QUESTION_OPEN
    else:
        reminder.state, reminder.message, reminder.skipped_because = CheckInState.SENT, message, ""
    return clock.now() + LOOK_AGAIN


def _tell(reminder: Reminder) -> OutboundMessage | None:
    participant, line = reminder.participant, texting_line(reminder.participant)
    if line is None:
        return None
    return say(
        key=f"reminder:{reminder.pk}", line=line, lang=participant.language, site=participant.site,
        wording_key=reminder.wording, purpose=Purpose.REMINDER,
    )  # fmt: skip


def _ask(reminder: Reminder) -> OutboundMessage | None:
    """A letter is understood days later too, so the question keeps no check-in waiting: it has expired when it is asked."""
    try:
        question = ask(
            participant=reminder.participant, wording_key=reminder.wording, key=f"reminder:{reminder.pk}",
            purpose=Purpose.REMINDER, expires_at=clock.now(),
        )  # fmt: skip
    except AnotherQuestionOpen:
        return None
    return question.message


def _no_text(reminder: Reminder, because: str, kind: TaskKind | None) -> NotAgain:
    if reminder.wording == LAB and kind is not None:
        call_about(reminder, kind)
    return skipped(reminder, because)


# --- what became of it


def _see(reminder: Reminder, protocol: Protocol) -> datetime | None:
    """Undelivered becomes a call; an answer ends it; silence about a test is a call, about the day's plan after some days."""
    message = reminder.message
    if message is not None and message.state in NOT_REACHED | {SendState.CANCELLED}:
        reminder.state, reminder.skipped_because = CheckInState.MISSED, UNDELIVERED
        if reminder.wording == LAB:
            call_about(reminder, TaskKind.UNDELIVERED)
        elif message.state != SendState.CANCELLED:  # who stopped all texts is called about that
            _number_is_looked_at(reminder)
        return NOT_AGAIN
    if reminder.wording == DIARY or message is None:
        return NOT_AGAIN
    if Question.objects.filter(message=message, state=QuestionState.ANSWERED).exists():
        reminder.state = CheckInState.ANSWERED
        return NOT_AGAIN
    if (until := _waits_until(reminder, message, protocol)) > clock.now():
        return until
    return _unanswered(reminder, protocol)


def _waits_until(reminder: Reminder, message: OutboundMessage, protocol: Protocol) -> datetime:
    zone = reminder.participant.zone
    if reminder.wording == LAB:
        return message.planned_at + timedelta(hours=protocol.reminders.test_unanswered_hours)
    return rules.useful_until(message.planned_at.astimezone(zone).date(), zone=zone, quiet=protocol.quiet_hours)


def _unanswered(reminder: Reminder, protocol: Protocol) -> NotAgain:
    reminder.state = CheckInState.MISSED
    if reminder.participant.follow_up in LEFT | SILENT:
        return NOT_AGAIN
    if reminder.wording == LAB:
        call_about(reminder, TaskKind.TEST_DUE)
    elif _is_silent(reminder, protocol.reminders.plan_unanswered):
        call_about_plan(reminder.participant, key=f"plan-silent:{reminder.pk}")
    return NOT_AGAIN


def _is_silent(reminder: Reminder, often: int) -> bool:
    """This one and those just before it brought nothing."""
    over = (CheckInState.ANSWERED, CheckInState.MISSED)
    before = reminder.participant.reminders.filter(wording=PLAN, state__in=over, planned_at__lt=reminder.planned_at)
    last = list(before.order_by("-planned_at").values_list("state", flat=True)[: often - 1])
    return last == [CheckInState.MISSED] * (often - 1)


# --- small words


def _number_is_looked_at(reminder: Reminder) -> None:
    """One call about a phone that nothing reaches, not one a day."""
    participant = reminder.participant
    if Task.objects.filter(participant=participant, kind__in=_NUMBER_LOOKED_AT, done_at__isnull=True).exists():
        return
    call(participant, TaskKind.UNDELIVERED, key=f"reminder:{reminder.pk}", deadline=call_deadline(participant))
