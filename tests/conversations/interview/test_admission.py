"""An answer says that they were admitted: the chain runs first, then day and hospital are asked, and what they write is never lost."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.participants.models import Participant
from tests import people
from tests.conversations.interview.talk import Says, later, tasks, the_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def admitted(says: Says) -> Question:
    """Jones answers "admitted to hospital" and is asked where."""
    for body in ("vomiting", "1", "1"):
        says("jones", body)
    assert says("jones", "3") == "sym_admit"
    return Question.objects.get(wording="sym_admit")


def test_the_chain_runs_before_the_question(admitted: Question) -> None:
    running = Escalation.objects.get()
    assert (running.chain, the_event().level, admitted.event) == ("R1", "R1", the_event())


@pytest.mark.parametrize("body", ["last Monday, People's Hospital", "周一，市一医院"])
def test_day_and_hospital_join_the_case_and_a_person_reads_them(admitted: Question, says: Says, body: str) -> None:
    assert says("jones", body) == "admitted_reply"

    admitted.refresh_from_db()
    assert admitted.state == QuestionState.ANSWERED
    assert admitted.answered_by is not None
    assert the_event().reports.filter(symptom_report__message=admitted.answered_by).exists()
    task = Task.objects.get(kind=TaskKind.READ)
    assert (task.message, task.event) == (admitted.answered_by, the_event())


def test_an_emergency_in_the_answer_is_one(admitted: Question, says: Says) -> None:
    assert "emergency" in says("jones", "People's Hospital, he is vomiting blood")


def test_a_digit_was_not_asked_for_and_a_person_finds_out(admitted: Question, says: Says) -> None:
    assert says("jones", "1") == "reassure"
    assert Task.objects.filter(kind=TaskKind.READ).count() == 1


@pytest.mark.parametrize("digit", ["2", "3"])
def test_worse_and_call_me_are_acted_on_though_no_digit_was_asked_for(
    admitted: Question, says: Says, digit: str
) -> None:
    assert says("jones", digit) == "checkin_call"
    assert {TaskKind.READ, TaskKind.CALL_BACK} <= set(tasks())


def test_its_silence_is_covered_by_the_chain_that_runs_until_a_contact(admitted: Question, time: VirtualClock) -> None:
    later(time, hours=13)

    assert Escalation.objects.get().due_at is not None
    assert admitted.expires_at < admitted.asked_at + timedelta(hours=13), "and it keeps no check-in waiting"


def test_it_is_asked_once_and_the_second_answer_is_thanked_for(admitted: Question, says: Says) -> None:
    assert "sym_admit" not in says("jones", "4")


def test_in_discreet_mode_it_is_not_asked(says: Says) -> None:
    for body in ("vomiting", "1", "1"):
        says("jones", body)
    Participant.objects.filter(pk=people.jones().pk).update(is_discreet=True)

    assert says("jones", "3") == "admitted_reply"
