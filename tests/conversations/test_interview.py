"""The questions after a symptom: asked one by one, kept, and acted on; never in the way of an alarm."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations import services as conversations
from apps.conversations.given import answer_to
from apps.conversations.models import Question, Task
from apps.conversations.speaking import QUESTIONS, ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants import services as participants
from apps.participants.models import ContactPoint, Participant
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.triage.models import SymptomReport
from apps.vault.services import create_data_key
from tests import people
from tests.conversations.test_story import MORNING, NIGHT, line_of, text, work

pytestmark = pytest.mark.django_db
Says = Callable[[str, str], str]


@pytest.fixture(autouse=True)
def time() -> Iterator[VirtualClock]:
    virtual = VirtualClock(MORNING)
    with clock.using(virtual):
        people.everybody()
        yield virtual


@pytest.fixture
def says(time: VirtualClock) -> Says:
    """Somebody writes, two minutes after whatever was before; returns the answers that it brings, one word a text."""

    def write(who: str, body: str) -> str:
        time.advance(timedelta(minutes=2))
        before = len(answers_to(who))
        text(who, body)
        return " ".join(answers_to(who)[before:])

    return write


def answers_to(who: str) -> list[str]:
    """Check-ins have hours of their own, which no test here is about."""
    rows = OutboundMessage.objects.filter(line=line_of(who)).exclude(purpose=Purpose.CHECKIN)
    return list(rows.order_by("planned_at", "key").values_list("wording", flat=True))


def later(time: VirtualClock, **length: float) -> None:
    time.advance(timedelta(**length))
    work()


def night_of(time: VirtualClock) -> datetime:
    time.move_to(NIGHT)
    return NIGHT


def asked() -> list[tuple[str, str]]:
    rows = Question.objects.exclude(item="").order_by("asked_at")
    return [(each.wording, each.answer) for each in rows]


def tasks(**narrowed: object) -> list[str]:
    """Kinds of what a text has opened; follow-up has tasks of its own."""
    return list(Task.objects.filter(message__isnull=False, **narrowed).values_list("kind", flat=True))


def the_event() -> AdverseEvent:
    return AdverseEvent.objects.get()


def the_latest() -> AdverseEvent:
    return AdverseEvent.objects.latest("received_at")


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
    assert told[2] == "emergency_family"
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


# --- what an answer is


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
        ("yellow eyes", "the same", "2", "sym_severity"),
        ("yellow eyes", "加重", "3", "sym_done_r2"),
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


# --- what an answer does


@pytest.mark.parametrize(
    ("before", "answer", "reply"),
    [
        (("vomiting",), "2", "emergency"),  # red
        (("vomiting",), "3", "emergency"),  # black
        (("diarrhea",), "3", "emergency"),
        (("both legs swollen",), "2", "emergency"),  # one side only
        (("both legs swollen",), "3", "emergency"),
        (("vomiting", "1", "1"), "3", "admitted_reply"),
        (("vomiting", "1", "1"), "4", "admitted_reply"),
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
    says("jones", "yellow eyes")

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


def waiting(who: str, body: str) -> InboundMessage:
    """A text that stands in the table; nothing has been done about it yet."""
    return InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=create_data_key(), body=body,
        received_at=clock.now(), due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip
