"""`manage.py reconcile [--since T] [--json]`: the provider's message log against the rows, both directions."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from apps.audit.services import acting
from apps.core import clock
from apps.messaging import services as messaging

_AGE = re.compile(r"(\d{1,4})([hd])")
_UNITS = {"h": "hours", "d": "days"}


class Command(BaseCommand):
    help = "Compares the provider's message log with our rows: inserts missed texts, heals unknown outcomes, names strange ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", help="a time such as 2026-12-01T00:00:00Z, or an age such as 24h or 3d (default 24h)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a gateway")

    def handle(self, *args: Any, **options: Any) -> None:
        since = _time(options["since"]) if options["since"] else None
        with acting(actor="command:reconcile"):
            results = messaging.reconcile(since=since)
        for result in results:
            self.stdout.write(json.dumps(asdict(result)) if options["json"] else _said(result))
        if incomplete := [result.gateway for result in results if not result.complete]:
            raise CommandError(f"the message log could not be read whole: {', '.join(incomplete)}")


def _time(text: str) -> datetime:
    if (age := _AGE.fullmatch(text.strip())) is not None:
        return clock.machine() - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"--since: {text!r} is neither a time nor an age such as 24h")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _said(result: messaging.Reconciled) -> str:
    return (
        f"{result.gateway}: {result.listed} listed, {result.inserted} missed texts inserted, {result.healed} unknown outcomes healed,"
        f" {result.updated} reports caught up, {result.strange} texts that are not ours,"
        f" {result.unreadable} rows that could not be read"
    )
