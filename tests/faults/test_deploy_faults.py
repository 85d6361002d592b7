"""Faults 32 and 33: deploys while texts arrive, and back again. Real processes on both databases.

This tree plays version N-1; `next_version` is version N: wider tables, one app more, one kind of work that N-1 has never heard of.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest

from tests.faults import promises
from tests.faults.posting import SERIOUS, Poster
from tests.prepared import pages, peopled, phone_of
from tests.stack import STACKS, Stack, missing, strain, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.fault, pytest.mark.timeout(900)]
NEXT = "tests.faults.next_version.settings"
CONCURRENCY = 4
_HAS_NOTE = """
    SELECT count(*) FROM information_schema.columns WHERE table_name = 'messaging_inboundmessage' AND column_name = 'next_note'
"""
_UNAUDITED = """
    SELECT count(*) FROM messaging_inboundmessage m WHERE NOT EXISTS (SELECT 1 FROM audit_auditevent a
    WHERE a."table" = 'messaging_inboundmessage' AND a.operation = 'insert' AND a.row_key = m.id::text)
"""


@pytest.fixture(params=STACKS[:2])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    if reason := missing(request.param):
        pytest.skip(reason)
    with peopled(request.param, tmp_path) as made:
        yield made


def as_next_version(stack: Stack) -> Stack:
    """The same installation and processes; what is started or managed through this is version N."""
    return replace(stack, environment=stack.environment | {"DJANGO_SETTINGS_MODULE": NEXT})


@dataclass
class Traffic:
    """Texts that arrive all the time. `answers`: when each was posted, and what was answered."""

    poster: Poster
    answers: list[tuple[float, int]] = field(default_factory=list)

    def __enter__(self) -> "Traffic":
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stopped.wait(0.2):
            began = time.monotonic()
            self.answers.append((began, self.poster.post("谢谢")))

    def flows(self) -> None:
        """Wait for five more texts that were taken."""
        taken = len(self.poster.accepted)
        wait_for(lambda: len(self.poster.accepted) >= taken + 5, within=20, saying="texts are taken")

    def longest_refusal(self) -> float:
        """Seconds from the first text that was not taken to the next that was; 0 when all were."""
        longest, since = 0.0, None
        for began, status in self.answers:
            if status == 200:
                longest, since = max(longest, began - since if since is not None else 0.0), None
            elif since is None:
                since = began
        return longest if since is None else float("inf")


def test_fault_32_migration_under_traffic_and_old_code_on_the_new_schema(stack: Stack) -> None:
    """No text is refused for longer than a second, none is lost, and the old version goes on, also when it is started afresh."""
    stack.start("web", "worker", "sentinel")
    with Traffic(Poster(stack)) as traffic:
        traffic.flows()
        as_next_version(stack).manage("migrate", "--verbosity", "0")
        traffic.flows()
        stack.kill("worker")
        stack.start("worker")
        stack.manage("migrate", "--verbosity", "0")  # the old version finds nothing to do, and no reason to stop
        traffic.flows()
    assert traffic.longest_refusal() <= 1.0 * strain()
    serious = phone_of(stack, language="zh-Hans")
    assert traffic.poster.post(SERIOUS, serious) == 200
    wait_for(lambda: pages(stack), within=30, saying="the old version pages on the new schema")
    assert stack.count("SELECT count(*) FROM messaging_outboundmessage WHERE next_rank = 0") > 0
    if not stack.environment["DATABASE_URL"].startswith("sqlite"):
        # SQLite's triggers go before every migrate (Django remakes its tables); on PostgreSQL no write may be unseen.
        assert stack.count(_UNAUDITED) == 0
    promises.hold_for(stack, accepted=traffic.poster.accepted, extra_calls=CONCURRENCY, within=90, waits=90)


def test_fault_32_a_migration_that_gets_no_lock_gives_up_and_can_be_repeated(tmp_path: Path) -> None:
    """PostgreSQL only, whose locks queue: a migration that waits holds everybody up, so it waits for three seconds at most."""
    if reason := missing("postgres-redis"):
        pytest.skip(reason)
    with peopled("postgres-redis", tmp_path) as stack:
        stack.start("web", "worker")
        newer = as_next_version(stack)
        with psycopg.connect(stack.environment["DATABASE_URL"]) as long_report:
            long_report.execute("SELECT count(*) FROM messaging_inboundmessage")
            with Traffic(Poster(stack)) as traffic:
                traffic.flows()
                with pytest.raises(AssertionError, match="lock timeout"):
                    newer.manage("migrate", "--verbosity", "0")
                traffic.flows()
            long_report.rollback()
        assert {status for _, status in traffic.answers} == {200}
        assert max(traffic.poster.seconds) < 3 + 2 * strain()
        assert stack.count(_HAS_NOTE) == 0
        newer.manage("migrate", "--verbosity", "0")
        assert stack.count(_HAS_NOTE) == 1
        promises.hold_for(stack, accepted=traffic.poster.accepted, within=90, waits=90)


def errand(newer: Stack, name: str) -> None:
    newer.manage(
        "shell", "-c",
        "from apps.core import clock\nfrom tests.faults.next_version.models import Errand\n"
        f"Errand.objects.create(name='{name}', due_at=clock.now())",
    )  # fmt: skip


def state(stack: Stack, name: str) -> tuple[object, ...]:
    """Is due, attempts, fence, is quarantined, how often done."""
    columns = "due_at IS NOT NULL, attempts, fence, quarantined_at IS NOT NULL, done"
    row = stack.rows(f"SELECT {columns} FROM next_version_errand WHERE name = '{name}'")[0]
    return (bool(row[0]), row[1], row[2], bool(row[3]), row[4])


def test_fault_33_rollback_leaves_unknown_kinds_of_work_due(stack: Stack) -> None:
    """Back to N-1: its own work flows on, the unknown row is neither run nor failed, and N finds it due when it returns."""
    newer, poster = as_next_version(stack), Poster(stack)
    newer.manage("migrate", "--verbosity", "0")
    stack.start("web")
    newer.start("worker")
    errand(newer, "before")
    wait_for(lambda: state(stack, "before")[-1] == 1, within=30, saying="version N does its new kind of work")
    newer.kill("worker")
    errand(newer, "meanwhile")
    stack.start("worker", "sentinel")
    assert poster.post(SERIOUS, phone_of(stack, language="zh-Hans")) == 200
    wait_for(lambda: pages(stack), within=30, saying="version N-1 pages")
    promises.hold_for(stack, accepted=poster.accepted, extra_calls=CONCURRENCY, within=90, waits=90)
    assert state(stack, "meanwhile") == (True, 0, 0, False, 0)
    stack.kill("worker")
    newer.start("worker")
    wait_for(lambda: state(stack, "meanwhile")[-1] == 1, within=30, saying="version N finds what was left due")
    assert state(stack, "meanwhile")[0] is False
