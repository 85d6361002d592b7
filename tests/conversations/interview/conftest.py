"""A Wednesday morning that stands still, and somebody who writes."""

from datetime import timedelta

import pytest

from apps.core.clock import VirtualClock
from tests.conversations.interview.talk import Says, answers_to
from tests.conversations.test_story import text
from tests.times import MORNING, beginning_at

time = beginning_at(MORNING)


@pytest.fixture
def says(time: VirtualClock) -> Says:
    """Somebody writes, two minutes after whatever was before; returns the answers that it brings, one word a text."""

    def write(who: str, body: str) -> str:
        time.advance(timedelta(minutes=2))
        before = len(answers_to(who))
        text(who, body)
        return " ".join(answers_to(who)[before:])

    return write
