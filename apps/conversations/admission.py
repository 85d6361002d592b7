"""An answer says that they are in hospital: which day, and which hospital (`sym_admit`), and what they write to that.

The chain runs already and a person phones, so its silence needs no act of its own. One question, beside an R1 two would be allowed.
"""

from datetime import timedelta

from apps.conversations import alarm
from apps.conversations.board import READ_WITHIN, open_task
from apps.conversations.kept import keep
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import CONVERSATION, About, ask, open_question, was_asked_before, was_asked_enough
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.vocabulary import RUNNING
from apps.messaging import services as messaging
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants.contacts import texting_status
from apps.participants.vocabulary import WhyNot
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.triage.models import SymptomReport

ASKS = "sym_admit"
_LIVES = timedelta(hours=12)  # then it makes room for a check-in


def may_ask(turn: Turn, decided: SymptomReport) -> bool:
    """Only a stay was told of, and it may be asked about."""
    return alarm.is_only_a_stay(decided) and may_be_asked(turn)


def may_be_asked(turn: Turn) -> bool:
    """Texts may go there openly, and it is neither a fifth question nor the same one again (clinical rule 2)."""
    participant = turn.participant
    assert participant is not None
    if participant.is_discreet:
        return False
    if texting_status(participant, line=turn.line) not in (None, WhyNot.UNCONFIRMED):
        return False
    lately = Question.objects.filter(line=turn.line, asked_at__gt=clock.now() - CONVERSATION)
    return not lately.filter(wording=ASKS).exists() and not was_asked_enough(turn.line)


def ask_now(turn: Turn, *, key: str) -> OutboundMessage:
    """Text the question, about the case that the answer has made urgent."""
    participant, report = turn.participant, turn.report
    assert participant is not None
    assert report is not None
    case = AdverseEvent.objects.filter(reports__symptom_report=report).first()
    about, until = About(report, "", case), clock.now() + _LIVES
    question = ask(
        participant=participant, wording_key=ASKS, key=key, purpose=Purpose.REPLY, line=turn.line, expires_at=until, about=about
    )  # fmt: skip
    return question.message


def take(turn: Turn, report: SymptomReport) -> bool:
    """Words without an alarm or a complaint that answer it: they join the case, whoever has it hears of it, a person reads them."""
    participant, line = turn.participant, turn.line
    assert participant is not None
    assert line is not None
    question = open_question(line)
    if question is None or question.wording != ASKS or question.participant_id != turn.participant_id:
        return False
    if not was_asked_before(turn.message, question):
        return False
    keep(question, turn.message)
    _join(turn, question.event, report)
    open_task(
        key=f"read:{turn.message_id}", kind=TaskKind.READ, site=participant.site, participant=participant, message=turn.message,
        event=question.event, deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip
    turn.reply_wording = "admitted_reply"
    messaging.settle(message=turn.message, disposition=Disposition.ANSWER)
    return True


def _join(turn: Turn, case: AdverseEvent | None, report: SymptomReport) -> None:
    if case is None or case.state != EventState.DRAFT or turn.participant is None or turn.contact_point is None:
        return
    safety.open_adverse_event(
        participant=turn.participant, message=turn.message, report=report, escalation=None,
        reporter=turn.contact_point.kind, case=case,
    )  # fmt: skip
    if case.escalation is not None and case.escalation.state in RUNNING:
        escalation.tell_holder(escalation=case.escalation)
