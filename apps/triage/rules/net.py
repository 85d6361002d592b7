"""The net behind the rules: a linear model over words, classes of words and pairs of either. It only raises a text to a person.

Where it is in doubt the text becomes "unclear"; where it is sure, as it may be of one harmless text in a hundred, "serious". Either way the
on-call investigator reads it at once, at night too. It lowers nothing.

It sees wordings that no rule was written for. What the rules make of a text is kept from it on purpose: knowing it, the net judges texts
better alone, but errs where the rules err, and then brings fewer of those that they miss. The weights are data (`symptoms/_net.txt`, made
by `make net` from the project's own corpus); reading one text is a sum, so what decided can be shown.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, repeat
from pathlib import Path
from sys import intern

from apps.triage.rules.catalogue import CatalogueError
from apps.triage.rules.matching import Reading
from apps.triage.rules.shapes import Assessment, Clue, more_urgent

LANGUAGES = ("en", "zh")
SCALE = 1000  # weights are kept as whole thousandths, squared shares as whole hundredths: the same on every machine
SHARES = 100
# What is looked at: each word, two neighbours, two with one word between, each class of words, two classes in one text.
WORD, NEXT, APART, CLASS, BOTH = KINDS = ("w", "b", "s", "k", "p")
_OF_TWO = frozenset({NEXT, APART, BOTH})
THRESHOLD, SURE, UNKNOWN = LIMITS = ("threshold", "sure", "unknown")
_SHOWN = 5  # features
_SHARE_BITS = 40
_SHARES_ONLY = (1 << _SHARE_BITS) - 1
_LEVELS = {"serious": "R2", "unclear": "R3"}  # at least
_CHINESE = re.compile("[\u3400-\u9fff]")


class NetError(CatalogueError):
    """The file of weights is wrong; the message says where."""


Name = str | tuple[str, str]  # a word or a class, or two of them
_Part = tuple[str, tuple[int, int]]  # the class that counted, or "", and its offsets in the text


def packed(weight: int, share: int) -> int:
    """Both in one number, so that one sum over a text's features adds both up. Shares are never negative, and small."""
    return (weight << _SHARE_BITS) + share


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one language. `known`: by kind and name of a feature its weight and its squared share of a text's length, packed.

    A text's margin is the sum of the weights over the root of the sum of the squared shares. A word, or two words, that the corpus
    does not have weighs nothing and has the share `unknown`, so that the net is seldom sure of a text in words that are new to it. From
    `threshold` on a text is for a person, from `sure` on it is taken for serious; both without the model's own bias. `paired`: the
    classes that are looked at two by two, numbered, and `pairs` a square of theirs, by rows, with what is known of each two.
    """

    known: dict[str, dict[Name, int]]
    unknown: int
    threshold: int
    sure: int
    paired: dict[str, int]
    pairs: list[array[int]]

    def label(self, reading: Reading) -> str:
        """ "serious", "unclear" or "": how far the margin of this text reaches. Compared without a root, in whole numbers."""
        both = 0
        for kind, names in _words(reading):
            both += sum(map(self.known[kind].get, names, repeat(self.unknown)))
        both += sum(map(self.known[CLASS].get, reading.classes, repeat(0)))
        paired, pairs = self.paired, self.pairs
        numbers = [paired[name] for name in reading.classes if name in paired]
        for at, one in enumerate(numbers):
            both += sum(map(pairs[one].__getitem__, numbers[:at]))
        total, squares = both >> _SHARE_BITS, both & _SHARES_ONLY

        def reaches(least: int) -> bool:
            if least > 0:
                return total > 0 and total * total * SHARES >= least * least * squares
            return total >= 0 or total * total * SHARES <= least * least * squares

        if not reaches(self.threshold):
            return ""
        return "serious" if reaches(self.sure) else "unclear"

    def weight(self, kind: str, name: Name) -> int:
        """In thousandths; nought of what is not known."""
        return self.known[kind].get(name, 0) >> _SHARE_BITS


@dataclass(frozen=True, slots=True)
class Net:
    """The weights by language. Without weights nothing is raised."""

    weights: dict[str, Weights]

    def raises(self, reading: Reading) -> tuple[str, tuple[Clue, ...]]:
        """The label that this text is raised to, and the words that make it so, heaviest first; nothing when it is not raised."""
        weights = self.weights.get(language_of(reading.words))
        label = weights.label(reading) if weights is not None else ""
        if weights is None or not label:
            return "", ()
        return label, tuple(dict.fromkeys(_clues(weights, reading)))


def _clues(weights: Weights, reading: Reading) -> Iterator[Clue]:
    """What weighed most for it, heaviest first. Of two that stand apart each is shown."""
    heavy = {
        (kind, name): (weights.weight(kind, name), parts)
        for kind, name, parts in _seen(reading)
        if weights.weight(kind, name) > 0
    }
    for _, (weight, parts) in sorted(heavy.items(), key=lambda one: (-one[1][0], written(*one[0])))[:_SHOWN]:
        for name, (start, end) in parts:
            yield Clue(start, end, weight, name)


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
    text = "".join(words)
    return "zh" if not text.isascii() and _CHINESE.search(text) else "en"


def _words(reading: Reading) -> tuple[tuple[str, Set[Name]], ...]:
    """The names of all features of words: most texts are quiet, and where the words stood is then not asked."""
    words = reading.words
    return (
        (WORD, set(words)),
        (NEXT, set(pairwise(words))),
        (APART, set(zip(words, words[2:], strict=False))),
    )


def names(reading: Reading) -> list[str]:
    """The features of a text, as they are written, each once."""
    classes = sorted(reading.classes)
    found = [*_words(reading), (CLASS, classes), (BOTH, combinations(classes, 2))]
    return sorted(written(kind, name) for kind, names_ in found for name in names_)


def written(kind: str, name: Name) -> str:
    return f"{kind}:{name if isinstance(name, str) else ' '.join(name)}"


def _seen(reading: Reading) -> Iterator[tuple[str, Name, list[_Part]]]:
    """Each feature where it stands."""
    words, spans = reading.words, reading.offsets.spans
    for at, word in enumerate(words):
        yield WORD, word, [("", spans[at])]
    for at, pair in enumerate(pairwise(words)):
        yield NEXT, pair, [("", (spans[at][0], spans[at + 1][1]))]
    for at, pair in enumerate(zip(words, words[2:], strict=False)):
        yield APART, pair, [("", spans[at]), ("", spans[at + 2])]
    where = {name: (name, (spans[hit.start][0], spans[hit.end - 1][1])) for name, (hit, *_) in reading.classes.items()}
    for name, part in where.items():
        yield CLASS, name, [part]
    for one, other in combinations(sorted(where), 2):
        yield BOTH, (one, other), [where[one], where[other]]


def load(path: Path) -> Net:
    """The net of a file of weights; no file is an empty net. Raises NetError.

    A section a language and kind, "[en w]"; in it a line a feature: weight, squared share, and its one or two names, with tabs between.
    The section "[en =]" holds the limits, and the share of an unknown word.
    """
    if not path.exists():
        return Net({})
    first, *sections = path.read_text(encoding="utf-8").split("\n[")
    at = first.count("\n") + 2
    found: dict[str, dict[str, dict[Name, int]]] = {}
    for section in sections:
        head, *lines = section.split("\n")
        language, _, kind = head.rstrip("]").partition(" ")
        try:
            found.setdefault(language, {})[kind] = _section(kind, lines)
        except ValueError as error:
            raise NetError(f"{path.name}, line {at + _wrong(kind, lines)}: not a weight") from error
        at += len(lines) + 1
    if set(found) != set(LANGUAGES):
        raise NetError(f"{path.name}: sections of {sorted(found)}, wanted of {sorted(LANGUAGES)}")
    return Net({language: _weights(f"{path.name}, {language}", kinds) for language, kinds in found.items()})


def _section(kind: str, lines: list[str]) -> dict[Name, int]:
    rows = [line.split("\t") for line in lines if line]
    known: dict[Name, int] = {}
    if kind in _OF_TWO:
        known.update(
            ((intern(one), intern(other)), packed(int(weight), int(share))) for weight, share, one, other in rows
        )
    else:
        known.update((intern(name), packed(int(weight), int(share))) for weight, share, name in rows)
    return known


def _wrong(kind: str, lines: list[str]) -> int:
    """The first line that cannot be read, counted from one."""
    for number, line in enumerate(lines, start=1):
        try:
            _section(kind, [line])
        except ValueError:
            return number
    raise AssertionError("each line can be read")


def _weights(where: str, kinds: dict[str, dict[Name, int]]) -> Weights:
    limits = kinds.pop("=", {})
    if set(kinds) != set(KINDS) or set(limits) != set(LIMITS):
        raise NetError(f"{where}: a section or a limit is missing")
    return weights(kinds, limits[UNKNOWN], limits[THRESHOLD] >> _SHARE_BITS, limits[SURE] >> _SHARE_BITS)


def weights(known: dict[str, dict[Name, int]], unknown: int, threshold: int, sure: int) -> Weights:
    """The weights with the square of two classes worked out."""
    names = sorted({name for pair in known[BOTH] for name in pair})
    paired = {name: number for number, name in enumerate(names)}
    pairs = [array("q", bytes(8 * len(names))) for _ in names]
    for pair, both in known[BOTH].items():
        one, other = paired[pair[0]], paired[pair[1]]
        pairs[one][other] = pairs[other][one] = both
    return Weights(known, unknown, threshold, sure, paired, pairs)
