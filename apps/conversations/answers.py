"""What a participant's or a caregiver's text does when it raises no alarm by itself: digits, phrases, words that nobody understood."""

from collections.abc import Callable
from datetime import timedelta

from apps.conversations import (
    admission,
    alarm,
    appointments,
    death,
    drafts,
    emergency,
    enrolment,
    interview,
    letters,
    limits,
    listed,
    progress,
    understanding,
)
from apps.conversations.appointments import APPOINTMENT_TEXTS
from apps.conversations.board import READ_WITHIN, contact_today, find_out_which, open_task
from apps.conversations.commands import COMMANDS, heed_provider, opt_out, stop
from apps.conversations.given import said
from apps.conversations.kept import keep
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import (
    CHECKIN_FAMILY,
    EMERGENCY,
    INTERVIEW,
    is_night,
    is_over,
    open_question,
    promised_call,
    was_asked_before,
    was_asked_enough,
)
from apps.conversations.turns import AT_ONCE, turn_for
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT
from apps.safety import items
from apps.safety import services as safety
from apps.triage.models import SymptomReport
from apps.triage.rules import catalogue
from apps.triage.rules.answers import chosen

_MENU_R1 = frozenset({"2", "3", "4"})  # clinical rule 10: escalated on the digit alone
_MENU_R2 = frozenset({"1"})
_GOING = frozenset({"on_the_way", "at_hospital"})
_COMES = frozenset({"ok"})  # a bare "ok" to an appointment text means: I will come


def handle(*, message: InboundMessage, point: ContactPoint) -> Turn | None:
    """Obey a command or take an answer. None when the text is neither: then it is read as free text."""
    understood = understanding.read(message.body, country=point.line.country)
    if understood.command is not None and not message.media_count:
        return COMMANDS[understood.command](message=message, point=point, understood=understood)
    heed_provider(message, point)
    if message.media_count:
        return None
    if (about_number := enrolment.take(message=message, point=point)) is not None:
        return about_number
    if set(understood.answers) & appointments.LETTERS and (asked := letters.newest(point, message)) is not None:
        return _about_letters(message, point, asked, understood.answers)
    if understood.answers:
        return _answer(message, point, understood.answers)
    if understood.phrase in _GOING and emergency.last_asked(message, point):
        turn = _answer(message, point, ("1",), understood.phrase)
        return emergency.at_hospital(turn) if understood.phrase == "at_hospital" else turn
    if (digit := emergency.in_words(message, point)) is not None:
        return _answer(message, point, (digit,))
    if understood.phrase == "not_ok" and progress.is_asked(message, point):
        return _answer(message, point, ("2",), understood.phrase)  # it names nothing new: how the open item is now
    if interview.may_be_taken(message.body):
        question = _question_for(message, point)
        if (digit := progress.digit_of(question, message.body)) is not None:
            return _answer(message, point, (digit,))
        return interview.take(message=message, point=point, question=question)
    return None


# --- answers by digit


def _answer(message: InboundMessage, point: ContactPoint, given: tuple[str, ...], phrase: str = "") -> Turn:
    """A digit answers the newest open question; without one it is read as a late answer to a check-in, never refused.

    A `phrase` stands for the digit of a check-in; where the open question has digits of its own, it means those, or still a check-in's.
    """
    question = _question_for(message, point)
    if question is None and set(given) & emergency.CHANGES_MIND:
        question = emergency.last_asked(message, point)
    if (about_symptom := interview.take(message=message, point=point, question=question, phrase=phrase)) is not None:
        return about_symptom
    if question is not None and question.wording in APPOINTMENT_TEXTS and phrase in _COMES:
        return appointments.take(message=message, point=point, visit=question, given=("A",))
    others = INTERVIEW | letters.LETTER_TEXTS | enrolment.ASKED  # whose answers are others
    if question is not None and question.wording in others:
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
        keep(question, message, " ".join(given))
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
        return call_me(turn)
    if "2" in given:
        return _ask_which(turn)
    return _as_before(turn, turn.participant)


def _as_before(turn: Turn, participant: Participant) -> str:
    """ "As before" never means well while an item is open (clinical rule 6): not thanked, but asked how that is now, though not as a
    fifth question.

    From a phone whose owner is reported dead it goes to a person, whoever pressed it. The check on an emergency is not asked away.
    """
    if participant.follow_up in SILENT:
        find_out_which(turn)
    if not alarm.is_running(participant):
        if is_over(participant.site):
            return "after_end_auto"
        return progress.still_open(turn, participant) or "checkin_ok"
    waits = _emergency_is_asked(turn)
    is_enough = is_night(participant.site) or participant.is_discreet or was_asked_enough(turn.line)
    is_enough = is_enough or any(items.tells_of_suicide(item.event) for item in items.asked_about(participant))
    return "reassure" if waits or is_enough else progress.ASKS


