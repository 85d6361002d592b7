"""What is sent in pieces is read as one, what was answered before counts, and what is said again counts for more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.conversations import speaking
from apps.conversations.history import told_about
from apps.conversations.models import Question
from apps.conversations.vocabulary import QuestionState
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.vocabulary import Purpose
from apps.triage import rules
from apps.triage.models import SymptomReport
from apps.triage.rules.together import joined, worse
from tests import people
from tests.times import MORNING, beginning_at
from tests.triage.scenes import arrived, line_of, text

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)


def last_report() -> SymptomReport:
    return SymptomReport.objects.order_by("-classified_at", "-message__received_at").first()  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("who", "pieces"),
    [("jones's husband", ("she's not", "waking up")), ("wang's daughter", ("我爸叫", "不醒"))],
)
def test_a_sentence_sent_in_pieces_pages_as_the_whole_would(
    time: VirtualClock, who: str, pieces: tuple[str, str]
) -> None:
    text(who, pieces[0])
    time.advance(timedelta(seconds=40))
    text(who, pieces[1])

    assert last_report().level == "R1"
    assert last_report().reason.startswith("with 1 before: ")
    assert Escalation.objects.filter(chain="R1").exists()


def test_the_same_pieces_an_hour_apart_are_two_texts(time: VirtualClock) -> None:
    text("jones's husband", "she's not")
    time.advance(timedelta(hours=1))
    text("jones's husband", "waking up")

    assert last_report().level != "R1"


def test_the_words_before_are_marked_in_their_own_text_only(time: VirtualClock) -> None:
    text("wang's daughter", "我爸叫")
    time.advance(timedelta(seconds=40))
    message = text("wang's daughter", "不醒")

    for finding in last_report().findings:
        assert 0 <= finding["start"] < finding["end"] <= len(message.body)


def test_thanks_after_an_alarm_is_no_second_alarm(time: VirtualClock) -> None:
    text("jones", "vomited blood")
    time.advance(timedelta(seconds=40))
    text("jones", "thank you")

    assert last_report().level == ""


def test_the_wife_and_the_neighbour_are_not_read_together(time: VirtualClock) -> None:
    text("jones's husband", "she's not")
    time.advance(timedelta(seconds=40))
    text("wang's daughter", "waking up")

    assert not last_report().reason.startswith("with")


def test_what_is_serious_by_itself_stays_so_when_the_whole_is_only_more_urgent() -> None:
    serious = replace(rules.assess("hello"), label="serious", level="R2")
    urgent = replace(serious, label="unclear", level="R1")

    found = worse(alone=serious, before=[rules.assess("hello")], together=urgent, start=6)

    assert (found.label, found.level) == ("serious", "R1")


def test_pieces_are_joined_as_they_are_written() -> None:
    assert joined(["he is not", "waking up"]) == ("he is not waking up", 10)
    assert joined(["我爸叫", "不醒"]) == ("我爸叫不醒", 3)


# --- answers and the unclosed


def answered(digit: str) -> None:
    question = speaking.ask(participant=people.jones(), wording_key="checkin", key=f"q{digit}", purpose=Purpose.CHECKIN)
    Question.objects.filter(pk=question.pk).update(
        state=QuestionState.ANSWERED, answer=digit, answered_at=clock.now(), answered_by=arrived("jones", digit)
    )


def test_a_worse_answer_makes_a_named_jaundice_a_deterioration() -> None:
    told = rules.Context(last_answer=2)
    quiet = rules.Context(last_answer=1)
    said = "my skin is yellow and i am very tired"

    assert rules.assess(said, context=told).level == "R2"
    assert rules.assess(said, context=quiet).level != "R2"


@pytest.mark.parametrize(("answer", "counts_as"), [("1", 1), ("2", 2), ("1 2", 2), ("3", None)])
def test_the_last_answer_is_known_to_the_rules(answer: str, counts_as: int | None) -> None:
    answered(answer)

    assert told_about(people.jones(), arrived("jones", "hello")).last_answer == counts_as


def test_an_answer_of_last_week_says_nothing(time: VirtualClock) -> None:
    answered("2")
    time.advance(timedelta(days=7))

    assert told_about(people.jones(), arrived("jones", "hello")).last_answer is None


def test_a_well_and_then_words_of_blood_page_all_the_same() -> None:
    answered("1")

    text("jones", "vomited blood")

    assert Escalation.objects.get().chain == "R1"


def test_a_well_and_blood_in_one_text_is_read_as_blood() -> None:
    text("jones", "1 but black stool since last night")

    assert Escalation.objects.get().chain == "R1"


def test_what_is_said_again_and_lies_unclosed_goes_one_level_up(time: VirtualClock) -> None:
    text("jones", "diarrhea 5 times today")
    assert last_report().level == "R3"
    time.advance(timedelta(days=1))

    text("jones", "diarrhea 5 times again")

    assert last_report().level == "R2"
    assert "rule C14" in last_report().reason


def test_what_is_said_twice_within_minutes_is_said_once(time: VirtualClock) -> None:
    text("jones", "diarrhea 5 times today")
    time.advance(timedelta(minutes=10))

    text("jones", "diarrhea 5 times")

    assert last_report().level == "R3"


def test_who_usually_writes_is_learnt_from_the_last_month(time: VirtualClock) -> None:
    for _ in range(4):
        time.advance(timedelta(days=2))
        arrived("jones", "1")
    time.advance(timedelta(days=2))

    text("jones's husband", "her ankles are swollen")

    assert last_report().context["usual_reporter"] == "participant"
    assert "rule C12" in last_report().reason
    assert line_of("jones") != line_of("jones's husband")
