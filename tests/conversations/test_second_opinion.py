"""An outside second reader only ever brings a text to a person, after everything urgent is done, and is off by default."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from django.test import override_settings

from apps.conversations.models import SecondReading, Task
from apps.conversations.vocabulary import TaskKind
from apps.core.registry import UnknownPlugin
from apps.triage import second_reader
from apps.triage.checks import second_reader_is_known
from apps.triage.models import SymptomReport
from apps.triage.second_reader import SecondReader, SecondReaderError
from tests import people
from tests.times import MORNING, beginning_at
from tests.triage.scenes import text

pytestmark = pytest.mark.django_db


class Listener(SecondReader):
    """Says what the test tells it to, and remembers what it was asked."""

    name = "listener"
    asked: ClassVar[list[tuple[str, str]]] = []
    answer: ClassVar[bool | None] = True

    def wants_a_person(self, text: str, *, sender: str) -> bool:
        self.asked.append((text, sender))
        if self.answer is None:
            raise SecondReaderError
        return self.answer


time = beginning_at(MORNING)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Listener]]:
    monkeypatch.setitem(second_reader.READERS.classes, "listener", Listener)
    monkeypatch.setattr(Listener, "asked", [])
    monkeypatch.setattr(Listener, "answer", True)
    with override_settings(TRIAGE_SECOND_READER="listener"):
        yield Listener


def to_read() -> int:
    return Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).count()


def test_off_nothing_is_asked() -> None:
    text("jones", "thank you doctor")

    assert second_reader.chosen() is None
    assert not SecondReading.objects.exists()


def test_what_the_rules_let_pass_is_read_again_and_brought_to_a_person(listener: type[Listener]) -> None:
    text("jones", "thank you doctor")

    assert listener.asked == [("thank you doctor", "participant")]
    assert to_read() == 1
    assert SymptomReport.objects.get().label == "none"


def test_what_it_finds_harmless_stays_as_it_is(listener: type[Listener]) -> None:
    listener.answer = False

    text("jones", "thank you doctor")

    assert SecondReading.objects.get().wants_a_person is False
    assert to_read() == 0


def test_an_alarm_is_none_of_its_business(listener: type[Listener]) -> None:
    text("jones", "vomited blood")

    assert listener.asked == []


def test_when_it_gives_no_answer_the_rules_decision_stands_and_it_is_asked_again(listener: type[Listener]) -> None:
    listener.answer = None

    text("jones", "thank you doctor")

    reading = SecondReading.objects.get()
    assert reading.wants_a_person is None
    assert reading.due_at is not None
    assert to_read() == 0


@override_settings(TRIAGE_SECOND_READER="nobody")
def test_a_name_that_no_file_offers_stops_the_program_at_its_start() -> None:
    with pytest.raises(UnknownPlugin):
        second_reader.chosen()
    assert [problem.id for problem in second_reader_is_known()] == ["triage.E002"]
