"""What is answered to the questions after a number is entered: is it yours, do you agree, which language.

An answer is a digit of the list or a word that says the same, and nothing else: every other text is read like any text, and confirms
nothing. Triage, pages and emergency texts do not look here at all.
"""

import re
from collections.abc import Callable

from apps.conversations.board import find_out_which, open_task
from apps.conversations.given import of_list
from apps.conversations.kept import keep
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import INTERVIEW, open_question, promised_call, was_asked_before
from apps.conversations.turns import turn_for
from apps.conversations.understanding import normalise, read
from apps.conversations.vocabulary import TaskKind
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition, SendState
from apps.participants import confirmations
from apps.participants import services as participants
from apps.participants.models import ContactPoint
from apps.participants.vocabulary import ContactKind, FollowUp, Language, Standing

WELCOME, LANGUAGE, INVITE = "welcome_confirm", "lang_ask", "caregiver_invite"
ASKED = frozenset({WELCOME, LANGUAGE, INVITE})
_NO, _BOTH = "no", "both"  # a no in words: they may have been asked rightly and not want it
_COMMAS = re.compile("[,，、]")
# Words of the lists, and how people say them. "No" alone is no wrong number: it may be a wish.
_OK = ("yes", "ok", "okay", "是", "是的", "好", "好的", "对", "可以")
_YES = (*_OK, "yes it is me", "yes its me", "it is me", "its me", "this is me", "是我", "是本人", "我是本人", "本人")
_NOT_ME = ("no it is not me", "it is not me", "not my number", "不是", "不是我", "错误", "错了", "号码不对")
_AGREE = (*_OK, "i agree", "agree", "agreed", "yes i agree", "同意", "我同意", "愿意", "我愿意")
_DECLINES = (
    "no", "no thanks", "no thank you", "i do not agree", "i dont agree", "i do not want this", "i dont want this", "i decline",
    "不", "不同意", "我不同意", "不愿意", "我不愿意", "不要", "不想", "不需要", "拒绝",
)  # fmt: skip
_WORDS = {
    WELCOME: dict.fromkeys(_YES, "1") | dict.fromkeys(_NOT_ME, "2"),
    INVITE: dict.fromkeys(_AGREE, "1"),
    LANGUAGE: {"english": "1", "en": "1", "中文": "2", "zh": "2"},
}
# Read as words of somebody who has not agreed to be asked: a person reads them, and a person asks.
_INSTEAD = {**dict.fromkeys(INTERVIEW | {"sym_progress", "sym_other", "sym_which"}, "reassure"), "unclear1": "unclear2"}


def take(*, message: InboundMessage, point: ContactPoint) -> Turn | None:
    """The turn of an answer to one of these questions; None when the text is none, or was written before the question had left."""
    question = open_question(point.line)
    if question is None or question.wording not in ASKED or not _may_answer(message, point, question):
        return None
    meant = _meant(question.wording, message.body)
    if not meant:
        return None
    turn = turn_for(message, point)
    if meant == _BOTH:
        find_out_which(turn)
        turn.reply_wording = "bad_number"
    else:
        turn.reply_wording = _ANSWERS[question.wording, meant](turn, point)
        keep(question, message, meant)
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    return turn


def _may_answer(message: InboundMessage, point: ContactPoint, question: Question) -> bool:
    is_asked = was_asked_before(message, question) and question.message.state != SendState.PLANNED
    is_about_them = question.participant_id == point.participant_id
    return is_asked and is_about_them and point.participant.follow_up == FollowUp.ACTIVE


def _meant(wording: str, body: str) -> str:
    """ "1", "2", a no in words, both digits at once, or "" for everything else."""
    understood = read(body)
    if digits := set(understood.answers):
        if not digits <= {"1", "2"}:
            return ""
        return _BOTH if len(digits) > 1 else digits.pop()
    plain = normalise(_COMMAS.sub(" ", body))
    if wording != LANGUAGE and plain in _DECLINES:
        return _NO
    return of_list(plain, _WORDS[wording]) or ""