def call_me(turn: Turn) -> str:
    """By day a task with a time, at night a page; returns the wording that says so."""
    participant = turn.participant
    assert participant is not None
    if is_night(participant.site):  # clinical rule 19: a 3 at night is R2
        turn.escalation = alarm.page(participant=participant, level="R2", received_at=turn.arrived_at)
        turn.report = drafts.by_digit(turn, "R3", escalation=turn.escalation)
        return "sym_done_r2"
    open_task(
        key=f"call:{turn.message_id}", kind=TaskKind.CALL_BACK, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    return "checkin_call"


def _status(turn: Turn, given: tuple[str, ...]) -> str:
    """The question of a search has a 4: no more texts. It is no withdrawal, and a 2 or 3 beside it is still acted on."""
    point = turn.contact_point
    if "4" not in given or point is None:
        return _checkin(turn, given)
    wants_call = bool(set(given) & {"2", "3"})
    if wants_call:
        call_me(turn)
    opt_out(turn.message, point, soon=wants_call)
    return "stop_confirm"


def _ask_which(turn: Turn) -> str:
    """Discreet mode, or somebody who has not agreed: no question about symptoms is texted, a person calls instead (clinical rule 20).

    Nor is one to the phone of somebody reported dead: by day a person reads it, at night it pages.
    """
    participant = turn.participant
    assert participant is not None
    if participant.follow_up in SILENT and not is_night(participant.site):
        find_out_which(turn)
        return "reassure"
    if participant.follow_up in SILENT:
        return call_me(turn)
    if not participant.is_discreet and enrolment.takes_questions(turn.contact_point):
        return "sym_which"
    return call_me(turn)


def _which(turn: Turn, given: tuple[str, ...]) -> str:
    """The menu: 2, 3 and 4 are escalated on the digit alone, before any question."""
    participant = turn.participant
    if participant is None or "0" in given or not all(sign.isdigit() for sign in given):
        return "bad_number"
    digits = set(given)
    if digits & _MENU_R1:
        return _alarm_by_digit(turn, "R1")
    if digits & _MENU_R2:
        return _alarm_by_digit(turn, "R2")
    if digits == {"9"}:
        return "sym_other"
    turn.report = drafts.by_digit(turn, "R3", case=drafts.about(participant, chosen(given, catalogue())))
    contact_today(turn)
    return "sym_done_r3"


def _alarm_by_digit(turn: Turn, level: str) -> str:
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    turn.escalation = alarm.page(participant=participant, level=level, received_at=turn.arrived_at)
    turn.report = report = drafts.by_digit(turn, level, escalation=turn.escalation)
    if level == "R2":
        return "sym_done_r2"
    alarm.emergency_text(turn.message, point, report)
    return ""


def _appointment_change(turn: Turn, given: tuple[str, ...]) -> str:
    participant, point = turn.participant, turn.contact_point
    if participant is None or point is None or given[0] not in ("1", "2"):
        return "bad_number"
    if given[0] == "2":
        opt_out(turn.message, point)
        return "stop_confirm"
    appointments.call(turn)
    return "checkin_call"


def _about_letters(message: InboundMessage, point: ContactPoint, asked: Question, given: tuple[str, ...]) -> Turn:
    if asked.wording in APPOINTMENT_TEXTS:
        return appointments.take(message=message, point=point, visit=asked, given=given)
    return letters.take(message=message, point=point, question=asked, given=given, call_me=call_me)


def _beside_admission(turn: Turn, given: tuple[str, ...]) -> str:
    """No digit was asked for: a person finds out what is meant. What calls for help to a check-in does so here."""
    find_out_which(turn)
    return call_me(turn) if turn.participant and set(given) & {"2", "3"} else "reassure"


_ANSWERS: dict[str, Callable[[Turn, tuple[str, ...]], str]] = {
    **dict.fromkeys(CHECKIN_FAMILY, _checkin),
    "status_check": _status,
    "sym_which": _which,
    "sym_progress": progress.take,
    **dict.fromkeys(EMERGENCY, emergency.take),
    "visit_change": _appointment_change,
    admission.ASKS: _beside_admission,
}


# --- free text without an alarm


def settle_quiet(*, message: InboundMessage, point: ContactPoint, report: SymptomReport) -> Turn:
    """R3 and R4 open a draft; a phrase answers the open question; what nobody understood goes to a person."""
    turn = turn_for(message, point, report=report)
    if report.level in ("R3", "R4") and any(finding["state"] == "present" for finding in report.findings):
        _mild(turn, report)
        return turn
    polite = understanding.polite_stop(message.body)
    if polite is not None and not (report.level or report.needs_person):
        return stop(message=message, point=point, understood=polite, soon=True)
    phrase = understanding.read(message.body).phrase or _LISTED.get(listed.digit_of(_LISTS, message.body) or "")
    if phrase in _OF_APPOINTMENTS and (visit := appointments.newest(point, message)) is not None:
        return appointments.take(message=message, point=point, visit=visit, given=_OF_APPOINTMENTS[phrase])
    if phrase == "death_mistake" and point.participant.follow_up in SILENT:
        return death.doubted(message=message, point=point, report=report)
    if phrase == "new_number":
        return _new_number(turn)
    if phrase in _PHRASES and not report.needs_person:
        given = _PHRASES[phrase]
        if given:
            return _answer(message, point, (given,), phrase)
        may_wait = is_night(point.participant.site) and not interview.is_under_way(turn)
        turn.reply_wording = "out_of_hours" if may_wait else "reassure"
        if is_over(point.participant.site):
            turn.reply_wording = "after_end_auto"
        messaging.settle(message=message, disposition=Disposition.ANSWER)
        return turn
    if not report.needs_person and (said_so := letters.in_words(point, message)) is not None:
        return _about_letters(message, point, said_so[0], (said_so[1],))
    if limits.only_asks(turn, report):
        return limits.call_about_question(turn, report)
    return turn if admission.take(turn, report) else _to_a_person(turn)


_OF_APPOINTMENTS = {"visit_yes": ("A",), "reschedule": ("B",)}
# A check-in's own words stand for its digit, and mean the same as a phrase where the open question has other digits.
_LISTS = ("checkin", "status_check")
_LISTED = {"1": "same", "2": "not_ok", "3": "call_me"}
_PHRASES = {"ok": "1", "same": "1", "not_ok": "2", "call_me": "3", "thanks": ""}


def _new_number(turn: Turn) -> Turn:
    """No text changes a number: a person asks for the new one and checks whose it is."""
    participant = turn.participant
    assert participant is not None
    open_task(
        key=f"number:{turn.message_id}", kind=TaskKind.CHECK_NUMBER, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    turn.reply_wording = "new_number"
    messaging.settle(message=turn.message, disposition=Disposition.PERSON)
    return turn


def _mild(turn: Turn, report: SymptomReport) -> None:
    participant, point = turn.participant, turn.contact_point
    assert participant is not None
    assert point is not None
    safety.open_adverse_event(
        participant=participant, message=turn.message, report=report, escalation=None, reporter=point.kind,
        case=progress.case_of(turn.message, point, report),
    )  # fmt: skip
    if report.level == "R3" or report.needs_person:
        contact_today(turn)
    interview.told_in_words(turn)
    closing = limits.thanks(report) or ("sym_done_r3" if report.level == "R3" else "sym_done_r4")
    turn.reply_wording = "no_advice" if limits.only_asks(turn, report) else interview.first_question(turn) or closing
    messaging.settle(message=turn.message, disposition=Disposition.SYMPTOM)


def _to_a_person(turn: Turn) -> Turn:
    participant = turn.participant
    assert participant is not None
    again = _unclear_lately(turn)
    open_task(
        key=f"read:{turn.message_id}", kind=TaskKind.READ, site=participant.site, participant=participant, message=turn.message,
        deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
    if is_over(participant.site):
        turn.reply_wording = "after_end_auto"
    else:
        is_known = again or _emergency_is_asked(turn) or _is_alarm_of_the_day(participant)
        turn.reply_wording = "unclear2" if is_known else "unclear1"
    messaging.settle(message=turn.message, disposition=Disposition.PERSON)
    return turn


def _is_alarm_of_the_day(participant: Participant) -> bool:
    """People are paged about them, and read this. At night the list of digits is offered all the same: its silence pages."""
    return alarm.is_running(participant) and not is_night(participant.site)


def _emergency_is_asked(turn: Turn) -> bool:
    """Then no other list of digits is offered: its "2" is "help me to go"."""
    return Question.objects.filter(line=turn.line, state=QuestionState.OPEN, wording__in=EMERGENCY).exists()


def _unclear_lately(turn: Turn) -> bool:
    since = clock.now() - timedelta(hours=24)
    return Turn.objects.filter(line=turn.line, reply_wording="unclear1", arrived_at__gt=since).exists()
