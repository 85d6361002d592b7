"""What an answer about a symptom does: an alarm, a call, a case; never less than what stands."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations import services as conversations
from apps.conversations.models import Question
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.triage.models import SymptomReport
from tests import people
from tests.conversations.interview.talk import Says, asked, tasks, the_event, the_latest
from tests.conversations.test_story import line_of, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("before", "answer", "reply"),
    [
        (("vomiting",), "2", "emergency"),  # red
        (("vomiting",), "3", "emergency"),  # black
        (("diarrhea",), "3", "emergency"),
        (("both legs swollen",), "2", "emergency"),  # one side only
        (("both legs swollen",), "3", "emergency"),
        (("vomiting", "1", "1"), "3", "sym_admit"),
        (("vomiting", "1", "1"), "4", "sym_admit"),
        (("vomiting", "1"), "4", "emergency"),  # very severe
        (("cough",), "39.2", "emergency"),
    ],
)
def test_an_emergency_by_a_digit_is_one_like_by_words(
    says: Says, before: tuple[str, ...], answer: str, reply: str
) -> None:
    for body in before:
        says("jones", body)

    assert says("jones", answer) == reply
    running = Escalation.objects.get()
    assert (running.chain, the_event().level, the_event().escalation) == ("R1", "R1", running)
    assert Page.objects.filter(escalation=running, person=people.alice()).exists()
    assert the_event().reports.count() == 2


def test_an_answer_that_raises_keeps_its_decision_with_the_rules_and_the_reason(says: Says) -> None:
    says("jones", "feeling dizzy")
    says("jones", "3")

    decided = SymptomReport.objects.get(rules_version__startswith="list ")
    assert (decided.level, decided.label) == ("R1", "serious")
    assert decided.reason == "answer severity=3 of dizziness; rule dizziness>R1 R1"
    assert InboundMessage.objects.get(reports=decided).disposition == Disposition.ANSWER
    assert asked() == [("sym_severity", "3")], "the interview ends there"


def test_an_urgent_answer_pages_and_says_so(says: Says) -> None:
    says("jones", "yellow skin")

    assert says("jones", "3") == "sym_done_r2"
    assert (Escalation.objects.get().chain, the_event().level) == ("R2", "R2")
    assert says("jones", "1") in ("sym_progress", "reassure"), "no further question about it"


def test_an_answer_that_makes_it_a_matter_of_the_day_opens_the_call_and_goes_on(says: Says) -> None:
    says("jones", "nausea")

    assert says("jones", "3") == "sym_onset"
    assert (the_event().level, tasks()) == ("R3", [TaskKind.SYMPTOM])
    assert [says("jones", body) for body in ("1", "1", "3")][-1] == "sym_done_r3"


def test_a_jump_against_the_last_conversation_is_one_level_up(says: Says, time: VirtualClock) -> None:
    for body in ("constipation", "0", "1", "3"):
        says("wang", body)
    time.advance(timedelta(days=7))
    says("wang", "便秘")

    assert says("wang", "2") == "sym_done_r2"
    decided = SymptomReport.objects.get(rules_version__startswith="list ")
    assert decided.reason == "answer severity=2 of constipation, before 0; rule C11 R2"


def test_the_first_answer_ever_and_one_step_more_are_no_jump(says: Says, time: VirtualClock) -> None:
    for body in ("constipation", "1", "1", "3"):
        says("wang", body)
    time.advance(timedelta(days=7))
    says("wang", "便秘")

    assert says("wang", "2") == "sym_onset"
    assert the_latest().level == "R3"


def test_an_answer_raises_its_case_though_somebody_has_read_it_and_hours_have_passed(
    says: Says, time: VirtualClock
) -> None:
    says("jones", "feeling dizzy")
    safety.mark_read(event=the_event(), person=people.alice())
    time.advance(timedelta(hours=5))

    says("jones", "3")

    assert (the_event().level, the_event().verbatim) == ("R1", "feeling dizzy")


def test_an_answer_about_a_case_that_is_judged_already_is_a_case_of_its_own(says: Says) -> None:
    says("jones", "feeling dizzy")
    AdverseEvent.objects.update(state=EventState.DISMISSED)

    says("jones", "3")

    assert sorted(AdverseEvent.objects.values_list("state", "level")) == [("dismissed", "R3"), ("draft", "R1")]


def test_after_a_contact_an_urgent_answer_is_paged_about_anew(says: Says) -> None:
    says("jones", "fever 38.5")
    first = Escalation.objects.get()
    conversations.record_contact(running=first, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)
    says("jones", "feeling dizzy")
    says("jones", "3")

    running = Escalation.objects.exclude(pk=first.pk).get()
    assert (running.chain, the_event().escalation) == ("R1", running)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.sampled_from(["nausea", "vomiting", "both legs swollen", "yellow eyes", "便秘", "皮疹"]),
    digits=st.lists(st.sampled_from(["0", "1", "2", "3", "4", "5", "9", "38.5", "1 3"]), max_size=6),
)
def test_whatever_digits_follow_no_level_is_ever_lowered_and_two_questions_are_never_open(
    time: VirtualClock, told: str, digits: list[str]
) -> None:
    with transaction.atomic():
        levels = ["R4"]
        for body in (told, *digits):
            time.advance(timedelta(minutes=2))
            text("wang", body)
            levels.append(AdverseEvent.objects.order_by("received_at").first().level)  # type: ignore[union-attr]
            assert Question.objects.filter(line=line_of("wang"), state=QuestionState.OPEN).count() <= 1
        transaction.set_rollback(True)

    assert levels == sorted(levels, reverse=True)
