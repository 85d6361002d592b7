"""Somebody is searched for, and of the follow-up only the search goes on: check-ins have tests of their own."""

import pytest

from apps.followup import services as followup
from apps.followup.models import Search
from apps.participants.models import Participant
from tests.followup.days import Kinds
from tests.followup.search.attempts import MISSED


@pytest.fixture
def begins() -> str:
    return "2027-05-12 12:00"


@pytest.fixture
def kinds() -> Kinds:
    return (Search,)


@pytest.fixture
def search(wang: Participant) -> Search:
    """Wang has not been heard of since day 0, 2027-05-05; a week later the search begins."""
    return followup.begin_search(participant=wang, missed_on=MISSED)
