"""Whether what was answered has reached the phone. A text that did not is no answer: a person phones, and whoever is paged is told so.

Of an urgent text it is enough that nobody knows. News is looked for until there is some: a provider reports a text that it could not
deliver after an hour or six, and its log is read for a month.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet

from apps.conversations.board import CALL_WITHIN, URGENT_WITHIN, open_task
from apps.conversations.models import Arrival, Task, Turn
from apps.conversations.speaking import local_time, promised_call
from apps.conversations.unanswered import was_reached
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import FINAL, NOT_REACHED
from apps.participants.contacts import contact_points_of
from apps.participants.holding import hold
from apps.participants.models import Participant

# Seconds after the answer: as long as a page waits for a delivery event, and once more for those that are tried again or looked up.
# From then on ever more seldom, as long as a provider's log may still bring news.
LOOKS = (90.0, 1800.0)
_SELDOM = 6 * 3600.0
_MOST_LOOKS = 125
_URGENT = (ChainName.R1, ChainName.R2)
_KEY = "not-arrived:"


def expect(turn: Turn) -> None:
    """Look after what this turn has said, its emergency text too."""
    if turn.line is None or not (turn.reply_id or (turn.escalation_id and _texts(turn).exists())):
        return
    lane = Lane.SAFETY if turn.escalation_id else Lane.MESSAGES
    Arrival.objects.get_or_create(turn=turn, defaults={"due_at": clock.now() + work.seconds(LOOKS[0]), "lane": lane})


def see_arrival(arrival: Arrival) -> None:
    """Work handler: a text that is known not to have arrived becomes a call, and an urgent one of which nobody knows it in half an hour."""
    with work.finishing(arrival) as ending:
        turn = arrival.turn
        states = set(_texts(turn).values_list("state", flat=True))
        arrival.looks += 1
        if states & NOT_REACHED:
            _not_arrived(turn)
        elif not states <= FINAL:
            if arrival.looks == len(LOOKS) and _is_urgent(turn):
                _not_known(turn)
            ending.due_at = _again(arrival.looks)
        arrival.save()


def could_not_see(arrival: Arrival) -> None:
    """The program failed five times at looking: a person phones, as if the text had not arrived."""
    _not_arrived(arrival.turn)


def _again(looks: int) -> datetime | None:
    if looks > _MOST_LOOKS:
        return None
    wait = LOOKS[1] - LOOKS[0] if looks < len(LOOKS) else LOOKS[1] * 2 ** min(looks - len(LOOKS), 10)
    return clock.now() + work.seconds(min(wait, _SELDOM))


def _texts(turn: Turn) -> "QuerySet[OutboundMessage]":
    emergency = _emergency(turn)
    return OutboundMessage.objects.filter(emergency | Q(pk=turn.reply_id) if turn.reply_id else emergency)


def _emergency(turn: Turn) -> Q:
    return Q(key__startswith=f"emergency:{turn.message_id}:")


def _is_urgent(turn: Turn) -> bool:
    """It has paged people, or they were told to get help."""
    paged = turn.escalation is not None and turn.escalation.chain in _URGENT
    return paged or OutboundMessage.objects.filter(_emergency(turn)).exists()


def _not_arrived(turn: Turn) -> None:
    for participant in _held(turn):
        running = _running(participant)
        for each in running:
            escalation.cannot_be_texted(escalation=each)
        waits = _is_urgent(turn) and not was_reached(participant, since=turn.arrived_at)
        if running or waits:
            _call_now(turn, participant, _kind(turn), running)
        else:
            _call_today(turn, participant)


def _not_known(turn: Turn) -> None:
    """Not of those who have been spoken with since: they have their answer."""
    for participant in _held(turn):
        if not was_reached(participant, since=turn.arrived_at):
            _call_now(turn, participant, TaskKind.UNCERTAIN, _running(participant))


def _held(turn: Turn) -> Iterable[Participant]:
    """Whoever the texts were for. Of a shared phone nobody knows which of them wrote."""
    points = contact_points_of(turn.line) if turn.participant is None and turn.line else []
    found = [turn.participant] if turn.participant else [point.participant for point in points]
    people = {participant.pk: participant for participant in found}.values()
    hold(people)  # before their escalations
    return people


def _running(participant: Participant) -> list[Escalation]:
    """The urgent chains about them, the newest first: by their cases, or by a task."""
    about = Q(events__participant=participant) | Q(tasks__participant=participant)
    return list(
        Escalation.objects.filter(about, state__in=RUNNING, chain__in=_URGENT).distinct().order_by("-opened_at")
    )


def _kind(turn: Turn) -> TaskKind:
    return TaskKind.CANNOT_TEXT if turn.line and turn.line.carrier_blocked_at else TaskKind.UNDELIVERED


def _call_now(turn: Turn, participant: Participant, kind: TaskKind, running: list[Escalation]) -> None:
    """Unless such a call stands already, and nobody has spoken with them since. A contact that is recorded in the paging ends it."""
    standing = Task.objects.filter(
        participant=participant, key__startswith=_KEY, message__line=turn.line, done_at__isnull=True,
        deadline__lte=F("created_at") + URGENT_WITHIN,
    ).order_by("created_at").last()  # fmt: skip
    if standing is not None and not was_reached(participant, since=standing.created_at):
        return
    open_task(
        key=f"{_KEY}{turn.message_id}:{participant.pk}", kind=kind, site=participant.site, participant=participant,
        message=turn.message, deadline=clock.now() + CALL_WITHIN, running=running[0] if running else None,
    )  # fmt: skip


def _call_today(turn: Turn, participant: Participant) -> None:
    """One task a day and phone, however many answers do not arrive."""
    site = participant.site
    open_task(
        key=f"{_KEY}{turn.line_id}:{participant.pk}:{local_time(site):%Y%m%d}", kind=_kind(turn), site=site,
        participant=participant, message=turn.message, deadline=promised_call(site).deadline,
    )  # fmt: skip
