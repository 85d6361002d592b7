"""One hundred escalations at once, through real processes: from the text to its first page handed over, beside a single one.

All texts are posted at the same time, by everybody of a full cohort and by strangers. Each text's own first page counts, whoever else is
paged meanwhile, from the moment of its first post: what waits before the web process counts too. The worker looks for new rows each second,
so a single one waits for up to that: its moments are drawn at random, and its own p99 is what the storm's p99 is compared with. Beside the
ratio stands the rate of the same machine (`each_ms`), so that a slow machine is told from a queue that starves. Once with a provider that
answers at once, so that our own work is seen, and once with one that takes its time.
"""

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.core.clock import parse_offset
from tests.bench._figures import quantile, spread
from tests.fakes.twilio_exchange import text
from tests.stack import STACKS, Stack, missing, running, wait_for

AT_ONCE = 100
SINGLES = 20
_moments = random.Random(7)
THINKS = (0.0, 0.2)  # seconds of a provider between taking a text and saying so
SERIOUS = ("今天早上吐血了", "black stool since last night")
_FIRST_PAGES = """
    SELECT MIN(outbound.handed_over_at)
    FROM conversations_turn AS turn
    JOIN messaging_inboundmessage AS inbound ON inbound.id = turn.message_id
    JOIN escalation_page AS page ON page.escalation_id = turn.escalation_id AND page.kind = 'page'
    JOIN messaging_outboundmessage AS outbound ON outbound.id = page.message_id
    GROUP BY turn.id, inbound.received_at
    HAVING MIN(outbound.handed_over_at) IS NOT NULL
    ORDER BY inbound.received_at
"""
_ENROL = """
from datetime import date
from apps.audit.services import acting
from apps.participants import services
from apps.participants.models import Participant
from apps.trials.models import Phase, Site
consent = services.ConsentGiven("1.0", date(2026, 5, 6))
with acting(actor="bench"):
    for place, site in enumerate(Site.objects.order_by("code")):
        for number in range({each}):
            services.enrol(
                code=f"{{site.code}}-{{500 + number}}", site=site, phase=Phase.objects.get(trial=site.trial, code="IIb"), sex="F",
                birth_date=date(1980, 1, 1), language=("en", "zh-Hans")[number % 2], day_zero=date(2026, 5, 8), trial_consent=consent,
                sms_consent=consent, phone_number=f"+1202555{{2000 + 100 * place + number}}", is_number_checked=True,
            )
"""


def run() -> dict[str, Any]:
    return {kind: _of_stack(kind) if missing(kind) is None else {"absent": missing(kind)} for kind in STACKS}


def _of_stack(kind: str) -> dict[str, Any]:
    return {f"provider takes {thinks:.1f} s": _measured(kind, thinks) for thinks in THINKS}


def _measured(kind: str, thinks: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="escalations-") as folder, running(kind, Path(folder)) as stack:
        known = [row["phone"] for row in stack.demo()["participants"]]
        stack.manage("shell", "-c", _ENROL.format(each=(96 - len(known)) // 2))
        stack.twilio.exchange.thinks_for = thinks
        stack.start("web", "worker", "sentinel")
        wait_for(lambda: "ready." in stack.log("worker"), within=30, saying="the worker consumes")
        _quiet(stack)
        singles = [_single(stack, number) for number in range(SINGLES)]
        _quiet(stack)
        everybody = [
            f"+1202555{2000 + 100 * place + number}" for place in range(2) for number in range((96 - len(known)) // 2)
        ]
        strangers = [f"+1202555{3000 + number}" for number in range(AT_ONCE - len(everybody))]
        everybody = (everybody + strangers)[:AT_ONCE]
        began, posted_at = time.monotonic(), _trial_time(stack)
        repeated = _all_at_once(stack, everybody)
        wait_for(
            lambda: len(stack.rows(_FIRST_PAGES)) >= AT_ONCE + SINGLES,
            within=120,
            saying="a first page of every escalation is handed over",
        )
        took = time.monotonic() - began
        together = [_seconds(posted_at, handed) for (handed,) in stack.rows(_FIRST_PAGES)[SINGLES:]]
    return {
        "escalations": AT_ONCE,
        "single": spread(singles),
        "at_once": spread(together),
        "p99_to_single_p99": round(quantile(together, 0.99) / quantile(singles, 0.99), 1),
        "p99_to_single_p50": round(quantile(together, 0.99) / quantile(singles, 0.5), 1),
        "posts_repeated": repeated,
        "each_ms": round(1000 * took / AT_ONCE, 1),
    }


def _quiet(stack: Stack) -> None:
    """Nothing is due any more: enrolling somebody plans a year."""
    wait_for(
        lambda: not any(lane["rows"] for lane in stack.ledger()["overdue"].values()),
        within=120,
        saying="the worker has nothing to do",
    )


def _single(stack: Stack, number: int) -> float:
    """Seconds of one escalation that nothing else disturbs, at no particular moment of the worker's second."""
    time.sleep(_moments.uniform(1.0, 2.0))
    before, posted_at = len(stack.rows(_FIRST_PAGES)), _trial_time(stack)
    stack.text(f"+1202555{3900 + number}", SERIOUS[number % 2])
    wait_for(
        lambda: len(stack.rows(_FIRST_PAGES)) > before, within=60, saying="the page of a single text is handed over"
    )
    return _seconds(posted_at, stack.rows(_FIRST_PAGES)[-1][0])


def _all_at_once(stack: Stack, numbers: list[str]) -> int:
    """How many posts were answered "not now" and came again, as the provider's do."""
    with ThreadPoolExecutor(max_workers=len(numbers)) as posting:
        sent = [posting.submit(_posted, stack, number, SERIOUS[place % 2]) for place, number in enumerate(numbers)]
        return sum(each.result() for each in sent)


def _posted(stack: Stack, number: str, body: str) -> int:
    for refused in range(10):
        sent = text(stack.twilio.exchange, url=f"{stack.url}/sms/twilio/inbound/", from_=number, body=body)
        if sent["answers"] == [200]:
            return refused
        time.sleep(1.0)
    raise AssertionError(f"a text was never stored: {sent}")


def _trial_time(stack: Stack) -> datetime:
    return datetime.now(UTC) + parse_offset(stack.environment["TRIALCARE_CLOCK_OFFSET"])


def _seconds(posted_at: datetime, handed: Any) -> float:
    return (_time(handed) - posted_at).total_seconds()


def _time(value: Any) -> datetime:
    time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)  # SQLite keeps UTC without saying so
