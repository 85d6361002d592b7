"""Commands: a text that is one of the words of the wording files, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.conversations import alarm
from apps.conversations.board import open_task
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import is_night, promised_call
from apps.conversations.turns import turn_for
from apps.conversations.understanding import Understood
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import UNPROMPTED, Disposition
from apps.participants import services as participants
from apps.participants.models import ContactPoint
from apps.safety import services as safety
from apps.triage import services as triage

CALL_AFTER_STOP = timedelta(days=2)
ASK_FIRST_WITHIN = timedelta(days=8)
_APPOINTMENT_TEXTS = ("visit_7d", "visit_1d", "visit_missed", "visit_fasting")


def stop(*, message: InboundMessage, point: ContactPoint, understood: Understood | None = None) -> Turn:
    """Obeyed at once: one confirmation, then silence, always a call task; an open escalation stays open (clinical rule 4)."""
    turn = turn_for(message, point)
    turn.command = "stop"
    if understood and understood.asks_first and _appointment_lately(point):
        turn.reply_wording = "visit_change"
    else:
        opt_out(message, point)
        turn.reply_wording = "" if message.opt_out_hint == "STOP" else "stop_confirm"
    messaging.settle(message=message, disposition=Disposition.COMMAND)
    return turn


def opt_out(message: InboundMessage, point: ContactPoint) -> None:
    messaging.opt_out(line=point.line, message=message)
    messaging.cancel_queued(line=point.line, purposes=UNPROMPTED)
    deadline = _call_after_stop(point)
    Question.objects.filter(line=point.line, state=QuestionState.OPEN).update(state=QuestionState.REPLACED)
    open_task(
        key=f"opted-out:{message.pk}", kind=TaskKind.OPTED_OUT, site=point.participant.site, participant=point.participant,
        message=message, deadline=deadline,
    )  # fmt: skip


def _call_after_stop(point: ContactPoint) -> datetime:
    """As soon as silence would have acted: who has just said "something new or worse" and then STOP is not left for two days."""
    site = point.participant.site
    waiting = Question.objects.filter(line=point.line, state=QuestionState.OPEN, due_at__isnull=False)
    is_watched = waiting.exclude(wording="visit_change").exists()
    is_urgent = point.participant.events.filter(state="draft", level__in=["R1", "R2"]).exists()
    if is_urgent or (is_watched and is_night(site)):
        return clock.now() + timedelta(minutes=15)
    return promised_call(site).deadline if is_watched else clock.now() + CALL_AFTER_STOP


def _appointment_lately(point: ContactPoint) -> bool:
    since = clock.now() - ASK_FIRST_WITHIN
    return OutboundMessage.objects.filter(
        line=point.line, wording__in=_APPOINTMENT_TEXTS, planned_at__gt=since
    ).exists()


def _start(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
    messaging.opt_in(line=point.line, message=message)
    return _command(message, point, "start", "start")


def _help(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
    return _command(message, point, "help", "" if message.opt_out_hint == "HELP" else "help")


def _language(lang: str, wording_key: str) -> Callable[..., Turn]:
    def change(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
        participants.change_preferences(participant=point.participant, language=lang)
        point.participant.language = lang
        return _command(message, point, wording_key, wording_key)

    return change


def _wrong_number(*, message: InboundMessage, point: ContactPoint, understood: Understood) -> Turn:
    """Never removes a number. From a phone that has answered, "who is this" is first a possible brain sign (clinical rule 15)."""
    participant = point.participant
    turn = _command(message, point, "wrong_number", "wrong_number")
    participants.suspend_texts(participant=participant)
    open_task(
        key=f"number:{message.pk}", kind=TaskKind.CHECK_NUMBER, site=participant.site, participant=participant, message=message,
        deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    if understood.is_disorientation and _has_answered_before(message, point):
        report = triage.triage(message=message, participant=participant, sender=point.kind)
        level = "R1" if report.level == "R1" else "R2"
        turn.escalation = alarm.page(participant=participant, level=level, received_at=message.received_at)
        turn.report = report
        safety.open_adverse_event(
            participant=participant, message=message, report=report, escalation=turn.escalation, reporter=point.kind
        )
    return turn


def _has_answered_before(message: InboundMessage, point: ContactPoint) -> bool:
    return Turn.objects.filter(line=point.line, participant=point.participant).exclude(message=message).exists()


def _command(message: InboundMessage, point: ContactPoint, command: str, wording_key: str) -> Turn:
    turn = turn_for(message, point)
    turn.command, turn.reply_wording = command, wording_key
    messaging.settle(message=message, disposition=Disposition.COMMAND)
    return turn


COMMANDS: dict[str, Callable[..., Turn]] = {
    "stop": stop,
    "start": _start,
    "help": _help,
    "lang_en": _language("en", "lang_en"),
    "lang_zh": _language("zh-Hans", "lang_zh"),
    "wrong_number": _wrong_number,
}
