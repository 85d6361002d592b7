"""`make chaos`: texts and check-ins stream in while processes are killed at random *while busy*; then the history is checked.

The history lies outside the database: what was accepted (a 2xx answer) is appended to a file before the next text is posted, what a phone
would have received stands in the stand-in's own log. The checker then proves: accepted = stored = handled; every serious text has an
acknowledged or still-running escalation; duplicates <= kills x concurrency. Ends with one line of JSON.

    python -m tests.chaos --kills 100 --stack postgres-redis --seed 7
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.chaos_checker import Verdict, check
from tests.fakes.twilio_server import text
from tests.stack import ROOT, STACKS, Stack, missing, running, wait_for

CONCURRENCY = 4
BUSY_ENOUGH = 30
CODE = re.compile(r"(?:回|[Rr]eply )\s*(\d{4})")
SERIOUS = (
    "今天早上吐血了", "black stool since last night", "vomiting blood", "拉黑便了", "he is confused and does not know us",
    "喘不上气", "I cannot breathe lying down", "叫不醒他",
)  # fmt: skip
QUIET = (
    "1",
    "１",
    "一切正常",
    "fine thanks",
    "what time is my bus tomorrow",
    "谢谢",
    "3",
    "下次哪天来医院复查",
    "2",
    "ok",
    "EN",
    "中文",
)

# Texts not read, courtesy answers not written (a line's answers go out in order, one by one), calls without an outcome.
_UNDONE = """
    SELECT (SELECT count(*) FROM messaging_inboundmessage WHERE disposition = 'waiting')
         + (SELECT count(*) FROM conversations_turn WHERE due_at IS NOT NULL AND quarantined_at IS NULL)
         + (SELECT count(*) FROM messaging_outboundmessage WHERE state IN ('planned', 'calling', 'unknown'))
"""


class Stream(threading.Thread):
    """Texts from the demo's phones, one in ten serious, each posted until it is accepted, as the provider would.

    As many as keep the processes busy and no more: a queue that only grows would measure the machine, and end in minutes of waiting.
    """

    def __init__(self, stack: Stack, phones: list[str], *, seed: int, history: Path) -> None:
        super().__init__(name="stream", daemon=True)
        self.stack, self.phones, self.history = stack, phones, history
        self.dice = random.Random(seed)
        self.stopped = threading.Event()
        self.accepted = 0
        self._undone, self._counted_at = 0, float("-inf")

    def run(self) -> None:
        with self.history.open("a", encoding="utf-8") as file:
            while not self.stopped.is_set():
                if self.backlog() > BUSY_ENOUGH:
                    time.sleep(0.1)
                    continue
                is_serious = self.dice.random() < 0.1
                body = self.dice.choice(SERIOUS if is_serious else QUIET)
                sid = self.post(self.dice.choice(self.phones), body)
                if sid is None:
                    continue
                file.write(json.dumps({"sid": sid, "serious": is_serious}) + "\n")
                file.flush()
                os.fsync(file.fileno())
                self.accepted += 1
                time.sleep(0.03)

    def backlog(self) -> int:
        """Texts and answers that wait, as of half a second ago."""
        if time.monotonic() - self._counted_at > 0.5:
            self._undone, self._counted_at = self.stack.count(_UNDONE), time.monotonic()
        return self._undone

    def post(self, sender: str, body: str) -> str | None:
        sent = text(
            self.stack.twilio.exchange, url=f"{self.stack.url}/sms/twilio/inbound/", from_=sender, body=body, times=1
        )
        # A refused post stays in the provider's log: reconcile fetches it, or nobody was promised anything.
        return str(sent["sid"]) if sent["answers"] == [200] else None


class OnCall(threading.Thread):
    """Whoever is paged takes it and says that the texter was reached. Nobody doing so, pages would rightly go on and on, by tenths of the
    usual waits, until there was time for nothing else.
    """

    def __init__(self, stream: Stream, staff: set[str]) -> None:
        super().__init__(name="on call", daemon=True)
        self.stream, self.staff = stream, staff
        self.stopped = threading.Event()
        self.texts: list[str] = []  # provider ids of the answers that were accepted

    def run(self) -> None:
        answered: set[tuple[str, str]] = set()
        while not self.stopped.wait(1.0):
            for row in list(self.stream.stack.twilio.exchange.messages):
                code = CODE.search(str(row["body"])) if row["to"] in self.staff else None
                if code is not None and (row["to"], code[1]) not in answered:
                    answered.add((row["to"], code[1]))
                    self._say(row["to"], code[1])
                    self._say(row["to"], f"{code[1]} 1")

    def _say(self, number: str, body: str) -> None:
        while not self.stopped.is_set():
            if (sid := self.stream.post(number, body)) is not None:
                self.texts.append(sid)
                return
            time.sleep(0.5)


class Killer:
    """kill -9 of one busy process: a pool child, the worker's whole group, the web, or the sentinel."""

    def __init__(self, stack: Stack, *, seed: int) -> None:
        self.stack, self.dice = stack, random.Random(seed + 1)
        self.struck: Counter[str] = Counter()

    def strike(self) -> None:
        self._wait_until_busy()
        what = self.dice.choices(("child", "worker", "web", "sentinel"), weights=(6, 3, 2, 1))[0]
        if what == "child":
            self._kill_child()
        else:
            self.stack.kill(what)
            self.stack.start(what)
        self.struck[what] += 1

    def _wait_until_busy(self) -> None:
        """A provider's call is under way, or, failing that for two seconds, a random moment: kill while busy, or luck passes the test."""
        before, ends = self.stack.twilio.posts(), time.monotonic() + 2
        while self.stack.twilio.posts() == before and time.monotonic() < ends:
            time.sleep(0.002)
        time.sleep(self.dice.uniform(0, 0.03))

    def _kill_child(self) -> None:
        parent = self.stack.processes["worker"].pid
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True)
        children = [int(pid) for pid in listing.stdout.split()]
        if children:
            os.kill(self.dice.choice(children), signal.SIGKILL)


