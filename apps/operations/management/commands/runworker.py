"""`manage.py runworker`: the Celery worker with its pump. Plain `celery -A trialcare worker` is the same."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core.work import Lane


class Command(BaseCommand):
    help = "Run the worker. --lanes safety makes one that takes nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        labels = [lane.label for lane in Lane]
        parser.add_argument("--lanes", nargs="+", choices=labels, default=labels)
        parser.add_argument("--concurrency", type=int, default=settings.WORKER_CONCURRENCY)

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = command_line(lanes=options["lanes"], concurrency=options["concurrency"])
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - it becomes the worker: one process to stop


def command_line(*, lanes: list[str], concurrency: int) -> list[str]:
    """Arguments for the interpreter. Gossip, mingle and heartbeats between workers are off: workers need not know each other."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    where = ["--workdir", str(settings.BASE_DIR)]
    worker = [
        "worker",
        "-Q",
        ",".join(f"{settings.QUEUE_PREFIX}{lane}" for lane in lanes),
        "--concurrency",
        str(concurrency),
        "--loglevel",
        "INFO",
    ]
    return ["-m", "celery", "-A", "trialcare", *where, *worker, *quiet]
