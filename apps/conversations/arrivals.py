"""Whether what was answered has reached the phone. A text that did not is no answer: a person phones, and whoever is paged is told so."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.conversations.board import CALL_WITHIN, open_task
from apps.conversations.models import Arrival, Turn
from apps.conversations.speaking import local_time, promised_call
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import FINAL, NOT_REACHED
from apps.participants.contacts import contact_points_of
from apps.participants.models import Participant

# Seconds after the answer: as long as a page waits for a delivery event, and once more for those that are tried again or looked up.
LOOKS = (90.0, 1800.0)
_URGENT = (ChainName.R1, ChainName.R2)


def expect(turn: Turn) -> None:
    """Look after what this turn has said, its emergency text too."""
    if turn.line is None or not (turn.reply_id or (turn.escalation_id and _texts(turn).exists())):
        return
    lane = Lane.SAFETY if turn.escalation_id else Lane.MESSAGES
    Arrival.objects.get_or_create(turn=turn, defaults={"due_at": clock.now() + work.seconds(LOOKS[0]), "lane": lane})


def see_arrival(arrival: Arrival) -> None:
    """Work handler: a text that is known not to have arrived becomes a call; one whose end is not known is looked at once more."""
    with work.finishing(arrival) as ending:
        turn = arrival.turn
        states = set(_texts(turn).values_list("state", flat=True))
        if states & NOT_REACHED:
            _not_arrived(turn)
        elif not states <= FINAL and arrival.looks + 1 < len(LOOKS):
            ending.due_at = _again(arrival)
        arrival.looks += 1
        arrival.save()


def could_not_see(arrival: Arrival) -> None:
    """The program failed five times at looking: a person phones, as if the text had not arrived."""
    _not_arrived(arrival.turn)


def _again(arrival: Arrival) -> datetime:
    return clock.now() + work.seconds(LOOKS[arrival.looks + 1] - LOOKS[arrival.looks])


def _texts(turn: Turn) -> "QuerySet[OutboundMessage]":
    emergency = Q(key__startswith=f"emergency:{turn.message_id}:")
    return OutboundMessage.objects.filter(emergency | Q(pk=turn.reply_id) if turn.reply_id else emergency)


def _not_arrived(turn: Turn) -> None:
    for participant in _participants(turn):
        running = Escalation.objects.filter(events__participant=participant, state__in=RUNNING, chain__in=_URGENT)
        for each in running.distinct():
            escalation.cannot_be_texted(escalation=each)
        _call(turn, participant, is_urgent=running.exists())


def _participants(turn: Turn) -> Iterable[Participant]:
    """Of a shared phone nobody knows which of them wrote."""
    if turn.participant is not None:
        return [turn.participant]
    points = contact_points_of(turn.line) if turn.line else []
    return {point.participant_id: point.participant for point in points}.values()


def _call(turn: Turn, participant: Participant, *, is_urgent: bool) -> None:
    """One task a day and phone, however many answers do not arrive."""
    assert turn.line is not None
    site = participant.site
    kind = TaskKind.CANNOT_TEXT if turn.line.carrier_blocked_at else TaskKind.UNDELIVERED
    deadline = clock.now() + CALL_WITHIN if is_urgent else promised_call(site).deadline
    open_task(
        key=f"not-arrived:{turn.line_id}:{participant.pk}:{local_time(site):%Y%m%d}:{is_urgent}", kind=kind, site=site,
        participant=participant, message=turn.message, deadline=deadline,
    )  # fmt: skip
