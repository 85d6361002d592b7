"""The real processes of a whole installation, for journeys, faults and chaos: web, worker and sentinel on a database and a broker.

A stack is a folder, a database of its own, a port, and a stand-in of Twilio's API. Nothing is imported from the product: what the test
learns it learns by HTTP, by the stand-in's log, by management commands, and by plain SQL that only reads.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import requests

from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioServer, text

ROOT = Path(__file__).resolve().parent.parent
# A Wednesday inside the window, a minute before the usual hour of a check-in.
WEDNESDAY_MORNING = datetime(2027, 5, 12, 9, 59, tzinfo=ZoneInfo("Asia/Shanghai"))
STACKS = ("sqlite-memory", "postgres-redis", "postgres-amqp")


def missing(stack: str) -> str | None:
    """What this stack needs and is not there, or None: a skip must say it."""
    needs = {"sqlite-memory": (), "postgres-redis": ("TEST_DATABASE_URL", "TEST_REDIS_URL")}
    wanted = needs.get(stack, ("TEST_DATABASE_URL", "TEST_AMQP_URL"))
    absent = [name for name in wanted if not os.environ.get(name)]
    return f"{stack} needs {' and '.join(absent)}" if absent else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def strain() -> float:
    """How many processes want each core of this machine, from 1 to 3: seconds are promised for a machine that has room."""
    return min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), 3.0)


def wait_for(what: Callable[[], Any], *, within: float, saying: str) -> Any:
    """Ask until the answer is true; fail with `saying` when it never is. On a machine under strain the wait is as much longer."""
    within *= strain()
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        if answer := what():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {within} s: {saying}")


@dataclass
class Stack:
    folder: Path
    environment: dict[str, str]
    port: int
    twilio: TwilioServer
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    people: dict[str, Any] = field(
        default_factory=dict
    )  # as `manage.py demo --json` prints them, where the stack was made peopled

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120 * strain(),
        )
        if done.returncode:
            raise AssertionError(
                f"{arguments[0]}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        return done.stdout

    def demo(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("demo", "--json"))
        return found

    def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("ledger", "--json"))
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the database, read past the product."""
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(url, autocommit=True) as server:
            return server.execute(query.encode()).fetchall()

    def count(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def start(self, *names: str, **extra: str) -> None:
        commands = {
            "web": [
                str(Path(sys.executable).parent / "gunicorn"), "trialcare.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
                "--workers", "1", "--threads", "8", "--timeout", "30", "--no-control-socket", "--access-logfile", "/dev/null",
            ],
            "worker": [sys.executable, "manage.py", "runworker"],
            "sentinel": [sys.executable, "manage.py", "sentinel"],
        }  # fmt: skip
        for name in names:
            self.spawn(name, commands[name], **extra)
        if "web" in names:
            wait_for(self.web_answers, within=30, saying="web answers /healthz")

    def spawn(self, name: str, command: list[str], **extra: str) -> None:
        """Any other command as a process of this stack; its log is `name`.log."""
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.environment | extra, stdout=log, stderr=log, start_new_session=True
        )

    def web_answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).status_code in (200, 503)
        except requests.RequestException:
            return False

    def kill(self, name: str) -> None:
        """kill -9 the whole process group, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def text(self, sender: str, body: str) -> str:
        """Somebody texts: signed and posted as the provider would. Returns the provider's id; anything but 200 fails."""
        sent = text(self.twilio.exchange, url=f"{self.url}/sms/twilio/inbound/", from_=sender, body=body)
        assert sent["answers"] == [200], sent
        return str(sent["sid"])

    def received_by(self, number: str) -> list[str]:
        """What a phone would have received, oldest first."""
        return [str(row["body"]) for row in self.twilio.sent_to(number)]

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@dataclass(frozen=True)
class Master:
    """A migrated and peopled installation that is never started, only copied: its secrets, its SQLite file or its PostgreSQL database."""

    folder: Path
    people: dict[str, Any]
    url: str


@contextmanager
def running(
    kind: str, folder: Path, *, begins: datetime = WEDNESDAY_MORNING, master: Master | None = None, **extra: str
) -> Iterator[Stack]:
    """A migrated installation on a database of its own, empty or a copy of `master`; the caller starts processes.

    Everything is gone afterwards. `extra` is environment, and wins over what a stack is given otherwise.
    """
    port = free_port()
    with TwilioServer(log=folder / "twilio.jsonl") as twilio, _database(kind, folder, master) as url:
        stack = Stack(folder, _environment(kind, folder, url, port, twilio, offset(begins)) | extra, port, twilio)
        if master is None:
            stack.manage("migrate", "--verbosity", "0")
        else:
            stack.people = master.people
            for secret in master.folder.glob("*.secret"):
                shutil.copy(secret, folder)
        try:
            yield stack
        finally:
            stack.stop()


def offset(begins: datetime) -> str:
    return f"+{int((begins - datetime.now(UTC)).total_seconds())}s"


def _environment(kind: str, folder: Path, url: str, port: int, twilio: TwilioServer, offset: str) -> dict[str, str]:
    broker = {"sqlite-memory": "memory://", "postgres-redis": os.environ.get("TEST_REDIS_URL", "")}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "TRIALCARE_ENV": "test",
        "TRIALCARE_VAR": str(folder),
        "TRIALCARE_CLOCK_OFFSET": offset,
        "DATABASE_URL": url,
        "CELERY_BROKER_URL": broker.get(kind, os.environ.get("TEST_AMQP_URL", "")),
        "SMS_GATEWAY": "twilio",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM_NUMBER": NUMBER,
        "TWILIO_API_BASE_URL": twilio.base_url,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "QUEUE_PREFIX": f"{folder.name}.",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def _database(kind: str, folder: Path, master: Master | None) -> Iterator[str]:
    if kind == "sqlite-memory":
        path = folder / "trialcare.sqlite3"
        if master is not None:
            shutil.copy(master.url.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    server = os.environ["TEST_DATABASE_URL"]
    name = f"trialcare_{secrets.token_hex(6)}"
    copied = f' TEMPLATE "{master.url.rsplit("/", 1)[1]}"' if master is not None else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{copied}'.encode())
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
