"""Numbers with units: temperature, blood pressure, pulse, oxygen, sugar, urine, stools, weight.

Patterns and bands are data (`_quantities.toml`). A band may raise a level, never lower one. Source of the bands: the
catalogue's numeric rules N01-N10 (action) and the labelling guideline's cut-offs (label).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apps.triage.rules import spoken

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_CHINESE_NUMBER = re.compile(
    r"(?:[一二两三四五六七八九]百(?:[零〇][一二三四五六七八九]|[一二三四五六七八九]十(?:[一二三四五六七八九](?![十百]))?"
    r"|[一二三四五六七八九](?![十百]))?|[二三四五六七八九]?十(?:[一二三四五六七八九](?![十百]))?"
    r"|[零〇一二三四五六七八九]{2,}|[一二两三四五六七八九](?=点[一二三四五六七八九](?![十百点分刻])))(?:[点度][零〇一二三四五六七八九半])?|(?<=[度点])[一二三四五六七八九半](?![天个次年小周月])"
)
_DIGIT = re.compile(r"\d")
_AGE_DIGITS = 2
_AGE_AFTER = re.compile(r" ?(?:[fm]\b|yo\b|y/o\b|yrs? old|years? old|year old)")
_AGE_BEFORE = re.compile(r"(?:\b(?:aged?|i'?m|i am|he'?s|he is|she'?s|she is|male|female|man|woman|[fm]),? )$")
_PAIRED = re.compile(r"\s*(?:/|over\b|\.\d|%|bpm|mm)")
# The cue of `_quantities.toml` finds nothing in a text without one of these: to look for them takes a sixth of its time.
_HINTS = (*"0123456789", "ty", "teen", "hundred", "oh", "point")
_HINTS_ZH = (*_HINTS, *"十百度点")
# "38,4" as much of the world writes it; "38，9点吃药" is two numbers, and so is a list.
_DECIMAL_COMMA = re.compile(r"(?<![\d,.])(\d{1,3}),(\d)(?![\d,]|\s*[天点个次号月年小])")
_DECIMAL_SIGNS = re.compile(r"(?<=\d)\s*[度点](?=\d(?!\d))")


@dataclass(slots=True)
class Measure:
    """One value read: the rule, the item and label it brings, its span in the folded text, its value."""

    rule: str
    item: str
    level: str
    label: str
    night_page: bool
    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    pattern: re.Pattern[str]
    bands: tuple[dict[str, Any], ...]
    unless: re.Pattern[str] | None
    needs: tuple[str, ...]  # the pattern matches no text without one of these; none: it is always tried
    no_age: bool  # its number may be an age instead: "blood pressure too high, 49F?"

    def may_match(self, text: str) -> bool:
        """Cheap: most patterns have nothing to look for in most texts."""
        return not self.needs or spoken.has_any(self.needs, text)


class Quantities:
    """Reads every numeric rule of `_quantities.toml`."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._rules = [
            _Rule(
                rule["id"],
                re.compile(rule["pattern"]),
                tuple(rule["bands"]),
                re.compile(rule["unless"]) if "unless" in rule else None,
                tuple(rule.get("needs", ())),
                rule.get("no_age", False),
            )
            for rule in data["rule"]
        ]
        self._cue = re.compile(data["cue"])

    def read(self, folded: str) -> list[Measure]:
        """The measures in a folded text. Ordinary texts without a number cost a glance."""
        is_plain = folded.isascii()
        if not spoken.has_any(_HINTS if is_plain else _HINTS_ZH, folded) or not self._cue.search(folded):
            return []
        text = spoken.digits(folded if is_plain else western(folded))
        if "," in text:
            text = _DECIMAL_COMMA.sub(r"\1.\2", text)
        found: list[Measure] = []
        if not _DIGIT.search(text):  # a "ten" or "hundred" that was no number
            return found
        for rule in self._rules:
            if not rule.may_match(text):
                continue
            for match in rule.pattern.finditer(text):
                raw = next((group for group in match.groups() if group is not None), None)
                if raw is None or (
                    rule.unless and rule.unless.search(text[max(0, match.start() - 12) : match.end() + 8])
                ):
                    continue
                if rule.no_age and _is_age(text, *match.span(match.lastindex or 0)):
                    continue
                measure = _banded(rule, float(raw.replace(",", ".")), match.span())
                if measure and not any(_is_same(measure, other) for other in found):
                    found.append(measure)
        return found


def _is_age(text: str, start: int, end: int) -> bool:
    """Whether the number there is somebody's age: "61F", "M 58", "I'm 49", but not the first of "I'm 80/50"."""
    if _AGE_AFTER.match(text, end):
        return True
    return end - start == _AGE_DIGITS and bool(_AGE_BEFORE.search(text, 0, start)) and not _PAIRED.match(text, end)


def _is_same(measure: Measure, other: Measure) -> bool:
    """Two rules that read one number alike."""
    return (measure.item, measure.start, measure.end) == (other.item, other.start, other.end)


def _banded(rule: _Rule, value: float, span: tuple[int, int]) -> Measure | None:
    for band in rule.bands:
        if (
            value >= band.get("gte", value)
            and value > band.get("gt", value - 1)
            and value < band.get("lt", value + 1)
            and value <= band.get("lte", value)
        ):
            return Measure(
                rule.id, band["item"], band["level"], band["label"], band["night_page"], span[0], span[1], value
            )
    return None


def western(text: str) -> str:
    """Chinese numerals as digits, padded to the same length so that offsets stand: 三十九度五 -> 39.5 and a blank."""

    def put(match: re.Match[str]) -> str:
        written = match.group()
        number = _number(written)
        if number is None or len(number) > len(written):
            return written
        return number + " " * (len(written) - len(number))

    converted = _CHINESE_NUMBER.sub(put, text)
    return _DECIMAL_SIGNS.sub(lambda match: "." + " " * 0 if len(match.group()) == 1 else match.group(), converted)


def _number(written: str) -> str | None:
    whole, _, part = written.replace("度", "点").partition("点")
    value = _whole(whole)
    if value is None:
        return None
    decimal = "5" if part == "半" else str(_DIGITS[part]) if part in _DIGITS else ""
    return f"{value}.{decimal}" if decimal else str(value)


def _whole(written: str) -> int | None:
    if not written:
        return None
    if all(char in _DIGITS for char in written):
        return int("".join(str(_DIGITS[char]) for char in written))
    total = 0
    rest = written
    if "百" in rest:
        head, _, rest = rest.partition("百")
        total += _DIGITS.get(head, 1) * 100
        rest = rest.lstrip("零〇")
    if "十" in rest:
        head, _, rest = rest.partition("十")
        total += (_DIGITS.get(head, 1)) * 10
    elif total and len(rest) == 1 and "零" not in written:
        return total + _DIGITS.get(rest, 0) * 10  # 一百二 is 120
    return total + _DIGITS.get(rest, 0) if not rest or rest in _DIGITS else None
