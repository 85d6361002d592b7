"""A complaint that a named clinician has signed as known and unchanged: it counts one step less urgent, for paging only (decision 26).

This is the only way in which a level goes down, and it is a person's: alone, in the participant's own words, not worse, never a red flag.
"""

from __future__ import annotations

from dataclasses import replace

from apps.triage.rules.catalogue import Catalogue, Item
from apps.triage.rules.composites import Facts, Verdict
from apps.triage.rules.shapes import Assessment

_STEP = {"R2": "R3", "R3": "R4"}
_UNCHANGED = frozenset({"plain", "slight"})


def is_signable(item: Item, cat: Catalogue) -> bool:
    """Whether a clinician may sign this complaint as known at all."""
    return (
        item.id not in cat.shared["meta"]["never_baseline"]
        and item.level != "R1"
        and item.label == "nonserious"
        and not item.id.startswith("evt_")
    )


def softened(found: Assessment, facts: Facts, verdicts: list[Verdict], grades: frozenset[str]) -> Assessment:
    """The same with one level less when the one thing said is a signed baseline. `grades` are those of every finding of any state."""
    context = facts.context
    if len(facts.items) != 1 or not facts.items <= set(context.baselines):
        return found
    (item,) = facts.items
    is_the_same = (
        found.label == "nonserious"
        and found.level in _STEP
        and facts.sender == "participant"
        and {finding.id for finding in found.findings} == {item}
        and grades <= _UNCHANGED
        and set(context.recent_items) <= {item}
        and not facts.is_worsening
        and not any(verdict.level for verdict in verdicts)
    )
    if not is_the_same or found.level is None:
        return found
    level = _STEP[found.level]
    return replace(
        found,
        level=level,
        night_page=False,
        needs_person=level == "R3",
        reason=f"{found.reason}; signed baseline {item}: {found.level} to {level}",
    )
