"""What would tell who somebody is leaves as a mark; what tells how they are stays as they said it."""

import time

import pytest

from apps.exports.masking import mask

NAMES = [
    ("我叫王小明，今天吐血", "我叫[name]，今天吐血"),
    ("我叫王小明今天吐血了", "我叫[name]今天吐血了"),
    ("我是李强。高烧39.5", "我是[name]。高烧39.5"),
    ("欧阳医生让我来问", "[name]医生让我来问"),
    ("我丈夫王建国今天吐血", "我丈夫[name]今天吐血"),
    ("My name is John Smith and I vomit blood", "My name is [name] and I vomit blood"),
    ("Dr. Zhao told me to rest", "Dr. [name] told me to rest"),
    ("my husband John is confused", "my husband [name] is confused"),
    ("I am Mary, his wife", "I am [name], his wife"),
]
NUMBERS = [
    ("请打13812345678", "请打[number]"),
    ("请打 138 1234 5678", "请打 [number]"),
    ("请打１３８１２３４５６７８", "请打[number]"),
    ("一三八一二三四五六七八", "[number]"),
    ("电话 1 3 8 0 0 1 3 8 0 0 0", "电话 [number]"),
    ("ring 1380013 8000", "ring [number]"),
    ("ring 138.0013.8000", "ring [number]"),
    ("call +61 491 570 006 please", "call [number] please"),
    ("call 202-555-0111", "call [number]"),
    ("身份证11010119800101123X", "身份证[number]"),
    ("my mail is a.b@example.org", "my mail is [link]"),
    ("微信号abc12345", "微信号[link]"),
    ("see https://example.org/me", "see [link]"),
]
ADDRESSES = [
    ("家住朝阳区建国路88号3号楼2单元501室，吐血", "[address]，吐血"),
    ("北京市朝阳区望京街10号", "[address]"),
    ("住在幸福花园，便血", "住在[address]，便血"),
    ("I live at 12 Park Road", "I live at [address]"),
    ("come to Room 302", "come to [address]"),
]
TREATMENT = [
    ("I think I got placebo", "I think I got [treatment]"),
    ("医生说我是高剂量组", "医生说我是[treatment]"),
    ("after unblinding", "after [treatment]"),
    ("护士说我在实验组，不是對照組", "护士说我在[treatment]，不是[treatment]"),
    ("我分在治疗组，已经解盲", "我分在[treatment]，已经[treatment]"),
    ("他们打的是假药", "他们打的是[treatment]"),
    ("干细胞组和A组", "[treatment]和[treatment]"),
    ("she is in the experimental group, arm B", "she is in the [treatment], [treatment]"),
    ("they gave me the fake drug, they un-blinded it", "they gave me the [treatment], they [treatment] it"),
    ("mine was 4.0x10^6/kg", "mine was [treatment]/kg"),
    ("我打的是生理盐水，头晕", "我[treatment]，头晕"),
    ("what they gave me was just saline", "[treatment]"),
]
KEPT = [
    "今天早上吐血了",
    "患者高烧不退，血压120/80，心率98",
    "病人黄疸，尿黄",
    "血压 120 80 130 85",
    "2027-05-12 14:30 开始发烧",
    "2020-2021年做过手术",
    "temp 38.5 39.2 40.1 38.9, bp 150-95",
    "住在医院里，输了3单元血",
    "I am bleeding, 2 days on the road, black stool since last night",
    "AFP 1200, 白细胞 12.5",
    "A组织胺高，甲组织送检",
    "3 x 10 600 mg",
    "打了生理盐水和大剂量激素",
    "he has a swollen arm and pain, group of spots on arm",
    "白细胞 4.2 x 10^9, 体温 36.5 37.2 38.1",
    "一组一组地抽筋",
    "细胞组织坏死",
    "",
]


@pytest.mark.parametrize(("said", "left"), NAMES + NUMBERS + ADDRESSES + TREATMENT)
def test_what_identifies_is_masked(said: str, left: str) -> None:
    assert mask(said) == left


@pytest.mark.parametrize("said", KEPT)
def test_what_tells_how_somebody_is_stays(said: str) -> None:
    assert mask(said) == said


def test_a_name_that_the_caller_knows_is_masked_wherever_it_stands() -> None:
    assert mask("Alice said so, alice too; Alicent not. 陈明说的", names=["Alice", "陈明", "A"]) == (
        "[name] said so, alice too; Alicent not. [name]说的"
    )


def test_spans_that_overlap_leave_one_mark() -> None:
    assert mask("我叫王小明医生") == "我叫[name]医生"


@pytest.mark.parametrize("piece", ["1", "1 ", "a", "a@", "王", "路", "我叫", "1 a ", "住在", "+1", "(1)"])
def test_a_very_long_text_is_masked_in_a_moment(piece: str) -> None:
    began = time.perf_counter()
    mask(piece * (20_000 // len(piece)))
    assert time.perf_counter() - began < 1
