"""What is written after the emergency text: "fine" is no "on the way", "on the way" is, and whoever was going may need help yet."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.models import Pause
from apps.participants.vocabulary import FollowUp
from apps.safety.models import AdverseEvent
from tests import people
from tests.conversations.test_story import sent_to, text
from tests.due import work
from tests.times import MORNING, NIGHT, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)


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


@pytest.mark.parametrize("body", ["On the way", "we are on the way", "在路上", "去医院了", "1"])
def test_on_the_way_in_words_answers_the_emergency_text(time: VirtualClock, body: str) -> None:
    text("jones", "vomiting blood")

    text("jones", body)

    assert sent_to("jones") == ["emergency", "emergency_close"]
    assert Question.objects.get(wording="emergency").answer == "1"
    assert Escalation.objects.get().state == "open", "the paging goes on until a person has spoken"
    assert not Pause.objects.exists(), "nobody knows yet whether they stay"
    later(time, 30)
    assert "emergency_check" not in sent_to("jones")


@pytest.mark.parametrize("body", ["at the ER", "at hospital", "到医院了", "在急诊", "已到医院"])
def test_at_hospital_in_words_is_a_stay_like_any_other_with_its_pause_and_its_question(
    time: VirtualClock, body: str
) -> None:
    text("jones", "vomiting blood")

    text("jones", body)

    assert sorted(sent_to("jones")) == ["emergency", "sym_admit"]
    assert Question.objects.get(wording="emergency").answer == "1"
    pause = Pause.objects.get()
    assert (pause.code, pause.participant) == ("in_hospital", people.jones())
    assert pause.expires_at - pause.began_at == timedelta(days=14)
    assert (AdverseEvent.objects.count(), AdverseEvent.objects.get().reports.count()) == (1, 2)
    assert Escalation.objects.get().state == "open", "the paging goes on until a person has spoken"

    text("jones", "yesterday evening, City Hospital")
    assert sorted(sent_to("jones")) == ["admitted_reply", "emergency", "sym_admit"]
    assert AdverseEvent.objects.get().reports.count() == 3


def test_nobody_in_discreet_mode_is_asked_which_hospital(time: VirtualClock) -> None:
    participants.change_preferences(participant=people.jones(), is_discreet=True)
    text("jones", "vomiting blood")

    text("jones", "at the ER")

    assert sorted(sent_to("jones")) == ["emergency", "emergency_close"]
    assert Pause.objects.exists()


def test_of_somebody_reported_dead_it_begins_no_pause_but_the_one_of_the_report(time: VirtualClock) -> None:
    text("jones", "vomiting blood")
    participants.set_follow_up(participant=people.jones(), wanted=FollowUp.FROZEN)

    text("jones", "at the ER")

    assert not Pause.objects.filter(code="in_hospital").exists()
    assert "sym_admit" not in sent_to("jones")


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


@pytest.mark.parametrize("first", ["1", "on the way", "STOP"])
@pytest.mark.parametrize("body", ["2", "3", "call me"])
def test_who_was_going_and_then_needs_help_is_called_at_once_and_not_asked_what_is_the_problem(
    time: VirtualClock, first: str, body: str
) -> None:
    text("jones", "vomiting blood")
    later(time, 3)
    text("jones", first)
    later(time, 5)

    text("jones", body)

    assert {"sym_which", "checkin_call"} & set(sent_to("jones")) == set()
    call = Task.objects.get(kind=TaskKind.CALL_BACK)
    assert (call.deadline, call.escalation) == (clock.now() + timedelta(minutes=5), Escalation.objects.get())


@pytest.mark.parametrize(
    "body", ["need help to go", "2 need help to go", "2去不了要帮忙", "not yet, please call me", "3 please call me"]
)
def test_words_copied_from_the_emergency_text_or_its_check_are_their_digit(body: str) -> None:
    text("jones", "vomiting blood")

    text("jones", body)

    assert sent_to("jones") == ["emergency", "reassure"]
    assert Task.objects.get(kind=TaskKind.CALL_BACK).deadline == clock.now() + timedelta(minutes=5)


def test_once_a_person_has_spoken_with_them_a_two_is_an_answer_to_a_checkin_again(time: VirtualClock) -> None:
    text("jones", "vomiting blood")
    text("jones", "1")
    code = Page.objects.filter(person=people.alice()).exclude(code="").latest("created_at").code
    text("alice", code)
    text("alice", f"{code} 1")
    later(time, 5)

    text("jones", "2")

    assert sent_to("jones")[-1] == "sym_which"


@pytest.mark.parametrize("body", ["feeling dizzy", "please call me", "B"])
def test_while_people_are_paged_nobody_is_told_that_a_person_calls_tomorrow(time: VirtualClock, body: str) -> None:
    given = {"date": "14 May", "time": "10:00"}
    ask(participant=people.jones(), wording_key="visit_1d", key="reminder", purpose=Purpose.REMINDER, given=given)
    time.advance(timedelta(hours=5))  # 15:05: a call that is not urgent is tomorrow's
    text("jones's husband", "she is vomiting blood")

    text("jones", body)

    assert sent_to("jones", purpose=Purpose.REPLY) == ["reassure"]
    assert Task.objects.filter(participant=people.jones(), message__isnull=False).exists(), "the call stands"
