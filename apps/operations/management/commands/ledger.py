"""`manage.py ledger`: counts of what came in, went out and is owed."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.operations import ledger


class Command(BaseCommand):
    help = "Inbound by disposition, outbound by state, open escalations, overdue rows by lane, obligations due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = ledger.take()
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        for name, value in counts.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {_line(value)}")


def _line(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{key} {_line(entry) if isinstance(entry, dict) else entry}" for key, entry in value.items())
