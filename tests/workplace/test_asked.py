"""What was asked about a symptom and what came of it, as a nurse reads it on the case and in the chat, in the page's own language."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.conversations.models import Question
from apps.core.clock import VirtualClock
from apps.safety.models import AdverseEvent
from apps.staff.vocabulary import Role
from tests import due, people
from tests.times import beginning_at
from tests.workplace import scenes
from tests.workplace.scenes import change_url, page

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 5, 12, 4, 5, tzinfo=UTC)
time = beginning_at(NOON)


def told(time: VirtualClock, *bodies: str) -> AdverseEvent:
    """Jones writes, each text some minutes after the one before."""
    for body in bodies:
        time.advance(timedelta(minutes=4))
        scenes.text(people.PHONES["jones"], body)
        due.work()
    return AdverseEvent.objects.latest("received_at")


def test_the_case_shows_each_question_with_its_answer_in_words(time: VirtualClock) -> None:
    event = told(time, "feeling dizzy", "1", "yesterday")

    english, chinese = page(people.alice(), change_url(event)), page(people.bob(), change_url(event))

    assert "dizzy: How bad at its worst?" in english
    for answer in ("<dd>1 mild</dd>", "<dd>2 yesterday</dd>", "<dd>waits for an answer</dd>"):
        assert answer in english
    for answer in ("头晕: 最厉害时有多重？", "<dd>1 轻</dd>", "<dd>2 昨天</dd>", "<dd>等待答复</dd>"):
        assert answer in chinese


def test_an_answer_that_raised_the_case_says_so(time: VirtualClock) -> None:
    event = told(time, "feeling dizzy", "3")

    english, chinese = page(people.alice(), change_url(event)), page(people.bob(), change_url(event))

    assert "dizzy: How bad at its worst? 3 severe · this answer makes it R1" in english
    assert "头晕: 最厉害时有多重？ 3 重 · 因此回答，分级为R1" in chinese


def test_an_answer_to_a_question_put_to_somebody_else_on_the_same_phone_is_not_shown(time: VirtualClock) -> None:
    event = told(time, "feeling dizzy", "3")
    Question.objects.update(participant=people.wang())

    assert "this answer makes it" not in page(people.alice(), change_url(event))


def test_a_jump_says_from_where_to_where(time: VirtualClock) -> None:
    told(time, "constipation", "0", "1", "3")
    time.advance(timedelta(days=7))
    event = told(time, "constipation", "2")

    assert "this answer makes it R2 · Score jump (0 → 2)" in page(people.alice(), change_url(event))
    assert "评分骤升 (0 → 2)" in page(people.bob(), change_url(event))


def test_numbers_have_their_unit_and_zero_is_not_measured(time: VirtualClock) -> None:
    first = told(time, "cough", "38.6")
    assert "cough or cold: Highest temperature today? 38.6 °C · this answer makes it R2" in page(
        people.alice(), change_url(first)
    )


def test_not_measured_is_said_in_words(time: VirtualClock) -> None:
    event = told(time, "cough", "0")

    assert "<dd>not measured</dd>" in page(people.alice(), change_url(event))


def test_the_chat_says_what_each_digit_answered(time: VirtualClock) -> None:
    told(time, "2", "7", "1")

    chat = page(people.alice(), change_url(people.jones()))

    assert "<b>vomiting: What is the problem? 7 vomiting/loose stool</b>" in chat
    assert "<b>vomiting: What colour is it? 1 as usual</b>" in chat


def test_who_may_not_read_texts_reads_no_answers_either(time: VirtualClock) -> None:
    event = told(time, "feeling dizzy", "1")

    seen = page(people._member("Mona", Role.MONITOR, at="BJ01"), change_url(event))

    assert event.case_number in seen
    assert "How bad" not in seen
