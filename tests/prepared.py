"""Installations that are migrated and peopled already, for tests that need many: made once a run, copied in a second or less."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.stack import WEDNESDAY_MORNING, Master, Stack, running

# A little earlier than any copy begins, so that trial time never goes back.
_MADE_AT = WEDNESDAY_MORNING - timedelta(minutes=2)


@contextmanager
def peopled(kind: str, folder: Path, **extra: str) -> Iterator[Stack]:
    """A stack with the demo's people on a database of its own; the caller starts processes. Waits are a tenth unless `extra` says so."""
    given: dict[str, Any] = {"TRIALCARE_TIME_FACTOR": "0.1"} | extra
    made = master("sqlite" if kind == "sqlite-memory" else "postgres")
    with running(kind, folder, master=made, **given) as stack:
        yield stack


@cache
def master(vendor: str) -> Master:
    """The one of this run, on SQLite or on the PostgreSQL server of TEST_DATABASE_URL; gone when the run ends."""
    kind = "sqlite-memory" if vendor == "sqlite" else "postgres-redis"
    opened = ExitStack()
    atexit.register(opened.close)
    folder = Path(tempfile.mkdtemp(prefix="trialcare-master-"))
    opened.callback(shutil.rmtree, folder, ignore_errors=True)
    stack = opened.enter_context(running(kind, folder, begins=_MADE_AT))
    people = json.loads(stack.manage("demo", "--json"))
    return Master(folder, people, stack.environment["DATABASE_URL"])


def phone_of(stack: Stack, *, language: str, place: int = 0) -> str:
    """The number of a participant who reads this language, in the order of their codes."""
    found: list[str] = [row["phone"] for row in stack.people["participants"] if row["language"] == language]
    return found[place]


def pages(stack: Stack, *, site: str = "") -> dict[str, list[str]]:
    """Texts by number of everybody on the staff (of one site) who got any."""
    staff = [row["phone"] for row in stack.people["staff"] if row["phone"] and (not site or row["site"] == site)]
    return {number: texts for number in dict.fromkeys(staff) if (texts := stack.received_by(number))}


def emergencies(stack: Stack, number: str) -> list[str]:
    """The emergency texts that a participant's own phone has received."""
    said = ("立即拨", "nearest emergency department. Do not wait")
    return [text for text in stack.received_by(number) if any(words in text for words in said)]
