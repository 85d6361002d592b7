"""Trial time in the tests: it stands still until a test moves it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from tests import people

MORNING = datetime(2027, 5, 12, 2, 5, tzinfo=UTC)  # Wednesday 10:05 in Shanghai
NIGHT = datetime(2027, 5, 12, 18, 0, tzinfo=UTC)  # Thursday 02:00 in Shanghai
TUESDAY = MORNING - timedelta(days=1)  # without a check-in


def beginning_at(start: datetime, *, autouse: bool = True) -> object:
    """The fixture `time` of a module: everybody of tests/people.py is there, and it is `start` (aware) until the test moves it."""

    @pytest.fixture(autouse=autouse)
    def time(db: None) -> Iterator[VirtualClock]:
        with clock.using(VirtualClock(start)) as virtual:
            people.everybody()
            yield virtual

    return time
