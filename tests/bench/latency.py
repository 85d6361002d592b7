"""From the stored text to the page handed to the gateway, over 100 serious texts through real processes, on each stack that is there.

Clocked outside the program: a text counts as stored when its POST is answered 2xx, a page as handed over when the stand-in of the
provider has it. The floor beside it is the web's own answer to /healthz. The engine looks once a second for what is due, so about half a
second of the figure is that wait.
"""

import re
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from tests.bench._figures import spread
from tests.stack import STACKS, Stack, missing, running, wait_for

TEXTS = 100
FIRST_PAGE = re.compile(r"(?:收到紧急消息。回|urgent message received .*Reply )\s*(\d{4})")
SERIOUS = ("今天早上吐血了", "black stool since last night")


def run() -> dict[str, Any]:
    return {kind: _measured(kind) if missing(kind) is None else {"absent": missing(kind)} for kind in STACKS}


def _measured(kind: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="latency-") as folder, running(kind, Path(folder)) as stack:
        people = stack.demo()
        stack.start("web", "worker", "sentinel")
        staff = {row["phone"]: row for row in people["staff"] if row["phone"]}
        senders = [row["phone"] for row in people["participants"]]
        stored, paged, round_began = [], [], 0
        for number in range(TEXTS):
            if number and number % len(senders) == 0:
                _take_all(stack, staff, round_began)
                round_began = len(_pages(stack, staff))
            before = time.monotonic()
            seen = len(_pages(stack, staff))
            stack.text(senders[number % len(senders)], SERIOUS[number % 2])
            answered = time.monotonic()
            stored.append(answered - before)
            paged.append(_until_paged(stack, staff, seen) - answered)
        floor = [_floor(stack) for _ in range(TEXTS)]
    return {"texts": TEXTS, "text_to_page": spread(paged), "webhook": spread(stored), "floor_healthz": spread(floor)}


def _pages(stack: Stack, staff: dict[str, Any]) -> list[dict[str, Any]]:
    """The first page of each escalation: what staff are told afterwards is not counted."""
    return [
        row for row in list(stack.twilio.exchange.messages) if row["to"] in staff and FIRST_PAGE.search(row["body"])
    ]


def _until_paged(stack: Stack, staff: dict[str, Any], seen: int) -> float:
    ends = time.monotonic() + 60
    while len(_pages(stack, staff)) <= seen:
        if time.monotonic() > ends:
            raise AssertionError("no page within 60 s of a serious text")
        time.sleep(0.005)
    return time.monotonic()


def _take_all(stack: Stack, staff: dict[str, Any], since: int) -> None:
    """Everybody who was paged answers, and reaches the participant: the next text of each is a new escalation."""
    for row in _pages(stack, staff)[since:]:
        if found := FIRST_PAGE.search(row["body"]):
            stack.text(row["to"], found[1])
            stack.text(row["to"], f"{found[1]} 1")
    wait_for(lambda: not stack.ledger()["open_escalations"], within=120, saying="every escalation is closed")
    time.sleep(2)  # thanks and notices of the round just ended go out before the next text is timed


def _floor(stack: Stack) -> float:
    before = time.monotonic()
    requests.get(f"{stack.url}/healthz", timeout=10)
    return time.monotonic() - before
