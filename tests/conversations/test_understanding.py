"""Digits in every script, commands only when they are the whole text, and nothing that hides a symptom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conversations.listed import digit_of
from apps.conversations.understanding import Understood, polite_stop, read


@pytest.mark.parametrize(
    "text", ["1", "１", "一", "one", "One", " 1 ", "1.", "1。", "①", "1️⃣", "回1", "选 1", "reply 1", "壹"]
)
def test_one_is_one_in_every_script(text: str) -> None:
    assert read(text).answers == ("1",)


@pytest.mark.parametrize("text", ["1谢谢", "1，谢谢", "1 thanks", "1, thank you", "please 1", "１ please"])
def test_a_digit_with_a_courtesy_is_the_digit(text: str) -> None:
    assert read(text).answers == ("1",)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("please call me", "call_me"), ("call me please", "call_me"), ("can you call me please", "call_me"),
        ("请给我打电话", "call_me"), ("请回电", "call_me"), ("打电话给我", "call_me"), ("麻烦打个电话", "call_me"),
        ("医生请联系我", "call_me"),
        ("call me back please", "call_me"), ("can someone call me", "call_me"), ("please give me a call today", "call_me"),
        ("3 please call me", "call_me"), ("3，给我打电话", "call_me"), ("3 call me", "call_me"),
        ("1，一切正常", "ok"), ("1 fine", "ok"), ("1 same as before", "same"), ("2 not well", "not_ok"),
        ("2 fine", None), ("1 not well", None), ("2 weeks bad", None), ("1吐血", None), ("1 fever", None),
    ],
)  # fmt: skip
def test_words_with_courtesy_or_beside_their_own_digit_are_the_phrase(text: str, phrase: str | None) -> None:
    understood = read(text)
    assert (understood.phrase, understood.answers) == (phrase, ())


@pytest.mark.parametrize(
    ("text", "digit"),
    [
        ("3 please call me", "3"), ("3请来电", "3"), ("please call me", "3"), ("1 = as before or better", "1"), ("1 as before", "1"),
        ("和以前一样或更好", "1"), ("1和以前一样", "1"), ("2有新情况", "2"), ("2 = something new or worse.", "2"), ("something new", "2"),
        ("1 please call me", None), ("2 as before", None), ("something new and black stool", None), ("3请来电，吐血了", None),
    ],
)  # fmt: skip
def test_words_copied_from_a_checkin_are_their_digit(text: str, digit: str | None) -> None:
    assert digit_of(("checkin", "status_check"), text) == digit


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("1 5", ("1", "5")),
        ("1、5", ("1", "5")),
        ("1,5,9", ("1", "5", "9")),
        ("1 and 5", ("1", "5")),
        ("一和五", ("1", "5")),
        ("3 3", ("3",)),
        ("b", ("B",)),
    ],
)
def test_several_answers_at_once_keep_their_order(text: str, answers: tuple[str, ...]) -> None:
    assert read(text).answers == answers


@pytest.mark.parametrize("text", ["10", "39.5", "1 fever", "2 days of diarrhoea", "1吐血", "血压 90", "12 34 56 78 90"])
def test_a_number_with_anything_else_is_no_digit_of_a_list(text: str) -> None:
    assert read(text).answers == ()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOP", "stop"), ("stop.", "stop"), ("退订", "stop"), ("TD", "stop"), ("ＴＤ", "stop"), ("取消", "stop"), ("START", "start"),
        ("恢复", "start"),
        ("help", "help"), ("?", "help"), ("？", "help"), ("帮助", "help"), ("EN", "lang_en"), ("中文", "lang_zh"),
        ("打错了", "wrong_number"), ("who is this", "wrong_number"),
    ],
)  # fmt: skip
def test_a_command_is_the_whole_text(text: str, command: str) -> None:
    assert read(text).command == command


@pytest.mark.parametrize(
    "text",
    [
        "the bleeding won't stop",
        "stop the pain please",
        "help me",
        "救命",
        "停止不了流血",
        "退烧了",
        "start feeling dizzy",
    ],
)
def test_a_command_word_inside_a_sentence_is_none(text: str) -> None:
    assert read(text).command is None


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("fine, thanks", "ok"),
        ("I am fine today", "ok"),
        ("都挺好的", "ok"),
        ("没事", "ok"),
        ("谢谢", "thanks"),
        ("老样子", "same"),
        ("call me", "call_me"),
        ("不舒服", "not_ok"),
    ],
)
def test_a_phrase_answers_when_the_text_is_nothing_else(text: str, phrase: str) -> None:
    assert read(text).phrase == phrase


@pytest.mark.parametrize(
    "text",
    ["fine but dizzy", "没事就是有点晕", "ok what about the bus", "good morning my leg hurts", "挺好的 就是拉黑"],
)
def test_a_phrase_with_anything_else_is_none(text: str) -> None:
    assert read(text).phrase is None


def test_words_that_may_be_a_brain_sign_are_marked() -> None:
    assert read("你是谁").is_disorientation
    assert not read("打错了").is_disorientation


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(read(text), Understood)


@pytest.mark.parametrize(
    "text",
    ["回复TD", "回TD", "TD退订", "回复：TD", "reply STOP", 'Reply "STOP"', "stop all", "STOP STOP", "退订，退订"],
)
def test_stop_as_our_texts_ask_for_it_in_parts_or_twice_is_stop(text: str) -> None:
    assert read(text).command == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "取消退订",
        "cancel stop",
        "tend",
        "退烧了",
        "今天退了",
        "reply stop bleeding",
        "回复停不了",
        "text",
        "please stop",
        "发热",
    ],
)
def test_more_or_other_than_the_word_is_none(text: str) -> None:
    assert read(text).command != "stop"


@pytest.mark.parametrize(
    "text", ["please stop", "STOP please", "stop, please.", "请退订", "退订，谢谢", "please reply STOP"]
)
def test_a_stop_with_a_courtesy_is_a_polite_one(text: str) -> None:
    assert polite_stop(text)


@pytest.mark.parametrize("text", ["please stop the bleeding", "stop", "please", "please stop it", "请退烧"])
def test_nothing_longer_is(text: str) -> None:
    assert not polite_stop(text)
