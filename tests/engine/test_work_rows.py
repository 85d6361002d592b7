"""Rows are the queue: claimed once, finished with the same fence, due again when their worker dies, quarantined when they poison."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Sealing
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import Lane, Work
from apps.messaging.models import InboundMessage
from tests.operations.rows import inbound, line

pytestmark = pytest.mark.django_db
START = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)


@pytest.fixture
def virtual() -> Any:
    with clock.using(VirtualClock(START)) as time:
        yield time


def row(name: str = "one", due: datetime = START) -> Sealing:
    return Sealing.objects.create(name=name, due_at=due, lane=Lane.SAFETY)


def test_a_due_row_is_claimed_once(virtual: VirtualClock) -> None:
    row()
    assert work.claim(Sealing) is not None
    assert work.claim(Sealing) is None


def test_a_row_of_the_future_is_not_claimed(virtual: VirtualClock) -> None:
    row(due=START + timedelta(seconds=1))
    assert work.claim(Sealing) is None
    virtual.advance(timedelta(seconds=1))
    assert work.claim(Sealing) is not None


def test_a_dead_workers_lease_runs_out_and_the_row_is_simply_due(virtual: VirtualClock) -> None:
    row()
    first = work.claim(Sealing)
    Sealing.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
    second = work.claim(Sealing)
    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1


def test_a_stale_worker_cannot_finish_and_its_effects_are_rolled_back(virtual: VirtualClock) -> None:
    row()
    stale = work.claim(Sealing)
    assert stale is not None
    Sealing.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
    work.claim(Sealing)
    with pytest.raises(work.StaleLease), work.finishing(stale):
        row("effect")
    assert not Sealing.objects.filter(name="effect").exists()
    assert Sealing.objects.get(name="one").due_at == START


def test_who_cancels_a_row_wins_over_the_worker_in_flight(virtual: VirtualClock) -> None:
    row()
    mine = work.claim(Sealing)
    assert mine is not None
    work.set_due(Sealing.objects.filter(name="one"), due_at=None)
    with pytest.raises(work.StaleLease), work.finishing(mine) as ending:
        ending.due_at = START + timedelta(hours=1)
    assert Sealing.objects.get(name="one").due_at is None


def test_an_orderly_retry_counts_no_attempt(virtual: VirtualClock) -> None:
    row()
    for _ in range(20):
        mine = work.claim(Sealing)
        assert mine is not None
        with work.finishing(mine) as ending:
            ending.due_at = START
    assert Sealing.objects.get(name="one").attempts == 0


def test_a_poisonous_row_is_quarantined_after_five_attempts_and_somebody_is_told(virtual: VirtualClock) -> None:
    told: list[str] = []

    def explode(_: Sealing) -> None:
        raise RuntimeError("the participant's words must not be here")

    poison = Work(Sealing, explode, lambda given: told.append(given.name))
    row()
    for _ in range(work.MAX_ATTEMPTS):
        mine = work.claim(Sealing)
        assert mine is not None
        work.run(poison, mine)
        virtual.advance(timedelta(minutes=10))
    row("healthy")
    healthy = work.claim(Sealing)
    assert healthy is not None
    assert healthy.name == "healthy"
    parked = Sealing.objects.get(name="one")
    assert parked.quarantined_at is not None
    assert parked.last_error == "RuntimeError"
    assert told == ["one"]


def test_a_row_whose_process_dies_each_time_is_quarantined_too(virtual: VirtualClock) -> None:
    told: list[str] = []
    deadly = Work(Sealing, lambda _: pytest.fail("must not run a sixth time"), lambda given: told.append(given.name))
    row()
    for _ in range(work.MAX_ATTEMPTS):
        assert work.claim(Sealing) is not None
        Sealing.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
    mine = work.claim(Sealing)
    assert mine is not None
    work.run(deadly, mine)
    assert told == ["one"]
    assert Sealing.objects.get(name="one").quarantined_at is not None


def test_saving_the_domain_fields_never_touches_the_lease(virtual: VirtualClock) -> None:
    row()
    mine = work.claim(Sealing)
    assert mine is not None
    stale_copy = Sealing.objects.get(name="one")
    stale_copy.fence, stale_copy.due_at = 0, None
    stale_copy.save()
    assert Sealing.objects.get(name="one").fence == mine.fence
    assert Sealing.objects.get(name="one").due_at == START


def test_a_claimed_text_comes_with_what_its_handler_reads(virtual: VirtualClock) -> None:
    inbound(line=line(), due_at=START, lane=Lane.SAFETY)
    claimed = work.claim(InboundMessage, lane=Lane.SAFETY)
    assert claimed is not None
    assert claimed.line is not None
    with CaptureQueriesContext(connection) as asked:
        assert claimed.body
        assert claimed.line.number
    assert len(asked) == 0


def between_lease_and_reading(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """This process is stopped once when its lease is written and the row not yet read."""
    lease = work._lease_oldest

    def stopped(model: Any, **given: Any) -> Any:
        leased = lease(model, **given)
        monkeypatch.setattr(work, "_lease_oldest", lease)
        happens()
        return leased

    monkeypatch.setattr(work, "_lease_oldest", stopped)


def test_a_row_is_read_after_it_is_leased_so_nothing_written_before_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose lease has run out may write until the next one has the row, and no later."""
    inbound(line=line(), due_at=clock.now(), lane=Lane.SAFETY)
    between_lease_and_reading(monkeypatch, lambda: InboundMessage.objects.update(last_error="written just before"))
    row = work.claim(InboundMessage)
    assert row is not None
    assert row.last_error == "written just before"