# --- what each answer does; returns the wording of the reply


def _is_me(_: Turn, point: ContactPoint) -> str:
    confirmations.confirm_by_answer(point)
    return "consent_ok"


def _not_me(turn: Turn, point: ContactPoint) -> str:
    """The number is not used, and a person checks it the same day. Only a person takes it off the record."""
    refuse(turn, point, TaskKind.CHECK_NUMBER)
    return "wrong_number"


def _declines(turn: Turn, point: ContactPoint) -> str:
    """Nobody is committed to texts: as after a STOP a person calls, and the follow-up goes on by phone."""
    refuse(turn, point, TaskKind.OPTED_OUT)
    return "consent_no"


def _agrees(_: Turn, point: ContactPoint) -> str:
    confirmations.confirm_by_answer(point)
    return "caregiver_ok"


def _does_not_agree(turn: Turn, point: ContactPoint) -> str:
    refuse(turn, point, TaskKind.CAREGIVER_NO)
    return "caregiver_no"


def _speaks(language: Language, wording: str) -> Callable[[Turn, ContactPoint], str]:
    def change(_: Turn, point: ContactPoint) -> str:
        participants.change_preferences(participant=point.participant, language=language)
        return wording

    return change


def refuse(turn: Turn, point: ContactPoint, kind: TaskKind) -> None:
    """No unprompted text goes to this number any more, and a person of the site knows it."""
    confirmations.refuse(point)
    site, participant = point.participant.site, point.participant
    open_task(
        key=f"refused:{turn.message_id}", kind=kind, site=site, participant=participant, message=turn.message,
        deadline=promised_call(site).deadline,
    )  # fmt: skip


_ANSWERS: dict[tuple[str, str], Callable[[Turn, ContactPoint], str]] = {
    (WELCOME, "1"): _is_me,
    (WELCOME, "2"): _not_me,
    (WELCOME, _NO): _declines,
    (INVITE, "1"): _agrees,
    (INVITE, "2"): _does_not_agree,
    (INVITE, _NO): _does_not_agree,
    (LANGUAGE, "1"): _speaks(Language.EN, "lang_en"),
    (LANGUAGE, "2"): _speaks(Language.ZH_HANS, "lang_zh"),
}


# --- who has not confirmed, and writes


def takes_questions(point: ContactPoint | None) -> bool:
    """Whether a question about health may answer a text from this phone.

    A participant who has not confirmed yet is asked: an answer may be the first sign of an emergency. A caregiver before they agreed,
    and whoever said no, is not: a person calls.
    """
    if point is None or point.is_confirmed:
        return True
    return point.kind == ContactKind.PARTICIPANT and point.standing == Standing.WAITING


def spare(turn: Turn) -> None:
    """The courtesy answer to somebody who has not agreed asks nothing; a caregiver who said no gets none, and a person reads the text."""
    point = turn.contact_point
    if point is None or takes_questions(point) or turn.command or turn.reply_wording == "caregiver_no":
        return
    is_over = point.kind == ContactKind.CAREGIVER and point.standing == Standing.REFUSED
    if is_over and turn.escalation_id is None:
        find_out_which(turn)
        turn.reply_wording = ""
    elif turn.reply_wording in _INSTEAD:
        if turn.reply_wording != "unclear1":  # a person reads that text already
            find_out_which(turn)
        turn.reply_wording = _INSTEAD[turn.reply_wording]
    turn.save(update_fields=["reply_wording"])


def wrong_number(point: ContactPoint) -> bool:
    """ "Wrong number" to a number that nobody had confirmed is its answer 2, and from a caregiver it is about their phone alone. False
    where it is anything else.
    """
    if point.standing != Standing.WAITING and point.kind != ContactKind.CAREGIVER:
        return False
    confirmations.refuse(point)
    confirmations.look_again(point)
    return True
