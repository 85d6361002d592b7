from collections.abc import Iterator

import pytest

from tests.escalation import stage as stages


@pytest.fixture
def stage(db: None) -> Iterator[stages.Stage]:
    with stages.set_up() as made:
        yield made
