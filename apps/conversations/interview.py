"""The questions after a symptom: which is asked next, what an answer is, and what it does. One at a time, safety always first.

It begins after a text or a menu choice that is handled as R3 or R4. It ends with the last question of the catalogue, at the protocol's
limit, or where an answer is urgent: then that is an alarm like a serious text, and a person phones.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import cache

from django.db.models import Q

from apps.conversations import admission, alarm, enrolment, kept, limits, understanding
from apps.conversations.board import contact_in_the_morning, contact_today, find_out_which, symptom_key
from apps.conversations.given import answer_to, may_be_a_value, of_list, said
from apps.conversations.models import Question, Task, Turn
from apps.conversations.speaking import CONVERSATION, COUNTED, INTERVIEW, About, ask, is_night, morning_call
from apps.conversations.turns import AT_ONCE, turn_for
from apps.conversations.vocabulary import QuestionState
from apps.core import clock, wording
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants.contacts import texting_status
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import ContactKind, WhyNot
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.triage import rules
from apps.triage import services as triage
from apps.triage.models import SymptomReport
from apps.triage.rules import Asked
from apps.triage.rules.answers import chosen, is_severity, leading, questions_of
from apps.trials.services import current_protocol

LIVES = timedelta(hours=12)  # then an unanswered question makes room for a check-in
_EITHER = re.compile(r"/| or |或")
_MENU = "sym_which"
_SILENCE_ACTS = frozenset({_MENU, "sym_other", "unclear1"})
_MILD = ("R3", "R4")
_URGENT = ("R1", "R2")


# --- asking


def first_question(turn: Turn) -> str:
    """The wording of the first question about what this turn's text was found to say; "" when nothing is to be asked."""
    assert turn.report is not None
    item = leading(_present(turn.report), rules.catalogue())
    return _next(turn, turn.report, item) if item else ""


def after_menu(turn: Turn, menu: Question | None, given: tuple[str, ...]) -> str:
    """The same after a choice of the menu, which from now on says what it was about."""
    assert turn.report is not None
    item = leading(chosen(given, rules.catalogue()), rules.catalogue())
    if menu is None or not item:
        return ""
    menu.report, menu.item, menu.event = turn.report, item, _case(turn.report)
    menu.save()
    return _next(turn, turn.report, item)


def _present(report: SymptomReport) -> list[str]:
    found = sorted(report.findings, key=lambda finding: int(finding["start"]))
    return [finding["id"] for finding in found if finding["state"] == "present"]


def _next(turn: Turn, report: SymptomReport, item: str) -> str:
    """The wording of the first question that is not answered yet; "" when there is none, or none may be asked now."""
    if not _may_be_asked(turn):
        return ""
    cat, now = rules.catalogue(), clock.now()
    week, conversation = _asked_lately(turn, report)
    if any(each.wording == "visit_change" and each.state == QuestionState.OPEN for each in week):
        return ""
    counted = [each for each in conversation if each.wording in COUNTED]
    if len(counted) >= current_protocol().conversation.automatic_questions:
        return ""
    answered = {each.wording for each in counted if each.item == item and each.state == QuestionState.ANSWERED}
    for name in questions_of(item, cat):
        data = cat.shared["questions"][name]
        key = str(data["message"])
        since = now - timedelta(days=data.get("days", 0))
        too_soon = any(each.wording == key and each.item == item and each.asked_at > since for each in week)
        is_known = (key == "sym_who" and _is_caregiver(turn)) or (
            key == _MENU and any(each.wording == _MENU for each in counted)
        )
        if key not in answered and not too_soon and not is_known:
            return key
    return ""


def _asked_lately(turn: Turn, report: SymptomReport) -> tuple[list[Question], list[Question]]:
    """What was asked on this phone within the longest time that a question is not repeated in, and of it this conversation."""
    now = clock.now()
    days = max(data.get("days", 0) for data in rules.catalogue().shared["questions"].values())
    lately = Q(report=report) | Q(asked_at__gt=now - timedelta(days=days))
    week = list(Question.objects.filter(lately, line=turn.line).order_by("-asked_at"))
    conversation, begun = [], now
    for each in week:
        is_part = each.report_id == report.pk or begun - each.asked_at < CONVERSATION
        if is_part and each.wording in COUNTED | _SILENCE_ACTS:
            conversation.append(each)
            begun = each.asked_at
    return week, conversation


