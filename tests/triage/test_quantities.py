"""What the data of the numeric rules promises."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.triage import rules


def alternatives(pattern: str) -> list[str]:
    """The parts between the bars that stand in no bracket."""
    found, depth, begun, at = [], 0, 0, 0
    in_set = False
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif in_set:
            in_set = sign != "]"
        elif sign == "[":
            in_set = True
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "|" and depth == 0:
            found.append(pattern[begun:at])
            begun = at + 1
        at += 1
    return [*found, pattern[begun:]]


CASES = [
    pytest.param(rule, alternative, id=f"{rule['id']}-{at}")
    for rule in rules.catalogue().shared["quantities"]["rule"]
    if "needs" in rule
    for at, alternative in enumerate(alternatives(rule["pattern"]))
]


@pytest.mark.parametrize(("rule", "alternative"), CASES)
def test_a_numeric_rule_matches_no_text_without_what_it_needs(rule: dict[str, Any], alternative: str) -> None:
    """A need that is forgotten would hide a fever: each alternative of a pattern writes texts of its own."""
    pattern = re.compile(rule["pattern"])

    @settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(alternative))
    def check(text: str) -> None:
        assert not pattern.search(text) or any(need in text for need in rule["needs"])

    check()


def test_alternatives_are_cut_at_the_outer_bars() -> None:
    assert alternatives(r"a(b|c)|[|]d|e\|f") == ["a(b|c)", "[|]d", r"e\|f"]


@pytest.mark.parametrize("text", ["bloods 13,2,42,8", "temp 38,5,39,4", "血糖 13,2,42,8"])
def test_numbers_in_a_row_with_commas_are_read(text: str) -> None:
    assert rules.engine().assess(text, sender="participant", context=rules.Context()).label in (
        "serious",
        "nonserious",
        "none",
    )
