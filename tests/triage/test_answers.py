"""What an answer about a symptom means by itself: how bad, a jump, worse, an emergency by the digit; and that nothing is ever lowered."""

import itertools
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conversations.speaking import INTERVIEW
from apps.triage import rules
from apps.triage.rules import Asked, Assessment, Context
from apps.triage.rules.answers import chosen, leading, questions_of
from apps.triage.rules.form import DATA

QUESTIONS = rules.catalogue().shared["questions"]
ITEMS = sorted(rules.catalogue().items)


def judged(
    item: str, question: str, answer: str, *, standing: str = "R4", earlier: int | None = None, **known: object
) -> Assessment:
    asked = Asked(item, question, tuple(answer.split()), standing, earlier)
    return rules.judge_answer(asked, answer, sender="participant", context=Context(**known))  # type: ignore[arg-type]


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("severity", [0, 1, 2, 3, 4])
def test_an_answer_reaches_the_level_that_the_items_file_gives_to_this_severity(item: str, severity: int) -> None:
    data = tomllib.loads((DATA / f"{item}.toml").read_text(encoding="utf-8"))
    blocks = [each for each in data.get("escalate", []) if severity >= each.get("severity_gte", 5)]
    wanted = min((each["to"] for each in blocks), default=None)
    question = "severity" if "severity" in data["ask_next"] else "amount"

    assert judged(item, question, str(severity)).level == wanted


@pytest.mark.parametrize(
    ("item", "standing", "earlier", "now", "level"),
    [
        ("nausea", "R4", 0, 2, "R3"),
        ("nausea", "R4", 0, 1, None),
        ("nausea", "R4", 1, 2, None),
        ("nausea", "R4", 2, 0, None),
        ("nausea", "R4", None, 2, None),
        ("nausea", "R3", 0, 2, "R2"),  # the family's text had raised it already
        ("leg_swelling", "R3", 0, 2, "R2"),
        ("leg_swelling", "R4", 0, 2, "R2"),  # a signed baseline had lowered it: no longer unchanged
        ("dizziness", "R3", 1, 3, "R1"),  # the stricter source wins
    ],
)
def test_two_steps_more_than_last_time_are_one_level_up(
    item: str, standing: str, earlier: int | None, now: int, level: str | None
) -> None:
    assert judged(item, "severity", str(now), standing=standing, earlier=earlier).level == level


def test_a_jump_says_from_where_to_where_and_has_the_night_of_its_item() -> None:
    found = judged("abdominal_pain", "severity", "2", standing="R3", earlier=0)

    assert (found.level, found.night_page) == ("R2", True)
    assert found.reason == "answer severity=2 of abdominal_pain, before 0; rule C11 R2"
    assert not judged("leg_swelling", "interference", "4", standing="R3", earlier=0).level, (
        "only how bad it is can jump"
    )


@pytest.mark.parametrize(
    ("item", "question", "answer", "level", "found"),
    [
        ("vomiting", "hospital", "1", None, "vomiting"),
        ("vomiting", "hospital", "2", None, "vomiting"),
        ("vomiting", "hospital", "3", "R1", "evt_admitted"),
        ("rash", "hospital", "4", "R1", "evt_admitted"),
        ("vomiting", "colour", "1", None, "vomiting"),
        ("vomiting", "colour", "2", "R1", "hematemesis"),
        ("vomiting", "colour", "3", "R1", "hematemesis"),
        ("vomiting", "colour", "4", None, "vomiting"),
        ("diarrhea", "colour", "2", "R1", "rectal_bleeding"),
        ("diarrhea", "colour", "3", "R1", "melena"),
        ("drain_site_leak", "colour", "2", "R1", "drain_site_leak"),
        ("leg_swelling", "side", "1", None, "leg_swelling"),
        ("leg_swelling", "side", "2", "R1", "one_leg"),
        ("leg_swelling", "side", "3", "R1", "one_leg"),
        ("leg_swelling", "side", "1 3", "R1", "one_leg"),  # of several at once the worst counts
        ("fatigue", "ongoing", "3", None, "fatigue"),
        ("fatigue", "ongoing", "4", "R2", "fatigue"),
        ("jaundice", "change", "2", None, "jaundice"),
        ("jaundice", "change", "3", "R2", "jaundice"),
        ("dark_urine", "change", "3", "R3", "dark_urine"),
        ("sleep_reversal", "who", "1", None, "sleep_reversal"),
        ("sleep_reversal", "who", "2", "R2", "sleep_reversal"),
        ("vaginal_bleeding", "amount", "2", None, "vaginal_bleeding"),
        ("vaginal_bleeding", "amount", "4", "R1", "vaginal_bleeding"),
        ("headache", "frequency", "4", None, "headache"),
        ("headache", "interference", "4", None, "headache"),
        ("rash", "presence", "1", None, "rash"),
        ("low_urine", "urine", "4", None, "low_urine"),
        ("rash", "onset", "12-31", None, "rash"),
    ],
)
def test_a_digit_means_what_the_clinical_rules_say(
    item: str, question: str, answer: str, level: str | None, found: str
) -> None:
    decided = judged(item, question, answer)

    assert (decided.level, [finding.id for finding in decided.findings]) == (level, [found])


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("36.8", None),
        ("0", None),
        ("37.4", "R3"),
        ("38", "R2"),
        ("38.9", "R2"),
        ("39", "R1"),
        ("34.5", "R1"),  # cold beside a cough: sepsis is suspected
        ("98.6", None),
        ("101", "R2"),
        ("102.5", "R1"),
    ],
)
def test_a_temperature_counts_as_in_a_text(answer: str, level: str | None) -> None:
    assert judged("cough", "temp", answer).level == level


