"""What each layer of the triage adds and what it costs, by taking it away: figures with it and without, and microseconds a text.

Layers that read the text alone are measured on the learnt corpus, from which the rules and the net were made: it shows what a layer
carries there, not what it adds for a new writer (for the net that is in the README, on texts it had not seen). Layers that need more than
one labelled text get it made up, as `_histories.py` says: two pieces of a text, a made-up record beside it, made-up habits.

Microseconds are processor time of one process, the whole and the lesser one in turns over the same texts.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from apps.triage import figures, rules
from apps.triage.figures import Judged
from apps.triage.rules import decide
from apps.triage.rules.catalogue import normaliser_of
from apps.triage.rules.decide import Engine
from apps.triage.rules.lexicon import Hit, Sign
from apps.triage.rules.normalise import Forms, Normaliser
from apps.triage.rules.patterns import Ground, PatternIndex, Places
from apps.triage.rules.quantities import Measure, Quantities
from tests.bench import _habits, _histories
from tests.bench._figures import quantile

CORPUS = Path(__file__).parents[1] / "triage" / "corpus"
PARTS = ("tuning", "growth")  # the blind part is never read here
LANGUAGES = ("en", "zh")
_TIMED_EACH = 6  # of so many texts one is timed
_BLOCK = 200
_ROUNDS = 3


@dataclass(frozen=True)
class Lesser:
    """The triage without one layer; `while_reading` is entered around its reading."""

    engine: Engine
    while_reading: Callable[[], AbstractContextManager[object]] = field(default=nullcontext)


def run() -> dict[str, Any]:
    rows = learnt()
    whole = Lesser(rules.engine())
    lesser = {name: build() for name, build in LAYERS.items()}
    alone = {"whole": whole} | lesser
    by_layer = {name: _judged(one, rows) for name, one in alone.items()}
    costs = {name: _cost(whole, one, [row["text"] for row in rows[::_TIMED_EACH]]) for name, one in lesser.items()}
    return {
        "texts": {language: sum(row["lang"] == language for row in rows) for language in LANGUAGES},
        "whole": {"figures": by_layer["whole"], "p50_us": _p50(whole, [row["text"] for row in rows[::_TIMED_EACH]])},
        "without": {name: {"figures": by_layer[name], "costs_us": costs[name]} for name in lesser},
        "speller": _spelling(rows),
        "together": {how: _histories.in_pieces(rows, how) for how in _histories.CUTS}
        | _histories.costs(rows[::_TIMED_EACH]),
        "history": _histories.with_a_record(rows),
        "baselines": _histories.with_baselines(rows),
        "silent_sign": _habits.run(),
    }


def learnt() -> list[dict[str, str]]:
    """The labelled texts of the learnt parts, writer by writer."""
    files = sorted(path for part in PARTS for path in (CORPUS / part).glob("*.jsonl"))
    lines = (line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line)
    return [json.loads(line) for line in lines]


# --- the triage without one layer


def _folding_otherwise(**changed: dict[str, Any]) -> Lesser:
    """Texts are folded otherwise; the wordings of the catalogue stand as they were folded."""
    engine = rules.engine()
    return _reading_with(normaliser_of({**engine.cat.shared, **changed}))


def _reading_with(normaliser: Normaliser) -> Lesser:
    engine = rules.engine()
    forms = Forms(normaliser, rules.speller_of(engine.cat).mend)
    return Lesser(replace(engine, cat=replace(engine.cat, normaliser=normaliser), forms=forms))


def _unspelled() -> Lesser:
    engine = rules.engine()
    return Lesser(replace(engine, forms=Forms(engine.cat.normaliser, lambda word, raw: word)))


def _without_shorthand() -> Lesser:
    return _folding_otherwise(english={**rules.engine().cat.shared["english"], "shorthand": {}})


class _NoPatterns(PatternIndex):
    def match(self, places: Places, ground: Ground, fresh: set[Sign] | None = None) -> list[Hit]:
        return []


def _uncomposed() -> Lesser:
    engine = rules.engine()
    return Lesser(replace(engine, cat=replace(engine.cat, patterns=_NoPatterns([], engine.cat.lexicon))))


class _NoNumbers(Quantities):
    def read(self, folded: str) -> list[Measure]:
        return []


def _unmeasured() -> Lesser:
    engine = rules.engine()
    return Lesser(replace(engine, quantities=_NoNumbers(engine.cat.shared["quantities"])))


def _unasserted() -> Lesser:
    """Whatever is named counts as present: nothing denied, past, imagined or somebody else's."""

    @contextmanager
    def present() -> Iterator[None]:
        with patch.object(decide, "state_of", lambda hit, scene: "present"):
            yield

    return Lesser(rules.engine(), present)


