"""What counts as an answer to a question about a symptom, and what is read as words."""

import pytest

from apps.conversations.models import Question
from apps.conversations.speaking import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.escalation.models import Escalation
from apps.messaging.vocabulary import Purpose
from apps.safety.models import AdverseEvent
from tests import people
from tests.conversations.interview.talk import Says, asked, tasks, the_event

pytestmark = pytest.mark.django_db


def test_a_number_that_is_not_on_the_list_is_asked_again_and_the_question_stays(says: Says) -> None:
    says("jones", "feeling dizzy")

    assert says("jones", "5") == "bad_number"
    assert Question.objects.get(wording="sym_severity").state == QuestionState.OPEN
    assert says("jones", "2") == "sym_onset"


def test_one_while_a_question_is_open_is_its_answer_and_not_the_checkins(says: Says) -> None:
    open_checkin = ask(participant=people.jones(), wording_key="checkin", key="c", purpose=Purpose.CHECKIN)
    says("jones", "feeling dizzy")

    assert says("jones", "1") == "sym_onset"
    open_checkin.refresh_from_db()
    assert (open_checkin.state, open_checkin.answer) == (QuestionState.REPLACED, "")


@pytest.mark.parametrize(
    "written", ["37.2", "about 37.2", "37度2", "三十七度二", "体温37.2度左右", "37,2", "0", "98.9F"]
)
def test_a_normal_temperature_is_understood_as_people_write_it(says: Says, written: str) -> None:
    assert says("jones", "cough") == "sym_temp"

    assert says("jones", written) == "sym_severity"


@pytest.mark.parametrize("written", ["yesterday", "昨天", "三天了", "12-31", "5月3日", "4"])
def test_since_when_takes_a_digit_a_date_or_words_of_time_and_pages_nobody_about_them(says: Says, written: str) -> None:
    says("jones", "feeling dizzy")
    says("jones", "1")

    assert says("jones", written) == "sym_interfere"
    assert not Escalation.objects.exists()


@pytest.mark.parametrize(
    ("told", "written", "answer", "reply"),
    [
        ("feeling dizzy", "mild", "1", "sym_onset"),
        ("feeling dizzy", "中", "2", "sym_onset"),
        ("feeling dizzy", "Severe!", "3", "emergency"),
        ("vomiting", "black", "3", "emergency"),
        ("both legs swollen", "只有左边", "2", "emergency"),
        ("yellow skin", "the same", "2", "sym_severity"),
        ("yellow skin", "加重", "3", "sym_done_r2"),
        ("feeling dizzy", "3 severe", "3", "emergency"),
        ("feeling dizzy", "3吧", "3", "emergency"),
        ("feeling dizzy", "很重", "3", "emergency"),
        ("cough", "没量", "0", "sym_severity"),
        ("cough", "385", "38.5", "sym_done_r2"),
    ],
)
def test_the_words_of_the_list_are_its_digits_in_either_language(
    says: Says, told: str, written: str, answer: str, reply: str
) -> None:
    says("jones", told)

    assert says("jones", written) == reply
    assert asked()[0][1] == answer


def test_a_word_of_the_list_that_may_tell_of_a_death_is_read_as_words(says: Says) -> None:
    for body in ("恶心", "1", "1", "1"):
        says("wang's daughter", body)
    assert asked()[-1] == ("sym_ongoing", "")

    says("wang's daughter", "没了")

    assert asked()[-1] == ("sym_ongoing", "")
    people.wang().refresh_from_db()
    assert people.wang().follow_up == "frozen"


def test_the_same_word_copied_with_its_digit_is_the_digit_and_nobody_is_taken_for_dead(says: Says) -> None:
    for body in ("恶心", "1", "1", "1"):
        says("wang", body)

    assert says("wang", "1没了") == "sym_done_r4"
    assert asked()[-1] == ("sym_ongoing", "1")
    people.wang().refresh_from_db()
    assert people.wang().follow_up == "active"


def test_words_instead_of_a_digit_are_never_swallowed(says: Says) -> None:
    says("jones", "cough")

    assert says("jones", "38.5 and I vomited blood") == "emergency"
    assert the_event().level == "R1"
    assert asked() == [("sym_temp", "")]


def test_a_temperature_sent_to_another_question_is_read_as_a_text(says: Says) -> None:
    says("jones", "feeling dizzy")

    assert says("jones", "39.4") == "emergency"


def test_a_digit_and_a_word_that_disagree_are_read_by_a_person(says: Says) -> None:
    says("jones", "feeling dizzy")
    says("jones", "1 severe")

    assert asked() == [("sym_severity", "")]
    assert TaskKind.READ in tasks()


def test_a_second_number_that_is_on_no_list_is_read_by_a_person(says: Says) -> None:
    says("jones", "cough")

    assert [says("jones", "180"), tasks()] == ["bad_number", []]
    assert [says("jones", "45"), tasks()] == ["bad_number", [TaskKind.READ]]
    assert says("jones", "37") == "sym_severity"


def test_a_phrase_is_no_digit_of_the_menu(says: Says) -> None:
    says("jones", "2")
    assert [says("jones", "call me"), says("jones", "the same")] == ["checkin_call", "checkin_ok"]
    assert not AdverseEvent.objects.exists(), "3 is confused and 1 is fever"


def test_please_call_me_is_heard_whatever_question_is_open(says: Says) -> None:
    ask(participant=people.jones(), wording_key="visit_change", key="v", purpose=Purpose.REPLY)

    assert says("jones", "call me") == "checkin_call"
    assert says("jones", "1") == "checkin_call", "the question about the appointment stays open"
    assert tasks() == [TaskKind.CALL_BACK, TaskKind.APPOINTMENT]


def test_same_means_still_there_and_never_gone(says: Says) -> None:
    for body in ("nausea", "1", "1", "1"):
        says("jones", body)

    assert says("jones", "the same") == "sym_done_r4"
    assert asked()[-1] == ("sym_ongoing", "3")


def test_please_call_me_in_the_middle_is_no_digit_of_the_question(says: Says) -> None:
    says("jones", "nausea")

    assert says("jones", "call me") == "checkin_call"
    assert asked() == [("sym_severity", "")]
    assert tasks() == [TaskKind.CALL_BACK]


def test_same_to_the_question_after_a_day_is_still_there_too(says: Says) -> None:
    ask(participant=people.jones(), wording_key="sym_progress", key="p", purpose=Purpose.REPLY)

    assert says("jones", "the same") == "sym_done_r4"
    assert Question.objects.get(wording="sym_progress").answer == "3"
