"""The two clocks.

`now()` is trial time: what schedules, windows, awareness and deadlines are written in. In production it is the machine's
time; in a demo it may be shifted by `TRIALCARE_CLOCK_OFFSET`, and a rehearsal or a test may put a virtual clock in its place.

`machine()` is the machine's own UTC time. Leases, login sessions, one-time codes and providers' clocks are measured with it;
it is never shifted.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings

_OFFSET = re.compile(r"([+-])((?:\d+[dhms])+)")
_PART = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Clock(Protocol):
    def now(self) -> datetime: ...


_Some = TypeVar("_Some", bound=Clock)


class ShiftedClock:
    """The machine's clock plus a fixed offset (zero in production)."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return machine() + self.offset


class VirtualClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock starts at an aware time")
        self.time = start.astimezone(UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, step: timedelta) -> datetime:
        self.time += step
        return self.time

    def move_to(self, time: datetime) -> datetime:
        self.time = time.astimezone(UTC)
        return self.time


_injected: list[Clock] = []


def machine() -> datetime:
    """The machine's UTC time, never shifted."""
    return datetime.now(UTC)


def now() -> datetime:
    """Trial time in UTC."""
    if _injected:
        return _injected[-1].now()
    return machine() + settings.TRIALCARE_CLOCK_OFFSET


def today(zone: str) -> date:
    """The calendar date of trial time in a zone such as `Asia/Shanghai`."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def using(clock: _Some) -> Iterator[_Some]:
    """Put another clock in the place of trial time, for a rehearsal or a test; it is handed back."""
    _injected.append(clock)
    try:
        yield clock
    finally:
        _injected.remove(clock)


def parse_offset(text: str) -> timedelta:
    """`+200d`, `-3h`, `+167d3h20m` as a timedelta; an empty text is no offset. Raises ValueError on anything else."""
    if not text:
        return timedelta(0)
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        raise ValueError("a clock offset looks like +200d or +167d3h20m")
    size = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _PART.findall(match[2])), timedelta(0))
    return size if match[1] == "+" else -size