def _unruled() -> Lesser:
    engine = rules.engine()
    return Lesser(replace(engine, cat=replace(engine.cat, composites=())))


LAYERS: dict[str, Callable[[], Lesser]] = {
    "speller": _unspelled,
    "SMS shorthand": _without_shorthand,
    "traditional to simplified": lambda: _folding_otherwise(traditional={"pairs": ""}),
    "dialect signs": lambda: _folding_otherwise(dialect_zh={"map": {}}),
    "words of the same sound": lambda: _folding_otherwise(slips_zh={"pairs": ""}),
    "composed wordings": _uncomposed,
    "numbers with units": _unmeasured,
    "assertion and whose": _unasserted,
    "rules over several findings": _unruled,
    "net": lambda: Lesser(rules.engine().without_net()),
}


# --- figures


def _judged(one: Lesser, rows: list[dict[str, str]]) -> dict[str, dict[str, float | None]]:
    with one.while_reading():
        judged = [Judged(row["id"], row["lang"], row["label"], _histories.read(one.engine, row).label) for row in rows]
    return {language: _shares([each for each in judged if each.language == language]) for language in LANGUAGES}


def _shares(judged: list[Judged]) -> dict[str, float | None]:
    found = figures.of(judged)
    named = {
        "sensitivity": found.sensitivity,
        "read": found.read,
        "specificity": found.specificity,
        "unclear": found.human_share,
    }
    return {name: None if share.value is None else round(share.value, 4) for name, share in named.items()}


def _cost(whole: Lesser, lesser: Lesser, texts: list[str]) -> float:
    """By how much the median text takes longer with the layer."""
    taken: tuple[list[float], list[float]] = ([], [])
    for begin in range(0, len(texts), _BLOCK):
        block = texts[begin : begin + _BLOCK]
        best = [[9.0] * len(block), [9.0] * len(block)]
        for _ in range(_ROUNDS):
            for which, one in enumerate((whole, lesser)):
                best[which] = [min(pair) for pair in zip(best[which], _seconds(one, block), strict=True)]
        for which in (0, 1):
            taken[which].extend(best[which])
    return round(1e6 * (quantile(taken[0], 0.5) - quantile(taken[1], 0.5)), 1)


def _p50(one: Lesser, texts: list[str]) -> float:
    _seconds(one, texts)
    return round(1e6 * quantile(_seconds(one, texts), 0.5), 1)


def _seconds(one: Lesser, texts: list[str]) -> list[float]:
    taken = []
    with one.while_reading():
        for text in texts:
            before = process_time()
            one.engine.assess(text, sender="participant", context=rules.Context())
            taken.append(process_time() - before)
    return taken


def _spelling(rows: list[dict[str, str]]) -> dict[str, Any]:
    """The speller works once a word: what a word that it has not seen costs, and what it makes of those of the corpus."""
    engine = rules.engine()
    speller = rules.speller_of(engine.cat)
    words = sorted(
        {word for row in rows for word in engine.cat.normaliser.fold(row["text"])[0].split() if word.isascii()}
    )
    plain = [word.strip(".,!?;:'\"()") for word in words]
    asked = [(stem, raw) for raw in plain if raw.isalpha() for stem in engine.cat.normaliser.stem(raw).split(" ")]
    before = process_time()
    speller.mend("vomitted", "vomitted")
    first = process_time() - before
    taken, mended = [], 0
    for stem, raw in asked:
        before = process_time()
        mended += speller.mend(stem, raw) != stem
        taken.append(process_time() - before)
    return {
        "words": len(asked),
        "mended": mended,
        "index_s": round(first, 3),
        "new_word_us": round(1e6 * sum(taken) / len(taken), 1),
    }
