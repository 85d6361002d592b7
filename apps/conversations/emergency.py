"""What an answer to the emergency text, or to its check ten minutes later, does. The chain goes on until a person has spoken."""

from datetime import timedelta

from apps.conversations import admission, alarm, drafts
from apps.conversations.board import open_task
from apps.conversations.models import Turn
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.models import Escalation
from apps.participants import pauses
from apps.participants.models import Participant
from apps.participants.vocabulary import SILENT, PauseCode


def take(turn: Turn, given: tuple[str, ...]) -> str:
    """1 there or on the way, 2 need help to go, 3 please call, 4 family is there; of several the worst counts. Which of its two the 1
    means nobody knows: it begins no stay.
    """
    if set(given) <= {"1", "4"}:
        return "emergency_close"
    if set(given) & {"2", "3"} and turn.participant:
        return _needs_help(turn, turn.participant)
    return "bad_number"


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
