"""How fast a case reached people: from the text to the first human read, to an investigator, to the sponsor; by site and level.

The paging's own times (first page, acknowledgement, contact) are in `escalation/figures.py`; both begin at the receipt of the text.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.escalation.figures import Spread, spread
from apps.safety.models import AdverseEvent
from apps.trials.models import Site


@dataclass(frozen=True)
class CaseFigures:
    """One row: a site and a level. `unread`: nobody has read it yet."""

    site: Site
    level: str
    cases: int
    unread: int
    to_read: Spread
    to_investigator: Spread
    to_sponsor: Spread


def case_figures(*, since: datetime, until: datetime, sites: Iterable[Site]) -> list[CaseFigures]:
    """Cases whose first text was received from `since` to before `until`, at these sites."""
    rows = AdverseEvent.objects.filter(received_at__gte=since, received_at__lt=until, participant__site__in=[*sites])
    groups: dict[tuple[str, str], list[AdverseEvent]] = defaultdict(list)
    for row in rows.select_related("participant__site"):
        groups[(row.participant.site.code, row.level)].append(row)
    return [_figures(groups[key], key[1]) for key in sorted(groups)]


def _figures(rows: list[AdverseEvent], level: str) -> CaseFigures:
    return CaseFigures(
        site=rows[0].participant.site,
        level=level,
        cases=len(rows),
        unread=sum(row.first_read_at is None for row in rows),
        to_read=spread(row.first_read_at - row.received_at for row in rows if row.first_read_at),
        to_investigator=spread(
            row.investigator_aware_at - row.received_at for row in rows if row.investigator_aware_at
        ),
        to_sponsor=spread(day_zero - row.received_at for row in rows if (day_zero := row.sponsor_day_zero)),
    )
