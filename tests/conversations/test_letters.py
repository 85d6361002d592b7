"""Letters about a test that is due and about the day's plan: each goes to the newest text that asked for letters."""

from datetime import timedelta

import pytest

from apps.conversations.letters import _words
from apps.conversations.models import Question, Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.vocabulary import Purpose
from apps.participants.models import Participant
from tests import people
from tests.conversations.interview.talk import waiting
from tests.conversations.test_story import sent_to, text
from tests.due import work
from tests.times import NIGHT, TUESDAY, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(TUESDAY)


def remind(time: VirtualClock, who: Participant, wording: str) -> Question:
    given = {"date": "5/19", "time": "10:00"} if wording == "visit_7d" else None
    until = clock.now() if wording != "visit_7d" else None
    question = ask(
        participant=who, wording_key=wording, key=f"{wording}:{who.code}:{clock.now()}", purpose=Purpose.REMINDER,
        given=given, expires_at=until,
    )  # fmt: skip
    work()
    time.advance(timedelta(minutes=5))
    return question


def answer_of(question: Question) -> tuple[str, str]:
    question.refresh_from_db()
    return question.state, question.answer


def tasks() -> list[str]:
    return list(Task.objects.exclude(kind=TaskKind.APPOINTMENT).values_list("kind", flat=True))


@pytest.mark.parametrize(("who", "body", "letter"), [("jones", "A", "A"), ("wang", "Ｂ", "B"), ("jones", "done", "A")])
def test_a_test_that_is_done_or_will_be_this_week_is_noted(
    time: VirtualClock, who: str, body: str, letter: str
) -> None:
    question = remind(time, people.jones() if who == "jones" else people.wang(), "lab_reminder")
    text(who, body)

    assert answer_of(question) == (QuestionState.ANSWERED, letter)
    assert sent_to(who) == ["lab_reminder", "checkin_ok"]
    assert tasks() == []


@pytest.mark.parametrize(("who", "body"), [("jones", "C"), ("wang", "c"), ("wang", "需要帮忙")])
def test_who_needs_help_with_it_is_promised_a_call_that_is_a_task(time: VirtualClock, who: str, body: str) -> None:
    remind(time, people.jones() if who == "jones" else people.wang(), "lab_reminder")
    text(who, body)

    assert sent_to(who) == ["lab_reminder", "checkin_call"]
    assert tasks() == [TaskKind.TEST_DUE]


def test_a_letter_is_about_the_newest_text_that_asked_for_letters(time: VirtualClock) -> None:
    visit = remind(time, people.jones(), "visit_7d")
    text("jones", "A")
    test = remind(time, people.jones(), "lab_reminder")
    text("jones", "C")

    assert (answer_of(visit)[1], answer_of(test)[1]) == ("A", "C")
    assert not Task.objects.filter(kind=TaskKind.APPOINTMENT, message__isnull=False).exists()


def test_and_about_the_appointment_again_once_that_is_the_newest(time: VirtualClock) -> None:
    plan = remind(time, people.jones(), "daily_plan")
    visit = remind(time, people.jones(), "visit_7d")
    text("jones", "B")

    assert (answer_of(plan)[1], answer_of(visit)[1]) == ("", "B")
    assert Task.objects.filter(kind=TaskKind.APPOINTMENT, message__isnull=False).count() == 1


def test_a_letter_that_was_written_before_it_is_not_about_it(time: VirtualClock) -> None:
    visit = remind(time, people.jones(), "visit_7d")
    wrote = clock.now()
    time.advance(timedelta(minutes=5))
    Question.objects.filter(pk=visit.pk).update(state=QuestionState.REPLACED)
    plan = remind(time, people.jones(), "daily_plan")
    late = waiting("jones", "B")
    type(late).objects.filter(pk=late.pk).update(received_at=wrote)
    work()

    assert (answer_of(plan)[1], answer_of(visit)[1]) == ("", "B")


@pytest.mark.parametrize("wording", ["lab_reminder", "daily_plan"])
@pytest.mark.parametrize(("digit", "reply"), [("1", "checkin_ok"), ("2", "sym_which"), ("3", "checkin_call")])
def test_a_digit_is_an_answer_to_a_checkin_as_ever(time: VirtualClock, wording: str, digit: str, reply: str) -> None:
    question = remind(time, people.jones(), wording)
    text("jones", digit)

    assert sent_to("jones") == [wording, reply]
    assert answer_of(question)[1] == ""


def test_a_red_flag_beside_a_letter_is_a_red_flag(time: VirtualClock) -> None:
    remind(time, people.jones(), "daily_plan")
    text("jones", "B, black stool since last night")

    assert Escalation.objects.get(events__participant=people.jones()).chain == "R1"


def test_two_days_not_done_in_a_row_reach_the_coordinator_once(time: VirtualClock) -> None:
    for letter in ("B", "A", "B"):
        remind(time, people.jones(), "daily_plan")
        text("jones", letter)
        time.advance(timedelta(minutes=30))
    assert TaskKind.PLAN_NOT_KEPT not in tasks()

    for _ in range(2):
        remind(time, people.jones(), "daily_plan")
        text("jones", "B")
        time.advance(timedelta(minutes=30))

    assert tasks().count(TaskKind.PLAN_NOT_KEPT) == 1
    assert Task.objects.get(kind=TaskKind.PLAN_NOT_KEPT).participant == people.jones()


def test_a_mind_changed_to_not_done_counts_as_that_day(time: VirtualClock) -> None:
    for letters in ("B", "AB"):
        remind(time, people.jones(), "daily_plan")
        for letter in letters:
            time.advance(timedelta(minutes=1))
            text("jones", letter)
        time.advance(timedelta(minutes=30))

    assert tasks().count(TaskKind.PLAN_NOT_KEPT) == 1


def test_please_call_me_about_the_plan_is_a_call_by_day_and_a_page_by_night(time: VirtualClock) -> None:
    remind(time, people.jones(), "daily_plan")
    text("jones", "C")
    assert tasks() == [TaskKind.CALL_BACK]
    assert not Escalation.objects.exists()

    time.move_to(NIGHT)
    text("jones", "C")
    assert Escalation.objects.get().chain == "R2"


def test_nobody_is_thanked_as_if_all_were_well_while_a_chain_runs(time: VirtualClock) -> None:
    remind(time, people.jones(), "daily_plan")
    text("jones", "vomiting blood")
    text("jones", "A")

    assert sent_to("jones")[-1] == "reassure"


def test_a_letter_with_a_digit_beside_it_is_asked_about(time: VirtualClock) -> None:
    question = remind(time, people.jones(), "daily_plan")
    text("jones", "A 2")

    assert sent_to("jones")[-1] == "bad_number"
    assert answer_of(question)[1] == ""


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("lab_reminder", {"done": "A", "will go this week": "B", "need help": "C", "已做": "A", "本周去": "B", "需要帮忙": "C"}),
        ("daily_plan", {"done": "A", "not done": "B", "please call me": "C", "已做": "A", "没做": "B", "请来电": "C"}),
    ],
)  # fmt: skip
def test_the_words_beside_the_letters_are_understood_too(key: str, said: dict[str, str]) -> None:
    assert _words(key) == said