def test_a_fever_beside_a_belly_pain_is_an_emergency_though_neither_is_alone() -> None:
    assert judged("abdominal_pain", "temp", "38.2").level == "R1"
    assert judged("cough", "temp", "38.2").level == "R2"


def test_a_normal_temperature_repeats_no_alarm_of_what_was_told_before() -> None:
    assert judged("cough", "temp", "36.8", recent_items=("rash", "diarrhea", "jaundice")).level is None


@pytest.mark.parametrize(("answer", "level"), [("0", None), ("1", None), ("2", "R3"), ("-3", None), ("5.5", "R3")])
def test_kilograms_gained_count_as_in_a_text_and_kilograms_lost_do_not(answer: str, level: str | None) -> None:
    assert judged("leg_swelling", "weight", answer).level == level


def test_worse_ends_what_a_signed_baseline_had_lowered() -> None:
    assert judged("hernia", "change", "3", standing="R4").level == "R3"
    assert judged("hernia", "change", "3", standing="R3").level is None


def test_the_family_at_a_phone_whose_owner_usually_writes_is_one_level_up() -> None:
    assert judged("evt_pregnancy", "who", "2", standing="R3", usual_reporter="participant").level == "R2"


@given(
    item=st.sampled_from(ITEMS),
    question=st.sampled_from(sorted(set(QUESTIONS) - {"which", "menu", "temp", "weight"})),
    digits=st.lists(st.sampled_from("01234"), min_size=1, max_size=3, unique=True),
    earlier=st.none() | st.integers(0, 4),
    standing=st.sampled_from(["R3", "R4"]),
)
def test_a_decision_of_any_digits_names_its_rules_and_asks_for_a_known_level(
    item: str, question: str, digits: list[str], earlier: int | None, standing: str
) -> None:
    found = judged(item, question, " ".join(digits), standing=standing, earlier=earlier)

    assert found.level in (None, "R1", "R2", "R3", "R4")
    assert (found.level is None) == ("; rule " not in found.reason)
    assert all(finding.id in ITEMS for finding in found.findings)


@given(item=st.sampled_from(ITEMS), pair=st.tuples(st.integers(0, 4), st.integers(0, 4)), earlier=st.integers(0, 4))
def test_worse_is_never_less_urgent(item: str, pair: tuple[int, int], earlier: int) -> None:
    milder, graver = (judged(item, "severity", str(each), earlier=earlier).level or "R9" for each in sorted(pair))

    assert graver <= milder


def test_the_most_urgent_item_leads_then_the_first_and_unwell_only_alone() -> None:
    cat = rules.catalogue()

    assert leading(["nausea", "dizziness", "leg_swelling"], cat) == "dizziness"
    assert leading(["leg_swelling", "dizziness"], cat) == "leg_swelling"
    assert leading(["unwell", "nausea"], cat) == "nausea"
    assert leading(["unwell"], cat) == "unwell"
    assert leading([], cat) == ""


def test_the_menu_names_items_of_the_catalogue() -> None:
    cat = rules.catalogue()

    assert chosen(("5", "7"), cat) == ["ascites", "leg_swelling", "vomiting", "diarrhea"]
    assert set(itertools.chain(*QUESTIONS["menu"]["maps"].values())) <= set(cat.items)


def test_every_question_of_the_catalogue_can_be_asked_and_no_words_are_asked_for_again() -> None:
    cat = rules.catalogue()
    asked = {name for item in ITEMS for name in questions_of(item, cat)}

    assert asked <= set(QUESTIONS)
    assert "which" not in asked
    assert {data["message"] for data in QUESTIONS.values()} - {"sym_which", "sym_other"} == INTERVIEW
