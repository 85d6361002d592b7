"""Faults 10, 11, 12 and 38: a database that is down, restarts, has no room, or is held by another writer.

A text is never answered 2xx unless it is stored; whoever was told to come again is fetched from the provider's log if they do not.
"""

import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.chaos import CONCURRENCY
from tests.faults import promises, services
from tests.faults.posting import QUIET, SERIOUS, Poster, is_stored
from tests.faults.services import Postgres
from tests.prepared import emergencies, master, peopled, phone_of
from tests.stack import Stack, missing, strain, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.processes]
FACTOR = 0.1
FIVE_MINUTES = 300 * FACTOR


@contextmanager
def on_own_server(folder: Path, *, place: Path | None = None) -> Iterator[tuple[Stack, Postgres]]:
    """A stack whose PostgreSQL server is the test's own."""
    if reason := missing("postgres-redis"):
        pytest.skip(reason)
    with ExitStack() as opened:
        server = opened.enter_context(services.own_postgres(place))
        server.copy(master("postgres").url)
        extra = {"DATABASE_URL": server.url, "TRIALCARE_TIME_FACTOR": str(FACTOR)}
        yield opened.enter_context(peopled("postgres-redis", folder, **extra)), server


def test_fault_10_database_down_while_the_provider_posts(tmp_path: Path) -> None:
    """PostgreSQL alone: 503 within two seconds, never 2xx; every text of the gap is there five minutes after the return.

    SQLite has no server that could be down; what comes nearest is fault 38.
    """
    with on_own_server(tmp_path) as (stack, server):
        stack.start("web", "worker", "sentinel")
        provider = Poster(stack)
        assert provider.post("谢谢") == 200
        server.stop(mode="immediate")
        answers = [provider.post(SERIOUS), *(provider.post(random.choice(QUIET)) for _ in range(10))]
        slowest = max(provider.seconds)
        wait_for(lambda: "state=database" in stack.log("sentinel"), within=10, saying="the sentinel says so")
        server.start()
        began = time.monotonic()
        wait_for(lambda: is_stored(stack, provider.everything), within=FIVE_MINUTES + 10, saying="the gap is fetched")
        assert set(answers) == {503}
        assert slowest <= 2 * strain()
        assert time.monotonic() - began <= (FIVE_MINUTES + 5) * strain()
        promises.hold_for(stack, accepted=provider.everything, extra_calls=CONCURRENCY)


def test_fault_11_database_fails_over_inside_transactions(tmp_path: Path) -> None:
    """PostgreSQL alone (SQLite has no backends): connections are cut at random, then the server crashes and recovers, under traffic."""
    with on_own_server(tmp_path) as (stack, server):
        stack.twilio.exchange.thinks_for = 0.05
        stack.start("web", "worker", "sentinel")
        provider, cuts = Poster(stack), 12
        for number in range(cuts):
            for _ in range(3):
                provider.post(random.choice(QUIET))
            if number == 0:
                provider.post(SERIOUS)
            if number == cuts // 2:
                server.stop(mode="immediate")
                server.start()
            _cut_one(server)
        assert provider.accepted
        wait_for(lambda: is_stored(stack, provider.everything), within=FIVE_MINUTES + 20, saying="all are stored")
        promises.hold_for(stack, accepted=provider.everything, extra_calls=(cuts + 1) * CONCURRENCY, within=90)


def _cut_one(server: Postgres) -> None:
    """One backend of the program dies, whatever it was doing; one that is inside a transaction if there is one."""
    ends = time.monotonic() + 0.5
    with psycopg.connect(server.url, autocommit=True) as connection:
        while time.monotonic() < ends:
            cut = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle' LIMIT 1"
            ).fetchone()
            if cut:
                return


