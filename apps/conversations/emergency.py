"""What an answer to the emergency text, or to its check ten minutes later, does. The chain goes on until a person has spoken."""

from datetime import timedelta

from apps.conversations import admission, alarm, drafts, listed
from apps.conversations.board import open_task
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import EMERGENCY, QUESTION_LIVES
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.models import Escalation
from apps.messaging.models import InboundMessage
from apps.participants import pauses
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, PauseCode

CHANGES_MIND = frozenset({"2", "3", "4"})  # after a "1" a second "1" says nothing new about the emergency


def take(turn: Turn, given: tuple[str, ...]) -> str:
    """1 there or on the way, 2 need help to go, 3 please call, 4 family is there; of several the worst counts. Which of its two the 1
    means nobody knows: it begins no stay.
    """
    if set(given) <= {"1", "4"}:
        return "emergency_close"
    if set(given) & {"2", "3"} and turn.participant:
        return _needs_help(turn, turn.participant)
    return "bad_number"


def last_asked(message: InboundMessage, point: ContactPoint) -> Question | None:
    """The emergency text or its check, answered or not, where nothing newer was asked and nobody has spoken with them yet.

    Then a changed mind is about it ("1", and later "2": need help after all), after STOP too, and "on the way" is an answer, not news.
    """
    before = Question.objects.filter(line=point.line, asked_at__lte=message.received_at)
    last = before.select_related("participant__site", "message").order_by("-asked_at", "-answered_at").first()
    if last is None or last.wording not in EMERGENCY or last.participant_id != point.participant_id:
        return None
    is_fresh = last.asked_at > message.received_at - QUESTION_LIVES
    return last if is_fresh and alarm.is_running(point.participant) else None


def in_words(message: InboundMessage, point: ContactPoint) -> str | None:
    """The digit whose own words were copied from the emergency text or its check ("need help to go"), while that is what was asked last."""
    digit = listed.digit_of(EMERGENCY, message.body)
    return digit if digit is not None and last_asked(message, point) is not None else None


def at_hospital(turn: Turn) -> Turn:
    """In words, and not only on the way: a stay like one told of otherwise, with its pause and the question of day and hospital."""
    participant = turn.participant
    assert participant is not None
    if participant.follow_up not in SILENT:
        _on_the_case(turn, participant)
        pauses.begin(participant=participant, code=PauseCode.IN_HOSPITAL)
        if admission.may_be_asked(turn):
            turn.reply_wording = admission.ASKS
    return turn


def _needs_help(turn: Turn, participant: Participant) -> str:
    running = _on_the_case(turn, participant)
    open_task(
        key=f"emergency-help:{turn.message_id}", kind=TaskKind.CALL_BACK, site=participant.site, participant=participant,
        message=turn.message, running=running, deadline=clock.now() + timedelta(minutes=5),
    )  # fmt: skip
    return "reassure"


def _on_the_case(turn: Turn, participant: Participant) -> Escalation:
    """On the case that is paged about, as long as it is a draft; else on one of its own: whoever is paged finds words and a number."""
    turn.escalation = running = alarm.page(participant=participant, level="R1", received_at=turn.arrived_at)
    case = running.events.filter(participant=participant).order_by("-received_at").first()
    turn.report = drafts.by_digit(turn, "R1", escalation=running, case=case)
    return running
