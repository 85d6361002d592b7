"""The period that a command looks at: `--from` and `--to`, the latter not included."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management import CommandError
from django.utils.dateparse import parse_date, parse_datetime


def add_period(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="since", required=True, metavar="TIME", help="2027-05-01, or with a time")
    parser.add_argument("--to", dest="until", required=True, metavar="TIME", help="not included")


def period(options: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From when until when (UTC). Raises CommandError, also where nothing lies between: no finding would look like a good one."""
    since, until = _moment(options["since"]), _moment(options["until"])
    if until <= since:
        raise CommandError(f"--to {options['until']} is not after --from {options['since']}")
    return since, until


def _moment(value: str) -> datetime:
    """A date or a time, UTC unless it says otherwise. Raises CommandError."""
    try:
        moment = parse_datetime(value) if len(value) > len("2027-05-01") else None
        day = None if moment else parse_date(value)
    except ValueError as error:
        raise CommandError(f"{value}: {error}") from error
    if moment is None:
        if day is None:
            raise CommandError(f"{value}: neither a date nor a time")
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
