from collections.abc import Iterator

import pytest

from tests.escalation import carriers
from tests.escalation import stage as stages
from tests.fakes.paging_server import PagingServer


@pytest.fixture
def stage(db: None) -> Iterator[stages.Stage]:
    with stages.set_up() as made:
        yield made


@pytest.fixture
def server() -> Iterator[PagingServer]:
    """All carriers, set up for calls; robots and pagers are set up by the tests about them."""
    with carriers.set_up() as running:
        yield running
