"""`manage.py runworker`: the Celery worker with its pump. Plain `celery -A trialcare worker` is the same."""

import os
import sys
from typing import Any

from celery.app import app_or_default
from celery.bin.celery import celery
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
        """This process becomes the worker: one to stop, and one that has read the program once when it must be back in seconds.

        The checks have run, and stopped it where one failed; Celery would run them again and not look at what they say. A
        catalogue that the worker could not read is named here as any other check's find.
        """
        self.check(tags=["triage"], include_deployment_checks=True)
        os.environ["CELERY_SKIP_CHECKS"] = "1"
        celery.params[0].default = app_or_default()  # not the proxy, which would be called like a function
        arguments = command_line(lanes=options["lanes"], concurrency=options["concurrency"])
        sys.exit(celery.main(args=arguments, standalone_mode=False) or 0)


def command_line(*, lanes: list[str], concurrency: int) -> list[str]:
    """Arguments of `celery`. Gossip, mingle and heartbeats between workers are off: workers need not know each other."""
    return [
        "worker",
        "-Q",
        ",".join(f"{settings.QUEUE_PREFIX}{lane}" for lane in lanes),
        "--concurrency",
        str(concurrency),
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