def _may_be_asked(turn: Turn) -> bool:
    """Not in discreet mode (clinical rule 20), not beside an open R1 or R2, about which a person phones, and only where texts may go."""
    participant = turn.participant
    assert participant is not None
    if participant.is_discreet or not enrolment.takes_questions(turn.contact_point):
        return False
    why_not = texting_status(participant, line=turn.line)
    may_read = why_not == WhyNot.CANNOT_READ and _is_caregiver(turn)
    if not (why_not in (None, WhyNot.UNCONFIRMED) or may_read):
        return False
    return not _is_urgent(participant)


def _is_urgent(participant: Participant) -> bool:
    chains = (ChainName.R1, ChainName.R2)
    running = Escalation.objects.filter(events__participant=participant, state__in=RUNNING, chain__in=chains)
    return running.exists()


def _is_caregiver(turn: Turn) -> bool:
    return turn.contact_point is not None and turn.contact_point.kind == ContactKind.CAREGIVER


def is_under_way(turn: Turn) -> bool:
    """Whether a complaint was asked about in this conversation: then nothing is put off until the morning (clinical rule 19)."""
    return Question.objects.filter(
        line=turn.line, wording__in=COUNTED, asked_at__gt=clock.now() - CONVERSATION
    ).exists()


def told_in_words(turn: Turn) -> None:
    """The menu, or "please write it", is answered by a complaint in words too: its silence acts no more."""
    Question.objects.filter(
        line=turn.line,
        participant=turn.participant,
        state=QuestionState.OPEN,
        wording__in=(_MENU, "sym_other"),
        asked_at__lte=turn.arrived_at,
    ).update(state=QuestionState.ANSWERED, answered_at=clock.now(), answered_by=turn.message)


def ask_now(turn: Turn, *, key: str) -> OutboundMessage | None:
    """Text the question that a turn's answer is. None when its time is over: somebody phones now, or another was asked since."""
    assert turn.participant is not None
    about = _about(turn)
    is_overtaken = Question.objects.filter(line=turn.line, wording__in=COUNTED, asked_at__gt=turn.arrived_at).exists()
    if about is None or is_overtaken or not _may_be_asked(turn):
        turn.reply_wording = ""
        return None
    question = ask(
        participant=turn.participant, wording_key=turn.reply_wording, key=key, purpose=Purpose.REPLY, line=turn.line,
        expires_at=clock.now() + LIVES, about=about,
    )  # fmt: skip
    return question.message


def _about(turn: Turn) -> About | None:
    """What the next question is about: what the answered one was about, else what the text was found to say."""
    answered = Question.objects.filter(answered_by=turn.message, report__isnull=False)
    before = answered.select_related("report", "event").order_by("-asked_at").first()
    report = before.report if before else turn.report
    if report is None:
        return None
    item = before.item if before else leading(_present(report), rules.catalogue())
    event = before.event if before else _case(report)
    return About(report, item, event, silence_acts=_silence_acts(turn, report))


def _case(report: SymptomReport) -> AdverseEvent | None:
    return AdverseEvent.objects.filter(reports__symptom_report=report).first()


def _silence_acts(turn: Turn, report: SymptomReport) -> bool:
    """Whether this began with "something new or worse", or with words that nobody understood, and it is night (clinical rule 19)."""
    assert turn.participant is not None
    _, conversation = _asked_lately(turn, report)
    return is_night(turn.participant.site) and any(each.wording in _SILENCE_ACTS for each in conversation)


# --- answers


