"""What an answer to a question about a symptom means: how bad it is, whether it is worse, and what is an emergency by the digit alone.

Everything here only raises. Data: `_questions.toml`, `[[escalate]]` in each symptom's file, `_composites.toml`. Source: clinical rules 10
and 17, `severity_gte`, `worsening` and the composite C11 of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.triage.rules.catalogue import Catalogue, Item
from apps.triage.rules.composites import Facts, Verdict, composed, escalated, live_items
from apps.triage.rules.decide import Engine, digest
from apps.triage.rules.shapes import Assessment, Context, Finding, more_urgent

_FAHRENHEIT_FROM = 50.0  # no body is so warm in Celsius
_FAMILY = "caregiver"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about one item, and its answer.

    `given` are the digits of the list (all that were sent at once), one number, or a date. `earlier` is the newest answer to the same
    question about the same item in an earlier conversation, if it was one of severity. `standing` is the level that the item has.
    """

    item: str
    question: str
    given: tuple[str, ...]
    standing: str
    earlier: int | None = None


def questions_of(item: str, cat: Catalogue) -> tuple[str, ...]:
    """The questions that may be texted about an item, most important first. Words are not asked for: it was named already."""
    return tuple(name for name in cat.items[item].data.get("ask_next", ()) if name != "which")


def leading(found: list[str], cat: Catalogue) -> str:
    """Of the items found present, in the order of the text, the one to ask about: the most urgent, then the first. "" of none.

    "Unwell" leads only where nothing was named.
    """
    known = [name for name in found if name in cat.items]
    named = [name for name in known if name != "unwell"]
    return min(named or known, key=lambda name: cat.items[name].level, default="")


def chosen(digits: tuple[str, ...], cat: Catalogue) -> list[str]:
    """The items behind digits of the symptom menu, in the order of the digits."""
    maps: Mapping[str, list[str]] = cat.shared["questions"]["menu"]["maps"]
    return [item for digit in digits for item in maps.get(digit, ())]


def is_severity(asked_item: str, question: str, cat: Catalogue) -> bool:
    """Whether this answer says how bad it is. How much blood does so where nothing else is asked about how bad."""
    is_one = cat.shared["questions"][question].get("severity", False)
    return is_one and (question == "severity" or "severity" not in questions_of(asked_item, cat))


def judge(engine: Engine, asked: Asked, text: str, *, sender: str, context: Context) -> Assessment:
    """The decision that this answer makes by itself; level None when it raises nothing. `text` is the answer as it was written."""
    cat = engine.cat
    data = cat.shared["questions"][asked.question]
    if says := data.get("says"):
        return _as_words(engine, asked, text, says, sender=sender, context=context)
    item = cat.items[asked.item]
    verdicts = [*_by_digit(asked, data, item), *_by_rules(asked, data, cat, sender=sender, context=context)]
    level: str | None = None
    for verdict in verdicts:
        level = more_urgent(level, verdict.level)
    raises = [verdict for verdict in verdicts if verdict.level]
    return _decision(
        asked,
        text,
        level=level,
        label="serious" if level in ("R1", "R2") else "nonserious",
        found=_found(asked, data),
        reasons=[f"rule {verdict.rule} {verdict.level}" for verdict in raises],
        night_page=bool(raises) and (item.night_page or any(verdict.night_page for verdict in raises)),
        version=cat.version,
    )


def _by_digit(asked: Asked, data: dict[str, Any], item: Item) -> list[Verdict]:
    """At least this level by the digit alone. Worse also means that no signed baseline holds any more: the item counts in full."""
    levels: Mapping[str, str] = data.get("levels", {})
    found = [
        Verdict(f"{asked.question}={digit}", levels[digit], None, item.night_page)
        for digit in asked.given
        if digit in levels
    ]
    if not set(data.get("worse", ())).isdisjoint(asked.given) and item.level < asked.standing:
        found.append(Verdict("worse", item.level, None, item.night_page))
    return found


def _by_rules(asked: Asked, data: dict[str, Any], cat: Catalogue, *, sender: str, context: Context) -> list[Verdict]:
    """What escalation and composites say with the answer and did not say without it."""
    severity = max(map(int, asked.given)) if is_severity(asked.item, asked.question, cat) else None
    says = set(asked.given)
    items = frozenset((asked.item,))
    without = Facts(
        items=items,
        grades=frozenset((f"{asked.item}.plain",)),
        modifiers=frozenset(),
        sender=sender,
        text="",
        temperature=None,
        context=context,
        cat=cat,
        live=live_items(items, context, cat),
        standing=asked.standing,
    )
    told = replace(
        without,
        severity=severity,
        severity_delta=None if severity is None or asked.earlier is None else severity - asked.earlier,
        modifiers=frozenset(("worsening",)) if says.intersection(data.get("worse", ())) else frozenset(),
        sender=_FAMILY if says.intersection(data.get("family", ())) else sender,
    )
    before = [*escalated(without), *composed(without)]
    return [verdict for verdict in (*escalated(told), *composed(told)) if verdict not in before]


def _found(asked: Asked, data: dict[str, Any]) -> list[str]:
    """What the answer says is present: what the digits stand for, else the item that was asked about."""
    stands_for: Mapping[str, str] = data.get("items") or data.get("of", {}).get(asked.item, {})
    return list(dict.fromkeys(stands_for[digit] for digit in asked.given if digit in stands_for)) or [asked.item]


def _as_words(engine: Engine, asked: Asked, text: str, says: list[str], *, sender: str, context: Context) -> Assessment:
    """A number counts like the same number in a text, with what else is known. The net has no part in it: these are no words.

    0 means not measured, and less weight than before is no gain.
    """
    value = float(asked.given[0])
    if value <= 0:
        return _decision(
            asked, text, level=None, label="none", found=[], reasons=[], night_page=False, version=engine.cat.version
        )
    words = says[-1] if value > _FAHRENHEIT_FROM else says[0]
    beside = replace(context, recent_items=tuple(sorted({*context.recent_items, asked.item})))
    read = engine.without_net().assess(words.format(asked.given[0]), sender=sender, context=beside)
    live = [finding.id for finding in read.findings if finding.state == "present"]
    return _decision(
        asked,
        text,
        level=read.level if live else None,
        label=read.label,
        found=list(dict.fromkeys(live)),
        reasons=[read.reason],
        night_page=read.night_page,
        version=read.rules_version,
    )


def _decision(
    asked: Asked,
    text: str,
    *,
    level: str | None,
    label: str,
    found: list[str],
    reasons: list[str],
    night_page: bool,
    version: str,
) -> Assessment:
    before = "" if asked.earlier is None else f", before {asked.earlier}"
    answer = f"answer {asked.question}={'+'.join(asked.given)} of {asked.item}{before}"
    return Assessment(
        label=label,
        level=level,
        findings=tuple(Finding(name, 0, len(text), "present") for name in found),
        reason="; ".join([answer, *reasons]),
        rules_version=version,
        night_page=level == "R1" or (level == "R2" and night_page),
        path=None,
        needs_person=level in ("R1", "R2", "R3"),
        health_word=True,
        input_sha256=digest(text),
    )
