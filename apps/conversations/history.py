"""What the conversation so far adds to the reading of a new text."""

from datetime import timedelta

from apps.conversations.models import Question
from apps.conversations.speaking import CHECKIN_FAMILY
from apps.conversations.vocabulary import QuestionState
from apps.messaging.models import InboundMessage
from apps.participants import pauses
from apps.participants.models import Participant
from apps.safety import services as safety
from apps.triage.context import Told

ANSWER_COUNTS = timedelta(hours=72)
REPEATED_WITHIN = timedelta(days=3)


def told_about(participant: Participant, message: InboundMessage) -> Told:
    """The last answer to a check-in, and what was reported lately and lies unclosed.

    Texts of one storm are one report: only what is older than that is said "again".
    """
    until = message.received_at - safety.STORM
    unclosed = safety.unclosed_items(participant, since=message.received_at - REPEATED_WITHIN, until=until)
    return Told(
        last_answer=_last_answer(participant, message),
        open_items=tuple(sorted(unclosed)),
        open_admission=pauses.known_stay(participant) is not None,
    )


def _last_answer(participant: Participant, message: InboundMessage) -> int | None:
    """1 as before or better, 2 something new or worse; of several at once the worse. 3 (please call) says nothing of either."""
    answered = Question.objects.filter(
        participant=participant,
        state=QuestionState.ANSWERED,
        wording__in=CHECKIN_FAMILY,
        answered_at__gte=message.received_at - ANSWER_COUNTS,
    ).order_by("-answered_at")
    given = answered.values_list("answer", flat=True).first() or ""
    digits = {digit for digit in given.split() if digit in ("1", "2")}
    return int(max(digits)) if digits else None
