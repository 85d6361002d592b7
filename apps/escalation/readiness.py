"""Why paging may not go live: each reason in one line with its mend, for `doctor` and for the rota's quality page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from apps.core import clock
from apps.escalation import chains, incidents, rota
from apps.escalation import channel as channels
from apps.escalation.models import Drill, Incident, Page, Route, Shift
from apps.escalation.paging import NEVER_CONFIRMS_AFTER
from apps.escalation.people import on_duty
from apps.escalation.vocabulary import ChainName, IncidentKind, PageKind
from apps.staff.models import User
from apps.trials.models import Site
from apps.trials.services import NoProtocol, current_protocol

_TEST_IT = "set up the person's channels, then send a test page from the duty page"
_SLACK = timedelta(days=5)  # a drill that is due today has not failed yet


def readiness() -> list[str]:
    """Every reason why nobody should rely on this paging yet; empty when there is none. Codes and names of staff only."""
    settings_wrong = [
        f"channel {name}: {problem.rstrip('.')}: set it in the environment"
        for name in channels.CHANNELS.names
        for problem in channels.CHANNELS[name].problems()
    ]
    try:
        return [*settings_wrong, *(reason for site in [*Site.objects.all(), None] for reason in _reasons(site))]
    except NoProtocol:
        return ["no protocol is loaded, so there are no chains: manage.py load_trial FILE"]


def _reasons(site: Site | None) -> Iterator[str]:
    place = site.code if site else "trial"
    for problem in chains.problems_in_force(site=site):
        yield f"{place}: chain {problem.rstrip('.')}: set the chain right on the paging page, or the roles"
    for gap in rota.gaps(site=site):
        local = gap.starts_at.astimezone(ZoneInfo(site.timezone if site else settings.TIME_ZONE))
        yield f"{place}: nobody is {gap.duty} from {local:%Y-%m-%d %H:%M}: fill the rota"
    for person in people_on_call(site):
        yield from (f"{place}: {person.username} {lack}: {_TEST_IT}" for lack in lacks(person))
    if site is not None and (last := last_drill(site)) is None:
        yield f"{place}: no drill yet: start one on the duty page"
    elif site is not None and last is not None and last.started_at < clock.now() - _drill_days() - _SLACK:
        yield f"{place}: the last drill was on {last.started_at:%Y-%m-%d}: start one on the duty page"


def people_on_call(site: Site | None) -> list[User]:
    """Everybody whom a chain that wakes would page here now, or whose shift is still to come."""
    named = [
        person
        for running in chains.in_force(site=site).values()
        for step in running.steps
        if step.wants_to_wake
        for person in on_duty(step, site=site).people
    ]
    later = Shift.objects.filter(site=site, ends_at__gt=clock.now(), cancelled_at__isnull=True)
    coming = [shift.person for shift in later.select_related("person")]
    return sorted({*named, *coming}, key=lambda person: person.username)


def lacks(person: User) -> list[str]:
    """What this person still lacks to be on call: a tested route that wakes, and a tested way to acknowledge (decision 33).

    A device that has confirmed none of its last pages is named too, whatever it did before: the chain passes it after 90 seconds.
    """
    waking = {channel.name for channel in channels.waking(person)}
    if not waking:
        return [_("cannot be woken by any channel that is set up")]
    routes = Route.objects.filter(person=person)
    answered = {route.channel for route in routes if _still_proves(route.answered_at, route, person)}
    arrived = {route.channel for route in routes if _still_proves(route.delivered_at, route, person)}
    silent = {route.channel for route in routes if _confirms_no_more(route, person)}
    found = []
    if not waking & (answered | arrived - silent):
        found.append(_("has no tested route that wakes"))
    if not answered:
        found.append(_("has no tested way to acknowledge"))
    if waking & silent:
        found.append(_("has a device that confirms no page any more"))
    return found


def _still_proves(at: datetime | None, route: Route, person: User) -> bool:
    """It is not too long ago, and the person has the same number since."""
    if at is None or at <= clock.now() - _drill_days() - _SLACK:
        return False
    since = channels.number_since(route.channel, person)
    return since is None or at >= since


def _confirms_no_more(route: Route, person: User) -> bool:
    since = channels.number_since(route.channel, person)
    is_of_before = since is not None and route.failed_at is not None and route.failed_at < since
    return route.unconfirmed >= NEVER_CONFIRMS_AFTER and not is_of_before


def watch_people() -> None:
    """Whoever of those on call nothing could wake, and whom a chain names though they have left, at all places, each an incident until
    it is mended. For the watch, day and night."""
    for site in [*Site.objects.all(), None]:
        for name, plan in chains.in_force(site=site).items():
            for step in plan.steps:
                if step.person and (gone := on_duty(step, site=site).gone) is not None:
                    incidents.report(IncidentKind.NAMED_GONE, detail=name, site=site, person=gone)
        for person in people_on_call(site):
            if not channels.waking(person):
                incidents.report(IncidentKind.NO_ROUTE, detail="", site=site, person=person)


def last_drill(site: Site | None) -> Drill | None:
    return Drill.objects.filter(site=site).order_by("-started_at").first()


def _drill_days() -> timedelta:
    return timedelta(days=current_protocol().drills.drill_days)


# --- the quality page


@dataclass(frozen=True)
class Load:
    """One person's share: hours on duty in the four weeks ahead, pages in the four weeks behind, those at night among them."""

    person: User
    hours_ahead: float
    pages: int
    lacks: list[str]


@dataclass(frozen=True)
class Quality:
    """What a site should look at: gaps of four weeks, the load of each person, incidents that nobody has mended, and whom an
    emergency would wake at once (None: no chain of emergencies here)."""

    gaps: list[rota.Gap]
    loads: list[Load]
    incidents: list[Incident]
    woken_at_once: list[User] | None


def quality(*, site: Site | None) -> Quality:
    weeks = timedelta(weeks=4)
    return Quality(
        gaps=rota.gaps(site=site, ahead=weeks),
        loads=[_load(person, site, weeks) for person in people_on_call(site)],
        incidents=[*Incident.objects.filter(site=site, mended_at__isnull=True).order_by("-at")],
        woken_at_once=None if site is None else chains.woken_at_once(chains.in_force(site=site)[ChainName.R1], site),
    )


def _load(person: User, site: Site | None, span: timedelta) -> Load:
    now = clock.now()
    shifts = Shift.objects.filter(
        person=person, site=site, cancelled_at__isnull=True, starts_at__lt=now + span, ends_at__gt=now
    )
    length = sum((min(shift.ends_at, now + span) - max(shift.starts_at, now) for shift in shifts), timedelta(0))
    paged = Page.objects.filter(
        person=person,
        escalation__site=site,
        escalation__drill__isnull=True,
        kind=PageKind.PAGE,
        created_at__gt=now - span,
    ).aggregate(count=Count("escalation", distinct=True))
    return Load(person, round(length.total_seconds() / 3600, 1), paged["count"], lacks(person))
