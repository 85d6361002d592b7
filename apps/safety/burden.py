"""What the alarms cost: alarms a participant-week, how many were right, which rule raised them, and how often a site was woken.

Figures for people to decide by. Nothing here holds back an alarm, and no level is ever tuned to look better.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.escalation.models import Page
from apps.escalation.vocabulary import PageKind
from apps.participants.models import Participant
from apps.safety.models import Report
from apps.safety.vocabulary import EventState
from apps.triage.models import SymptomReport
from apps.trials.models import Site
from apps.trials.services import current_protocol

WEEK = timedelta(weeks=1)
_RULE = re.compile(r"\brule (\S+)")
# What people were paged about: see `triage.services.acts_at`.
_UNCLEAR = Q(symptom_report__label="unclear") & (Q(symptom_report__health_word=True) | ~Q(symptom_report__clues=[]))
_ALARM = Q(symptom_report__level__in=("R1", "R2")) | _UNCLEAR
NET = "net"
DIGIT = "answer from the list"


@dataclass
class Outcome:
    """Alarms and what people found: `confirmed` an adverse event, `dismissed` none, the rest still waits."""

    alarms: int = 0
    confirmed: int = 0
    dismissed: int = 0

    @property
    def share_confirmed(self) -> float | None:
        """Of those that people have judged; None before any is."""
        judged = self.confirmed + self.dismissed
        return self.confirmed / judged if judged else None

    def add(self, state: str) -> None:
        self.alarms += 1
        self.confirmed += state in (EventState.CONFIRMED, EventState.CLOSED)
        self.dismissed += state == EventState.DISMISSED


@dataclass
class Burden:
    """One site (None: all). `woken` counts, for each night, the chains that rang somebody; `worst_week` the most in seven nights."""

    site: Site | None
    participant_weeks: float
    outcome: Outcome = field(default_factory=Outcome)
    by_rule: dict[str, Outcome] = field(default_factory=lambda: defaultdict(Outcome))
    woken: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    budget: int = 0

    @property
    def alarms_per_participant_week(self) -> float | None:
        return self.outcome.alarms / self.participant_weeks if self.participant_weeks else None

    @property
    def worst_week(self) -> int:
        return max((_in_week(self.woken, night) for night in self.woken), default=0)

    @property
    def is_over_budget(self) -> bool:
        """More wake-ups in some seven nights than the trial file allows a site: a reason to talk, never to lower a level."""
        return self.worst_week > self.budget


def _in_week(woken: dict[date, int], first: date) -> int:
    return sum(count for night, count in woken.items() if first <= night < first + WEEK)


def burden(*, since: datetime, until: datetime) -> list[Burden]:
    """One row a site, then one for all of them, for alarms received and pages planned in [since, until)."""
    found: dict[object, Burden] = {}
    budget = current_protocol().triage.wake_ups_per_week
    for site in Site.objects.order_by("code"):
        weeks = sum(_weeks(each, since, until) for each in Participant.objects.filter(site=site))
        found[site.pk] = Burden(site, weeks, budget=budget)
    whole = Burden(None, sum(each.participant_weeks for each in found.values()), budget=budget * len(found))
    _count_alarms(found, whole, since, until)
    _count_nights(found, whole, since, until)
    return [*found.values(), whole]


def _weeks(participant: Participant, since: datetime, until: datetime) -> float:
    """Weeks of this period in which the participant was enrolled."""
    begun = max(since, participant.enrolled_at)
    return max(until - begun, timedelta(0)) / WEEK


def _count_alarms(found: dict[object, Burden], whole: Burden, since: datetime, until: datetime) -> None:
    rows = Report.objects.filter(
        _ALARM,
        symptom_report__message__received_at__gte=since,
        symptom_report__message__received_at__lt=until,
    ).select_related("event__participant", "symptom_report")
    for row in rows:
        for each in (found[row.event.participant.site_id], whole):
            each.outcome.add(row.event.state)
            for rule in rules_of(row.symptom_report):
                each.by_rule[rule].add(row.event.state)


def rules_of(report: SymptomReport) -> set[str]:
    """What raised an alarm: the items found present, the rules over several, the list, or the net."""
    raised = {finding["id"] for finding in report.findings if finding["state"] == "present"}
    raised.update(_RULE.findall(report.reason))
    if report.clues:
        raised.add(NET)
    return raised or {report.reason if report.reason == DIGIT else "?"}


def _count_nights(found: dict[object, Burden], whole: Burden, since: datetime, until: datetime) -> None:
    """A chain that rang somebody in a night's quiet hours woke the site once that night, however many pages it took."""
    quiet = current_protocol().quiet_hours
    rows = Page.objects.filter(
        created_at__gte=since, created_at__lt=until, kind=PageKind.PAGE, wakes=True,
        escalation__site__isnull=False, escalation__drill__isnull=True,
    )  # fmt: skip
    seen: set[tuple[object, date]] = set()
    for page in rows.select_related("escalation__site"):
        site = page.escalation.site
        assert site is not None
        local = page.created_at.astimezone(ZoneInfo(site.timezone))
        night = (local - timedelta(hours=12)).date()  # the small hours belong to the evening before
        if quiet.covers(local.time()) and (page.escalation_id, night) not in seen:
            seen.add((page.escalation_id, night))
            found[site.pk].woken[night] += 1
            whole.woken[night] += 1
