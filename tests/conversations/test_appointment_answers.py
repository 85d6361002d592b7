"""An appointment text offers letters, so that no answer to it is taken for an answer to a check-in. Its letters are understood."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.vocabulary import Purpose
from apps.participants.contacts import add_contact_point
from apps.participants.vocabulary import ContactKind
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import TUESDAY, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(TUESDAY)


@pytest.fixture(autouse=True)
def _both_were_reminded(time: VirtualClock) -> None:
    for who in (people.wang(), people.jones()):
        given = {"date": "5/19", "time": "10:00"}
        purpose = Purpose.REMINDER
        ask(participant=who, wording_key="visit_7d", key=f"reminder:{who.code}", purpose=purpose, given=given)
    work()
    time.advance(timedelta(minutes=5))


def asked(code: str) -> Question:
    return Question.objects.get(wording="visit_7d", participant__code=code)


def tasks() -> list[str]:
    return list(Task.objects.filter(message__isnull=False).values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("who", "body"),
    [("jones", "A"), ("jones", "a."), ("wang", "Ａ"), ("jones", "ok"), ("jones", "I will come"), ("wang", "会来")],
)
def test_who_will_come_is_thanked(who: str, body: str) -> None:
    text(who, body)
    question = asked("BJ01-002" if who == "jones" else "BJ01-001")
    assert (question.state, question.answer) == (QuestionState.ANSWERED, "A")
    assert sent_to(who) == ["visit_7d", "checkin_ok"]
    assert tasks() == []


@pytest.mark.parametrize(
    ("who", "body"),
    [("jones", "B"), ("wang", "Ｂ"), ("jones", "C"), ("wang", "改期"), ("wang", "来不了"), ("jones", "another day")],
)
def test_who_wants_another_day_is_promised_a_call_that_is_a_task(who: str, body: str) -> None:
    text(who, body)
    assert sent_to(who) == ["visit_7d", "checkin_call"]
    assert tasks() == [TaskKind.APPOINTMENT]


def test_a_letter_days_later_is_still_about_the_appointment(time: VirtualClock) -> None:
    time.advance(timedelta(days=4))
    text("jones", "2")
    text("jones", "B")
    assert sent_to("jones", wording="sym_which")
    assert TaskKind.APPOINTMENT in tasks()
    assert not sent_to("jones", wording="bad_number")


def test_a_second_thought_acts_too() -> None:
    text("jones", "A")
    text("jones", "B")
    assert tasks() == [TaskKind.APPOINTMENT]
    kept = Question.objects.filter(wording="visit_7d", participant=people.jones()).order_by("answered_at")
    assert [each.answer for each in kept] == ["A", "B"], "the first answer is not overwritten"


def test_nobody_who_will_come_is_thanked_as_if_all_were_well_while_a_chain_runs() -> None:
    text("jones", "vomiting blood")
    text("jones", "A")
    assert sent_to("jones")[-1] == "reassure"


def test_on_a_shared_phone_words_about_an_appointment_are_a_call_to_each_who_has_one() -> None:
    add_contact_point(participant=people.wang(), kind=ContactKind.PARTICIPANT, number=people.PHONES["jones"])
    given = {"date": "5/19", "time": "10:00"}
    Question.objects.update(state=QuestionState.EXPIRED)
    line = line_of("jones")
    ask(
        participant=people.wang(),
        wording_key="visit_1d",
        key="of wang",
        purpose=Purpose.REMINDER,
        given=given,
        line=line,
    )
    work()
    text("jones", "another day")
    called = Task.objects.filter(kind=TaskKind.APPOINTMENT, message__isnull=False)
    assert {task.participant for task in called} == {people.wang(), people.jones()}


@pytest.mark.parametrize(("digit", "reply"), [("1", "checkin_ok"), ("2", "sym_which"), ("3", "checkin_call")])
def test_a_digit_is_no_answer_to_it_but_to_a_checkin(digit: str, reply: str) -> None:
    text("jones", digit)
    assert sent_to("jones") == ["visit_7d", reply]
    assert asked("BJ01-002").answer == ""


def test_a_letter_with_a_digit_beside_it_is_asked_about() -> None:
    text("jones", "A 2")
    assert sent_to("jones") == ["visit_7d", "bad_number"]
    assert asked("BJ01-002").state == QuestionState.OPEN


def test_a_red_flag_beside_it_is_a_red_flag() -> None:
    text("jones", "I cannot come, black stool since last night")
    assert Escalation.objects.get(events__participant=people.jones()).chain == "R1"


def test_without_an_appointment_a_letter_answers_nothing() -> None:
    text("li", "A")
    assert sent_to("li") == ["bad_number"]
