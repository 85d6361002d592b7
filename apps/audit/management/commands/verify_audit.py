import json
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import services
from apps.audit.services import Anchor

_ANCHOR = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = (
        "Verify the audit trail: triggers, rows against their last entry, chain, unsealed rest. Exit 1 on any break. It prints the head "
        "of the chain: note it outside this system, and give it back later."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="HEAD",
            help="a head that was printed before, POSITION:HASH",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = [_anchor(text) for text in options["anchor"]]
        with services.acting(actor="command:verify_audit"):
            while services.seal_chain():
                pass
        verdict = services.verify(anchors=anchors)
        if options["json"]:
            found = {"events": verdict.events, "linked": verdict.linked, "head": str(verdict.head)}
            self.stdout.write(json.dumps(found | {"problems": verdict.problems}))
        else:
            self.stdout.write(f"{verdict.events} events, {verdict.linked} chained")
            self.stdout.write(f"head {verdict.head}")
            for problem in verdict.problems:
                self.stdout.write(problem)
        if verdict.problems:
            raise CommandError(f"{len(verdict.problems)} breaks")


def _anchor(text: str) -> Anchor:
    match = _ANCHOR.fullmatch(text.strip())
    if match is None:
        raise CommandError(f"--anchor {text}: not a head such as verify_audit prints, POSITION:HASH")
    return Anchor(int(match[1]), match[2])
