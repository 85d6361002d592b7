"""What every test shares: an actor for the audit trail, and how a test database with real commits is emptied."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase
from django.utils import translation

from apps.audit import actors
from apps.messaging.services import reports
from apps.participants.models import Participant
from apps.staff.models import User
from tests import emptying, people


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts processes and waits for them goes first: the last minutes of a run are then short tests that share out evenly."""
    items.sort(
        key=lambda item: not any(item.iter_markers(name="processes")) and not any(item.iter_markers(name="browser"))
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In place of `--dist loadscope`, as `make test` asks for. Imported here: a run without workers needs no xdist."""
    if config.getoption("dist") != "loadscope":
        return None
    from tests import lanes

    return lanes.Lanes(config, log)


@pytest.fixture(autouse=True, scope="session")
def _real_commits_are_emptied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.after_tests)
        yield


@pytest.fixture(autouse=True)
def _somebody_acts() -> Iterator[None]:
    """Rows that a test arranges are written by `test`. A test about actors opens its own."""
    with actors.acting(actor="test"):
        yield


@pytest.fixture(autouse=True)
def _nobody_has_chosen_a_language() -> Iterator[None]:
    """A page that a test asked for in Chinese leaves Chinese behind in this thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _nothing_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process saw last in the database of another test."""
    monkeypatch.setattr(reports, "_busy_until", float("-inf"))


@pytest.fixture
def trial(db: None) -> None:
    """The protocol as it is shipped."""
    people.trial()


@pytest.fixture
def everybody(db: None) -> None:
    """All named people of tests/people.py."""
    people.everybody()


@pytest.fixture
def alice(db: None) -> User:
    return people.alice()


@pytest.fixture
def bob(db: None) -> User:
    return people.bob()


@pytest.fixture
def carol(db: None) -> User:
    return people.carol()


@pytest.fixture
def chen(db: None) -> User:
    return people.chen()


@pytest.fixture
def dora(db: None) -> User:
    return people.dora()


@pytest.fixture
def erin(db: None) -> User:
    return people.erin()


@pytest.fixture
def sam(db: None) -> User:
    return people.sam()


@pytest.fixture
def ada(db: None) -> User:
    return people.ada()


@pytest.fixture
def dan(db: None) -> User:
    return people.dan()


@pytest.fixture
def wang(db: None) -> Participant:
    return people.wang()


@pytest.fixture
def jones(db: None) -> Participant:
    return people.jones()


@pytest.fixture
def li(db: None) -> Participant:
    return people.li()
