"""What needs this person now: pages that nobody has taken, events that nobody has read, tasks by their deadline. Oldest first."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.audit.services import note_readings
from apps.conversations.models import Task
from apps.core import clock
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, EscalationState
from apps.messaging.models import Alarm, InboundMessage
from apps.participants import arm_told
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace.duty_rota import Offered, offered_to

SOON = timedelta(hours=24)
_LISTED = 100


@dataclass(frozen=True)
class Running:
    """An escalation with the events that it is about, as far as this person may see them."""

    escalation: Escalation
    events: list[AdverseEvent]
    messages: list[InboundMessage]
    tasks: list[Task]  # the promise that was not kept, or the call that nobody could answer
    may_take: bool
    is_mine: bool


@dataclass
class Now:
    """Everything on the list. `is_empty` lets the page say so in words: an empty list must not look like a broken one."""

    at: datetime
    untaken: list[Running] = field(default_factory=list)
    taken: list[Running] = field(default_factory=list)
    unread: list[AdverseEvent] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    offered: list[Offered] = field(default_factory=list)  # shifts that colleagues offer to this person
    alarms: int = 0
    told: int = 0  # texts that may tell an allocation and that wait for this person's word
    may_read_texts: bool = False
    has_work: bool = False
    may_cut: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.untaken or self.taken or self.unread or self.tasks or self.offered or self.alarms or self.told)

    @property
    def url(self) -> str:
        return reverse("admin:now")


def for_person(person: User, seen: Scope) -> Now:
    """The list of one person. Events on it count as shown from now on."""
    now = Now(at=clock.now(), may_read_texts=seen.may(Action.VIEW_TEXTS), may_cut=seen.may(Action.MAKE_CUT))
    now.has_work = seen.may(Action.ACKNOWLEDGE) or seen.may(Action.SEND)
    if seen.may(Action.ACKNOWLEDGE):
        running = [_running(each, person, seen) for each in _open_escalations(seen)]
        now.untaken = [each for each in running if each.escalation.state == EscalationState.OPEN]
        now.offered = offered_to(person, seen)
        now.taken = [each for each in running if each.escalation.state != EscalationState.OPEN]
    if seen.may(Action.VIEW_TEXTS):
        above = {event.pk for event in _events_of(now)}
        now.unread = [event for event in _unread(seen) if event.pk not in above]
    now.tasks = list(_tasks(seen))
    now.told = arm_told.waiting_for(seen)
    if seen.may(Action.RUN):
        now.alarms = Alarm.objects.filter(last_at__gte=now.at - SOON).count()
    events = [*now.unread, *_events_of(now)]
    for event in events:
        safety.mark_shown(event=event)
    note_readings([*events, *(message for running in (*now.untaken, *now.taken) for message in running.messages)])
    return now


def _sited(seen: Scope, right: Action, path: str = "site") -> Q:
    wanted = Q(**{f"{path}__in": seen.sites_for(right)})
    if seen.may(Action.VIEW_UNMATCHED):
        wanted |= Q(**{f"{path}__isnull": True})
    return wanted


def _open_escalations(seen: Scope) -> QuerySet[Escalation]:
    rows = Escalation.objects.filter(_sited(seen, Action.ACKNOWLEDGE), state__in=RUNNING)
    return rows.select_related("site", "acknowledged_by").order_by("received_at")[:_LISTED]


def _running(escalation: Escalation, person: User, seen: Scope) -> Running:
    events = escalation.events.filter(participant__site__in=seen.sites_for(Action.VIEW_TEXTS))
    messages: list[InboundMessage] = []
    if escalation.site_id is None and seen.may(Action.VIEW_UNMATCHED):
        messages = list(InboundMessage.objects.filter(turn__escalation=escalation).order_by("received_at"))
    return Running(
        escalation=escalation,
        events=list(events.select_related("participant__site", "data_key").order_by("received_at")),
        messages=messages,
        tasks=[*escalation.tasks.filter(done_at__isnull=True).select_related("participant")],
        may_take=escalation.state == EscalationState.OPEN,
        is_mine=escalation.acknowledged_by_id == person.pk,
    )


def _unread(seen: Scope) -> QuerySet[AdverseEvent]:
    rows = AdverseEvent.objects.filter(participant__site__in=seen.sites_for(Action.VIEW_TEXTS), level__in=("R1", "R2"))
    rows = rows.filter(state=EventState.DRAFT, first_read_at__isnull=True)
    return rows.select_related("participant__site", "data_key", "escalation").order_by("received_at")[:_LISTED]


def _tasks(seen: Scope) -> QuerySet[Task]:
    rows = Task.objects.filter(_sited(seen, Action.SEND), done_at__isnull=True)
    return rows.select_related("site", "participant", "event", "visit").order_by("deadline")[:_LISTED]


def _events_of(now: Now) -> list[AdverseEvent]:
    return [event for running in (*now.untaken, *now.taken) for event in running.events]
