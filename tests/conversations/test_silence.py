"""Silence after a question is never taken for good news."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.participants.models import Participant
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


def test_the_emergency_text_is_a_question_and_two_means_help_to_go() -> None:
    text("wang", "今天早上吐血了")

    text("wang", "2")

    assert Task.objects.get(key__startswith="emergency-help:").kind == TaskKind.CALL_BACK
    assert sent_to("wang") == ["emergency", "reassure"]
    assert Question.objects.get(wording="emergency").state == QuestionState.ANSWERED


def test_one_after_the_emergency_text_means_on_the_way_and_ends_nothing() -> None:
    text("wang", "今天早上吐血了")

    text("wang", "1")

    assert sent_to("wang") == ["emergency", "emergency_close"]
    assert Escalation.objects.get().state == "open"


def test_ten_minutes_after_an_unanswered_emergency_text_we_ask_whether_help_has_come(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")

    later(time, 9)
    before = sent_to("wang")
    later(time, 2)

    assert before == ["emergency"]
    assert sent_to("wang") == ["emergency", "emergency_check"]


def test_an_answer_to_the_check_counts_as_one_to_the_emergency_text(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    later(time, 11)

    text("wang", "3")

    assert Task.objects.filter(key__startswith="emergency-help:", kind=TaskKind.CALL_BACK).count() == 1


def test_whoever_answered_is_not_asked_again(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    text("wang", "1")

    later(time, 30)

    assert "emergency_check" not in sent_to("wang")


def test_something_new_and_then_silence_is_a_page_at_night(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    text("wang", "2")

    later(time, 11)

    assert sent_to("wang")[0] == "sym_which"
    assert Escalation.objects.get().chain == "R2"
    assert {*Page.objects.values_list("wording", flat=True)} == {
        "staff_r2"
    }  # not "received late": silence was waited for
    event = AdverseEvent.objects.get()
    assert (event.level, event.escalation) == ("R2", Escalation.objects.get())


def test_a_death_reported_by_mistake_only_puts_off_what_silence_does(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    text("wang", "2")
    Participant.objects.filter(pk=people.wang().pk).update(follow_up=FollowUp.FROZEN)
    later(time, 11)
    assert not Task.objects.filter(key__startswith="silence:").exists()

    Participant.objects.filter(pk=people.wang().pk).update(follow_up=FollowUp.ACTIVE)
    later(time, 241)

    assert Task.objects.filter(key__startswith="silence:").exists()


def test_what_was_asked_before_eight_is_a_night_s_question_when_ten_minutes_end_by_day(time: VirtualClock) -> None:
    time.move_to(NIGHT + timedelta(hours=5, minutes=55))  # 07:55
    text("wang", "2")

    later(time, 11)

    assert Escalation.objects.get(events__participant=people.wang()).chain == "R2"


def test_something_new_and_then_silence_is_a_call_by_day(time: VirtualClock) -> None:
    text("wang", "2")

    later(time, 61)

    assert not Escalation.objects.exists()
    assert Task.objects.get(key__startswith="silence:").kind == TaskKind.SYMPTOM


def test_an_answer_to_the_menu_and_to_what_it_leads_to_ends_the_wait(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    for digit in ("2", "5", "1", "1", "1"):
        text("wang", digit)

    later(time, 30)

    assert not Task.objects.filter(key__startswith="silence:").exists()


def test_a_text_nobody_understood_and_then_silence_is_a_page_at_night_and_none_by_day(time: VirtualClock) -> None:
    text("wang", "qqq zzz")
    later(time, 15)
    by_day = Escalation.objects.count()

    time.move_to(NIGHT)
    text("jones", "qqq zzz")
    later(time, 11)

    assert by_day == 0
    # The text of the day is read by nobody until the night: that late task is a case of its own.
    assert Escalation.objects.exclude(chain="R3").get().chain == "R2"


def test_as_before_is_not_thanked_for_while_something_urgent_is_open(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    text("wang", "1")

    text("wang", "1")

    assert "sym_progress" in sent_to("wang")
    assert "checkin_ok" not in sent_to("wang")
