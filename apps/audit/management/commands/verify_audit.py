import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import services


class Command(BaseCommand):
    help = "Verify the audit trail: triggers, chain, unsealed rest. Exit 1 on any break."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        with services.acting(actor="command:verify_audit"):
            while services.seal_chain():
                pass
        verdict = services.verify()
        if options["json"]:
            self.stdout.write(
                json.dumps({"events": verdict.events, "linked": verdict.linked, "problems": verdict.problems})
            )
        else:
            self.stdout.write(f"{verdict.events} events, {verdict.linked} chained")
            for problem in verdict.problems:
                self.stdout.write(problem)
        if verdict.problems:
            raise CommandError(f"{len(verdict.problems)} breaks")
