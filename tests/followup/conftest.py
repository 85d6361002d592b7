"""The clock of the check-ins' tests."""

from collections.abc import Callable, Iterator

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.followup.models import CheckIn, Reminder
from apps.participants.models import Plan
from tests.followup.days import Kinds, local, run_due


@pytest.fixture
def begins() -> str:
    """The evening before a check-in."""
    return "2027-05-11 20:00"


@pytest.fixture
def kinds() -> Kinds:
    """What of the follow-up is done when it is due."""
    return (Plan, CheckIn, Reminder)


@pytest.fixture
def trial_time(begins: str) -> Iterator[VirtualClock]:
    with clock.using(VirtualClock(local(begins))) as time:
        yield time


@pytest.fixture
def it_is(trial_time: VirtualClock, kinds: Kinds) -> Callable[[str], None]:
    """Let it be a local time; whatever of the follow-up is due then is done."""

    def move(text: str) -> None:
        trial_time.move_to(local(text))
        run_due(kinds)

    return move
