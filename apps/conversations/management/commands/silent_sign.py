"""`silent_sign --from DATE --to DATE`: what the watch on how people answer would have brought, and missed. Before it is switched on."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from apps.conversations.silent_sign import measured
from apps.triage.management.period import add_period, period
from apps.trials.services import current_protocol


class Command(BaseCommand):
    help = "Replay the watch on the silent sign over the stored texts of a period, whether it is on or off. Writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_period(parser)
        parser.add_argument("--json", action="store_true", help="print the figures as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = period(options)
        found = measured(since=since, until=until)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
            return
        switch = "on" if current_protocol().triage.watch_silent_sign else "off"
        self.stdout.write(
            f"{found.participants} participants; watch {switch}. It would have raised {found.raised}, of which {found.followed} "
            f"were followed by signs of the brain within a fortnight; of {found.episodes} such episodes {found.missed} would be missed."
        )
