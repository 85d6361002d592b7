"""How fast people were: from the text to the first page, to the acknowledgement, to the contact; by site and chain, without drills.

Times to the first human read and to the sponsor belong to the case, one floor up; they are measured from the same `received_at`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce

from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import RUNNING, PageKind, PageState
from apps.trials.models import Site


@dataclass(frozen=True)
class Spread:
    """Seconds; None where nothing was measured."""

    count: int
    median: float | None
    p90: float | None
    longest: float | None


@dataclass(frozen=True)
class Figures:
    """One row of the table: a site (None: unknown numbers) and a chain."""

    site: Site | None
    chain: str
    escalations: int
    still_running: int
    reopened: int
    to_page: Spread
    to_acknowledgement: Spread
    to_contact: Spread


def spread(lengths: Iterable[timedelta]) -> Spread:
    """Nearest-rank median and p90."""
    seconds = sorted(length.total_seconds() for length in lengths)
    if not seconds:
        return Spread(0, None, None, None)

    def rank(part: float) -> float:
        return seconds[max(0, ceil(part * len(seconds)) - 1)]

    return Spread(len(seconds), rank(0.5), rank(0.9), seconds[-1])


def first_reached(*, escalation_id: UUID | None, who: str, since: datetime) -> datetime | None:
    """When a page to this role first left for a person, at `since` or after it, as far as it is not known to have failed.

    A text's own row knows first.
    """
    left = ~Q(state=PageState.FAILED) | Q(message__delivered_at__isnull=False)
    pages = Page.objects.filter(left, escalation=escalation_id, who=who, kind=PageKind.PAGE)
    times = pages.annotate(left_at=Coalesce("message__handed_over_at", "handed_at")).filter(left_at__gte=since)
    return times.order_by("left_at").values_list("left_at", flat=True).first()


def figures(*, since: datetime, until: datetime, site: Site | None = None) -> list[Figures]:
    """Escalations opened from `since` to before `until`, at one site or everywhere."""
    rows = Escalation.objects.filter(opened_at__gte=since, opened_at__lt=until, drill__isnull=True)
    if site is not None:
        rows = rows.filter(site=site)
    groups: dict[tuple[str, str], list[Escalation]] = defaultdict(list)
    for row in rows.select_related("site").prefetch_related("pages", "acknowledgements", "contacts", "milestones"):
        groups[(row.site.code if row.site else "", row.chain)].append(row)
    return [_figures(groups[key]) for key in sorted(groups)]


def _figures(rows: list[Escalation]) -> Figures:
    def lengths(first: Callable[[Escalation], list[datetime]]) -> Spread:
        return spread(min(times) - row.received_at for row in rows if (times := first(row)))

    return Figures(
        site=rows[0].site,
        chain=rows[0].chain,
        escalations=len(rows),
        still_running=sum(row.state in RUNNING for row in rows),
        reopened=sum(bool(row.milestones.all()) for row in rows),
        to_page=lengths(
            lambda row: [page.handed_at for page in row.pages.all() if page.handed_at and page.kind == PageKind.PAGE]
        ),
        # An answer by somebody who cannot open it is no taking: the site is still looked for.
        to_acknowledgement=lengths(
            lambda row: [each.at for each in row.acknowledgements.all() if not each.cannot_open]
        ),
        to_contact=lengths(lambda row: [row.contacted_at] if row.contacted_at else []),
    )