def chaos(kind: str, *, kills: int, seed: int, folder: Path) -> dict[str, Any]:
    with running(kind, folder, TRIALCARE_TIME_FACTOR="0.1") as stack:
        stack.twilio.exchange.thinks_for = 0.1  # long enough that kills fall between acceptance and answer
        people = stack.demo()
        phones = [row[key] for row in people["participants"] for key in ("phone", "caregiver_phone")]
        history = folder / "accepted.jsonl"
        stack.start("web", "worker", "sentinel")
        stream = Stream(stack, phones, seed=seed, history=history)
        killer = Killer(stack, seed=seed)
        on_call = OnCall(stream, {row["phone"] for row in people["staff"] if row["phone"]})
        stream.start()
        on_call.start()
        for done in range(kills):
            killer.strike()
            if sys.stderr.isatty():
                print(f"\rkill {done + 1}/{kills}, accepted {stream.accepted}", end="", file=sys.stderr)
        stream.stopped.set()
        stream.join(30)
        _settle(stack)
        on_call.stopped.set()
        on_call.join(30)
        _settle(stack)  # their last answers too
        _append(history, on_call.texts)
        verdict = check(stack.environment, history=history, provider_log=folder / "twilio.jsonl", root=ROOT)
        return _figures(kind, kills, seed, stream, killer, verdict) | {
            "answers_of_staff": len(on_call.texts),
            "outbound": _nonzero(stack.ledger()["outbound"]),
        }


def _settle(stack: Stack) -> None:
    """Until nothing that should be done at once is left undone."""
    for name in ("web", "worker", "sentinel"):
        if name not in stack.processes:
            stack.start(name)

    wait_for(lambda: stack.count(_UNDONE) == 0, within=300, saying="everything that was accepted is handled")


def _append(history: Path, sids: list[str]) -> None:
    with history.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"sid": sid, "serious": False}) + "\n" for sid in sids)


def _nonzero(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _figures(kind: str, kills: int, seed: int, stream: Stream, killer: Killer, verdict: Verdict) -> dict[str, Any]:
    bound = kills * CONCURRENCY
    wrong = (verdict.lost, verdict.stored_twice, verdict.unhandled, verdict.unanswered, verdict.answers_waiting)
    return {
        "stack": kind,
        "seed": seed,
        "kills": kills,
        "killed": dict(killer.struck),
        "accepted": stream.accepted,
        "serious": verdict.serious,
        "lost": verdict.lost,
        "stored_twice": verdict.stored_twice,
        "unhandled": verdict.unhandled,
        "serious_unanswered": verdict.unanswered,
        "texts_sent": verdict.sent,
        "texts_sent_by_purpose": verdict.sent_by_purpose,
        "answered": verdict.answered,
        "unanswered_by_rule": verdict.unanswered_by_rule,
        "answers_waiting": verdict.answers_waiting,
        "duplicates": verdict.duplicates,
        "duplicates_allowed": bound,
        "held": not any(wrong) and verdict.duplicates <= bound,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stack", choices=STACKS, default=STACKS[0])
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    if reason := missing(options.stack):
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        figures = chaos(options.stack, kills=options.kills, seed=options.seed, folder=Path(folder))
    print(json.dumps(figures))
    sys.exit(0 if figures["held"] else 1)


if __name__ == "__main__":
    main()
