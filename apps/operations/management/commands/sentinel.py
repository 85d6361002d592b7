"""`manage.py sentinel`: look every 15 seconds until told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from apps.core import work
from apps.operations.sentinel import EVERY, Sentinel


class Command(BaseCommand):
    help = "The watcher outside Celery: runs overdue safety work, pings HEARTBEAT_URL while all is well."
    requires_system_checks = ()  # a check that asks the database must not keep the watcher from starting while it is down

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once, say what was found, exit 1 if anything was")

    def handle(self, *args: Any, **options: Any) -> None:
        watcher = Sentinel()
        if options["once"]:
            self._say_and_exit(watcher)
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            watcher.look()
            connections.close_all()  # a connection that died with its database is never met again
            stopped.wait(work.seconds(EVERY).total_seconds())

    def _say_and_exit(self, watcher: Sentinel) -> None:
        found = watcher.look()
        for problem in found:
            self.stdout.write(str(problem))
        raise SystemExit(1 if found else 0)
