"""Faults 6, 7 and 8: a broker that is gone, that accepts and never answers, or that has forgotten or remembers too much.

No web request talks to it and every promise is a row, so nothing may depend on it but the time of what is not urgent.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from tests.chaos import CONCURRENCY
from tests.faults import promises, services
from tests.faults.posting import QUIET, SERIOUS, Poster, percentile
from tests.faults.services import Gate
from tests.prepared import emergencies, pages, peopled, phone_of
from tests.stack import STACKS, Stack, missing, strain, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.processes]
WITH_BROKER = pytest.mark.parametrize("kind", STACKS[1:])
POSTS = 60
LIMIT = 0.2  # seconds: p99 of a webhook
PAGE_WITHIN = 30.0


@contextmanager
def behind_a_gate(kind: str, folder: Path) -> Iterator[tuple[Stack, Gate]]:
    """A stack whose broker is reached through a gate of the test's own; the time chain has its full length."""
    if reason := missing(kind):
        pytest.skip(reason)
    with ExitStack() as opened:
        shared = opened.enter_context(peopled(kind, folder, TRIALCARE_TIME_FACTOR="1"))
        gate = opened.enter_context(services.gate(shared.environment["CELERY_BROKER_URL"]))
        shared.environment["CELERY_BROKER_URL"] = gate.url
        yield shared, gate


def start_all(stack: Stack) -> None:
    stack.start("web", "worker", "sentinel")
    wait_for(lambda: "ready." in stack.log("worker"), within=30, saying="the worker consumes")


def page_after(stack: Stack, poster: Poster, number: str) -> float:
    """Seconds from an emergency to the page and the emergency text at the provider."""
    before, began = sum(map(len, pages(stack).values())), time.monotonic()
    assert poster.post(SERIOUS, number) == 200
    wait_for(
        lambda: sum(map(len, pages(stack).values())) > before and emergencies(stack, number),
        within=PAGE_WITHIN,
        saying="the page and the emergency text leave",
    )
    return time.monotonic() - began


def p99(poster: Poster) -> float:
    return percentile(poster.latencies(POSTS), 0.99)


@WITH_BROKER
def test_fault_06_broker_down(kind: str, tmp_path: Path) -> None:
    """Nobody listens at the broker's address: texts are taken as fast as before, the page leaves, and the rest waits for the broker."""
    with behind_a_gate(kind, tmp_path) as (stack, gate):
        start_all(stack)
        poster = Poster(stack)
        healthy = p99(poster)
        gate.refuse()
        dead = p99(poster)
        took = page_after(stack, poster, phone_of(stack, language="zh-Hans"))
        gate.open()
        promises.hold_for(stack, accepted=poster.accepted, extra_calls=CONCURRENCY, within=200)
    assert dead <= max(LIMIT, 2 * healthy) * strain()
    assert took <= PAGE_WITHIN * strain()


@WITH_BROKER
def test_fault_07_broker_accepts_and_never_answers(kind: str, tmp_path: Path) -> None:
    """Silent while the worker runs, and silent still when a worker boots: web requests do not notice, the page leaves."""
    with behind_a_gate(kind, tmp_path) as (stack, gate):
        start_all(stack)
        poster = Poster(stack)
        healthy = p99(poster)
        gate.silence()
        silent = p99(poster)
        running = page_after(stack, poster, phone_of(stack, language="zh-Hans"))
        stack.kill("worker")
        stack.start("worker")
        booting = page_after(stack, poster, phone_of(stack, language="zh-Hans", place=2))
        gate.reopen()
        promises.hold_for(stack, accepted=poster.accepted, extra_calls=CONCURRENCY, within=200)
    assert silent <= max(LIMIT, 2 * healthy) * strain()
    assert running <= PAGE_WITHIN * strain()
    assert booting <= PAGE_WITHIN * strain()


@WITH_BROKER
def test_fault_08_broker_wiped_or_restored_from_an_old_copy(kind: str, tmp_path: Path) -> None:
    """Everything in it is gone in the middle of a run, then old messages come back: nothing is lost, nothing is repeated.

    A Redis of the test's own is emptied. On RabbitMQ, which the run shares, the stack's own queues are. The old copy is what it would
    contain: a hundred doorbells that were rung already.
    """
    with ExitStack() as opened:
        extra: dict[str, str] = {}
        if reason := missing(kind):
            pytest.skip(reason)
        if kind == "postgres-redis":
            extra["CELERY_BROKER_URL"] = opened.enter_context(services.own_redis(tmp_path)).url
        stack = opened.enter_context(peopled(kind, tmp_path, TRIALCARE_TIME_FACTOR="0.3", **extra))
        start_all(stack)
        poster = Poster(stack)
        poster.post(SERIOUS)
        for _ in range(10):
            poster.post(QUIET[0])
            _wipe(stack)
        _ring_again(stack, times=100)
        promises.hold_for(stack, accepted=poster.accepted, extra_calls=0)


def _queues(stack: Stack) -> list[str]:
    return [f"{stack.environment['QUEUE_PREFIX']}{lane}" for lane in ("safety", "messages", "bulk")]


def _wipe(stack: Stack) -> None:
    with Connection(stack.environment["CELERY_BROKER_URL"]) as connection:
        channel: Any = connection.channel()
        if connection.transport.driver_type == "redis":
            channel.client.flushall()
            return
        for queue in _queues(stack):
            channel.queue_purge(queue)


def _ring_again(stack: Stack, *, times: int) -> None:
    with Connection(stack.environment["CELERY_BROKER_URL"]) as connection:
        producer = connection.Producer()
        for number in range(times):
            for queue in _queues(stack):
                lane = queue.rsplit(".", 1)[1]
                headers = {
                    "lang": "py",
                    "task": f"trialcare.drain.{lane}",
                    "id": f"old-{lane}-{number}",
                    "argsrepr": "()",
                }
                producer.publish([[], {}, {}], exchange=queue, routing_key=queue, headers=headers, serializer="json",
                                 correlation_id=headers["id"])  # fmt: skip
