"""The scene that most tests of this folder look at."""

import pytest

from tests.workplace import scenes
from tests.workplace.scenes import Scene


@pytest.fixture
def scene(db: None) -> Scene:
    return scenes.play()
