"""The texts that offer letters (A done, B not yet, C help or a call), and what a letter does. A letter is about the newest of them.

They hold no place of their own among open questions: digits always go to the check-in, letters always here or to the appointment.
"""

import re
from collections.abc import Callable
from functools import cache

from apps.conversations import appointments, understanding
from apps.conversations.appointments import APPOINTMENT_TEXTS, LETTERS
from apps.conversations.board import open_task
from apps.conversations.given import of_list
from apps.conversations.kept import keep
from apps.conversations.models import Question, Task, Turn
from apps.conversations.speaking import promised_call
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import wording
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants.models import ContactPoint, Participant
from apps.trials.services import current_protocol

LAB, PLAN = "lab_reminder", "daily_plan"
LETTER_TEXTS = APPOINTMENT_TEXTS | {LAB, PLAN}
_MEANING = re.compile(r"([ABC])\s*=?\s*([^ABC.。]+?)\s*(?=[ABC.。]|$)")


def newest(point: ContactPoint, message: InboundMessage) -> Question | None:
    """The newest text to this phone that asked for letters before this one was written, whatever else was asked since."""
    return appointments.newest(point, message, LETTER_TEXTS)


def in_words(point: ContactPoint, message: InboundMessage) -> tuple[Question, str] | None:
    """The newest such text and the letter whose own words this is ("done", "没做"), where it is about a test or the day's plan."""
    asked = newest(point, message)
    if asked is None or asked.wording in APPOINTMENT_TEXTS:
        return None
    letter = of_list(message.body, _words(asked.wording))
    return (asked, letter) if letter else None


@cache
def _words(key: str) -> dict[str, str]:
    """What its letters say, in every language."""
    texts = [wording.message(key, lang=lang).text for lang in wording.languages()]
    return {understanding.normalise(said): sign for text in texts for sign, said in _MEANING.findall(text)}


def take(
    *, message: InboundMessage, point: ContactPoint, question: Question, given: tuple[str, ...], call_me: Callable[[Turn], str]
) -> Turn:  # fmt: skip
    """The turn of a letter about a test or the day's plan; with a digit or a second meaning beside it, it is asked again."""
    turn, meant = turn_for(message, point), set(given)
    turn.reply_wording = "bad_number"
    if meant <= LETTERS and ("C" in meant or len(meant) == 1):
        letter = "C" if "C" in meant else given[0]
        keep(question, message, letter)
        turn.reply_wording = _act(turn, question, letter, call_me)
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    return turn


def _act(turn: Turn, question: Question, letter: str, call_me: Callable[[Turn], str]) -> str:
    participant = question.participant
    if letter == "C":
        return call_me(turn) if question.wording == PLAN else _call_about_test(turn, participant)
    if letter == "B" and question.wording == PLAN:
        _tell_coordinator(question)
    return appointments.noted(participant)


def _call_about_test(turn: Turn, participant: Participant) -> str:
    open_task(
        key=f"test:{turn.message_id}", kind=TaskKind.TEST_DUE, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    return "checkin_call"


def _tell_coordinator(question: Question) -> None:
    """Not done so often in a row: a person asks why. One call at a time, however often it goes on."""
    often = current_protocol().reminders.plan_not_done
    answered = question.participant.questions.filter(wording=PLAN, state=QuestionState.ANSWERED)
    newest = answered.order_by("-asked_at", "-answered_at").values_list("message", "answer")[: often * 4]
    last = list(dict(reversed(list(newest))).values())[-often:]  # of each day the last word
    if last == ["B"] * often:
        call_about_plan(question.participant, key=f"plan:{question.pk}")


def call_about_plan(participant: Participant, *, key: str) -> None:
    """One task while it is open, whether the plan was not kept or nothing was heard about it."""
    if Task.objects.filter(participant=participant, kind=TaskKind.PLAN_NOT_KEPT, done_at__isnull=True).exists():
        return
    open_task(
        key=key, kind=TaskKind.PLAN_NOT_KEPT, site=participant.site, participant=participant,
        deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
