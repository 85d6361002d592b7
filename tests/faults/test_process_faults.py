"""Faults 24 and 36 where processes are the point: a text that kills whoever reads it, and a sentinel that is dead or frozen."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults import promises
from tests.faults.deadly.table import DEADLY
from tests.faults.posting import Poster
from tests.prepared import pages, peopled
from tests.stack import STACKS, Stack, missing, strain, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.fault, pytest.mark.timeout(900)]
ATTEMPTS = 5
CONCURRENCY = 4
# A worker that dies whole is started again by whatever manages services; that and its start are all that others may wait.
STARTS_WITHIN = 10.0
FACTOR = 0.1  # a lease of three seconds: with less, a strained machine loses it while it works
SILENCE = 300.0 * FACTOR  # the outside service pages after five minutes without a ping


@pytest.fixture(params=STACKS[:2])
def kind(request: pytest.FixtureRequest) -> str:
    if reason := missing(request.param):
        pytest.skip(reason)
    return str(request.param)


# --- 24


@contextmanager
def kept_alive(stack: Stack, *names: str) -> Iterator[list[str]]:
    """What a service manager does: a process that died is started again. Yields the names of those that died."""
    died: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for name in names:
                if (process := stack.processes.get(name)) is not None and process.poll() is not None:
                    died.append(name)
                    with suppress(ProcessLookupError):  # the children that it left, if any
                        os.killpg(process.pid, signal.SIGKILL)
                    stack.start(name)

    keeper = threading.Thread(target=watch, daemon=True)
    keeper.start()
    try:
        yield died
    finally:
        over.set()
        keeper.join(30)


def seconds_to_an_answer(stack: Stack, poster: Poster, number: str) -> float:
    """How long a participant waits for the thanks to a `1`."""
    before, began = len(stack.received_by(number)), time.monotonic()
    assert poster.post("1", number) == 200
    wait_for(lambda: len(stack.received_by(number)) > before, within=60, saying="a text is answered")
    return time.monotonic() - began


def test_fault_24_a_text_that_kills_its_process(kind: str, tmp_path: Path) -> None:
    """Five attempts, quarantine, people paged; everybody else is answered, late by no more than a process needs to start again."""
    with peopled(kind, tmp_path, DJANGO_SETTINGS_MODULE="tests.faults.deadly.settings") as stack:
        stack.start("web", "worker", "sentinel")
        poster = Poster(stack)
        first, *others = [row["phone"] for row in stack.people["participants"]]
        usual = sorted(seconds_to_an_answer(stack, poster, number) for number in others[:5])
        with kept_alive(stack, "worker", "sentinel") as died:
            assert poster.post(DEADLY, first) == 200
            waits: list[float] = []
            while not stack.count("SELECT count(*) FROM messaging_inboundmessage WHERE quarantined_at IS NOT NULL"):
                waits.append(seconds_to_an_answer(stack, poster, others[len(waits) % len(others)]))
                assert len(waits) < 200, "it is never quarantined"
            wait_for(lambda: pages(stack), within=30, saying="people are paged about what could not be processed")
            attempts = stack.rows("SELECT attempts FROM messaging_inboundmessage WHERE quarantined_at IS NOT NULL")
            assert [count for (count,) in attempts] == [ATTEMPTS + 1]  # the sixth claim is the one that parks it
            assert stack.count("SELECT count(*) FROM conversations_task WHERE kind = 'not_processed'") == 1
            assert sorted(waits)[int(len(waits) * 0.95) - 1] <= usual[-1] + STARTS_WITHIN * strain()
            assert len(died) <= ATTEMPTS
            promises.hold_for(stack, accepted=poster.accepted, extra_calls=ATTEMPTS * CONCURRENCY, within=90, waits=90)


# --- 36


class HeartbeatService:
    """The outside service: it hears pings, and pages when it has heard none for too long."""

    def __init__(self) -> None:
        heard = self.heard = list[float]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(time.monotonic())
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ping/a-secret-word"

    def __enter__(self) -> "HeartbeatService":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pages(self) -> bool:
        return not self.heard or time.monotonic() - self.heard[-1] > SILENCE

    def hears_more(self) -> None:
        count = len(self.heard)
        wait_for(lambda: len(self.heard) >= count + 3, within=60, saying="the sentinel pings")


def test_fault_36_the_sentinel_is_dead_or_frozen(kind: str, tmp_path: Path) -> None:
    """Silence is the alarm: five minutes after the last ping (scaled here) the outside service pages, whatever the sentinel does not do."""
    with (
        HeartbeatService() as service,
        peopled(kind, tmp_path, TRIALCARE_TIME_FACTOR=str(FACTOR), HEARTBEAT_URL=service.url) as stack,
    ):
        stack.start("worker", "sentinel")
        service.hears_more()
        stack.kill("sentinel")
        wait_for(service.pages, within=SILENCE + 5, saying="the outside service pages when the sentinel is dead")
        stack.start("sentinel")
        service.hears_more()
        os.killpg(stack.processes["sentinel"].pid, signal.SIGSTOP)
        wait_for(service.pages, within=SILENCE + 5, saying="the outside service pages when the sentinel is frozen")
        os.killpg(stack.processes["sentinel"].pid, signal.SIGCONT)
        service.hears_more()
        assert "a-secret-word" not in stack.log("sentinel")
        promises.hold_for(stack, accepted=[], within=60)
