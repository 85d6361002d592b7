"""What the paging page shows: the chains in force at a place, what would go wrong with them now, and its robots and pagers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from apps.escalation import chains, endpoints
from apps.escalation.models import Incident, Page, SiteChain
from apps.escalation.people import on_duty
from apps.escalation.rules import Plan, Step
from apps.escalation.vocabulary import ChainName
from apps.staff.models import User
from apps.trials.models import Site
from apps.trials.services import current_version
from apps.workplace.words import CHANNELS, ERRORS, HOURS, LEVELS, TASKS, channel_name, whom

DESK = "desk"
_VERSIONS = 12
_RESTING = "resting"


@dataclass(frozen=True)
class StepShown:
    """`whom` is a role or a person's name, `now` the people that a role means at this moment."""

    minutes: int
    whom: str
    now: list[str]
    channels: list[str]
    task: str
    problems: list[str]


@dataclass(frozen=True)
class ChainShown:
    """`own` is the site's version in force; None: the protocol's, whose file's version is `protocol`."""

    name: ChainName
    level: str
    own: SiteChain | None
    protocol: str
    number: int
    plan: Plan
    hours: str
    wider: list[str]
    steps: list[StepShown]
    problems: list[str]
    versions: list[SiteChain]
    may_change: bool


@dataclass(frozen=True)
class EndpointShown:
    """A channel of a place. `host` is all that is shown of its address; empty where none is set."""

    channel: str
    name: str
    host: str
    used_at: datetime | None
    failed_at: datetime | None
    error: str


@dataclass(frozen=True)
class Place:
    """One site, or (None) the whole trial: the duty desk and the chain of unknown numbers.

    `incidents` are those of the whole trial: a site's stand on the page of its duty.
    """

    site: Site | None
    code: str
    chains: list[ChainShown]
    endpoints: list[EndpointShown]
    endpoint_form: forms.Form | None
    incidents: list[Incident]


def code_of(site: Site | None) -> str:
    return site.code if site else DESK


def site_of(code: str) -> Site | None:
    """The site of a code as somebody sent it: any signs, also those that a database does not take."""
    return next((site for site in Site.objects.all() if site.code == code), None)


def chains_of(site: Site | None, *, may_change: bool) -> list[ChainShown]:
    return [_chain(name, plan, site, may_change) for name, plan in chains.in_force(site=site).items()]


def _chain(name: ChainName, plan: Plan, site: Site | None, may_change: bool) -> ChainShown:
    problems: Mapping[int | None, list[str]] = _by_step(chains.problems_now(name, plan, site))
    versions = [*chains.versions(name, site)[:_VERSIONS]]
    return ChainShown(
        name=name,
        level=str(LEVELS[name]),
        own=versions[0] if versions and versions[0].content else None,
        protocol=current_version().label,
        number=versions[0].number if versions else 0,
        plan=plan,
        hours=str(HOURS.get(plan.hours, plan.hours)),
        wider=[whom(word) for word in plan.widen_to],
        steps=[_step(step, site, problems.get(number, [])) for number, step in enumerate(plan.steps, start=1)],
        problems=problems.get(None, []),
        versions=versions,
        may_change=may_change,
    )


def _by_step(problems: list[chains.ChainProblem]) -> dict[int | None, list[str]]:
    found: dict[int | None, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.step, []).append(str(problem.rule.label))
    return found


def _step(step: Step, site: Site | None, problems: list[str]) -> StepShown:
    named = User.objects.filter(pk=step.person).first() if step.person else None
    return StepShown(
        minutes=int(step.after.total_seconds() // 60),
        whom=named.name if named else whom(step.who),
        now=[person.name for person in on_duty(step, site=site).people],
        channels=[channel_name(word) for word in step.channels],
        task=str(TASKS.get(step.task, step.task)),
        problems=problems,
    )


def incidents_of(site: Site | None) -> list[Incident]:
    """What nobody has mended yet in the paging of the whole trial."""
    if site is not None:
        return []
    rows = Incident.objects.filter(site__isnull=True, mended_at__isnull=True)
    return [*rows.select_related("person", "escalation").order_by("-at")]


def endpoints_of(site: Site | None) -> list[EndpointShown]:
    found = endpoints.endpoints_of(site=site)
    return [_endpoint(word, found.get(word), site) for word in endpoints.ENDPOINT_CHANNELS]


def _endpoint(channel: str, row: Any, site: Site | None) -> EndpointShown:
    pages = Page.objects.filter(channel=channel, person__assignments__site=site)
    pages = pages.filter(escalation__site=site) if site else pages
    used = pages.filter(handed_at__isnull=False).order_by("-handed_at").first()
    # A page that rests behind a failed one says nothing about why.
    failed = pages.filter(failed_at__isnull=False).exclude(error=_RESTING).order_by("-failed_at").first()
    return EndpointShown(
        channel=channel,
        name=str(CHANNELS[channel]),
        host=endpoints.host_of(row) if row else "",
        used_at=used.handed_at if used else None,
        failed_at=failed.failed_at if failed else None,
        error=str(ERRORS.get(failed.error, failed.error)) if failed else "",
    )
