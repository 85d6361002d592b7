"""What a participant's or a caregiver's text does when it raises no alarm by itself: digits, phrases, words that nobody understood."""

from collections.abc import Callable
from datetime import timedelta

from apps.conversations import alarm, interview, understanding
from apps.conversations.board import READ_WITHIN, contact_today, find_out_which, open_task
from apps.conversations.commands import COMMANDS, opt_out
from apps.conversations.given import said
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import (
    CHECKIN_FAMILY,
    INTERVIEW,
    is_night,
    local_time,
    open_question,
    promised_call,
    was_asked_before,
)
from apps.conversations.turns import AT_ONCE, turn_for
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants.models import ContactPoint, Participant
from apps.safety import services as safety
from apps.triage import services as triage
from apps.triage.models import SymptomReport

_MENU_R1 = frozenset({"2", "3", "4"})  # clinical rule 10: escalated on the digit alone
_MENU_R2 = frozenset({"1"})


def handle(*, message: InboundMessage, point: ContactPoint) -> Turn | None:
    """Obey a command or take an answer. None when the text is neither: then it is read as free text."""
    if message.media_count:
        return None
    understood = understanding.read(message.body)
    if understood.command is not None:
        return COMMANDS[understood.command](message=message, point=point, understood=understood)
    if understood.answers:
        return _answer(message, point, understood.answers)
    if interview.may_be_taken(message.body):
        return interview.take(message=message, point=point, question=_question_for(message, point))
    return None


# --- answers by digit


def _answer(message: InboundMessage, point: ContactPoint, given: tuple[str, ...], phrase: str = "") -> Turn:
    """A digit answers the newest open question; without one it is read as a late answer to a check-in, never refused.

    A `phrase` stands for the digit of a check-in; where the open question has digits of its own, it means those, or still a check-in's.
    """
    question = _question_for(message, point)
    if (about_symptom := interview.take(message=message, point=point, question=question, phrase=phrase)) is not None:
        return about_symptom
    if question is not None and question.wording in INTERVIEW:
        question = None
    if phrase and question is not None and question.wording not in CHECKIN_FAMILY:
        own = said(question.wording, phrase)
        question, given = (question, (own,)) if own else (None, given)
    wording_key = question.wording if question else "checkin"
    turn = turn_for(message, point)
    turn.reply_wording = _ANSWERS.get(wording_key, _checkin)(turn, given)
    if question is None and _another_answer(turn, given):
        _which_is_meant(turn)
    if question and turn.reply_wording != "bad_number":
        question.state, question.answer = QuestionState.ANSWERED, " ".join(given)[:12]
        question.answered_at, question.answered_by = clock.now(), message
        question.save()
    if wording_key == "sym_which" and turn.reply_wording == "sym_done_r3":
        turn.reply_wording = interview.after_menu(turn, question, given) or turn.reply_wording
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    return turn


def _question_for(message: InboundMessage, point: ContactPoint) -> Question | None:
    """The open question, unless it was asked after this text was written: a text that came late, or one of two at once."""
    question = open_question(point.line)
    return question if question is not None and was_asked_before(message, question) else None


def _another_answer(turn: Turn, given: tuple[str, ...]) -> bool:
    """Another answer came from this phone within the minute, or one that was written later is handled already."""
    since = turn.arrived_at - AT_ONCE
    others = Turn.objects.filter(line=turn.line, message__disposition=Disposition.ANSWER, arrived_at__gt=since)
    others = others.exclude(message=turn.message).exclude(reply_wording="bad_number")
    readable = others.filter(message__data_key__destroyed_at__isnull=True).select_related("message__data_key")
    return any(_given(other.message.body) not in ((), given) for other in readable)


def _given(body: str) -> tuple[str, ...]:
    """The digits of an answer, whether written as digits or as a phrase."""
    understood = understanding.read(body)
    said = _PHRASES.get(understood.phrase or "", "")
    return understood.answers or ((said,) if said else ())


def _which_is_meant(turn: Turn) -> None:
    """Both texts are kept and acted on; the good news of two that disagree is not thanked for, and a person finds out."""
    if turn.reply_wording == "checkin_ok":
        turn.reply_wording = ""
    find_out_which(turn)


def _checkin(turn: Turn, given: tuple[str, ...]) -> str:
    """1 as before or better, 2 something new or worse, 3 please call. Several at once: the worst counts."""
    if turn.participant is None or not set(given) <= {"1", "2", "3"}:
        return "bad_number"
    if "3" in given:
        return _call_me(turn)
    if "2" in given:
        return _ask_which(turn)
    return _as_before(turn.participant)


def _as_before(participant: Participant) -> str:
    """ "As before" never means well while something urgent is open (clinical rule 6): not thanked, but asked how that is now."""
    if not Escalation.objects.filter(events__participant=participant, state__in=RUNNING).exists():
        return "checkin_ok"
    return "reassure" if is_night(participant.site) or participant.is_discreet else "sym_progress"


