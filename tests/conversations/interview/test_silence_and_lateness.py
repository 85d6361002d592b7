"""Questions about a symptom that stay open, at night above all, and answers that come late, twice or at once."""

from datetime import timedelta

import pytest

from apps.conversations.given import answer_to
from apps.conversations.models import Question, Task
from apps.conversations.speaking import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants.models import ContactPoint
from tests import people
from tests.conversations.interview.talk import Says, answers_to, asked, later, night_of, tasks, the_event, waiting
from tests.conversations.test_story import line_of
from tests.due import work

pytestmark = pytest.mark.django_db


# --- night and silence


def test_something_worse_at_night_and_then_a_question_left_open_is_a_page(says: Says, time: VirtualClock) -> None:
    night_of(time)
    told = [says("wang", body) for body in ("2", "5", "1")]
    before = Escalation.objects.count()

    later(time, minutes=11)

    assert told == ["sym_which", "sym_weight", "sym_severity"]
    assert before == 0
    running = Escalation.objects.get()
    assert (running.chain, the_event().level, the_event().escalation) == ("R2", "R2", running)
    assert Task.objects.get(key__startswith="silence:").kind == TaskKind.CALL_BACK


def test_something_worse_at_night_told_in_words_is_watched_too(says: Says, time: VirtualClock) -> None:
    night_of(time)
    assert [says("wang", body) for body in ("2", "便秘")] == ["sym_which", "sym_severity"]

    later(time, minutes=11)

    assert (Escalation.objects.get().chain, the_event().level) == ("R2", "R2")


@pytest.mark.parametrize("told", [("2",), ("2", "5")])
def test_help_in_the_middle_of_something_worse_at_night_is_no_answer(
    says: Says, time: VirtualClock, told: tuple[str, ...]
) -> None:
    night_of(time)
    for body in (*told, "?", "HELP"):
        says("wang", body)

    later(time, minutes=11)

    assert Escalation.objects.get().chain == "R2"


def test_whoever_answers_the_list_of_help_is_heard_and_no_silence_acts(says: Says, time: VirtualClock) -> None:
    night_of(time)
    for body in ("2", "HELP", "1"):
        says("wang", body)

    later(time, minutes=11)

    assert not Escalation.objects.exists()


@pytest.mark.parametrize("at_night", [True, False])
def test_something_worse_and_then_stop_is_a_call_as_soon_as_silence_would_have_been_one(
    says: Says, time: VirtualClock, at_night: bool
) -> None:
    if at_night:
        night_of(time)
    says("wang", "2")
    says("wang", "STOP")

    within = Task.objects.get(kind=TaskKind.OPTED_OUT).deadline - clock.now()
    assert within <= (timedelta(minutes=15) if at_night else timedelta(hours=8))


def test_stop_after_an_open_question_of_no_urgency_is_a_call_within_two_days(says: Says, time: VirtualClock) -> None:
    says("jones", "nausea")
    says("jones", "STOP")

    assert Task.objects.get(kind=TaskKind.OPTED_OUT).deadline - clock.now() == timedelta(days=2)


def test_a_menu_answered_in_words_is_answered_though_nothing_more_may_be_asked(says: Says, time: VirtualClock) -> None:
    night_of(time)
    told = [says("jones", body) for body in ("2", "9", "nausea", "1", "1", "2", "constipation")]

    later(time, minutes=30)

    assert told[-1] == "sym_done_r3"
    assert not Escalation.objects.exists()
    assert not Task.objects.filter(key__startswith="silence:").exists()


def test_thanks_at_night_is_not_put_off_until_the_morning_in_the_middle_of_something_worse(
    says: Says, time: VirtualClock
) -> None:
    night_of(time)
    before = says("wang", "谢谢")

    assert [before, says("wang", "2"), says("wang", "谢谢")] == ["out_of_hours", "sym_which", "reassure"]


def test_whoever_has_answered_everything_at_night_wakes_nobody(says: Says, time: VirtualClock) -> None:
    night_of(time)
    told = [says("wang", body) for body in ("2", "5", "1", "1", "1")]

    later(time, minutes=30)

    assert told[-1] == "sym_done_r3"
    assert not Escalation.objects.exists()


@pytest.mark.parametrize("at_night", [True, False])
def test_a_question_left_open_that_no_two_led_to_is_nothing_new(says: Says, time: VirtualClock, at_night: bool) -> None:
    if at_night:
        night_of(time)
    says("wang", "便秘")

    later(time, hours=3)

    assert answers_to("wang") == ["sym_severity"]
    assert not Escalation.objects.exists()
    assert tasks() == [TaskKind.SYMPTOM]


def test_a_raise_at_night_that_may_wait_is_promised_for_the_morning(says: Says, time: VirtualClock) -> None:
    night_of(time)
    says("wang", "便秘")

    assert says("wang", "3") == "sym_done_r3"
    assert not Page.objects.filter(wakes=True, message__isnull=False).exists()
    assert Escalation.objects.get().chain == "R2"


# --- late, twice, at once


def test_an_answer_of_the_next_morning_is_still_its_own(says: Says, time: VirtualClock) -> None:
    says("jones", "feeling dizzy")
    time.advance(timedelta(hours=22))

    assert says("jones", "3") == "emergency"


