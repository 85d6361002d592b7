"""Commands: a text that is one of the words of the wording files, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.conversations import alarm, appointments, enrolment, understanding
from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import is_night, is_over, promised_call
from apps.conversations.turns import turn_for
from apps.conversations.understanding import Understood
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line
from apps.messaging.vocabulary import UNPROMPTED, Disposition
from apps.participants import confirmations
from apps.participants import services as participants
from apps.participants.models import ContactPoint
from apps.participants.vocabulary import ContactKind, FollowUp
from apps.safety import services as safety
from apps.triage import services as triage

CALL_AFTER_STOP = timedelta(days=2)


def stop(
    *, message: InboundMessage, point: ContactPoint, understood: Understood | None = None, soon: bool = False
) -> Turn:
    """Obeyed at once: one confirmation, then silence, always a call task; an open escalation stays open (clinical rule 4).

    "Cancel" after an appointment text is asked about first, unless the provider has obeyed it: then no question arrives.
    """
    turn = turn_for(message, point)
    turn.command = "stop"
    may_mean_appointment = (
        understood is not None and understood.asks_first and appointments.newest(point, message) is not None
    )
    if may_mean_appointment and message.opt_out_hint != "STOP":
        turn.reply_wording = "visit_change"
    else:
        opt_out(message, point, soon=soon or may_mean_appointment)
        turn.reply_wording = "" if message.opt_out_hint == "STOP" else "stop_confirm"
    messaging.settle(message=message, disposition=Disposition.COMMAND)
    return turn


def opt_out(message: InboundMessage, point: ContactPoint, *, soon: bool = False) -> None:
    call_after_stop(message, point, soon=soon)
    messaging.opt_out(line=point.line, message=message)
    messaging.cancel_queued(line=point.line, purposes=UNPROMPTED)
    Question.objects.filter(line=point.line, state=QuestionState.OPEN).update(state=QuestionState.REPLACED)


def call_after_stop(message: InboundMessage, point: ContactPoint, *, soon: bool = False) -> None:
    """`soon`: what was stopped may have been an appointment, so the call does not wait for two days."""
    open_task(
        key=f"opted-out:{message.pk}:{point.participant_id}", kind=TaskKind.OPTED_OUT, site=point.participant.site,
        participant=point.participant, message=message, deadline=_when_after_stop(point, soon=soon),
    )  # fmt: skip


def stops_or_starts(message: InboundMessage, line: Line) -> bool:
    """A phone to which nothing is said about it wants texts or none: by our words, or by words that the provider itself has obeyed.

    That is a phone of nobody we know, of the staff, or of a site that is closed.
    """
    command = None if message.media_count else understanding.read(message.body, country=line.country).command
    if "stop" in (command, message.opt_out_hint.lower()):
        messaging.opt_out(line=line, message=message)
    elif "start" in (command, message.opt_out_hint.lower()):
        messaging.opt_in(line=line, message=message)
    return command in ("stop", "start")


def heed_provider(message: InboundMessage, point: ContactPoint) -> None:
    """A provider may stop and start texts at words of its own choice, and beside a picture: what it did holds here too."""
    if message.opt_out_hint == "STOP":
        opt_out(message, point)
    elif message.opt_out_hint == "START" and point.line.carrier_blocked_at is not None:
        messaging.opt_in(line=point.line, message=message)


def _when_after_stop(point: ContactPoint, *, soon: bool) -> datetime:
    """As soon as silence would have acted: who has just said "something new or worse" and then STOP is not left for two days."""
    site = point.participant.site
    waiting = Question.objects.filter(line=point.line, state=QuestionState.OPEN, due_at__isnull=False)
    is_watched = waiting.exclude(wording__in=("visit_change", "sym_progress", "caregiver_checkin")).exists()
    is_urgent = point.participant.events.filter(state="draft", level__in=["R1", "R2"]).exists()
    if is_urgent or (is_watched and is_night(site)):
        return clock.now() + timedelta(minutes=15)
    return promised_call(site).deadline if is_watched or soon else clock.now() + CALL_AFTER_STOP


def _start(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
    """Texts may go to this phone again. Who has left, or whose number is under check, gets none yet: a person hears of the wish."""
    messaging.opt_in(line=point.line, message=message)
    confirmations.ask_again(point.participant, line=point.line)
    if _gets_none(point) and not is_over(point.participant.site):
        return _for_a_person(message, point)
    return _command(message, point, "start", "after_end_auto" if is_over(point.participant.site) else "start")


def _gets_none(point: ContactPoint) -> bool:
    is_their_own = point.kind == ContactKind.PARTICIPANT
    is_under_check = is_their_own and point.participant.texts_suspended_at is not None
    return is_under_check or point.participant.follow_up != FollowUp.ACTIVE


def _help(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
    return _command(message, point, "help", "" if message.opt_out_hint == "HELP" else "help")


def _language(lang: str, wording_key: str) -> Callable[..., Turn]:
    def change(*, message: InboundMessage, point: ContactPoint, **_: Understood) -> Turn:
        if point.kind == ContactKind.CAREGIVER:  # they wish it for their own phone, and the participant may not read it
            return _for_a_person(message, point)
        participants.change_preferences(participant=point.participant, language=lang)
        point.participant.language = lang
        return _command(message, point, wording_key, wording_key)

    return change


def _for_a_person(message: InboundMessage, point: ContactPoint) -> Turn:
    turn = turn_for(message, point)
    turn.reply_wording = "unclear2"
    open_task(
        key=f"read:{message.pk}", kind=TaskKind.READ, site=point.participant.site, participant=point.participant, message=message,
        deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
    messaging.settle(message=message, disposition=Disposition.PERSON)
    return turn


def _wrong_number(*, message: InboundMessage, point: ContactPoint, understood: Understood) -> Turn:
    """Never removes a number. From a phone that has answered, "who is this" is first a possible brain sign (clinical rule 15).

    A caregiver's phone is the one that gets no more; the participant's own goes on.
    """
    participant = point.participant
    turn = _command(message, point, "wrong_number", "wrong_number")
    if not enrolment.wrong_number(point):
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
