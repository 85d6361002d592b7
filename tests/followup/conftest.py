"""The clock of the check-ins' tests."""

from collections.abc import Callable, Iterator

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from tests.followup.days import local, run_due


@pytest.fixture
def trial_time() -> Iterator[VirtualClock]:
    """The evening before a check-in."""
    with clock.using(VirtualClock(local("2027-05-11 20:00"))) as time:
        assert isinstance(time, VirtualClock)
        yield time


@pytest.fixture
def it_is(trial_time: VirtualClock) -> Callable[[str], None]:
    """Let it be a local time; whatever of the follow-up is due then is done."""

    def move(text: str) -> None:
        trial_time.move_to(local(text))
        run_due()

    return move