def test_an_unanswered_question_makes_room_for_the_next_checkin(says: Says, time: VirtualClock) -> None:
    says("jones", "nausea")
    time.advance(timedelta(hours=13))

    ask(participant=people.jones(), wording_key="checkin", key="c", purpose=Purpose.CHECKIN)

    assert Question.objects.get(wording="sym_severity").state == QuestionState.EXPIRED
    assert says("jones", "1") == "checkin_ok"


def test_of_two_answers_at_once_both_are_kept_the_worse_acts_and_a_person_finds_out(
    says: Says, time: VirtualClock
) -> None:
    says("jones", "feeling dizzy")
    time.advance(timedelta(minutes=1))
    first = waiting("jones", "1")
    time.advance(timedelta(seconds=1))
    second = waiting("jones", "4")
    time.advance(timedelta(seconds=1))

    work()

    answers = Question.objects.filter(wording="sym_severity").order_by("answer")
    assert [(each.answer, each.answered_by) for each in answers] == [("1", first), ("4", second)]
    assert (the_event().level, Escalation.objects.get().chain) == ("R1", "R1")
    assert Task.objects.filter(key=f"which:{second.pk}", kind=TaskKind.READ).exists()


def test_the_same_answer_twice_at_once_is_one(says: Says, time: VirtualClock) -> None:
    says("jones", "feeling dizzy")
    time.advance(timedelta(minutes=1))
    waiting("jones", "1")
    time.advance(timedelta(seconds=1))
    waiting("jones", "1")
    time.advance(timedelta(seconds=1))

    work()

    assert asked() == [("sym_severity", "1"), ("sym_onset", "")]
    assert answers_to("jones").count("sym_onset") == 1
    assert not Task.objects.filter(kind=TaskKind.READ).exists()


def test_what_is_written_before_the_next_question_has_left_is_about_the_one_before(
    says: Says, time: VirtualClock
) -> None:
    for body in ("feeling dizzy", "1"):
        says("jones", body)
    waits = OutboundMessage.objects.filter(wording="sym_onset")
    waits.update(state="planned", handed_over_at=None)
    time.advance(timedelta(minutes=3))

    assert says("jones", "4") == "emergency"
    assert sorted(Question.objects.filter(wording="sym_severity").values_list("answer", flat=True)) == ["1", "4"]
    assert Question.objects.get(wording="sym_onset").answer == ""


def test_an_answer_that_arrives_after_its_question_was_overtaken_still_acts(says: Says, time: VirtualClock) -> None:
    says("jones", "feeling dizzy")
    time.advance(timedelta(minutes=1))
    late = waiting("jones", "4")
    InboundMessage.objects.filter(pk=late.pk).update(due_at=None)
    assert says("jones", "both legs swollen") == "sym_side"

    InboundMessage.objects.filter(pk=late.pk).update(due_at=clock.now())
    work()

    assert Question.objects.get(answered_by=late).wording == "sym_severity"
    assert Escalation.objects.get().chain == "R1"


def test_an_answer_that_another_process_has_just_kept_is_not_overwritten(
    says: Says, time: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    says("jones", "feeling dizzy")
    first = waiting("jones", "nothing that is read")
    InboundMessage.objects.filter(pk=first.pk).update(due_at=None)

    def meanwhile(expects: tuple[str, ...], body: str) -> tuple[str, ...] | None:
        Question.objects.filter(wording="sym_severity", state=QuestionState.OPEN).update(
            state=QuestionState.ANSWERED, answer="1", answered_by=first, answered_at=clock.now()
        )
        return answer_to(expects, body)

    monkeypatch.setattr("apps.conversations.interview.answer_to", meanwhile)

    says("jones", "4")

    assert sorted(Question.objects.filter(wording="sym_severity").values_list("answer", flat=True)) == ["1", "4"]
    assert the_event().level == "R1"


def test_a_question_to_somebody_who_had_this_phone_before_is_not_answered_by_who_has_it_now(says: Says) -> None:
    says("jones", "feeling dizzy")
    ContactPoint.objects.filter(line=line_of("jones")).update(participant=people.wang())

    says("jones", "3")

    assert asked() == [("sym_severity", "")]
    assert the_event().level == "R3"


def test_two_complaints_at_once_are_one_question(time: VirtualClock) -> None:
    waiting("jones", "nausea")
    time.advance(timedelta(seconds=1))
    waiting("jones", "feeling dizzy")
    time.advance(timedelta(seconds=1))

    work()

    assert len(answers_to("jones")) == 1
    assert Question.objects.filter(line=line_of("jones"), state=QuestionState.OPEN).count() == 1


def test_an_alarm_between_an_answer_and_its_courtesy_leaves_no_question_behind(time: VirtualClock) -> None:
    waiting("jones", "nausea")
    time.advance(timedelta(seconds=1))
    waiting("jones", "black stool since last night")

    work()

    assert answers_to("jones") == ["emergency"]
    assert Question.objects.get(line=line_of("jones"), state=QuestionState.OPEN).wording == "emergency"