@pytest.mark.parametrize("kind", ["sqlite-memory", "postgres-redis"])
def test_fault_12_disk_full(kind: str, tmp_path: Path) -> None:
    """At nine tenths the operator hears of it; when nothing fits any more no text is taken; with room again all goes on.

    A small file system in memory holds the database. What is left of a server's disk the program cannot see: on PostgreSQL the
    program's own data folder lies on that disk too, as on a host that has one.
    """
    with ExitStack() as opened:
        stack, disk, server = _on_small_disk(kind, tmp_path, opened)
        stack.start("web", "worker", "sentinel")
        wait_for(lambda: "ready." in stack.log("worker"), within=30, saying="the worker consumes")
        provider = Poster(stack)
        assert provider.post(SERIOUS) == 200
        filler = services.fill(disk, leaving=disk_size(disk) // 12)
        wait_for(lambda: "disk" in _told(stack), within=10, saying="the sentinel warns of the disk")
        answers = [_post_when_full(provider, disk) for _ in range(40)]
        assert answers[-1] in (503, 0)
        assert set(answers) <= {200, 503, 0}
        filler.unlink()
        if server is not None and not server.is_up:
            server.start()
        wait_for(lambda: provider.post("谢谢") == 200, within=30, saying="texts are taken again")
        wait_for(lambda: is_stored(stack, provider.everything), within=FIVE_MINUTES + 15, saying="the gap is fetched")
        promises.hold_for(stack, accepted=provider.everything, extra_calls=CONCURRENCY)


def _told(stack: Stack) -> str:
    return "".join(line for line in stack.log("sentinel").splitlines() if "not well" in line)


def _post_when_full(provider: Poster, disk: Path) -> int:
    services.fill(disk, leaving=0)  # whatever was given back is taken again
    return provider.post("谢谢，" + "很好" * 300)


def _on_small_disk(kind: str, folder: Path, opened: ExitStack) -> tuple[Stack, Path, Postgres | None]:
    disk = opened.enter_context(services.small_disk(megabytes=60 if kind == "sqlite-memory" else 240))
    if kind == "sqlite-memory":
        path = disk / "trialcare.sqlite3"
        shutil.copy(master("sqlite").url.removeprefix("sqlite:///"), path)
        extra = {"DATABASE_URL": f"sqlite:///{path}", "TRIALCARE_TIME_FACTOR": str(FACTOR)}
        return opened.enter_context(peopled(kind, folder, **extra)), disk, None
    place = disk / "postgres"
    place.mkdir()
    stack, server = opened.enter_context(on_own_server(folder, place=place))
    shutil.copytree(master("postgres").folder, disk / "var", ignore=shutil.ignore_patterns("static", "*.jsonl"))
    stack.environment["TRIALCARE_VAR"] = str(disk / "var")
    return stack, disk, server


def disk_size(folder: Path) -> int:
    return shutil.disk_usage(folder).total


def test_fault_38_sqlite_writer_held(tmp_path: Path) -> None:
    """SQLite alone: another writer holds the database for 25 s. Texts are answered 503 inside the provider's 15 s, never 2xx.

    The sentinel says that the database does not answer; the texts are fetched from the provider's log.
    """
    with peopled("sqlite-memory", tmp_path, TRIALCARE_TIME_FACTOR=str(FACTOR)) as stack:
        stack.start("web", "worker", "sentinel")
        provider, wang = Poster(stack), phone_of(stack, language="zh-Hans")
        assert provider.post("谢谢") == 200
        with closing(sqlite3.connect(tmp_path / "trialcare.sqlite3", timeout=20, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            held = time.monotonic()
            answers = [provider.post(SERIOUS, wang), provider.post("谢谢")]
            slowest = max(provider.seconds)
            time.sleep(max(0.0, 25 - (time.monotonic() - held)))
            writer.execute("ROLLBACK")
        assert answers == [503, 503]
        assert slowest < 15
        wait_for(lambda: is_stored(stack, provider.everything), within=FIVE_MINUTES + 10, saying="the gap is fetched")
        wait_for(lambda: emergencies(stack, wang), within=20, saying="and the emergency is answered")
        assert "state=database" in stack.log("sentinel")
        promises.hold_for(stack, accepted=provider.everything, extra_calls=CONCURRENCY)
