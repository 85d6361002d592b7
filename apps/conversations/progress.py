"""An open item: what "as before" and the answers gone, better, same and worse do to it. Nothing that is texted closes it.

`apps.followup.progress` asks at the protocol's times; here stands what an answer means, and what no answer means.
"""

from datetime import datetime, timedelta

from apps.conversations import alarm, drafts, interview
from apps.conversations.board import contact_today, open_task
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import (
    About,
    is_night,
    open_question,
    promised_call,
    was_asked_before,
    was_asked_enough,
)
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import NOT_REACHED, SendState
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import LEFT, SILENT
from apps.safety import items
from apps.safety.models import AdverseEvent, OpenItem
from apps.safety.vocabulary import Outcome
from apps.triage.models import SymptomReport

ASKS = "sym_progress"
JUDGED_WITHIN = timedelta(days=7)  # routine: the weekly review
_TOLD = {"1": Outcome.RECOVERED, "2": Outcome.RECOVERING, "3": Outcome.NOT_RECOVERED, "4": Outcome.NOT_RECOVERED}
_GONE, _WORSE = "1", "4"
_SAME = "3"
_URGENT = ("R1", "R2")
_NAMES_NOTHING = frozenset({"unwell"})


# --- "as before", while something is open


def still_open(turn: Turn, participant: Participant) -> str:
    """The reply to a good answer beside an open item, or "" when none is open: it is not thanked for, but asked how that is now.

    Not at night, not as a fifth question (clinical rule 2), never in discreet mode or after words about suicide: then it is asked later,
    or a person calls.
    """
    open_now = items.asked_about(participant)
    if not open_now:
        return ""
    if participant.is_discreet or any(items.tells_of_suicide(item.event) for item in open_now):
        contact_today(turn)
        return "sym_done_r3"
    if is_night(participant.site) or was_asked_enough(turn.line):
        items.ask_soon(open_now)
        return "sym_done_r4"
    return ASKS


def about_the_gravest(participant: Participant) -> About | None:
    """What this question is about, so that silence after it is as short as the most urgent of what is open asks for."""
    gravest = min(items.asked_about(participant), key=lambda item: item.event.level or "R9", default=None)
    return About(None, "", gravest.event) if gravest else None


# --- the answer


def digit_of(question: Question | None, body: str) -> str | None:
    """The digit that words of the list stand for ("2 better"): the list is that of the interview's question, in the same order."""
    if question is None or question.wording != ASKS:
        return None
    return interview.by_words("sym_ongoing", body)


def is_asked(message: InboundMessage, point: ContactPoint) -> Question | None:
    """The question how it is now, where it waits and this text may be its answer."""
    question = open_question(point.line)
    is_this = question is not None and question.wording == ASKS and was_asked_before(message, question)
    return question if is_this else None


def case_of(message: InboundMessage, point: ContactPoint, report: SymptomReport) -> AdverseEvent | None:
    """Words that name no complaint, while it is asked how it is now, are about what was asked about: no second case."""
    named = {finding["id"] for finding in report.findings if finding["state"] == "present"}
    question = is_asked(message, point) if named == _NAMES_NOTHING else None
    return question.event if question else None


def take(turn: Turn, given: tuple[str, ...]) -> str:
    """1 gone, 2 better, 3 same, 4 worse; of several the worst counts. It is kept on every item that was open when it was asked."""
    participant = turn.participant
    known = [digit for digit in given if digit in _TOLD]
    if participant is None or (_WORSE not in given and len(known) < len(given)):
        return "bad_number"
    digit = max(known)
    open_now = _items_asked_about(turn, participant)
    items.tell(open_now, outcome=_TOLD[digit], at=turn.arrived_at)
    if digit == _WORSE:
        return _worse(turn, participant, open_now)
    if digit == _SAME:
        return _same(turn, open_now)
    if digit == _GONE:
        _to_be_judged(turn, participant, open_now)
    return "checkin_ok"


def _items_asked_about(turn: Turn, participant: Participant) -> list[OpenItem]:
    """The text names nothing, so it is about all that had been told of when it was asked."""
    question = open_question(turn.line) if turn.line else None
    asked_at = question.asked_at if question and question.wording == ASKS else turn.arrived_at
    return [item for item in items.asked_about(participant) if item.event.received_at <= asked_at]


def _worse(turn: Turn, participant: Participant, open_now: list[OpenItem]) -> str:
    """R2 at any hour, on the draft that was asked about: the doctor reads one case, not two."""
    point = turn.contact_point
    assert point is not None
    turn.escalation = alarm.page(participant=participant, level="R2", received_at=turn.arrived_at, wrote=point)
    case = open_now[0].event if open_now else None
    turn.report = drafts.by_digit(turn, "R2", escalation=turn.escalation, case=case)
    return "sym_done_r2"


def _same(turn: Turn, open_now: list[OpenItem]) -> str:
    """Never well: it stays open and is asked about again. What was urgent and is no better is a call the same day."""
    if any(item.event.level in _URGENT for item in open_now):
        contact_today(turn)
        return "sym_done_r3"
    return "sym_done_r4"


def _to_be_judged(turn: Turn, participant: Participant, open_now: list[OpenItem]) -> None:
    """A person says whether it is over. It is not asked about again, and a pause that stood for it may end."""
    for item in open_now:
        open_task(
            key=f"outcome:{item.pk}", kind=TaskKind.OUTCOME, site=participant.site, participant=participant, message=turn.message,
            event=item.event, deadline=clock.now() + JUDGED_WITHIN,
        )  # fmt: skip
    items.look_at_pause(participant)


# --- silence, after this question and after the one to a caregiver


def after_silence(question: Question) -> datetime | None:
    """A person calls: at once when the text did not arrive, else when its time is over. Returns when to look again."""
    not_arrived = question.message.state in NOT_REACHED | {SendState.CANCELLED}
    if not not_arrived and clock.now() < question.expires_at:
        return question.expires_at
    participant = question.participant
    if participant.follow_up in LEFT | SILENT or (question.wording == ASKS and not items.asked_about(participant)):
        return None
    kind = TaskKind.PROGRESS if question.wording == ASKS else TaskKind.PAUSE_CALL
    open_task(
        key=f"silence:{question.pk}", kind=TaskKind.UNDELIVERED if not_arrived else kind, site=participant.site,
        participant=participant, event=question.event, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip
    return None
