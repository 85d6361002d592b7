"""`manage.py doctor`: every reason why the trial may not go live, one a line; exit 1 while any stands."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.operations import doctor


class Command(BaseCommand):
    help = "The readiness gate. Exit 1 while any reason stands."
    requires_system_checks = ()  # it runs them itself, and says what they say

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = doctor.reasons()
        if options["json"]:
            self.stdout.write(json.dumps({"ready": not found, "reasons": found}, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(found) or "ready: no reason against going live was found")
        if found:
            raise SystemExit(1)
