"""What is written about an appointment: a letter of its text's list, or words that say the same."""

from datetime import timedelta

from apps.conversations import alarm
from apps.conversations.board import open_task
from apps.conversations.kept import keep
from apps.conversations.models import Question, Turn
from apps.conversations.speaking import is_over, promised_call
from apps.conversations.turns import turn_for
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.participants.models import ContactPoint, Participant

APPOINTMENT_TEXTS = frozenset({"visit_7d", "visit_1d", "visit_missed", "visit_fasting"})
LETTERS = frozenset("ABC")
_ANSWERABLE = timedelta(days=8)


def newest(
    point: ContactPoint, message: InboundMessage, wordings: frozenset[str] = APPOINTMENT_TEXTS
) -> Question | None:
    """The newest of such texts to this participant on this phone in the days before this was written, whatever was asked since."""
    asked = Question.objects.filter(line=point.line, participant=point.participant, wording__in=wordings)
    lately = asked.filter(asked_at__gt=clock.now() - _ANSWERABLE, asked_at__lte=message.received_at)
    return lately.select_related("participant__site").order_by("-asked_at", "-answered_at").first()


def take(*, message: InboundMessage, point: ContactPoint, visit: Question, given: tuple[str, ...]) -> Turn:
    """A I will come, B please change it, C I cannot: about the newest appointment text, also days later and whatever was asked since.

    Letters never answer anything else. With a digit beside them nobody knows which is meant.
    """
    turn = turn_for(message, point)
    turn.reply_wording = "bad_number"
    if set(given) & {"B", "C"} and set(given) <= LETTERS:
        call(turn)
        turn.reply_wording = "checkin_call"
    elif given == ("A",):
        turn.reply_wording = noted(point.participant)
    if turn.reply_wording != "bad_number":
        keep(visit, message, " ".join(given))
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    return turn


def call(turn: Turn) -> None:
    """A person calls and sets the appointment. On a shared phone each participant has a call of their own."""
    participant = turn.participant
    assert participant is not None
    open_task(
        key=f"appointment:{turn.message_id}:{participant.pk}", kind=TaskKind.APPOINTMENT, site=participant.site,
        participant=participant, message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip


def noted(participant: Participant) -> str:
    """While a chain runs nobody is thanked as if all were well (clinical rule 6)."""
    if alarm.is_running(participant):
        return "reassure"
    return "after_end_auto" if is_over(participant.site) else "checkin_ok"
