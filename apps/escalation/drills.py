"""Drills: marked TEST, through the real path, with the time that each person took. They prove the routes that `doctor` asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from apps.core import clock, work
from apps.escalation import readiness
from apps.escalation.models import Acknowledgement, Drill, Page
from apps.escalation.opening import begin
from apps.escalation.people import on_duty
from apps.escalation.rules import ALL_CHANNELS, Step
from apps.escalation.vocabulary import ChainName, DrillKind, Duty, PageKind
from apps.staff.models import User
from apps.trials.models import Site
from apps.trials.services import current_protocol

ANSWER_WITHIN = 1800.0  # seconds
_FROM, _TO = time(10), time(16)  # a drill by itself comes in the working day; one on demand comes at any hour


@transaction.atomic
def start_drill(
    *,
    site: Site | None,
    by: User | None = None,
    kind: DrillKind = DrillKind.DRILL,
    people: Sequence[User] | None = None,
) -> Drill:
    """Page everybody who is on call here (or `people`), each by an escalation of their own: nobody is spared by a quick colleague."""
    now = clock.now()
    drill = Drill.objects.create(
        site=site, kind=kind, started_at=now, ends_at=now + work.seconds(ANSWER_WITHIN), started_by=by
    )
    for person in readiness.people_on_call(site) if people is None else people:
        begin(
            chain=ChainName.UNMATCHED if site is None else ChainName.R1, site=site, received_at=now, cannot_text=False,
            opens_at=now, drill=drill, snapshot=_snapshot(person),
        )  # fmt: skip
    return drill


def _snapshot(person: User) -> dict[str, Any]:
    wait = int(ANSWER_WITHIN // 60)
    step = {"after_minutes": 0, "who": "drill", "person": str(person.pk), "channels": list(ALL_CHANNELS), "task": None}
    return {
        "hours": "always", "repeat_minutes": wait, "widen_from_round": 2, "widen_to": [], "steps": [step],
        "acknowledgement_expires_minutes": wait, "remind_minutes": [], "attempt_buys_minutes": 0,
    }  # fmt: skip


def run_due_drills() -> list[Drill]:
    """The weekly test page to the first on call, and the monthly drill of everybody, where they are due. For the watch.

    A site's first drill is started by a person: nobody is to be woken by a system that is only being set up.
    """
    drills = current_protocol().drills
    return [
        start_drill(site=site, kind=kind, people=_first(site) if kind == DrillKind.TEST_PAGE else None)
        for site in Site.objects.all()
        if _is_working_time(site)
        for kind, days in ((DrillKind.DRILL, drills.drill_days), (DrillKind.TEST_PAGE, drills.test_page_days))
        if _is_due(site, kind, timedelta(days=days))
    ]


def _first(site: Site) -> list[User]:
    return [*on_duty(Step(timedelta(0), Duty.FIRST, ()), site=site).people]


def _is_due(site: Site, kind: DrillKind, every: timedelta) -> bool:
    # A drill of everybody is also a test page to the first.
    kinds = [kind] if kind == DrillKind.DRILL else [*DrillKind]
    last = Drill.objects.filter(site=site, kind__in=kinds).order_by("-started_at").first()
    return last is not None and clock.now() >= last.started_at + every


def _is_working_time(site: Site) -> bool:
    local = clock.now().astimezone(ZoneInfo(site.timezone or settings.TIME_ZONE))
    is_workday = local.weekday() < 5 and local.date() not in current_protocol().holiday_dates
    return is_workday and _FROM <= local.time() < _TO


# --- the report


@dataclass(frozen=True)
class DrillLine:
    """One person: which channels brought the page, when it was answered, how, and after how many seconds (None: never)."""

    person: User
    ref: str
    arrived_by: list[str]
    failed_by: list[str]
    answered_at: datetime | None
    via: str
    seconds: float | None


def drill_report(*, drill: Drill) -> list[DrillLine]:
    """Time to acknowledge per person, the slowest and the silent last."""
    lines = [_line(drill, pages) for pages in _pages_by_escalation(drill)]
    return sorted(lines, key=lambda line: (line.seconds is None, line.seconds or 0.0, line.person.username))


def _pages_by_escalation(drill: Drill) -> list[list[Page]]:
    return [
        pages
        for running in drill.escalations.order_by("opened_at")
        if (pages := [*running.pages.filter(kind=PageKind.PAGE).select_related("person", "escalation")])
    ]


def _line(drill: Drill, pages: list[Page]) -> DrillLine:
    running = pages[0].escalation
    first = Acknowledgement.objects.filter(escalation=running).order_by("at").first()
    return DrillLine(
        person=pages[0].person,
        ref=running.ref,
        arrived_by=sorted(
            page.channel for page in pages if page.delivered_at or page.state in ("delivered", "answered")
        ),
        failed_by=sorted(page.channel for page in pages if page.state == "failed"),
        answered_at=first.at if first else None,
        via=first.via if first else "",
        seconds=(first.at - drill.started_at).total_seconds() if first else None,
    )
