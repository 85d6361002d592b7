"""What silence after a question does. It is never taken for good news (clinical rules 6 and 19, decision 30)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.conversations import alarm, drafts, progress
from apps.conversations.board import CALL_WITHIN, LOOK_AGAIN, open_task
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import INTERVIEW, ask, is_night, promised_call
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.escalation.models import Escalation
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants.holding import hold_for
from apps.participants.vocabulary import SILENT, FollowUp
from apps.safety import services as safety


def after_silence(question: Question) -> None:
    """Work handler of a question that was due an answer: nothing when it was answered, replaced, or its time is over.

    Not while a reported death stands: that has a page of its own, and nobody phones the family to ask how they are. If it was a mistake,
    the silence counts again.
    """
    with work.finishing(question) as ending:
        hold_for(question, question.participant)
        if question.state != QuestionState.OPEN and not _has_only_asked_for_help(question):
            return
        if question.participant.follow_up not in SILENT:
            ending.due_at = _ACTS[question.wording](question)
        elif question.participant.follow_up == FollowUp.FROZEN:
            ending.due_at = clock.now() + LOOK_AGAIN


def _has_only_asked_for_help(question: Question) -> bool:
    """Whoever answers a question with HELP and then nothing has not answered it, though the list of HELP has taken its place."""
    since = Question.objects.filter(line=question.line, asked_at__gt=question.asked_at)
    last = since.filter(state=QuestionState.OPEN).first()
    is_all = last is not None and not since.exclude(wording="help").exists()
    return question.state == QuestionState.REPLACED and is_all


def could_not_notice(question: Question) -> None:
    """The program failed five times at this silence: a person calls."""
    _call(question, TaskKind.CALL_BACK, within=CALL_WITHIN)


def _check_on_emergency(question: Question) -> None:
    """Ten minutes after the emergency text without an answer: have they got help? Not when somebody has spoken with them."""
    if alarm.is_running(question.participant):
        key = f"check:{question.pk}"
        ask(
            participant=question.participant,
            wording_key="emergency_check",
            key=key,
            purpose=Purpose.EMERGENCY,
            line=question.line,
        )


def _on_symptom(question: Question) -> None:
    """ "Something new or worse", and then silence: at night the on-call is paged, by day a person calls.

    What was asked at night is the night's, though its ten minutes end after eight (clinical rule 19).
    """
    if not _is_of_the_night(question):
        _call(question, TaskKind.SYMPTOM)
        return
    participant = question.participant
    turn = Turn.objects.filter(reply=question.message).select_related("message").first()
    received_at = turn.arrived_at if turn else question.asked_at
    running = alarm.page(participant=participant, level="R2", received_at=received_at, silent_until=question.due_at)
    _call(question, TaskKind.CALL_BACK, within=CALL_WITHIN, running=running, message=turn.message if turn else None)
    if question.event is not None:
        safety.raise_draft(event=question.event, level="R2", escalation=running)
    elif turn is not None and turn.contact_point is not None:
        drafts.by_digit(turn, "R2", escalation=running)


def _is_of_the_night(question: Question) -> bool:
    site = question.participant.site
    return is_night(site) or is_night(site, at=question.asked_at)


def _on_unclear(question: Question) -> None:
    """A text that nobody could parse, asked about once, and silence: at night the on-call is paged; by day it stands with a person."""
    if _is_of_the_night(question):
        _on_symptom(question)


def _on_appointment(question: Question) -> None:
    _call(question, TaskKind.APPOINTMENT)


def _call(
    question: Question, kind: TaskKind, *, within: timedelta | None = None, running: Escalation | None = None,
    message: InboundMessage | None = None,
) -> None:  # fmt: skip
    site = question.participant.site
    deadline = clock.now() + within if within else promised_call(site).deadline
    open_task(
        key=f"silence:{question.pk}", kind=kind, site=site, participant=question.participant, message=message, running=running,
        deadline=deadline,
    )  # fmt: skip


# What silence does after each question, and when it is to be looked at again, if it is.
_ACTS: dict[str, Callable[[Question], datetime | None]] = {
    **dict.fromkeys(INTERVIEW, _on_symptom),  # due only where a night's "something new or worse" led to it
    "emergency": _check_on_emergency,
    "sym_which": _on_symptom,
    "sym_other": _on_symptom,
    "unclear1": _on_unclear,
    "visit_change": _on_appointment,
    **dict.fromkeys(("sym_progress", "caregiver_checkin"), progress.after_silence),
}
