"""Rules over several findings: what the catalogue calls escalation, and the composite rules.

Everything here only raises. Data: `[[escalate]]` in each symptom's file, `_composites.toml` for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.triage.rules.catalogue import Catalogue, Escalation
from apps.triage.rules.shapes import Context, more_urgent

_WORSE = 2  # the digit of a check-in
_ONE_UP = {"R4": "R3", "R3": "R2", "R2": "R1", "R1": "R1"}


@dataclass(slots=True)
class Verdict:
    """What a rule over several findings asks for."""

    rule: str
    level: str | None
    label: str | None
    night_page: bool


@dataclass(slots=True)
class Facts:
    """What the composite rules look at. `items` are present now; `live` adds those of the last 72 hours.

    Known only of an answer to a question about one item: `severity` 0 to 4, `severity_delta` against the last time, and `standing`,
    the level that the item has been given already.
    """

    items: frozenset[str]
    grades: frozenset[str]
    modifiers: frozenset[str]
    sender: str
    text: str
    temperature: float | None
    context: Context
    cat: Catalogue
    live: frozenset[str]
    severity: int | None = None
    severity_delta: int | None = None
    standing: str | None = None
    undenied: str = ""  # `text` with blanks where a finding is denied

    def says(self, keyword: str) -> bool:
        """Whether it stands there and is not denied. What stands there twice is said: "first no blood, then blood"."""
        times = self.text.count(keyword)
        return times > 1 or (times == 1 and keyword in self.undenied)

    @property
    def is_worsening(self) -> bool:
        """The text says so, or the last check-in was answered "something new or worse"."""
        return "worsening" in self.modifiers or self.context.last_answer == _WORSE


def live_items(items: frozenset[str], context: Context, cat: Catalogue) -> frozenset[str]:
    """Items present now or in the last 72 hours, with what they imply."""
    found = items.union(context.recent_items)
    for item, implied in cat.shared["meta"]["implies"].items():
        if item in found:
            found = found.union(implied)
    return found


def escalated(facts: Facts) -> list[Verdict]:
    """The escalations of every present item."""
    verdicts = []
    for name in sorted(facts.items):
        item = facts.cat.items[name]
        others = facts.live - {name}
        for block in item.escalations:
            if _holds(block, facts, others):
                verdicts.append(Verdict(f"{name}>{block.to}", block.to, None, item.night_page))
    return verdicts


def _holds(block: Escalation, facts: Facts, others: frozenset[str]) -> bool:
    context = facts.context
    days = context.days_since_infusion
    return (
        not block.with_any.isdisjoint(others)
        or any(facts.says(keyword) for keyword in block.keywords)
        or (
            block.days_since_infusion_lte is not None
            and days is not None
            and 0 <= days <= block.days_since_infusion_lte
        )
        or (block.reporter is not None and facts.sender == block.reporter)
        or (block.worsening and facts.is_worsening)
        or (block.no_open_admission and not context.open_admission)
        or (block.temp_gte_c is not None and facts.temperature is not None and facts.temperature >= block.temp_gte_c)
        or (block.severity_gte is not None and facts.severity is not None and facts.severity >= block.severity_gte)
    )


def composed(facts: Facts) -> list[Verdict]:
    """The composite rules that hold."""
    live = facts.live | facts.grades
    return [
        Verdict(rule["id"], _level(rule, facts), rule.get("label"), rule.get("night_page", False))
        for needed, rule in facts.cat.composites
        if (not needed or not needed.isdisjoint(live)) and _all_hold(rule["when"], facts, live)
    ]


def _level(rule: dict[str, Any], facts: Facts) -> str | None:
    level: str | None = rule.get("level")
    if level != "+1":
        return level
    worst = facts.standing
    for name in facts.items:
        worst = more_urgent(worst, facts.cat.items[name].level)
    return _ONE_UP[worst] if worst else None


def _all_hold(when: dict[str, Any], facts: Facts, live: frozenset[str]) -> bool:
    """Every key of `when` must hold. Keys are those of the catalogue plus `grade` and `modifier`."""
    context = facts.context
    days = context.days_since_infusion
    for key, wanted in when.items():
        if key in ("any", "and_any", "and_any_2"):
            good = not live.isdisjoint(wanted)
        elif key == "of":
            good = len(live.intersection(wanted)) >= when.get("count_gte", 1)
        elif key == "count_gte":
            continue
        elif key == "modifier":
            good = not facts.modifiers.isdisjoint(wanted)
        elif key == "days_since_infusion_lte":
            good = days is not None and 0 <= days <= wanted
        elif key == "worsening":
            good = facts.is_worsening
        elif key == "reporter":
            good = facts.sender == wanted
        elif key == "usual_reporter":
            good = context.usual_reporter == wanted
        elif key == "any_symptom":
            good = bool(facts.items)
        elif key == "phone_answered_before":
            good = context.phone_answered_before
        elif key == "still_open":
            good = not facts.items.isdisjoint(context.open_items)
        elif key == "last_answer":
            good = context.last_answer == wanted
        elif key == "severity_delta_gte":
            good = facts.severity_delta is not None and facts.severity_delta >= wanted
        else:
            good = False
        if not good:
            return False
    return True
