"""After an R3 or R4 symptom: what is asked, one by one, and what is never asked."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question
from apps.conversations.speaking import QUESTIONS, ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.triage.models import SymptomReport
from tests import people
from tests.conversations.interview.talk import Says, answers_to, asked, tasks, the_event
from tests.conversations.test_story import line_of

pytestmark = pytest.mark.django_db


# --- asking


def test_an_old_person_with_a_simple_phone_is_asked_one_thing_after_the_other_and_then_thanked(says: Says) -> None:
    told = [says("jones", body) for body in ("feeling dizzy", "1", "2", "2", "3")]

    assert told == ["sym_severity", "sym_onset", "sym_interfere", "sym_ongoing", "sym_done_r3"]
    assert asked() == [("sym_severity", "1"), ("sym_onset", "2"), ("sym_interfere", "2"), ("sym_ongoing", "3")]
    assert {(each.item, each.event, each.report) for each in Question.objects.exclude(item="")} == {
        ("dizziness", the_event(), SymptomReport.objects.get())
    }
    assert the_event().level == "R3"


def test_the_same_in_chinese_with_digits_of_every_script(says: Says) -> None:
    told = [says("wang", body) for body in ("有点头晕", "１", "三", "1。", "答3")]

    assert told == ["sym_severity", "sym_onset", "sym_interfere", "sym_ongoing", "sym_done_r3"]
    assert OutboundMessage.objects.filter(line=line_of("wang"), wording="sym_severity").get().language == "zh-Hans"


def test_safety_comes_first_the_draft_and_the_call_stand_before_any_question(says: Says) -> None:
    says("jones", "feeling dizzy")

    assert (the_event().level, the_event().verbatim) == ("R3", "feeling dizzy")
    assert tasks() == [TaskKind.SYMPTOM]
    assert the_event().questions.get().state == QuestionState.OPEN


def test_a_routine_complaint_is_asked_about_and_noted_and_nobody_is_promised_a_call(says: Says) -> None:
    told = [says("jones", body) for body in ("nausea", "1", "1", "1", "2")]

    assert told == ["sym_severity", "sym_onset", "sym_frequency", "sym_ongoing", "sym_done_r4"]
    assert tasks() == []


def test_the_most_urgent_of_several_complaints_is_asked_about(says: Says) -> None:
    assert says("jones", "nausea and both legs swollen") == "sym_side"
    assert Question.objects.get(wording="sym_side").item == "leg_swelling"


def test_a_choice_of_the_menu_is_asked_about_and_the_menu_counts(says: Says) -> None:
    told = [says("jones", body) for body in ("2", "7", "1", "1", "1")]

    assert told == ["sym_which", "sym_colour", "sym_severity", "sym_hospital", "sym_done_r3"]
    assert asked()[0] == ("sym_which", "7")
    assert {each.item for each in Question.objects.exclude(item="")} == {"vomiting"}


def test_however_late_the_menu_is_answered_it_counts(says: Says, time: VirtualClock) -> None:
    says("jones", "2")
    time.advance(timedelta(hours=5))

    told = [says("jones", body) for body in ("8", "1", "1", "1")]

    assert told == ["sym_presence", "sym_severity", "sym_hospital", "sym_done_r3"]


def test_four_automatic_questions_are_the_most_in_one_conversation_whatever_is_told(says: Says) -> None:
    for body in ("2", "9", "nausea", "1", "feeling dizzy", "1", "both legs swollen", "1", "constipation", "1"):
        says("jones", body)

    counted = QUESTIONS - {"emergency", "unclear1"}
    assert sum(wording in counted for wording in answers_to("jones")) == 4


def test_a_conversation_goes_on_while_they_write_and_ends_when_two_hours_nothing_was_asked(
    says: Says, time: VirtualClock
) -> None:
    first = [says("jones", body) for body in ("nausea", "1")]
    time.advance(timedelta(minutes=100))
    second = [says("jones", body) for body in ("feeling dizzy", "1")]
    time.advance(timedelta(minutes=100))
    third = says("jones", "constipation")
    time.advance(timedelta(hours=3))

    assert (first, second) == (["sym_severity", "sym_onset"], ["sym_severity", "sym_onset"])
    assert third == "sym_done_r3"
    assert says("jones", "both legs swollen") == "sym_side"


def test_another_day_is_another_conversation_and_last_weeks_question_is_not_asked_twice_in_a_week(
    says: Says, time: VirtualClock
) -> None:
    first = [says("jones", body) for body in ("nausea", "1", "1", "1", "2")]
    time.advance(timedelta(days=1))
    second = [says("jones", body) for body in ("nausea", "1", "1", "2")]
    time.advance(timedelta(days=8))
    third = [says("jones", body) for body in ("nausea", "1", "1")]

    assert "sym_frequency" in first
    assert second == ["sym_severity", "sym_onset", "sym_ongoing", "sym_done_r4"]
    assert third[-1] == "sym_frequency"


def test_a_caregiver_is_not_asked_who_writes_and_the_answers_count_as_a_caregivers(says: Says) -> None:
    says("jones's husband", "she has a rash")
    told = [says("jones's husband", body) for body in ("1", "1", "3")]

    assert told[:2] == ["sym_severity", "sym_hospital"]
    assert told[2] == "sym_admit"
    decided = SymptomReport.objects.get(rules_version__startswith="list ")
    assert (decided.sender, decided.level) == ("caregiver", "R1")
    assert answers_to("jones") == []


# --- not asking


def test_in_discreet_mode_nothing_is_asked(says: Says) -> None:
    participants.change_preferences(participant=people.jones(), is_discreet=True)

    assert says("jones", "feeling dizzy").split()[-1] == "sym_done_r3"
    assert says("jones's husband", "she has a rash") == "sym_done_r3"
    assert asked() == []


def test_beside_an_open_alarm_nothing_is_asked_until_somebody_has_spoken_with_them(says: Says) -> None:
    says("jones", "fever 38.5")
    beside = says("jones", "feeling nausea")
    running = Escalation.objects.get()
    running.state = "contacted"
    running.save()

    assert beside == "sym_done_r4"
    assert says("jones", "both legs swollen") == "sym_side"


def test_after_stop_nothing_is_asked(says: Says) -> None:
    says("jones", "STOP")
    says("jones", "feeling dizzy")

    assert asked() == []
    assert the_event().level == "R3"


def test_stop_in_the_middle_is_obeyed_and_a_digit_after_it_answers_nothing(says: Says) -> None:
    says("jones", "feeling dizzy")
    says("jones", "STOP")

    assert line_of("jones").opted_out_at is not None
    assert Question.objects.get(wording="sym_severity").state == QuestionState.REPLACED
    says("jones", "3")
    assert asked() == [("sym_severity", "")]
    assert not Escalation.objects.exists()


@pytest.mark.parametrize(
    ("command", "reply"), [("HELP", "help"), ("中文", "lang_zh"), ("wrong number", "wrong_number")]
)
def test_every_command_works_in_the_middle(says: Says, command: str, reply: str) -> None:
    says("jones", "feeling dizzy")

    assert says("jones", command) == reply


def test_where_the_number_is_under_check_nothing_is_asked(says: Says) -> None:
    participants.suspend_texts(participant=people.jones())

    assert says("jones", "feeling dizzy") == "sym_done_r3"


def test_who_cannot_read_is_not_asked_but_the_caregiver_is(says: Says) -> None:
    Participant.objects.filter(code=people.jones().code).update(cannot_read=True)

    assert says("jones", "feeling dizzy") == "sym_done_r3"
    assert says("jones's husband", "she has a rash") == "sym_presence"


def test_an_open_question_about_appointments_is_not_replaced(says: Says) -> None:
    ask(participant=people.jones(), wording_key="visit_change", key="v", purpose=Purpose.REPLY)

    assert says("jones", "nausea") == "sym_done_r4"
    assert Question.objects.get(wording="visit_change").state == QuestionState.OPEN


def test_a_serious_text_is_never_answered_by_a_question(says: Says) -> None:
    assert says("jones", "black stool since last night") == "emergency"
    assert not Question.objects.exclude(item="").exists()
