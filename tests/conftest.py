"""What every test shares: an actor for the audit trail, and triggers that let a test database be flushed."""

from collections.abc import Iterator

import pytest

from apps.audit import actors, triggers


@pytest.fixture(autouse=True)
def _somebody_acts() -> Iterator[None]:
    """Rows that a test arranges are written by `test`. A test about actors opens its own."""
    with actors.acting(actor="test"):
        yield


@pytest.fixture
def real_transactions(transactional_db: None) -> Iterator[None]:
    """A database with real commits. Regulated tables refuse TRUNCATE, so the triggers are taken off before the flush (which puts them back)."""
    yield
    triggers.remove_all()