def take(*, message: InboundMessage, point: ContactPoint, question: Question | None, phrase: str = "") -> Turn | None:
    """The turn of an answer to a question of the interview. None when none waits, or the text is no answer to it: it is read as words."""
    again = question is None and not phrase
    if question is None and not phrase:
        question = _asked_when_written(message, point)
    if question is None or question.wording not in INTERVIEW or question.participant_id != point.participant_id:
        return None
    given = _given(question, message.body, phrase)
    if given is None or (again and not given):
        return None
    turn = turn_for(message, point)
    if not given:
        _not_on_the_list(turn, question)
    elif again or not _is_first(question, message, given):
        _second_thought(turn, question, given)
    else:
        turn.reply_wording = _act(turn, question, given)
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    return turn


def _given(question: Question, body: str, phrase: str) -> tuple[str, ...] | None:
    if phrase:
        digit = said(question.wording, phrase)
        return (digit,) if digit else None
    expects = wording.message(question.wording, lang=question.participant.language).expects
    given = answer_to(expects, body)
    if given is None and (digit := by_words(question.wording, body)) is not None:
        return (digit,) if digit in expects else None
    return given


def by_words(key: str, body: str) -> str | None:
    """The digit that words of a question's list stand for.

    "没了" is on a list, and may also be how a death is told: what the rules take for urgent is never only an answer. With its digit
    ("1没了", copied from the question) it is the digit.
    """
    digit = of_list(body, _words_of_lists()[key])
    if digit is None or understanding.normalise(body)[0].isdigit():
        return digit
    alone = rules.engine().without_net().assess(body, sender="caregiver", context=rules.Context())
    return digit if alone.level not in _URGENT else None


def may_be_taken(body: str) -> bool:
    """Whether a text could be an answer at all: one number, a time, or words that stand on a list. Nothing is looked up for any other."""
    return may_be_a_value(body) or any(of_list(body, words) is not None for words in _words_of_lists().values())


@cache
def _words_of_lists() -> dict[str, dict[str, str]]:
    """By question, the words that its list has in any language, with the digit of each: people write "mild" for 1."""
    found: dict[str, dict[str, str]] = {}
    for key in INTERVIEW:
        meant = [wording.message(key, lang=lang).choices for lang in wording.languages()]
        pairs = [(part, digit) for each in meant for digit, meaning in each.items() for part in _parts(meaning)]
        found[key] = {understanding.normalise(part): digit for part, digit in pairs}
    return found


def _parts(meaning: str) -> list[str]:
    return [meaning, *_EITHER.split(meaning)]


def _asked_when_written(message: InboundMessage, point: ContactPoint) -> Question | None:
    """The question that stood when this was written, if no newer one had reached them: answered within the minute, or overtaken since.

    A further answer to the one is a second thought; of the other it is late. Either is kept and acts.
    """
    rows = Question.objects.filter(line=point.line, asked_at__lte=message.received_at).exclude(state=QuestionState.OPEN)
    known = rows.select_related("report__message", "event__escalation", "participant__site")
    last = known.order_by("-asked_at", "-answered_at").first()
    if last is None or last.wording not in INTERVIEW or last.asked_at < message.received_at - LIVES:
        return None
    if Question.objects.filter(line=point.line, state=QuestionState.OPEN).exists():
        return last
    is_fresh = last.answered_at is not None and last.answered_at > message.received_at - AT_ONCE
    return last if is_fresh else None


def _is_first(question: Question, message: InboundMessage, given: tuple[str, ...]) -> bool:
    """Keep the answer; False when another process has kept one meanwhile, which is then in `question`: nothing is overwritten."""
    waiting = Question.objects.filter(pk=question.pk, state=QuestionState.OPEN)
    is_first = bool(waiting.update(**kept.values(message, " ".join(given))))
    question.refresh_from_db(fields=["state", "answer", "answered_at", "answered_by"])
    return is_first


def _not_on_the_list(turn: Turn, question: Question) -> None:
    """Asked again once. A second number that the list does not have may be a pulse or a pressure: a person reads what is meant."""
    turn.reply_wording = "bad_number"
    before = Turn.objects.filter(line=turn.line, reply_wording="bad_number", arrived_at__gt=question.asked_at)
    if before.exclude(message=turn.message).exists():
        find_out_which(turn)


