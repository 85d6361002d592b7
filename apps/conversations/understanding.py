"""What a short text means as an answer or a command. Pure: no Django, no clock.

A command counts only when it is the whole text: "stop" is an opt-out, "the bleeding won't stop" is not. Digits are understood in every
script (`1`, `１`, `一`, "one"), one or several at once. Nothing here judges health: that is the triage.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from apps.core.wording import heard_anywhere
from apps.triage.rules.quantities import western

_NUMERALS = dict(zip("零〇一壹二两三四五六七八九", "0011223456789", strict=True))
_WORDS = {
    word: str(value)
    for value, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
}
_KEYCAPS = re.compile("[\ufe0f\u20e3]")
_EDGES = " \t\r\n.,;:!。，；：！、~～…'\"“”‘’()（）[]【】"
_APOSTROPHES = re.compile(r"['’‘`]")
_SEPARATORS = re.compile(r"[\s,，、;；./和与及跟&+-]+|\band\b")
_ANSWER_LEAD = re.compile(r"^(?:answer|reply|option|number|no\.?|我选|选|回复|回|答)\s*(?=[0-9a-c一二三四五六七八九])")
_FILLERS = re.compile(
    r"\b(?:i|we|am|im|are|is|was|all|the|and|you|very|much|so|really|feeling|feel|doing|today|now|still|here|everything|too|just|its|it|a|lot|yes|yeah|hi|hello|pretty|quite|team|doctor|dear)\b"
    r"|[我们您你也都很的了呢啊哦噢呀吧嗯哈挺还是今天目前现在一切感觉身体医生大夫护士]"
)
_MAX_ANSWERS = 9
_MONTHS, _DAYS = 12, 31
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
_WARMTH_C, _WARMTH_F = (34.0, 43.0), (94.0, 108.0)
_LEAD = (
    r"about|around|approx|roughly|nearly|it|its|was|is|were|temp|temperature|highest|high|today|my|the|i|got|up|to|at|plus|gained|put on"
    r"|minus|lost|down|大概|大约|约|差不多|最高|今天|体温|温度|体重|量了|量的|我的?|是|有|到|增加了?|重了|胖了|涨了|加|减了?|少了|轻了|瘦了"
)
_NUMBER = re.compile(
    rf"(?P<lead>(?:(?:{_LEAD})[\s:：,，]*)*)(?P<sign>[+−-]?)\s*(?P<whole>\d{{1,3}})(?:\s*[.,。点度]\s*(?P<part>\d{{1,2}}))?"
    r"\s*(?P<unit>(?:°\s*|deg\w*\s*)?[cf]\b|°|℃|℉|度|deg\w*(?: celsius| fahrenheit)?|celsius|fahrenheit|kgs?|kilos?|公斤|千克|斤)?"
    r"(?:\s*(?:today|or so|左右|多|的|吧|了))*"
)
_LESS = re.compile(r"minus|lost|down|减|少|轻|瘦")
_DATE = re.compile(r"(?:(?P<year>20\d\d)\s*[-/.年]\s*)?(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?")
# Phrases that mean another digit to these questions than to a check-in.
_PROGRESS = {"same": "3", "not_ok": "4"}
_SAID = {
    "sym_ongoing": _PROGRESS,
    "sym_progress": {"ok": "1", **_PROGRESS},
    "sym_change": {"same": "2", "not_ok": "3"},
}


@dataclass(frozen=True)
class Understood:
    """`command`: an exact command; `answers`: digits or letters of a list, in the order given; `phrase`: ok, not_ok, call_me,
    thanks, same and the like, when the text is nothing else; `is_disorientation`: words that may be a brain sign."""

    command: str | None = None
    answers: tuple[str, ...] = ()
    phrase: str | None = None
    is_disorientation: bool = False
    asks_first: bool = False


EXACT = ("stop", "start", "help", "lang_en", "lang_zh", "wrong_number")
PHRASES = (
    "not_ok",
    "call_me",
    "same",
    "reschedule",
    "new_number",
    "at_hospital",
    "death_mistake",
    "caregiver",
    "ok",
    "thanks",
)


def read(text: str) -> Understood:
    """Understand a whole text; an empty `Understood` when it is none of these."""
    plain = normalise(text)
    hears = heard_anywhere()
    for command in EXACT:
        if plain in hears[command].words or (plain == "" and _is_only_question_mark(text) and command == "help"):
            return Understood(
                command=command,
                is_disorientation=plain in hears[command].disorientation,
                asks_first=plain in hears[command].ask_first,
            )
    if answers := _answers(plain):
        return Understood(answers=answers)
    return Understood(phrase=_phrase(plain))


def may_be_a_value(text: str) -> bool:
    """Whether the text is one number or one date and nothing else but words around it, such as "about 38.6": it may answer a question."""
    plain = normalise_signs(text)
    return _number(plain) is not None or _date(plain) is not None


def answer_to(expects: Collection[str], text: str) -> tuple[str, ...] | None:
    """What a text says as the answer to a question that expects this (see the head of en.toml).

    Digits of the list, one number as plain text, or one date as month-day; () when it is digits or a number that are not asked for;
    None when it is no such answer: then it is read as words.
    """
    plain = normalise_signs(text)
    if "date" in expects and (day := _date(plain)) is not None:
        return (day,)
    ranges = [_RANGE.fullmatch(each) for each in expects]
    spans = [(float(found[1]), float(found[2])) for found in ranges if found]
    if not spans:
        given = read(text).answers
        return (given if set(given) <= set(expects) else ()) if given else None
    value = _number(plain)
    if value is None:
        return () if read(text).answers else None
    allowed = [*spans, _WARMTH_F] if spans == [_WARMTH_C] else spans
    fits = any(low <= value <= high for low, high in allowed) or f"{value:g}" in expects
    return (f"{value:g}",) if fits else ()


def normalise_signs(text: str) -> str:
    """As `normalise`, but a sign before a number stays, and Chinese numerals are digits."""
    folded = unicodedata.normalize("NFKC", _KEYCAPS.sub("", text)).lower()
    return " ".join(western(folded).strip(_EDGES).split())


def _number(plain: str) -> float | None:
    """The one number of a text. Half a kilogram is a jin; less weight is negative."""
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return None
    value = float(found["whole"] + "." + (found["part"] or "0"))
    value = value / 2 if found["unit"] == "斤" else value
    return -value if value and (found["sign"] in ("-", "−") or _LESS.search(found["lead"])) else value


def _date(plain: str) -> str | None:
    """A date as month-day, with its year where one is written; None when it is none. Where it can only be so, the day comes first."""
    found = _DATE.fullmatch(plain)
    if found is None:
        return None
    month, day = int(found["month"]), int(found["day"])
    if month > _MONTHS >= day:
        month, day = day, month
    if not (1 <= month <= _MONTHS and 1 <= day <= _DAYS):
        return None
    return (f"{found['year']}-" if found["year"] else "") + f"{month:02}-{day:02}"


def said(wording_key: str, phrase: str) -> str | None:
    """The digit that a phrase stands for as an answer to this question, where it has its own; None: it answers a check-in instead.

    "Same" to a question about a complaint means that it is still there, and never well.
    """
    return _SAID.get(wording_key, {}).get(phrase)


def normalise(text: str) -> str:
    """NFKC, lower case, no apostrophes, no edges, single spaces."""
    folded = unicodedata.normalize("NFKC", _KEYCAPS.sub("", text)).lower()
    return " ".join(_APOSTROPHES.sub("", folded).strip(_EDGES).split())


def _is_only_question_mark(text: str) -> bool:
    return unicodedata.normalize("NFKC", text).strip() in ("?", "??")


def _answers(plain: str) -> tuple[str, ...]:
    plain = _ANSWER_LEAD.sub("", plain)
    parts = [part for part in _SEPARATORS.split(plain) if part]
    signs = [_sign(part) for part in parts]
    if not parts or len(parts) > _MAX_ANSWERS or None in signs:
        return ()
    return tuple(dict.fromkeys(sign for sign in signs if sign))


def _sign(part: str) -> str | None:
    if part in _WORDS:
        return _WORDS[part]
    if len(part) == 1:
        if part in _NUMERALS:
            return _NUMERALS[part]
        if part in "abc" or (part.isdecimal() and part.isascii()):
            return part.upper()
    return None


def _phrase(plain: str) -> str | None:
    """The phrase that the text consists of, besides fillers. "fine, thanks" is ok; "fine but dizzy" is nothing here."""
    rest, found = f" {plain} ", []
    for phrase in PHRASES:
        for word in sorted(heard_anywhere()[phrase].words, key=len, reverse=True):
            if len(word) < 2 or word not in rest:
                continue
            pattern = rf"(?<![a-z]){re.escape(word)}(?![a-z])"
            rest, count = re.subn(pattern, " ", rest)
            if count:
                found.append(phrase)
    left = _FILLERS.sub("", rest).strip(_EDGES + " ?？")
    return found[0] if found and not _SEPARATORS.sub("", left) else None
