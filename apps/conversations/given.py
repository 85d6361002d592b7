"""What a text says as the answer to one question: digits of its list, one number, a date, words of time. Pure: no Django, no clock."""

import re
from collections.abc import Collection, Mapping

from apps.conversations.understanding import normalise, read
from apps.triage.rules.quantities import western

_MONTHS, _DAYS = 12, 31
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
_WARMTH_C, _WARMTH_F = (34.0, 43.0), (94.0, 108.0)

_LEAD = (
    r"about|around|approx|roughly|nearly|it|its|was|is|were|temp|temperature|highest|high|today|my|the|i|got|up|to|at|plus|gained|put on"
    r"|minus|lost|down|大概|大约|约|差不多|最高|今天|体温|温度|体重|量了|量的|我的?|是|有|到|增加了?|重了|胖了|涨了|加|减了?|少了|轻了|瘦了"
)
_UNIT = r"(?:°\s*|deg\w*\s*)?[cf]\b|°|℃|℉|度|deg\w*|celsius|fahrenheit|kgs?|kilos?|公斤|千克|斤"
_NUMBER = re.compile(
    rf"(?P<lead>(?:(?:{_LEAD})[\s:：,，]*)*)(?P<sign>[+−-]?)\s*(?P<whole>\d{{1,3}})(?:\s*[.,。点度]\s*(?P<part>\d{{1,2}}))?"
    rf"\s*(?P<unit>{_UNIT})?(?:\s*(?:today|or so|左右|多|的|吧|了))*"
)
_LESS = re.compile(r"minus|lost|down|减|少|轻|瘦")
_NOT_MEASURED = re.compile(
    r"(?:(?:i|have|havent|did|didnt|was|has|no|not|never|cannot|cant|could|couldnt|dont|do|yet|today|it|my|the)\s+)*"
    r"(?:not|havent|didnt|no|never|cannot|cant|couldnt|dont)\s+(?:been\s+)?(?:have\s+(?:a\s+)?)?"
    r"(?:measured?|taken?|checked?|check|weighed?|weigh|thermometer|scales?)(?:\s+(?:it|yet|today|temperature|myself))*"
    r"|(?:我|今天|还|都|家里)*(?:没有?|未)(?:量|测|称)(?:过|体温|体重|温度)*(?:呢|啊|了|的)?|(?:家里)?没有?(?:体温计|温度计|体重秤|秤)"
)
_TENTHS = re.compile(r"3[4-9]\d|4[0-3]\d")  # 385: a keypad whose point is hard to find
_BESIDE = re.compile(
    r"(?:(?:i think|i would say|id say|maybe|probably|about|around|its|it is|it was|number|option|answer|level|a"
    r"|大概|可能|应该|差不多|就?是|算|选|第)[\s:：,，]*)*"
    r"(?P<sign>\d|[一二两三四五]|zero|one|two|three|four)"
    r"(?:[\s,，.。;；]*(?:please|pls|i think|maybe|thank you|thanks|sorry|吧|了|啊|呢|哦|级|分|谢谢))*"
)
_WITH_MEANING = re.compile(
    r"(?P<sign>\d|[一二两三四五]|zero|one|two|three|four)[\s,，、.。:：;；=()-]*(?P<meaning>\D.*?)\)?"
)
_DEGREE = re.compile(r"(?:(?:it is|its|it was|very|really|quite)\s+|[很太挺蛮]|非常|特别)+(?P<word>.+)")
_ENDINGS = ("颜色", "色", "的", "了", "吧", "啊")
_LONGEST = 40  # characters: what is longer is no word of a list
_DATE = re.compile(r"(?:(?P<year>20\d\d)\s*[-/.年]\s*)?(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?")

_WEEK = 7
_DAYS_IN = {
    r"hours?|hrs?|个?(?:小时|钟头)": 0,
    r"days?|天": 1,
    r"weeks?|wks?|个?(?:星期|礼拜)|周": _WEEK,
    r"months?|个月": 30,
    r"years?|年": 365,
}
_ENGLISH = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = {
    **dict(zip(_ENGLISH, range(1, 11), strict=True)),
    **{sign: value for value, sign in enumerate("一二三四五六七八九十", start=1)},
    **dict.fromkeys(("a", "an"), 1),
    **dict.fromkeys(("两", "a couple of"), 2),
    **dict.fromkeys(("两三", "几", "好几", "a few", "few", "several"), 3),
}
_TODAY = (
    r"today|(?:this )?morning|tonight|just now|now|今天?(?:早上|上午|中午|下午|晚上)?|今早|今晚|刚才|刚刚|早上|半天"
)
_YESTERDAY = r"yesterday(?: morning| evening| night)?|last night|昨天(?:早上|上午|中午|下午|晚上)?|昨晚|昨夜"
_THESE_DAYS = (
    r"(?:last )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|the day before yesterday"
    r"|前天|前晚|(?:上?周|星期|礼拜)[一二三四五六日天]"
)
_SINCE = re.compile(
    r"(?:(?:since|for|from|about|it|began|started|大概|大约|约|有|从|已经?|都)\s*)*"
    rf"(?:(?P<today>{_TODAY})|(?P<yesterday>{_YESTERDAY})|(?P<lately>{_THESE_DAYS})"
    rf"|(?P<count>\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})\s*[多来]?\s*(?P<unit>{'|'.join(_DAYS_IN)}))"
    r"(?:\s*(?:ago|now|or so|以?前|之前|左右|多|开始的?|起|了|吧|的))*"
)
# Phrases that mean another digit to these questions than to a check-in.
_PROGRESS = {"same": "3", "not_ok": "4"}
# "Fine" is not "on the way": what they told of stands, and the check ten minutes later asks again.
_EMERGENCY = {"on_the_way": "1", "at_hospital": "1", "not_ok": "2", "call_me": "3"}
_SAID = {
    "sym_ongoing": _PROGRESS,
    "sym_progress": {"ok": "2", **_PROGRESS},  # a bare "ok" is no word for gone: it is asked about again
    "sym_change": {"same": "2", "not_ok": "3"},
    "emergency": _EMERGENCY,
    "emergency_check": _EMERGENCY,
}


