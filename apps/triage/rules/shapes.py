"""The shapes that go into and come out of the triage rules. Plain values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("R1", "R2", "R3", "R4")
LABELS = ("serious", "nonserious", "none", "unclear")
STATES = ("present", "negated", "past", "hypothetical", "other_person")


@dataclass(frozen=True, slots=True)
class Finding:
    """One catalogue item seen in a text.

    `start` and `end` are character offsets into the original text (end exclusive); `state` is one of STATES.
    """

    id: str
    start: int
    end: int
    state: str


@dataclass(frozen=True, slots=True)
class Clue:
    """Words that made the net send a text to a person: offsets into the original text and their weight in thousandths.

    `name` is the class of words that they belong to, if it was the class that counted.
    """

    start: int
    end: int
    weight: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one text means. `label` is for figures, `level` drives action (R1 most urgent, None: nothing to do).

    `reason` names items, offsets and rules, never the participant's words. `path` is "death", "death_hold",
    "crisis" or None. `input_sha256` is the digest of the original text in UTF-8. `clues` are there when it was the net
    that sent the text to a person.
    """

    label: str
    level: str | None
    findings: tuple[Finding, ...]
    reason: str
    rules_version: str
    night_page: bool
    path: str | None
    needs_person: bool
    health_word: bool
    input_sha256: str
    clues: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules may know besides the text. Every field is optional.

    `recent_items` are item ids found present in the last 72 hours; `last_answer` is the digit of the last check-in that was
    answered within 72 hours; `usual_reporter` is "participant" or "caregiver"; `open_admission` is true while a hospital stay is
    on record; `open_items` are those of the last three days that no person has closed; `baselines`
    are those that a clinician has signed as known and unchanged.
    """

    days_since_infusion: int | None = None
    recent_items: tuple[str, ...] = ()
    last_answer: int | None = None
    usual_reporter: str | None = None
    open_admission: bool = False
    phone_answered_before: bool = False
    open_items: tuple[str, ...] = ()
    baselines: tuple[str, ...] = ()


def more_urgent(one: str | None, other: str | None) -> str | None:
    """The more urgent of two levels; None is the least urgent."""
    if one is None:
        return other
    if other is None:
        return one
    return min(one, other)  # "R1" < "R2" as text
