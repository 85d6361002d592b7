"""The downtime kit of a site: what the next day needs on paper when nothing else answers. Encrypted, dated, and on record.

It holds whole numbers, so it is made for a person who may call there, under a password that only this person knows and that is kept
nowhere. It is void after a day: the rota and the list of calls are no longer true then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.conversations.models import DowntimeKit, Task
from apps.core import clock
from apps.escalation import chains
from apps.escalation.people import on_duty
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.messaging import services as messaging
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site

VALID_FOR = timedelta(hours=24)
CALLS_AHEAD = timedelta(hours=24)
SHORTEST_PASSWORD = 12
OPEN_CASE = _("Urgent: a case is open now")


class NotForYou(Exception):
    """This person may not call participants of this site."""


class PasswordTooShort(Exception):
    """The kit leaves the system: its password has at least twelve characters."""


@dataclass(frozen=True)
class Rung:
    """One row of the phone tree: after how many minutes, in which role, who, at which number."""

    minutes: int
    who: str
    name: str
    number: str


@dataclass(frozen=True)
class ToCall:
    """One row of the call list: by when (local time), whom by code, why, and the numbers with whose they are."""

    by: datetime | None
    code: str
    why: str
    numbers: list[tuple[str, str]]


@dataclass(frozen=True)
class Kit:
    site: Site
    made_at: datetime
    valid_until: datetime
    made_for: str
    tree: list[Rung]
    calls: list[ToCall]
    others: list[ToCall]  # everybody else who is followed here: they may phone, or be phoned


@transaction.atomic
def make_kit(*, site: Site, person: User, password: str) -> bytes:
    """The PDF, encrypted with AES-256. That it was made, and every number in it, is on record. Raises NotForYou, PasswordTooShort."""
    if not scope(person).may(Action.SEND, site=site.pk):
        raise NotForYou
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordTooShort
    from apps.conversations import kit_paper  # noqa: PLC0415 - what sets paper takes a tenth of every process's start

    kit = kit_of(site, person)
    DowntimeKit.objects.create(site=site, person=person, made_at=kit.made_at, valid_until=kit.valid_until)
    return kit_paper.sealed(kit_paper.paper(kit), password=password)


def kit_of(site: Site, person: User) -> Kit:
    """What the paper says, as it is now."""
    now = clock.now()
    tasks = Task.objects.filter(site=site, done_at__isnull=True, deadline__lt=now + CALLS_AHEAD)
    listed = [
        ToCall(task.deadline, task.participant.code, str(task.get_kind_display()), _numbers(task.participant, person))
        for task in tasks.select_related("participant").order_by("deadline")
        if task.participant is not None
    ]
    listed = _untaken(site, person) + listed
    known = {call.code for call in listed}
    rest = [
        ToCall(None, participant.code, str(participant.get_follow_up_display()), _numbers(participant, person))
        for participant in Participant.objects.filter(site=site).exclude(follow_up=FollowUp.DEAD)
        if participant.code not in known
    ]
    return Kit(site, now, now + VALID_FOR, person.name, _tree(site), listed, rest)


def _untaken(site: Site, person: User) -> list[ToCall]:
    """Cases that are being paged about right now stand first."""
    cases = (
        Participant.objects.filter(site=site, events__escalation__state__in=RUNNING)
        .distinct()
        .order_by("events__escalation__received_at")
    )
    people = dict.fromkeys(cases)
    return [ToCall(None, each.code, OPEN_CASE, _numbers(each, person)) for each in people]


def _numbers(participant: Participant, person: User) -> list[tuple[str, str]]:
    points = ContactPoint.objects.filter(participant=participant, ended_at__isnull=True).select_related(
        "line__data_key"
    )
    return [(point.whose, messaging.show_number(line=point.line, person=person)) for point in points.order_by("-kind")]


def _tree(site: Site) -> list[Rung]:
    plan = chains.in_force(site=site)[ChainName.R1]
    rungs = [
        Rung(int(step.after.total_seconds() // 60), step.who, person.name, person.phone)
        for step in plan.steps
        for person in on_duty(step, site=site).people
        if person.phone
    ]
    return list(dict.fromkeys(rungs))