def may_be_a_value(text: str) -> bool:
    """Whether the text is one number, date or length of time and nothing else, such as "about 38.6": it may answer a question."""
    plain = _plain(text)
    if _NOT_MEASURED.fullmatch(normalise(text)):
        return True
    return _number(plain) is not None or _date(plain) is not None or _since(plain) is not None


def answer_to(expects: Collection[str], text: str) -> tuple[str, ...] | None:
    """What a text says as the answer to a question that expects this (see the head of en.toml).

    Digits of the list, one number as plain text, or one date as month-day; words of time as the digit of "since when"; () when it is
    digits or a number that are not asked for; None when it is no such answer: then it is read as words.
    """
    digits, spans = read(text).answers, _spans(expects)
    if spans:
        value = 0.0 if _NOT_MEASURED.fullmatch(normalise(text)) else _number(_plain(text))
        return _measure(value, digits, expects, spans)
    plain = _plain(text)
    if "date" in expects and (day := _date(plain) or _since(plain)) is not None:
        return (day,)
    if not digits:
        return None
    return digits if set(digits) <= set(expects) else ()


def said(wording_key: str, phrase: str) -> str | None:
    """The digit that a phrase stands for as an answer to this question, where it has its own; None: it answers a check-in instead.

    "Same" to a question about a complaint means that it is still there, and never well.
    """
    return _SAID.get(wording_key, {}).get(phrase)


def of_list(text: str, words: Mapping[str, str]) -> str | None:
    """The digit that a text stands for on a list, by `words` (normalised word to digit): the word itself, the digit with its own word
    ("3 severe"), or either with words of degree or courtesy ("very severe please"). None where digit and word disagree, and of all else.
    """
    plain = normalise(text)
    if len(plain) > _LONGEST:
        return None
    if alone := _by_word(plain, words):
        return alone
    if found := _BESIDE.fullmatch(plain):
        return _digit(found["sign"])
    if found := _WITH_MEANING.fullmatch(plain):
        digit = _digit(found["sign"])
        return digit if _by_word(found["meaning"].strip(), words) == digit else None
    return None


def _by_word(plain: str, words: Mapping[str, str]) -> str | None:
    """The digit of a word of the list, with or without words of degree before and endings after it: the longest that is known counts."""
    if (digit := words.get(plain)) is not None:
        return digit
    if found := _DEGREE.fullmatch(plain):
        return _by_word(found["word"], words)
    ending = next((each for each in _ENDINGS if plain.endswith(each)), None)
    return _by_word(plain.removesuffix(ending), words) if ending else None


def _digit(sign: str) -> str:
    return read(sign).answers[0]


def _plain(text: str) -> str:
    return " ".join(western(normalise(text)).split())


def _spans(expects: Collection[str]) -> list[tuple[float, float]]:
    found = [_RANGE.fullmatch(each) for each in expects]
    return [(float(each[1]), float(each[2])) for each in found if each]


def _measure(
    value: float | None, digits: tuple[str, ...], expects: Collection[str], spans: list[tuple[float, float]]
) -> tuple[str, ...] | None:
    """A number where one is asked for. A thermometer in Fahrenheit is one too, though nobody asks for it."""
    if value is None:
        return () if digits else None
    if spans == [_WARMTH_C] and _TENTHS.fullmatch(f"{value:g}"):
        value /= 10
    allowed = [*spans, _WARMTH_F] if spans == [_WARMTH_C] else spans
    fits = any(low <= value <= high for low, high in allowed) or f"{value:g}" in expects
    return (f"{value:g}",) if fits else ()


def _number(plain: str) -> float | None:
    """The one number of a text. A jin is half a kilogram; less weight is negative."""
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


def _since(plain: str) -> str | None:
    """Words of time as a digit of "since when": 1 today, 2 yesterday, 3 in the last 7 days, 4 longer."""
    found = _SINCE.fullmatch(plain)
    if found is None:
        return None
    if found["unit"] is None:
        return "1" if found["today"] else "2" if found["yesterday"] else "3"
    count = _COUNTS.get(found["count"]) or int(found["count"])
    days = count * next(length for units, length in _DAYS_IN.items() if re.fullmatch(units, found["unit"]))
    if days > _WEEK:
        return "4"
    return {0: "1", 1: "2"}.get(days, "3")
