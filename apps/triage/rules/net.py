"""The net behind the rules: a linear model over words, pairs of words and classes of words. It only raises a text to a person.

Where it is in doubt the text becomes "unclear"; where it is sure, as it may be of one harmless text in a hundred, "serious". Either way the
on-call investigator reads it at once, at night too. It lowers nothing.

It sees wordings that no rule was written for. What the rules make of a text is kept from it on purpose: knowing it, the net judges texts
better alone, but errs where the rules err, and then brings fewer of those that they miss. The weights are data (`symptoms/_net.txt`, made
by `make net` from the project's own corpus); reading one text is a sum, so what decided can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from apps.triage.rules.catalogue import CatalogueError
from apps.triage.rules.matching import Reading
from apps.triage.rules.shapes import Assessment, Clue, more_urgent

LANGUAGES = ("en", "zh")
SCALE = 1000  # weights are kept as whole thousandths, rarities as whole hundredths: the same on every machine
RARITIES = 100
THRESHOLD, SURE = "=threshold", "=sure"
_SHOWN = 5
_LEVELS = {"serious": "R2", "unclear": "R3"}  # at least
_CHINESE = re.compile("[\u3400-\u9fff]")


class NetError(CatalogueError):
    """The file of weights is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one language. `known`: by feature its weight and its squared rarity; `rarest`: the squared rarity of any other feature.

    A text's margin is the sum of the weights over the root of the sum of the squared rarities. From `threshold` on it is for a person,
    from `sure` on it is taken for serious.
    """

    known: dict[str, tuple[int, int]]
    rarest: int
    threshold: int
    sure: int

    def label(self, names: Set[str]) -> str:
        """ "serious", "unclear" or "": how far the margin of these features reaches. Compared without a root, in whole numbers."""
        found = [self.known[name] for name in names if name in self.known]
        total = sum([weight for weight, _ in found])
        squares = sum([rarity for _, rarity in found]) + self.rarest * (len(names) - len(found))

        def reaches(least: int) -> bool:
            if least > 0:
                return total > 0 and total * total * RARITIES >= least * least * squares
            return total >= 0 or total * total * RARITIES <= least * least * squares

        if not reaches(self.threshold):
            return ""
        return "serious" if reaches(self.sure) else "unclear"


@dataclass(frozen=True, slots=True)
class Net:
    """The weights by language. Without weights nothing is raised."""

    weights: dict[str, Weights]

    def raises(self, reading: Reading) -> tuple[str, tuple[Clue, ...]]:
        """The label that this text is raised to, and the words that make it so, heaviest first; nothing when it is not raised."""
        weights = self.weights.get(language_of(reading.words))
        label = weights.label(_names(reading)) if weights is not None else ""
        if weights is None or not label:
            return "", ()
        seen = dict(features(reading))
        heavy = {name: weights.known[name][0] for name in seen if name in weights.known}
        heaviest = sorted(heavy, key=lambda name: (-heavy[name], name))[:_SHOWN]
        return label, tuple(
            Clue(*seen[name], heavy[name], name[2:] if name[0] == "k" else "") for name in heaviest if heavy[name] > 0
        )


def raised(by_rules: Assessment, label: str, clues: tuple[Clue, ...]) -> Assessment:
    """The same, for a person to read when there are clues. Nothing else of what the rules said is touched."""
    states = {finding.state for finding in by_rules.findings}
    if label == "serious" and states and states <= {"other_person", "past"}:
        label = "unclear"  # all that the rules know is somebody else's or long ago: a person finds out
    if not clues or label == by_rules.label:
        return by_rules
    why = " ".join(f"{clue.name}[{clue.start}:{clue.end}]" for clue in clues)
    return replace(
        by_rules,
        label=label,
        level=more_urgent(by_rules.level, _LEVELS[label]),
        night_page=True,
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
    """The net of a file of weights; no file is an empty net. Raises NetError.

    A line a feature: "language<TAB>weight<TAB>squared rarity<TAB>feature", and "=threshold" and "=sure" for the limits, with the squared
    rarity of all other features.
    """
    if not path.exists():
        return Net({})
    known: dict[str, dict[str, tuple[int, int]]] = {language: {} for language in LANGUAGES}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line or line[0] == "#":
            continue
        try:
            language, weight, rarity, feature = line.split("\t")
            known[language][feature] = int(weight), int(rarity)
        except (ValueError, KeyError) as error:
            raise NetError(f"{path.name}, line {number}: not a weight") from error
    if any(name not in found for found in known.values() for name in (THRESHOLD, SURE)):
        raise NetError(f"{path.name}: a threshold is missing")
    limits = {language: (found.pop(THRESHOLD), found.pop(SURE)) for language, found in known.items()}
    return Net(
        {
            language: Weights(known[language], rarest, least, sure)
            for language, ((least, rarest), (sure, _)) in limits.items()
        }
    )
