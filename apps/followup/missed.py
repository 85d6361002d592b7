"""After the first call: further calls, the texts that go with them, and the people who are told, until somebody has been reached.

The texts say that nobody could be reached, so they wait until a person has logged a call in vain. The calls wait for nothing.
"""

from datetime import datetime, timedelta

from apps.conversations import unanswered
from apps.conversations.services import AnotherQuestionOpen, ask
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.followup import rules
from apps.followup.calling import call, is_searched_for
from apps.followup.checkins import LOOK_AGAIN, NOT_AGAIN, NotAgain, is_answered, is_fast, others_question_open
from apps.followup.models import CheckIn, Unreached
from apps.followup.rules import LaterStep
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import pauses
from apps.participants.contacts import agreed_caregiver_line
from apps.participants.holding import hold_for
from apps.participants.services import texting_line, texting_status
from apps.participants.vocabulary import FollowUp
from apps.trials.protocol import Protocol
from apps.trials.services import current_protocol

CALL_WITHIN = timedelta(hours=4)
WAITS_FOR_CALL = timedelta(
    days=1
)  # after the last step: a text about a call that nobody has logged by then is left out
_TO_CAREGIVER = "caregiver_missed"


def pursue(row: Unreached) -> None:
    """Work handler: whatever is due of the steps, and when to look again; nothing more once somebody has been reached or has written."""
    with work.finishing(row) as ending:
        hold_for(row, row.checkin.participant)
        ending.due_at = _go_on(row.checkin)


def could_not_pursue(row: Unreached) -> None:
    """The program failed five times at this row: a person calls."""
    _open(row.checkin, "failed", TaskKind.SECOND_CALL, deadline=clock.now() + CALL_WITHIN)


def _go_on(checkin: CheckIn) -> NotAgain:
    participant, protocol, now = checkin.participant, current_protocol(), clock.now()
    assert checkin.sent_at is not None
    if participant.follow_up != FollowUp.ACTIVE or is_answered(checkin):
        return NOT_AGAIN
    if pauses.is_away(participant):  # in hospital or the like the pause's own contact goes on
        return NOT_AGAIN
    if unanswered.was_reached(participant, since=checkin.sent_at):
        return NOT_AGAIN
    sent = checkin.sent_at.astimezone(participant.zone)
    steps = rules.from_first_call_on(sent, protocol=protocol, fast=is_fast(checkin, protocol))
    due = [step for step in steps if step.at <= now]
    for step in due:
        _ask_people(checkin, step, protocol)
    waits = [_say_all(checkin, step, protocol) for step in due]  # of all of them, not until the first that waits
    later = [step.at for step in steps if step.at > now]
    if any(waits) and now < steps[-1].at + WAITS_FOR_CALL:
        later.append(now + LOOK_AGAIN)
    return min(later, default=NOT_AGAIN)


# --- people


def _ask_people(checkin: CheckIn, step: LaterStep, protocol: Protocol) -> None:
    """The first call was asked for when the reminders ended. While the calls of a search stand these are the same."""
    local = step.at.astimezone(checkin.participant.zone)
    soon = max(step.at, clock.now()) + CALL_WITHIN
    is_asked_for = is_searched_for(checkin.participant) and not is_fast(checkin, protocol)
    if step.call == 2 and not is_asked_for:
        _open(checkin, step.code, TaskKind.SECOND_CALL, deadline=soon)
    elif step.call > 2 and not is_asked_for:
        evening = rules.useful_until(local.date(), zone=checkin.participant.zone, quiet=protocol.quiet_hours)
        _open(checkin, step.code, TaskKind.THIRD_CALL, deadline=max(evening, soon))
    if step.tells:
        _open(checkin, f"tell-{step.code}", TaskKind.NOT_REACHED, deadline=soon)
    if step.decides_welfare:
        _open(checkin, step.code, TaskKind.WELFARE, deadline=soon)


def _open(checkin: CheckIn, what: str, kind: TaskKind, *, deadline: datetime) -> None:
    call(checkin.participant, kind, key=f"unreached:{checkin.pk}:{what}", deadline=deadline)


# --- texts


def _say_all(checkin: CheckIn, step: LaterStep, protocol: Protocol) -> bool:
    """Whether a text of this step still waits: for a logged call, for the morning, or for another question to be answered."""
    waits = [_say(checkin, wording, protocol) for wording in step.messages]
    return any(waits)


def _say(checkin: CheckIn, wording: str, protocol: Protocol) -> bool:
    participant, key = checkin.participant, f"unreached:{checkin.pk}:{wording}"
    line = _line(checkin, wording)
    local = clock.now().astimezone(participant.zone)
    if line is None or participant.is_discreet or not protocol.window.covers(local.date()):
        return False
    if OutboundMessage.objects.filter(key=key).exists():
        return False
    assert checkin.sent_at is not None
    if not unanswered.was_tried(participant, since=checkin.sent_at) or protocol.quiet_hours.covers(local.time()):
        return True
    if others_question_open(participant, line=line):
        return True
    try:
        ask(participant=participant, wording_key=wording, key=key, purpose=Purpose.CHECKIN, line=line)
    except AnotherQuestionOpen:
        return True
    return False


def _line(checkin: CheckIn, wording: str) -> Line | None:
    """Whom the text goes to: the participant where a text may go to them, or the contact person who has agreed."""
    if wording == _TO_CAREGIVER:
        return agreed_caregiver_line(checkin.participant)
    line = texting_line(checkin.participant)
    return line if texting_status(checkin.participant, line=line) is None else None
