"""`triage IN OUT`: reads JSON lines with texts, writes JSON lines with what the rules say. No database."""

from __future__ import annotations

import json
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.triage import rules

SENDERS = ("participant", "caregiver")


class Command(BaseCommand):
    help = "Triage texts from a JSON-lines file ({id, text, lang?, sender?}) into another; needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("input", metavar="IN", type=Path)
        parser.add_argument("output", metavar="OUT", type=Path)
        parser.add_argument("--json", action="store_true", help="print the counts as one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["input"], options["output"]
        answers = [_answer(row) for row in read_rows(source)]
        write_whole(target, "".join(json.dumps(answer) + "\n" for answer in answers))
        counts = {label: sum(answer["label"] == label for answer in answers) for label in rules.LABELS}
        if options["json"]:
            self.stdout.write(json.dumps({"texts": len(answers), **counts, "rules_version": rules.rules_version()}))
            return
        self.stdout.write(f"{len(answers)} texts by rules {rules.rules_version()} ({rules.FORM}), written to {target}")
        for label, count in counts.items():
            self.stdout.write(f"  {label}: {count}")


def read_rows(source: Path) -> list[dict[str, Any]]:
    """The rows of a JSON-lines file. Raises CommandError with file, line and reason; the texts are never in it."""
    try:
        content = source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{source}: byte {error.start} is not UTF-8") from error
    rows: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        row = _row(f"{source}, line {number}", line)
        key = str(row["id"])
        if key in seen:
            raise CommandError(f"{source}, line {number}: this id was on line {seen[key]} already")
        seen[key] = number
        rows.append(row)
    return rows


def _row(place: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{place}: not JSON ({getattr(error, 'msg', 'nested too deep')})") from error
    if not isinstance(row, dict):
        raise CommandError(f"{place}: not an object")
    if isinstance(row.get("id"), bool) or not isinstance(row.get("id"), str | int):
        raise CommandError(f"{place}: id is missing or neither text nor a whole number")
    if not isinstance(row.get("text"), str):
        raise CommandError(f"{place}: text is missing or not text")
    if row.get("sender") is not None and row["sender"] not in SENDERS:
        raise CommandError(f"{place}: sender is neither of {', '.join(SENDERS)}")
    if row.get("lang") is not None and not isinstance(row["lang"], str):
        raise CommandError(f"{place}: lang is not text")
    return row


def write_whole(target: Path, content: str) -> None:
    """All of a file or nothing of it, where a link leads to. A pipe or device is written into: what replaced it would be a file.

    Raises CommandError.
    """
    try:
        if target.exists() and not target.is_file():
            target.write_text(content, encoding="utf-8", newline="\n")
            return
        real = target.resolve()
        with tempfile.TemporaryDirectory(dir=real.parent, prefix=".triage-") as folder:  # gone again whatever happens
            draft = Path(folder) / real.name
            draft.touch(mode=0o600)
            draft.write_text(content, encoding="utf-8", newline="\n")
            draft.replace(real)
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from error


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    found = rules.assess(row["text"], lang=row.get("lang"), sender=row.get("sender") or "participant")
    return {
        "id": row["id"],
        "label": found.label,
        "level": found.level,
        "symptoms": [{"id": one.id, "start": one.start, "end": one.end, "state": one.state} for one in found.findings],
        "reason": found.reason,
        "rules_version": found.rules_version,
    }
