"""The world in this process, on the database of the run, at the two times that most faults happen at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import world as worlds
from tests.faults.world import World
from tests.messaging.conftest import on_disk

__all__ = ["on_disk"]


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[World]:
    """A Wednesday morning inside the window."""
    with worlds.at(worlds.WEDNESDAY, tmp_path) as made:
        yield made


@pytest.fixture
def evening(db: None, tmp_path: Path) -> Iterator[World]:
    """The evening before a check-in of Wang."""
    with worlds.at(worlds.TUESDAY_EVENING, tmp_path) as made:
        yield made
