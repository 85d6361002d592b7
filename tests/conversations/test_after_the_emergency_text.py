"""Words after the emergency text: "fine" is no "on the way", and "on the way" is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.conversations.models import Question
from apps.conversations.vocabulary import QuestionState
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from tests import people
from tests.conversations.test_story import MORNING, NIGHT, sent_to, text, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def time() -> Iterator[VirtualClock]:
    with clock.using(VirtualClock(MORNING)) as virtual:
        assert isinstance(virtual, VirtualClock)
        people.everybody()
        yield virtual


def later(time: VirtualClock, minutes: float) -> None:
    time.advance(timedelta(minutes=minutes))
    work()


@pytest.mark.parametrize("at", [MORNING, NIGHT])
@pytest.mark.parametrize("body", ["ok", "I am fine", "没事", "好的", "same"])
def test_fine_after_the_emergency_text_is_no_on_the_way_and_the_check_still_comes(
    time: VirtualClock, at: object, body: str
) -> None:
    time.move_to(at)  # type: ignore[arg-type]
    text("jones", "vomiting blood")

    text("jones", body)

    assert sent_to("jones") == ["emergency", "reassure"]
    assert Question.objects.get(wording="emergency").state == QuestionState.OPEN
    later(time, 11)
    assert sent_to("jones")[-1] == "emergency_check"
    text("jones", body)
    assert "emergency_close" not in sent_to("jones")
    assert Question.objects.get(wording="emergency_check").state == QuestionState.OPEN


@pytest.mark.parametrize(
    "body", ["On the way", "we are on the way", "在路上", "at the ER", "到医院了", "在急诊", "已到医院"]
)
def test_on_the_way_in_words_answers_the_emergency_text(time: VirtualClock, body: str) -> None:
    text("jones", "vomiting blood")

    text("jones", body)

    assert sent_to("jones") == ["emergency", "emergency_close"]
    assert Question.objects.get(wording="emergency").answer == "1"
    assert Escalation.objects.get().state == "open", "the paging goes on until a person has spoken"
    later(time, 30)
    assert "emergency_check" not in sent_to("jones")


@pytest.mark.parametrize(
    "body", ["are you on the way?", "is the doctor on the way", "你们在路上", "not on the way", "on the way, worse now"]
)
def test_other_words_with_it_do_not(body: str) -> None:
    text("jones", "vomiting blood")

    text("jones", body)

    assert "emergency_close" not in sent_to("jones")


def test_at_the_er_is_news_when_nothing_was_asked_or_a_person_has_spoken_since(time: VirtualClock) -> None:
    text("wang", "在急诊")
    assert Escalation.objects.get(events__participant=people.wang()).chain == "R1"

    text("jones", "vomiting blood")
    page = Page.objects.filter(person=people.alice(), escalation__events__participant=people.jones()).latest("pk")
    text("alice", page.code)
    text("alice", f"{page.code} 1")
    time.advance(timedelta(hours=20))
    text("jones", "at the er")
    assert people.jones().events.count() == 2


@pytest.mark.parametrize("words", ["什么意思啊", "asdf qwer"])
def test_words_that_nobody_understands_leave_the_emergency_question_the_only_one(
    time: VirtualClock, words: str
) -> None:
    """2 is "I cannot go, help me" as long as it is asked; beside another list of digits nobody knew which 2 was meant."""
    text("wang", "吐血了")

    later(time, 1)
    text("wang", words)
    later(time, 1)
    text("wang", "2")

    assert sent_to("wang") == ["emergency", "unclear2", "reassure"]
    assert Question.objects.get(wording="emergency").answer == "2"
