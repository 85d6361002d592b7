"""What a text says as the answer to one question: digits, numbers, dates and words of time as people write them."""

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from apps.conversations.given import answer_to, may_be_a_value, of_list, said
from apps.conversations.speaking import INTERVIEW
from apps.core import wording

LIST = ("0", "1", "2", "3", "4")
WARMTH = ("0", "34..43")
WEIGHT = ("-99..99",)
SINCE = ("1", "2", "3", "4", "date")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3", ("3",)),
        ("３。", ("3",)),
        ("三", ("3",)),
        ("three", ("3",)),
        ("答3", ("3",)),
        ("2 3", ("2", "3")),
        ("5", ()),
        ("38.6", None),
        ("bad", None),
        ("3 and I vomited", None),
        ("", None),
    ],
)
def test_a_list_takes_its_digits_and_leaves_words_alone(text: str, meant: tuple[str, ...] | None) -> None:
    assert answer_to(LIST, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("38.6", "38.6"),
        ("about 38.6", "38.6"),
        ("38,5", "38.5"),
        ("38度5", "38.5"),
        ("三十八度五", "38.5"),
        ("39", "39"),
        ("大概38.6度左右", "38.6"),
        ("体温38.5℃", "38.5"),
        ("it was 38.5 c.", "38.5"),
        ("101.3F", "101.3"),
        ("0", "0"),
        ("385", "38.5"),
        ("390", "39"),
        ("没量", "0"),
        ("没有量体温", "0"),
        ("not measured", "0"),
        ("I haven't measured", "0"),
        ("no thermometer", "0"),
    ],
)
def test_a_temperature_is_understood_as_people_write_it(text: str, meant: str) -> None:
    assert answer_to(WARMTH, text) == (meant,)
    assert may_be_a_value(text)


@pytest.mark.parametrize(
    ("text", "meant"), [("1", ()), ("445", ()), ("50", ()), ("38.6 and chills", None), ("high", None)]
)
def test_what_no_thermometer_shows_is_asked_again_and_words_beside_it_are_read(
    text: str, meant: tuple[str, ...] | None
) -> None:
    assert answer_to(WARMTH, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("+2", "2"),
        ("2kg", "2"),
        ("4斤", "2"),
        ("重了3斤", "1.5"),
        ("-1", "-1"),
        ("－2", "-2"),
        ("lost 2kg", "-2"),
        ("轻了2公斤", "-2"),
        ("minus 3", "-3"),
        ("0", "0"),
        ("+1.5", "1.5"),
    ],
)
def test_kilograms_keep_their_sign_and_a_jin_is_half_of_one(text: str, meant: str) -> None:
    assert answer_to(WEIGHT, text) == (meant,)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("4", "4"),
        ("12-31", "12-31"),
        ("31/12", "12-31"),
        ("12月31日", "12-31"),
        ("2027-05-01", "2027-05-01"),
        ("today", "1"),
        ("今早", "1"),
        ("5 hours", "1"),
        ("yesterday", "2"),
        ("昨天晚上", "2"),
        ("1 day ago", "2"),
        ("三天了", "3"),
        ("since monday", "3"),
        ("a week", "3"),
        ("前天", "3"),
        ("2 weeks", "4"),
        ("一个月了", "4"),
    ],
)
def test_since_when_takes_a_digit_a_date_or_words_of_time(text: str, meant: str) -> None:
    assert answer_to(SINCE, text) == (meant,)
    assert may_be_a_value(text) or text == "4"


@pytest.mark.parametrize("text", ["5", "13-13", "0-4"])
def test_what_is_no_date_is_asked_again_or_read(text: str) -> None:
    assert answer_to(SINCE, text) in ((), None)


@pytest.mark.parametrize(
    "text", ["今天吐血了", "yesterday I fainted", "black stool since last night", "三天没小便", "38.9 and confused"]
)
def test_a_time_or_a_number_beside_a_complaint_is_no_answer(text: str) -> None:
    assert not may_be_a_value(text)
    assert answer_to(SINCE, text) is None
    assert answer_to(WARMTH, text) is None


@whatever(st.text(alphabet="3四 重很的了吧severy.,1，", max_size=60))
def test_whatever_stands_beside_a_word_of_the_list_only_a_digit_of_the_list_or_a_sign_comes_of_it(text: str) -> None:
    assert of_list(text, HOW_BAD) in {None, "1", "2", "3", "4"}


@whatever(st.text(max_size=60), st.sampled_from([LIST, WARMTH, WEIGHT, SINCE]))
def test_any_text_at_all_is_judged_without_a_fault_and_an_answer_is_short(text: str, expects: tuple[str, ...]) -> None:
    assert all(0 < len(each) <= 12 for each in answer_to(expects, text) or ())


def test_same_and_worse_have_digits_of_their_own_where_the_list_is_about_how_it_goes() -> None:
    assert (said("sym_ongoing", "same"), said("sym_progress", "not_ok"), said("sym_change", "same")) == ("3", "4", "2")
    assert said("sym_severity", "same") is None


@pytest.mark.parametrize("lang", wording.languages())
@pytest.mark.parametrize("key", sorted(INTERVIEW | {"sym_which"}))
def test_every_digit_of_a_list_has_its_meaning_in_the_text_itself(key: str, lang: str) -> None:
    found = wording.message(key, lang=lang)
    digits = [each for each in found.expects if each.isdigit()]

    assert found.question.endswith(("?", "？"))
    assert list(found.choices) == (digits if key != "sym_temp" else [])
    assert not any(char.isdigit() for digit, meaning in found.choices.items() if key != "sym_onset" for char in meaning)


HOW_BAD = {"mild": "1", "severe": "3", "very severe": "4", "轻": "1", "重": "3", "red": "2", "黑": "3", "咖啡色": "3"}


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("3 severe", "3"),
        ("3重", "3"),
        ("(3) severe", "3"),
        ("３。重", "3"),
        ("3吧", "3"),
        ("3 please", "3"),
        ("maybe 3", "3"),
        ("number three", "3"),
        ("very severe", "4"),
        ("4 very severe", "4"),
        ("very mild", "1"),
        ("很重", "3"),
        ("黑色的", "3"),
        ("咖啡色的", "3"),
        ("it is red", "2"),
        ("1 severe", None),
        ("3 severe pain", None),
        ("severe pain", None),
        ("not severe", None),
        ("不重", None),
        ("3 times", None),
        ("3天", None),
        ("1 and I vomited blood", None),
        ("重" * 1600, None),
    ],
)
def test_a_digit_with_its_own_word_or_a_courtesy_is_that_digit_and_nothing_else_is(
    text: str, digit: str | None
) -> None:
    assert of_list(text, HOW_BAD) == digit


def test_the_lists_say_what_is_meant() -> None:
    assert wording.message("sym_colour", lang="en").choices["3"] == "black or like coffee"
    assert wording.message("sym_urine", lang="zh-Hans").choices == {"1": "正常", "2": "变少", "3": "很少", "4": "没有"}
    assert wording.message("sym_onset", lang="en").choices["4"] == "longer"
