"""What participants read, and what the start-up check refuses."""

import json
import re
import shutil
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from apps.core import segments, wording

SCRIPTS = Path(__file__).resolve().parents[3] / "shared" / "clinical" / "scripts.json"
LONGEST = {"phone": "+8613800138000", "emergency": "120", "crisis": "12356", "time": "14:30", "time_sent": "09:10"}
VALUES = LONGEST | {
    "minutes": "60",
    "ref": "A7K2",
    "spelled": "A, 7, K, 2",
    "code": "4821",
    "when": "soon",
    "name_role": "Dr A",
    "duty": "on call",
    "starts": "05-12 20:00",
    "ends": "05-13 08:00",
    "date": "1月2日",
    "case": "BJ01-ABC234",
    "hours": "24",
}


# What a version says and hears, by language: whoever changes either writes the next version into both files and adds its digests here.
VERSIONS = {
    "0.3": {"en": "600b7d7500114ed3", "zh-Hans": "c1084f43c523e577"},
    "0.4": {"en": "f697d8947a4f1774", "zh-Hans": "5c0f6a34c979f528"},
    "0.5": {"en": "7b5b167f3dd28e6f", "zh-Hans": "7485d706740dfe1f"},
}


def values_for(key: str, lang: str) -> dict[str, str]:
    return {name: VALUES[name] for name in wording.message(key, lang=lang).placeholders}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the wording files that a test may spoil."""
    return Path(shutil.copytree(wording.FOLDER, tmp_path / "wording"))


def spoil(folder: Path, file: str, old: str, new: str) -> list[str]:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, "the test spoils nothing"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return wording.problems(folder)


def test_the_shipped_wording_has_no_problem() -> None:
    assert wording.problems() == []


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_no_version_says_or_hears_anything_else_than_when_it_was_written(lang: str) -> None:
    content = tomllib.loads((wording.FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))
    version = content.pop("version")
    for approval in ("status", "approved_by"):  # of the same version, later
        content.pop(approval)
    digest = sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    assert VERSIONS.get(version, {}).get(lang) == digest[:16], (
        f"version {version} was something else; now {digest[:16]}"
    )


def test_both_languages_say_the_same_keys() -> None:
    assert wording.languages() == ("en", "zh-Hans")
    assert len(wording.texts()) == 119


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_every_text_can_be_said_with_exactly_its_own_values(lang: str) -> None:
    for key in wording.texts():
        said = wording.say(key, lang=lang, **values_for(key, lang))

        assert (said.key, said.lang, said.version) == (key, lang, "0.5")
        assert "{" not in said.text


def test_a_chinese_text_is_said_in_chinese_with_its_values() -> None:
    said = wording.say("emergency", lang="zh-Hans", emergency="120")

    assert said.text.startswith("请立即拨120或去最近的急诊")


def test_a_language_without_a_file_is_never_answered_in_english() -> None:
    with pytest.raises(wording.UnknownLanguage, match="fr"):
        wording.say("checkin", lang="fr", emergency="112")


@pytest.mark.parametrize(
    ("key", "values", "error", "names"),
    [
        ("no_such_text", {}, wording.UnknownText, "no_such_text"),
        ("checkin", {}, wording.WrongValues, "needs {emergency}"),
        ("checkin", {"emergency": "120", "phone": "1"}, wording.WrongValues, "no place for {phone}"),
        ("checkin", {"emergency": "12345"}, wording.WrongValues, "{emergency} is longer than 4"),
        ("checkin", {"emergency": " "}, wording.WrongValues, "{emergency} is empty"),
    ],
)
def test_a_text_that_cannot_be_said_says_why(
    key: str, values: dict[str, str], error: type[Exception], names: str
) -> None:
    with pytest.raises(error, match=re.escape(names)):
        wording.say(key, lang="en", **values)


def test_a_refused_value_is_not_repeated_in_the_message() -> None:
    with pytest.raises(wording.WrongValues) as refused:
        wording.say("consent_no", lang="en", phone="+61491570006000")

    assert "61491570006" not in str(refused.value)


def test_braces_inside_a_value_are_not_filled_again() -> None:
    said = wording.say("staff_taken", lang="en", ref="A7K2", time="10:42", name_role="{time}")

    assert "{time}" in said.text


def test_a_word_for_stop_in_one_language_is_heard_whatever_the_language() -> None:
    words = wording.heard_anywhere()["stop"].words

    assert {"stop", "退订", "td"} <= set(words)
    assert "退订" not in wording.heard("en")["stop"].words


def test_only_direct_replies_and_pages_may_leave_at_night() -> None:
    at_night = {key for key in wording.texts() if wording.message(key, lang="en").may_leave_at_night}

    assert {"emergency", "crisis", "stop_confirm", "staff_r1"} <= at_night
    assert not at_night & {"checkin", "checkin_remind1", "visit_1d", "welcome_confirm", "end_of_study"}


@pytest.mark.parametrize("lang", ["en", "zh-Hans"])
def test_the_emergency_text_is_one_part_with_its_longest_number(lang: str) -> None:
    said = wording.say("emergency", lang=lang, emergency="0000")

    assert segments.count("【健康随访】" + said.text if lang == "zh-Hans" else said.text).parts == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("en.toml", "[say.checkin_ok]", "[say.checkin_fine]", "say.checkin_ok: not in en"),
        ("zh-Hans.toml", "[hear.start]", "[hear.begin]", "hear.start: not in zh-Hans"),
        ("zh-Hans.toml", "请用几个字写出情况。若紧急请立即拨{emergency}", "请写", "say.sym_other: placeholders differ"),
        ("en.toml", "Thank you, noted. Text us", "Thank you, the liver is noted. Text us", "forbidden word 'liver'"),
        ("zh-Hans.toml", "收到，谢谢。有变化", "收到，谢谢参加试验。有变化", "forbidden word '试验'"),
        ("zh-Hans.toml", "收到，谢谢。有变化", "收到，谢谢 trial。有变化", "forbidden word 'trial'"),
        ("en.toml", "urgent message received", "bleeding reported", "say.staff_r1: forbidden word 'bleeding'"),
        ("en.toml", "Details only in the console.", "See https://x.", "say.staff_r1: forbidden word 'https:'"),
        ("en.toml", "Hello, please reply 1, 2 or 3.", "Hello" + "o" * 160, "takes 2 parts"),
        ("en.toml", "Hello, please", "Hello\u2019 " + "o" * 60, "takes 2 parts"),
        ("en.toml", "phone = 14", "phone = 40", "takes 2 parts with its longest values, 1 allowed"),
        ("en.toml", "phone = 14", 'phone = "14"', "longest.phone: no positive number"),
        ("en.toml", 'expects = ["1", "2", "3"]', 'expects = ["1", "2", "END"]', "'END' is no kind of answer"),
        ("zh-Hans.toml", 'words = ["退订", "退",', 'words = ["a", "退订", "退",', "the answer 'A' is a reserved word"),
        ("zh-Hans.toml", 'expects = ["1", "2", "3"]', 'expects = ["1", "2"]', "say.checkin_discreet: expects differs"),
        ("en.toml", "direct_reply = false", "direct_reply = true", "say.welcome_confirm: direct_reply differs"),
        ("en.toml", "{emergency}. STOP", "{ambulance}. STOP", "unknown placeholder {ambulance}"),
        ("en.toml", "STOP to end.", "STOP to end. {", "has a stray brace"),
        ("en.toml", '"stopall"', '"StopAll"', "'StopAll' is not in its normal form"),
        ("en.toml", 'carrier = ["stop"', 'carrier = ["halt", "stop"', "carrier has words that are not in words: halt"),
        ("en.toml", 'approved_by = ""', 'approved_by = "EC"', "approved_by and status do not agree"),
        ("en.toml", r"staff = 'https?:", r"staff = '(https?:", "lint needs a participant and a staff pattern"),
        ("en.toml", 'version = "0.5"', "", "the file: a key is missing"),
        ("en.toml", 'category = "enrol"', "category = 4", "say.welcome_confirm.category: wrong type"),
        ("en.toml", 'category = "enrol"', 'colour = "red"', "say.welcome_confirm: unknown key colour"),
        ("en.toml", 'expects = ["1", "2"]', "expects = [1, 2]", "say.welcome_confirm.expects: wrong type"),
        ("en.toml", "[say.checkin]", "[say.checkin", "en.toml: "),
        ("en.toml", 'language = "en"', 'language = "fr"', "en.toml: language is 'fr'"),
    ],
)
def test_a_spoilt_file_is_named_with_its_reason(folder: Path, file: str, old: str, new: str, problem: str) -> None:
    found = spoil(folder, file, old, new)

    assert any(problem in line for line in found), found


def test_no_wording_at_all_is_a_problem(tmp_path: Path) -> None:
    assert wording.problems(tmp_path) == ["no wording file"]


@pytest.mark.skipif(not SCRIPTS.exists(), reason="the clinical proposal is not beside this project")
def test_every_text_is_word_for_word_the_clinical_proposal() -> None:
    for script in json.loads(SCRIPTS.read_text(encoding="utf-8"))["messages"]:
        for lang, short in (("en", "en"), ("zh-Hans", "zh")):
            written = re.sub(r"\{date_(en|zh)\}", "{date}", script[short])
            assert wording.message(script["id"], lang=lang).text == written
