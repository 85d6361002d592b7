"""The net behind the rules: a linear model over words, pairs of words and classes of words. It only sends a text to a person.

It sees wordings that no rule was written for. The weights are data (`symptoms/_net.txt`, made by `make net` from the
project's own corpus); reading one text is a sum, so what decided can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, repeat
from pathlib import Path

from apps.triage.rules.catalogue import CatalogueError
from apps.triage.rules.matching import Reading
from apps.triage.rules.shapes import Assessment, Clue, more_urgent

LANGUAGES = ("en", "zh")
SCALE = 1000  # weights are kept as whole thousandths: the same on every machine
_SHOWN = 5
_CHINESE = re.compile("[\u3400-\u9fff]")


class NetError(CatalogueError):
    """The file of weights is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Net:
    """`weights` by language and feature, `thresholds` by language; both in thousandths. Without weights nothing is raised."""

    weights: dict[str, dict[str, int]]
    thresholds: dict[str, int]

    def raises(self, reading: Reading) -> tuple[Clue, ...]:
        """The words that make this text one for a person, heaviest first; none when it is not."""
        language = language_of(reading.words)
        known = self.weights.get(language)
        if not known:
            return ()
        names = _names(reading)
        weight_of = known.get
        total = sum(map(weight_of, names, repeat(0)))
        # Compared without a root: a sum over n features is judged against threshold times root n.
        threshold = self.thresholds[language]
        if total <= 0 or (threshold > 0 and total * total < threshold * threshold * len(names)):
            return ()
        seen = dict(features(reading))
        raising = [feature for feature in seen if weight_of(feature, 0) > 0]
        heaviest = sorted(raising, key=lambda feature: (-known[feature], feature))[:_SHOWN]
        return tuple(
            Clue(*seen[feature], known[feature], feature[2:] if feature[0] == "k" else "") for feature in heaviest
        )


def raised(by_rules: Assessment, clues: tuple[Clue, ...]) -> Assessment:
    """The same, for a person to read when there are clues. Nothing else of what the rules said is touched."""
    if not clues:
        return by_rules
    why = " ".join(f"{clue.name}[{clue.start}:{clue.end}]" for clue in clues)
    return replace(
        by_rules,
        label="unclear",
        level=more_urgent(by_rules.level, "R3"),
        needs_person=True,
        reason=f"net {why}; {by_rules.reason}",
        clues=clues,
    )


def language_of(words: list[str]) -> str:
    """ "zh" as soon as there is one Chinese character, else "en"."""
    return "zh" if _CHINESE.search("".join(words)) else "en"


def _names(reading: Reading) -> set[str]:
    """The names of all features: most texts are quiet, and where the words stood is then not asked."""
    words = reading.words
    names = {"w:" + word for word in words}
    names.update([f"b:{before} {word}" for before, word in pairwise(words)])
    names.update(["k:" + name for name in reading.classes])
    return names


def features(reading: Reading) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each word ("w:"), pair of neighbours ("b:") and class of words ("k:") with its offsets in the text."""
    before = ""
    begun = 0
    spans = reading.offsets.spans
    for word, (start, end) in zip(reading.words, spans, strict=True):
        yield "w:" + word, (start, end)
        if before:
            yield f"b:{before} {word}", (begun, end)
        before, begun = word, start
    for name, hits in reading.classes.items():
        yield "k:" + name, (spans[hits[0].start][0], spans[hits[0].end - 1][1])


def load(path: Path) -> Net:
    """The net of a file of weights: a line a feature, "language<TAB>weight<TAB>feature". Raises NetError; no file is an empty net."""
    weights: dict[str, dict[str, int]] = {language: {} for language in LANGUAGES}
    thresholds: dict[str, int] = {}
    if not path.exists():
        return Net({}, {})
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line or line[0] == "#":
            continue
        try:
            language, weight, feature = line.split("\t")
            if feature == "=threshold":
                thresholds[language] = int(weight)
            else:
                weights[language][feature] = int(weight)
        except (ValueError, KeyError) as error:
            raise NetError(f"{path.name}, line {number}: not a weight") from error
    if set(thresholds) != set(LANGUAGES):
        raise NetError(f"{path.name}: a threshold is missing")
    return Net(weights, thresholds)
