"""Twilio's message log, row by row: newest first, and no row hides those behind it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from twilio.base.exceptions import TwilioException

from apps.core import clock

# What the library raises on an answer or a row that is not what it expects.
UNREADABLE = (TwilioException, ValueError, LookupError, TypeError, AttributeError)
_TIMES = ("date_created", "date_sent")
_MOST_OLDER = 200  # so many older items in a row end the reading


def rows(page: Any) -> Iterator[Any]:
    """Every row, page after page; None for one that the library refuses. Its own stream would end with such a row."""
    while page is not None:
        for record in page.load_page(page._payload):
            yield _row(page, record)
        page = page.next_page()


def _row(page: Any, record: Any) -> Any:
    without_times = {**record, **dict.fromkeys((*_TIMES, "date_updated"))} if isinstance(record, dict) else {}
    for given in (record, without_times):
        try:
            return page.get_instance(given)
        except UNREADABLE:
            continue
    return None


def until_older(found: Iterable[Any], since: datetime) -> Iterator[tuple[Any, datetime]]:
    """Each row with its time; a few items out of order do not end the reading.

    One whose time cannot be read is no younger than the one before it. It is always given: it may be a text that nobody has read.
    """
    older, last = 0, clock.machine()
    for row in found:
        own = time_of(row)
        last = own or last
        older = older + 1 if last < since - timedelta(seconds=1) else 0
        if older >= _MOST_OLDER:
            return
        yield row, own or max(last, since)


def time_of(row: Any) -> datetime | None:
    found = (getattr(row, name, None) for name in _TIMES)
    return next((time for time in found if isinstance(time, datetime)), None)
