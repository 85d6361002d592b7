"""`triage_replay --from DATE --to DATE`: which stored decisions the present rules would change. Before a version goes live."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import arm_words
from apps.triage import rules
from apps.triage.management.period import add_period, period
from apps.triage.replay import Replayed, replay

_NOTHING = "--"


class Command(BaseCommand):
    help = (
        "Read the stored texts of a period again by the present rules and list every decision that would change, by level. "
        "Writes nothing, and prints no text unless asked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_period(parser)
        parser.add_argument("--texts", action="store_true", help="print the texts: they are health data")
        parser.add_argument(
            "--fail-if-lowered", action="store_true", help="end with an error when any decision would be less urgent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = period(options)
        read, gone = 0, 0
        changed: list[Replayed] = []
        for one in replay(since=since, until=until):
            read += one is not None
            gone += one is None
            if one is not None and one.is_changed:
                changed.append(one)
        unreadable = f", {gone} no longer readable" if gone else ""
        self.stdout.write(
            f"{read} texts by rules {rules.rules_version()}{unreadable}: {len(changed)} decisions would change"
        )
        self._by_level(changed)
        for one in sorted(changed, key=lambda one: (not one.is_lowered, one.old_level or "R9", one.received_at)):
            self._show(one, texts=options["texts"])
        lowered = sum(one.is_lowered for one in changed)
        if lowered and options["fail_if_lowered"]:
            raise CommandError(f"{lowered} decisions would be less urgent")

    def _by_level(self, changed: list[Replayed]) -> None:
        moves = Counter((one.old_level or _NOTHING, one.level or _NOTHING, _direction(one)) for one in changed)
        for (old, new, direction), count in sorted(moves.items()):
            self.stdout.write(f"  {old} -> {new}: {count} ({direction})")

    def _show(self, one: Replayed, *, texts: bool) -> None:
        mark = "LESS URGENT " if one.is_lowered else ""
        old, new = f"{one.old_level or _NOTHING} {one.old_label}", f"{one.level or _NOTHING} {one.label}"
        self.stdout.write(
            f"{one.received_at:%Y-%m-%dT%H:%M:%SZ} {one.report} {mark}{old} -> {new} (was {one.old_version}): {one.reason}"
        )
        if texts:
            self.stdout.write(f"    {arm_words.masked(one.text)}")


def _direction(one: Replayed) -> str:
    if one.is_lowered:
        return "LESS URGENT"
    return "label only" if one.old_level == one.level else "more urgent"
