"""Open items: what somebody reported and no person has closed. They are asked about again, and what they answer is a draft for a person."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from apps.core import clock, work
from apps.core.work import Lane
from apps.participants import pauses
from apps.participants.models import Participant, Pause
from apps.participants.vocabulary import FollowUp, PauseCode
from apps.safety.models import AdverseEvent, OpenItem
from apps.safety.vocabulary import GOES_ON, SUICIDAL, EventState, Outcome
from apps.trials.services import current_protocol

_CRISIS = "crisis"
_ROUTINE = "R4"  # logged, and read weekly
NEVER = ("death", "death_hold")  # a person calls the family


def expect(event: AdverseEvent, *, path: str) -> None:
    """The report of an item that is asked about again. Doing it twice changes nothing."""
    if event.level == _ROUTINE or path in NEVER or event.death:
        return
    first = timedelta(hours=current_protocol().conversation.progress_hours[0])
    item = OpenItem(event=event, due_at=event.received_at + first, lane=Lane.MESSAGES)
    OpenItem.objects.bulk_create([item], ignore_conflicts=True)


def told_again(event: AdverseEvent, *, at: datetime) -> None:
    """More was reported of an item after they said that it is gone: it is open again, and asked about like a new one."""
    first = timedelta(hours=current_protocol().conversation.progress_hours[0])
    gone = OpenItem.objects.filter(event=event, told=Outcome.RECOVERED, told_at__lt=at)
    work.set_due(gone, due_at=at + first)
    gone.update(told="", told_at=None)


def follow(event: AdverseEvent) -> None:
    """What an investigator's judgement changes: an open serious event pauses the check-ins, one that is over no longer does."""
    if event.is_serious and event.is_asked_about:
        item, _ = OpenItem.objects.get_or_create(event=event, defaults={"lane": Lane.MESSAGES})
        if item.told != Outcome.RECOVERED:
            pauses.begin(participant=event.participant, code=PauseCode.OPEN_SAE)
    else:
        look_at_pause(event.participant)


def follow_again(event: AdverseEvent) -> None:
    """What was dismissed is a draft again. It is asked about again unless it was asked about often enough."""
    if event.participant.follow_up == FollowUp.ACTIVE:
        ask_again(event.participant)
    look_at_pause(event.participant)


def look_at_pause(participant: Participant) -> None:
    """Something about their serious events has changed: whether they still pause the check-ins is looked at now."""
    rows = Pause.objects.filter(participant=participant, code=PauseCode.OPEN_SAE, ended_at__isnull=True)
    work.set_due(rows, due_at=clock.now())


def keep_asking(participant: Participant) -> bool:
    """While a serious event is open it is asked about in place of the check-ins. False when there is none that can be asked about."""
    serious = [item for item in asked_about(participant) if item.event.is_serious and item.quarantined_at is None]
    ask_soon(item for item in serious if item.due_at is None)
    return bool(serious)


def ask_again(participant: Participant) -> None:
    """Of somebody who is followed again: whatever is open and was asked about no more when they left, before a person was to judge it."""
    times = len(current_protocol().conversation.progress_hours)
    stopped = [item for item in asked_about(participant) if item.due_at is None and item.quarantined_at is None]
    ask_soon(item for item in stopped if item.asked < times)


def open_events(participant: Participant) -> list[AdverseEvent]:
    """Newest first."""
    is_open = Q(state=EventState.DRAFT) | Q(state=EventState.CONFIRMED, outcome__in=GOES_ON)
    return list(participant.events.filter(is_open).select_related("escalation", "item").order_by("-received_at"))


def asked_about(participant: Participant) -> list[OpenItem]:
    """The items about which "as before" never means well: open, and not told to be gone. Newest first."""
    open_now = [event for event in open_events(participant) if event.is_asked_about]
    rows = OpenItem.objects.filter(event__in=open_now).exclude(told=Outcome.RECOVERED)
    return list(rows.select_related("event__escalation").order_by("-event__received_at"))


def tells_of_suicide(event: AdverseEvent) -> bool:
    """No text asks how that is now: a person does."""
    return event.reports.filter(symptom_report__path=_CRISIS).exists() or event.spoken.filter(item=SUICIDAL).exists()


def tell(items: Iterable[OpenItem], *, outcome: Outcome, at: datetime) -> None:
    """Keep what they say of their open items, for a person to judge."""
    for item in items:
        item.told, item.told_at = outcome, at
        item.save(update_fields=["told", "told_at"])


def ask_soon(items: Iterable[OpenItem]) -> None:
    """Ask at the next hour at which a text may leave."""
    work.set_due(OpenItem.objects.filter(pk__in=[item.pk for item in items]), due_at=clock.now())
