"""The webhook and the page with a healthy, a dead and a silent broker, in turn within one run on one installation.

No web request talks to the broker, so the three figures of the webhook should be the same; a page leaves within 30 s in any case.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import services
from tests.faults.posting import SERIOUS, Poster, percentile
from tests.faults.services import Gate
from tests.prepared import pages, peopled
from tests.stack import Stack, missing, wait_for

KIND = "postgres-redis"
ROUNDS = 3
POSTS = 40  # in each round and state
GOAL_RATIO, GOAL_PAGE = 2.0, 30.0


def run() -> dict[str, Any]:
    if reason := missing(KIND):
        return {"skipped": reason}
    with (
        tempfile.TemporaryDirectory(prefix="bench-broker-") as folder,
        peopled(KIND, Path(folder), TRIALCARE_TIME_FACTOR="1") as stack,
        services.gate(stack.environment["CELERY_BROKER_URL"]) as gate,
    ):
        stack.environment["CELERY_BROKER_URL"] = gate.url
        stack.start("web", "worker", "sentinel")
        wait_for(lambda: "ready." in stack.log("worker"), within=30, saying="the worker consumes")
        return _figures(*_measured(stack, gate))


def _measured(stack: Stack, gate: Gate) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    states: dict[str, Callable[[], None]] = {"healthy": gate.reopen, "dead": gate.refuse, "silent": gate.silence}
    posts: dict[str, list[float]] = {name: [] for name in states}
    paged: dict[str, list[float]] = {name: [] for name in states}
    poster = Poster(stack)
    poster.latencies(POSTS)  # warm
    for place in range(ROUNDS):
        for number, (name, enter) in enumerate(states.items()):
            enter()
            time.sleep(2)
            posts[name] += poster.latencies(POSTS)
            paged[name].append(_seconds_to_the_page(stack, poster, place * len(states) + number))
    return posts, paged


def _seconds_to_the_page(stack: Stack, poster: Poster, turn: int) -> float:
    """Each time another participant, so that each asks for a page of its own."""
    people = stack.people["participants"]
    before, began = _pages(stack), time.monotonic()
    assert poster.post(SERIOUS, people[turn % len(people)]["phone"]) == 200
    wait_for(lambda: _pages(stack) > before, within=60, saying="a page leaves")
    return time.monotonic() - began


def _pages(stack: Stack) -> int:
    return sum(len(texts) for texts in pages(stack).values())


def _figures(posts: dict[str, list[float]], paged: dict[str, list[float]]) -> dict[str, Any]:
    ordered = {name: sorted(each) for name, each in posts.items()}
    p99 = {name: percentile(each, 0.99) for name, each in ordered.items()}
    worst = max(p99["dead"], p99["silent"]) / p99["healthy"]
    slowest = max(max(each) for each in paged.values())
    return {
        "webhook_p50_ms": {name: round(1000 * statistics.median(each), 1) for name, each in ordered.items()},
        "webhook_p99_ms": {name: round(1000 * each, 1) for name, each in p99.items()},
        "posts_each": ROUNDS * POSTS,
        "page_seconds": {name: [round(each, 1) for each in times] for name, times in paged.items()},
        "p99_ratio": round(worst, 2),
        "held": worst <= GOAL_RATIO and slowest <= GOAL_PAGE,
    }
