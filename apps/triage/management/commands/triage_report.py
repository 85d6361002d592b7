"""`triage_report FILE...`: how the present rules do on labelled texts, by language and reason, and what they miss. No database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.triage import figures, rules
from apps.triage.figures import Figures, Judged, Share
from apps.triage.management.commands.triage import read_rows


class Command(BaseCommand):
    help = (
        "Figures of the triage on labelled JSON-lines files ({id, text, lang, label, serious_reason?, sender?, note?}): "
        "sensitivity, what a person reads, specificity, look-alikes, share sent to a person; by language and by reason; and the misses."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
        parser.add_argument("--without-net", action="store_true", help="the rules alone")
        parser.add_argument("--misses", type=int, default=50, help="how many missed texts are named (default 50)")
        parser.add_argument("--texts", action="store_true", help="print the missed texts too")
        parser.add_argument("--json", action="store_true", help="print the figures as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [row for path in options["files"] for row in read_rows(path)]
        engine = rules.engine().without_net() if options["without_net"] else rules.engine()
        judged = [_judged(row, engine.assess) for row in rows]
        groups = {language: [one for one in judged if one.language == language] for language in _languages(judged)}
        found = {name: figures.of(group) for name, group in (groups | {"all": judged}).items()}
        if options["json"]:
            plain = {name: asdict(one) for name, one in found.items()}
            self.stdout.write(json.dumps({"rules_version": rules.rules_version(), "figures": plain}))
            return
        self.stdout.write(f"{len(judged)} texts by rules {rules.rules_version()}")
        for name, one in found.items():
            self._show(name, one)
        texts = {str(row["id"]): row["text"] for row in rows} if options["texts"] else {}
        self._misses([one for one in judged if one.is_missed], options["misses"], texts)

    def _show(self, name: str, found: Figures) -> None:
        self.stdout.write(f"\n{name}: {found.count} texts")
        for title, share in _titled(found):
            self.stdout.write(f"  {title:<32}{share}")
        reasons = (f"{reason} {hit}+{read}/{count}" for reason, (hit, read, count) in found.by_reason.items())
        self.stdout.write("  by reason (alarm+person/all): " + ", ".join(reasons))
        kinds = (f"{kind} {false}/{count}" for kind, (false, count) in found.by_look_alike.items())
        self.stdout.write("  false alarms on look-alikes: " + ", ".join(kinds))

    def _misses(self, missed: list[Judged], shown: int, texts: dict[str, str]) -> None:
        self.stdout.write(f"\nserious and read by nobody: {len(missed)}")
        for one in missed[:shown]:
            text = f" | {texts[one.id]}" if one.id in texts else ""
            self.stdout.write(f"  {one.id} {one.language} {one.reason or '?'} -> {one.said}{text}")
        if len(missed) > shown:
            self.stdout.write(f"  and {len(missed) - shown} more")


def _judged(row: dict[str, Any], assess: Any) -> Judged:
    if row.get("label") not in rules.LABELS:
        raise CommandError(f"{row['id']}: label is none of {', '.join(rules.LABELS)}")
    said = assess(row["text"], sender=row.get("sender") or "participant", context=rules.Context())
    return Judged(
        id=str(row["id"]),
        language=str(row.get("lang") or "?"),
        gold=row["label"],
        said=said.label,
        reason=str(row.get("serious_reason") or ""),
        look_alike=figures.look_alike_of(str(row.get("note") or "")),
    )


def _languages(judged: list[Judged]) -> list[str]:
    return sorted({one.language for one in judged})


def _titled(found: Figures) -> list[tuple[str, Share]]:
    return [
        ("serious labelled serious", found.sensitivity),
        ("serious that a person reads", found.read),
        ("specificity", found.specificity),
        ("specificity on look-alikes", found.look_alikes),
        ("sent to a person as unclear", found.human_share),
    ]
