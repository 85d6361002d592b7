"""A Wednesday morning that stands still, and somebody who writes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from tests import people
from tests.conversations.interview.talk import Says, answers_to
from tests.conversations.test_story import MORNING, text


@pytest.fixture(autouse=True)
def time() -> Iterator[VirtualClock]:
    virtual = VirtualClock(MORNING)
    with clock.using(virtual):
        people.everybody()
        yield virtual


@pytest.fixture
def says(time: VirtualClock) -> Says:
    """Somebody writes, two minutes after whatever was before; returns the answers that it brings, one word a text."""

    def write(who: str, body: str) -> str:
        time.advance(timedelta(minutes=2))
        before = len(answers_to(who))
        text(who, body)
        return " ".join(answers_to(who)[before:])

    return write