def _second_thought(turn: Turn, before: Question, given: tuple[str, ...]) -> None:
    """Another answer to the same question is kept beside the first and acts too; a person finds out which one is meant."""
    if before.answer == " ".join(given):
        return
    again = kept.beside(before, kept.values(turn.message, " ".join(given)))
    reply = _act(turn, again, given)
    # What comes next was said, or will be, by the first answer's turn.
    turn.reply_wording = reply if turn.escalation else ""
    find_out_which(turn)


def _act(turn: Turn, question: Question, given: tuple[str, ...]) -> str:
    """Judge the answer and do what it asks for; returns the wording of the reply. Everything in the transaction of the answer."""
    participant, point, report = turn.participant, turn.contact_point, question.report
    assert participant is not None
    assert point is not None
    assert report is not None
    asked = Asked(question.item, _name_of(question), given, _standing(question), _earlier(question))
    decided = triage.by_answer(message=turn.message, participant=participant, sender=point.kind, asked=asked)
    if decided is None:
        return _go_on(turn, question)
    turn.report = decided
    if decided.level in _URGENT:
        turn.escalation = alarm.page(
            participant=participant, level=decided.level, received_at=turn.arrived_at, night_page=decided.night_page
        )
    safety.open_adverse_event(
        participant=participant, message=turn.message, report=decided, escalation=turn.escalation, reporter=point.kind,
        case=question.event,
    )  # fmt: skip
    if decided.level not in _URGENT:
        contact_today(turn, about=report.message)
        return _go_on(turn, question)
    return _say_urgent(turn, point, decided)


def _say_urgent(turn: Turn, point: ContactPoint, decided: SymptomReport) -> str:
    """As after a serious text: nobody is said to be alerted while the page waits for the 07:00 list (clinical rule 18)."""
    if decided.level == "R1":
        if admission.may_ask(turn, decided):
            return admission.ASKS
        alarm.emergency_text(turn.message, point, decided)
        return ""
    promise = None if decided.night_page else morning_call(point.participant.site)
    if promise is None:
        return "sym_done_r2"
    contact_in_the_morning(turn, promise)
    return "sym_done_r3"


def _name_of(question: Question) -> str:
    """The catalogue's name of what was asked."""
    named = rules.catalogue().shared["questions"].items()
    return next(name for name, data in named if data["message"] == question.wording)


def _standing(question: Question) -> str:
    """The level that this complaint has so far: that of its text, or what an answer has made of it since."""
    assert question.report is not None
    levels = [question.report.level, question.event.level if question.event else ""]
    return min((level for level in levels if level in _MILD), default="R4")


def _earlier(question: Question) -> int | None:
    """The newest answer about how bad the same complaint was, given in an earlier conversation."""
    assert question.report is not None
    if not is_severity(question.item, _name_of(question), rules.catalogue()):
        return None
    before = Question.objects.filter(
        participant=question.participant, item=question.item, wording=question.wording, state=QuestionState.ANSWERED,
        asked_at__lt=question.report.classified_at,
    ).exclude(report=question.report)  # fmt: skip
    given = before.order_by("-asked_at", "-answered_at").values_list("answer", flat=True).first()
    return max(_digits(given)) if given else None


def _digits(answer: str) -> Iterable[int]:
    return map(int, answer.split())


def _go_on(turn: Turn, question: Question) -> str:
    """The next question, or how the conversation ends. While something urgent is open, a person phones and nothing is asked."""
    assert turn.participant is not None
    assert question.report is not None
    return _next(turn, question.report, question.item) or closing(turn, question.report)


def closing(turn: Turn, report: SymptomReport) -> str:
    """The text after the last answer: whether somebody still has to call about this complaint, and promised it."""
    assert turn.participant is not None
    if _is_urgent(turn.participant):
        return "reassure"
    is_called = Task.objects.filter(key=symptom_key(report.message), done_at__isnull=True).exists()
    return (limits.thanks(report) or "sym_done_r3") if is_called else "sym_done_r4"
