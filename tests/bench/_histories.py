"""Layers that need more than one labelled text, over histories that are made up from the labelled ones. No figure here is of traffic.

In pieces: a text is sent as two, cut at the clause border or at the word (Chinese: the sign) nearest to its middle, and read as the service
reads texts that follow within minutes. A record: the text stays as it is, and one thing is known besides. A baseline: the one complaint of
a text is signed as known.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import process_time
from typing import Any

from apps.triage import rules
from apps.triage.rules import Assessment, Context, together
from apps.triage.rules.baseline import is_signable
from apps.triage.rules.decide import Engine
from tests.bench._figures import quantile

Row = dict[str, str]
LANGUAGES = ("en", "zh")
URGENT = ("R1", "R2")
QUIET = ("none", "nonserious")
_NOTHING = Context()
_BORDER = re.compile(r"(?<=[,.;:!?\n，。；：！？、…])\s*(?=\S)|\s+(?=(?:and|but|then|so|because)\b)")
_BETWEEN_WORDS = re.compile(r"\s+|(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")
CUTS = {"at a clause border": _BORDER, "anywhere": _BETWEEN_WORDS}


def read(engine: Engine, row: Row, context: Context = _NOTHING, sender: str = "") -> Assessment:
    """A labelled text as its sender would be read."""
    return engine.assess(row["text"], sender=sender or row.get("sender") or "participant", context=context)


# --- in pieces


def in_pieces(rows: list[Row], how: str) -> dict[str, Any]:
    """Of the texts that alarm when they are whole: how many do as two texts read one by one, and read together. And false alarms."""
    return {language: _in_pieces([row for row in rows if row["lang"] == language], how) for language in LANGUAGES}


def _in_pieces(rows: list[Row], how: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        pieces = cut(row["text"], how)
        if pieces is None:
            counts["texts that cannot be cut"] += 1
            continue
        kind = "serious" if row["label"] == "serious" else "quiet" if row["label"] in QUIET else ""
        is_whole = read(rules.engine(), row).label == "serious"
        one_by_one, as_one = _read_in_pieces(pieces, row)
        if kind == "serious" and is_whole:
            counts["serious, alarm when whole"] += 1
            counts["... of these one by one"] += one_by_one
            counts["... of these together"] += as_one
        elif kind == "quiet" and not is_whole:
            counts["harmless, quiet when whole"] += 1
            counts["... alarm one by one"] += one_by_one
            counts["... alarm together"] += as_one
    return dict(counts)


def costs(rows: list[Row]) -> dict[str, float]:
    """Microseconds of the median text that follows another within minutes, by itself and with the one before."""
    taken: tuple[list[float], list[float]] = ([], [])
    for row in rows:
        pieces = cut(row["text"], "anywhere")
        if pieces is None:
            continue
        before = process_time()
        read(rules.engine(), {**row, "text": pieces[1]})
        between = process_time()
        _read_in_pieces(pieces, row)
        taken[0].append(between - before)
        taken[1].append(process_time() - between)
    alone, as_one = (round(1e6 * quantile(each, 0.5), 1) for each in taken)
    return {"p50_alone_us": alone, "p50_together_us": as_one}


def cut(text: str, how: str) -> tuple[str, str] | None:
    """The two pieces, or None where there is no place to cut."""
    places = [match for match in CUTS[how].finditer(text) if match.start() > 0 and match.end() < len(text)]
    if not places:
        return None
    nearest = min(places, key=lambda match: abs(match.start() - len(text) / 2))
    return text[: nearest.start()], text[nearest.end() :]


def _read_in_pieces(pieces: tuple[str, str], row: Row) -> tuple[bool, bool]:
    """Whether there is an alarm when each piece is read by itself, and when they are read as `services.decide` does."""
    first, second = (read(rules.engine(), {**row, "text": piece}) for piece in pieces)
    one_by_one = "serious" in (first.label, second.label)
    if second.level == "R1" or first.level in URGENT:
        return one_by_one, one_by_one
    whole, start = together.joined(list(pieces))
    found = together.worse(
        alone=second, before=[first], together=read(rules.engine(), {**row, "text": whole}), start=start
    )
    return one_by_one, "serious" in (first.label, found.label)


# --- with a record


def _items(row: Row) -> tuple[str, ...]:
    return tuple(sorted({one.id for one in read(rules.engine(), row).findings if one.state == "present"}))


RECORDS: dict[str, Callable[[Row, Row], tuple[Context, str]]] = {
    "last check-in answered 2 (something new or worse)": lambda row, before: (Context(last_answer=2), ""),
    "a day after an infusion": lambda row, before: (Context(days_since_infusion=1), ""),
    "the family writes for one who usually writes": lambda row, before: (
        Context(usual_reporter="participant"),
        "caregiver",
    ),
    "the same was reported before and lies unclosed": lambda row, before: (Context(open_items=_items(row)), ""),
    "the writer's text before it is of the last 72 hours": lambda row, before: (
        Context(recent_items=_items(before)),
        "",
    ),
}


def with_a_record(rows: list[Row]) -> dict[str, Any]:
    """Of the texts that page nobody by themselves (no R1, R2): how many would with this on record, by what they are."""
    return {
        name: {language: _raised(rows, language, known) for language in LANGUAGES} for name, known in RECORDS.items()
    }


def _raised(rows: list[Row], language: str, known: Callable[[Row, Row], tuple[Context, str]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for before, row in _neighbours(rows, language):
        kind = "serious" if row["label"] == "serious" else "harmless" if row["label"] in QUIET else ""
        context, sender = known(row, before)
        if not kind or read(rules.engine(), row, sender=sender).level in URGENT:
            continue
        counts[f"{kind}, pages nobody"] += 1
        counts[f"... {kind}, pages with it"] += read(rules.engine(), row, context, sender).level in URGENT
    return dict(counts)


def _neighbours(rows: list[Row], language: str) -> Iterator[tuple[Row, Row]]:
    """Each text of a language with the one before it of the same writer."""
    chosen = [row for row in rows if row["lang"] == language]
    return ((one, other) for one, other in pairwise(chosen) if one["role"] == other["role"])


# --- baselines


def with_baselines(rows: list[Row]) -> dict[str, Any]:
    """Every complaint that may be signed is: which texts go a level down, and whether a serious one is among them."""
    return {language: _softened([row for row in rows if row["lang"] == language]) for language in LANGUAGES}


def _softened(rows: list[Row]) -> dict[str, int]:
    cat = rules.catalogue()
    signed = Context(baselines=tuple(item.id for item in cat.items.values() if is_signable(item, cat)))
    counts: Counter[str] = Counter()
    for row in rows:
        before = read(rules.engine(), row)
        after = read(rules.engine(), row, signed)
        counts[row["label"]] += 1
        counts[f"... {row['label']}, a level down"] += after.level != before.level
        counts[f"... {row['label']}, read by nobody now"] += before.needs_person and not after.needs_person
    return dict(counts)