def _call_me(turn: Turn) -> str:
    participant = turn.participant
    assert participant is not None
    if is_night(participant.site):  # clinical rule 19: a 3 at night is R2
        turn.escalation = alarm.page(participant=participant, level="R2", received_at=turn.arrived_at)
        _draft_without_words(turn)
        return "sym_done_r2"
    open_task(
        key=f"call:{turn.message_id}", kind=TaskKind.CALL_BACK, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    return "checkin_call"


def _ask_which(turn: Turn) -> str:
    """Discreet mode: no question about symptoms is texted, a person calls instead (clinical rule 20)."""
    participant = turn.participant
    assert participant is not None
    if not participant.is_discreet:
        return "sym_which"
    return _call_me(turn)


def _which(turn: Turn, given: tuple[str, ...]) -> str:
    """The menu: 2, 3 and 4 are escalated on the digit alone, before any question."""
    participant = turn.participant
    if participant is None or "0" in given or not all(sign.isdigit() for sign in given):
        return "bad_number"
    chosen = set(given)
    if chosen & _MENU_R1:
        return _alarm_by_digit(turn, "R1")
    if chosen & _MENU_R2:
        return _alarm_by_digit(turn, "R2")
    if chosen == {"9"}:
        return "sym_other"
    _draft_without_words(turn)
    contact_today(turn)
    return "sym_done_r3"


def _alarm_by_digit(turn: Turn, level: str) -> str:
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    turn.escalation = alarm.page(participant=participant, level=level, received_at=turn.arrived_at)
    report = _draft_without_words(turn, level)
    if level == "R2":
        return "sym_done_r2"
    alarm.emergency_text(turn.message, point, report)
    return ""


def _draft_without_words(turn: Turn, level: str = "") -> SymptomReport:
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    report = triage.by_digit(message=turn.message, participant=participant, sender=point.kind, level=level or "R3")
    turn.report = report
    safety.open_adverse_event(
        participant=participant, message=turn.message, report=report, escalation=turn.escalation, reporter=point.kind
    )
    return report


def _emergency(turn: Turn, given: tuple[str, ...]) -> str:
    """1 on the way, 2 need help to go, 3 please call, 4 family is there. The chain goes on until a person has spoken."""
    if given[0] in ("1", "4"):
        return "emergency_close"
    if given[0] in ("2", "3") and turn.participant:
        open_task(
            key=f"emergency-help:{turn.message_id}", kind=TaskKind.CALL_BACK, site=turn.participant.site,
            participant=turn.participant, message=turn.message, deadline=clock.now() + timedelta(minutes=5),
        )  # fmt: skip
        alarm.page(participant=turn.participant, level="R1", received_at=turn.arrived_at)
        return "reassure"
    return "bad_number"


def _progress(turn: Turn, given: tuple[str, ...]) -> str:
    if given[0] == "4":
        return _alarm_by_digit(turn, "R2")
    return {"1": "checkin_ok", "2": "checkin_ok", "3": "sym_done_r4"}.get(given[0], "bad_number")


def _appointment_change(turn: Turn, given: tuple[str, ...]) -> str:
    participant, point = turn.participant, turn.contact_point
    if participant is None or point is None or given[0] not in ("1", "2"):
        return "bad_number"
    if given[0] == "2":
        opt_out(turn.message, point)
        return "stop_confirm"
    _call_about_appointment(turn)
    return "checkin_call"


def _call_about_appointment(turn: Turn) -> None:
    participant = turn.participant
    assert participant is not None
    open_task(
        key=f"appointment:{turn.message_id}", kind=TaskKind.APPOINTMENT, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip


_ANSWERS: dict[str, Callable[[Turn, tuple[str, ...]], str]] = {
    **dict.fromkeys(CHECKIN_FAMILY, _checkin),
    "sym_which": _which,
    "sym_progress": _progress,
    "emergency": _emergency,
    "emergency_check": _emergency,
    "visit_change": _appointment_change,
}


# --- free text without an alarm


def settle_quiet(*, message: InboundMessage, point: ContactPoint, report: SymptomReport) -> Turn:
    """R3 and R4 open a draft; a phrase answers the open question; what nobody understood goes to a person."""
    turn = turn_for(message, point, report=report)
    if report.level in ("R3", "R4") and any(finding["state"] == "present" for finding in report.findings):
        _mild(turn, report)
        return turn
    phrase = understanding.read(message.body).phrase
    if phrase in _PHRASES and not report.needs_person:
        given = _PHRASES[phrase]
        if given:
            return _answer(message, point, (given,), phrase)
        may_wait = is_night(point.participant.site) and not interview.is_under_way(turn)
        turn.reply_wording = "out_of_hours" if may_wait else "reassure"
        messaging.settle(message=message, disposition=Disposition.ANSWER)
        return turn
    return _to_a_person(turn)


_PHRASES = {"ok": "1", "same": "1", "not_ok": "2", "call_me": "3", "thanks": ""}


def _mild(turn: Turn, report: SymptomReport) -> None:
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    safety.open_adverse_event(
        participant=participant, message=turn.message, report=report, escalation=None, reporter=point.kind
    )
    if report.level == "R3" or report.needs_person:
        contact_today(turn)
    interview.told_in_words(turn)
    turn.reply_wording = interview.first_question(turn) or ("sym_done_r3" if report.level == "R3" else "sym_done_r4")
    messaging.settle(message=turn.message, disposition=Disposition.SYMPTOM)


def _to_a_person(turn: Turn) -> Turn:
    participant = turn.participant
    assert participant is not None
    again = _unclear_lately(turn)
    open_task(
        key=f"read:{turn.message_id}", kind=TaskKind.READ, site=participant.site, participant=participant, message=turn.message,
        deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
    if _after_window(turn):
        turn.reply_wording = "after_end_auto"
    else:
        turn.reply_wording = "unclear2" if again else "unclear1"
    messaging.settle(message=turn.message, disposition=Disposition.PERSON)
    return turn


def _unclear_lately(turn: Turn) -> bool:
    since = clock.now() - timedelta(hours=24)
    return Turn.objects.filter(line=turn.line, reply_wording="unclear1", arrived_at__gt=since).exists()


def _after_window(turn: Turn) -> bool:
    site = turn.site
    return site is not None and local_time(site).date() > site.trial.window_to