def test_a_row_that_comes_alone_is_what_its_lease_gives_back(virtual: VirtualClock) -> None:
    Sealing.objects.create(name="alone", due_at=START, lane=Lane.SAFETY, last_error="written before")
    with CaptureQueriesContext(connection) as asked:
        row = work.claim(Sealing)
    assert row is not None
    assert (row.name, row.due_at, row.last_error, row.fence, row.attempts) == ("alone", START, "written before", 1, 1)
    assert len([query for query in asked if "clock_timestamp" not in query["sql"]]) == 1


def test_who_was_stopped_between_lease_and_reading_does_not_take_the_next_owners_fence(
    virtual: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound(line=line(), due_at=START, lane=Lane.SAFETY)
    owners: list[InboundMessage | None] = []

    def lease_runs_out() -> None:
        InboundMessage.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
        owners.append(work.claim(InboundMessage))

    between_lease_and_reading(monkeypatch, lease_runs_out)
    assert work.claim(InboundMessage) is None
    assert owners[0] is not None
    with work.finishing(owners[0]):
        pass


def test_who_was_stopped_after_its_lease_cannot_finish_what_the_next_one_has(
    virtual: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    row()
    owners: list[Sealing | None] = []

    def lease_runs_out() -> None:
        Sealing.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
        owners.append(work.claim(Sealing))

    between_lease_and_reading(monkeypatch, lease_runs_out)
    late = work.claim(Sealing)
    assert late is not None
    with pytest.raises(work.StaleLease), work.finishing(late):
        pass
    assert owners[0] is not None
    with work.finishing(owners[0]):
        pass


def test_a_row_cancelled_between_lease_and_reading_is_not_handled(
    virtual: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = inbound(line=line(), due_at=START, lane=Lane.SAFETY)
    second = inbound("two", due_at=START + timedelta(seconds=1), lane=Lane.SAFETY)
    virtual.advance(timedelta(seconds=2))
    cancelled = InboundMessage.objects.filter(pk=first.pk)
    between_lease_and_reading(monkeypatch, lambda: work.set_due(cancelled, due_at=None))
    taken = work.claim(InboundMessage)
    assert taken is not None
    assert taken.pk == second.pk
    assert cancelled.get().due_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer and no row locks"
)
def test_a_row_that_another_process_has_locked_is_passed_over_and_one_that_is_only_referred_to_is_not() -> None:
    row("locked"), row("free", due=START + timedelta(seconds=1))
    with clock.using(VirtualClock(START + timedelta(seconds=2))), _elsewhere() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM audit_sealing WHERE name = 'locked' FOR NO KEY UPDATE")
        other.execute("SELECT 1 FROM audit_sealing WHERE name = 'free' FOR KEY SHARE")
        taken = work.claim(Sealing)
        assert taken is not None
        assert taken.name == "free"
        assert work.claim(Sealing) is None
        other.execute("ROLLBACK")
        again = work.claim(Sealing)
        assert again is not None
        assert again.name == "locked"


@contextmanager
def _elsewhere() -> Iterator[Any]:
    """A cursor of a connection of its own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()
