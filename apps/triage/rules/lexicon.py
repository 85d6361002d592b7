"""Words and phrases to numbered classes, and one walk over a text that finds them all.

A phrase is a sequence of tokens. Fillers ("the", "really", 了, 很) may stand inside a phrase without being listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from apps.triage.rules.normalise import Normaliser

_MAX_SKIPS = 2
# The number of a class (from nought on) or of a phrase (below). Only ever looked up: as a plain `int` the compiled form would make it anew
# for each look-up.
Sign = Hashable
NO_SIGNS: frozenset[Sign] = frozenset()
_NOTHING: dict[Sign, tuple[Any, ...]] = {}
LITERAL = "="  # what the name of a class begins with that is only a slot of patterns
_NOT = "not"
_SHORT = {  # stems before "not", and what the two are when they are drawn together
    "do": ("dont",),
    "does": ("doesnt",),
    "did": ("didnt",),
    "is": ("isnt",),
    "are": ("arent",),
    "was": ("wasnt",),
    "were": ("werent",),
    "have": ("havent", "hasnt", "hadnt"),
    "can": ("cant",),
    "could": ("cant",),
    "will": ("wont",),
    "would": ("wouldnt",),
    "should": ("shouldnt",),
}
_NO_SHORT: dict[int, tuple[str, ...]] = {}


class Hit:
    """Class `kind` seen over tokens [start, end); `denied` when a "no" stands between its parts. Never changed.

    What a text brings by a phrase is one hit for all the classes of the phrase, and has its number as `kind`. Compared by its `place`:
    hits are made by the dozen for a text, and few are ever compared.
    """

    __slots__ = ("denied", "end", "kind", "start")

    def __init__(self, start: int, end: int, kind: Sign, denied: bool = False) -> None:
        self.start = start
        self.end = end
        self.kind = kind
        self.denied = denied


Place = tuple[int, int, Sign, bool]


def place(hit: Hit) -> Place:
    """What makes one hit equal to another."""
    return hit.start, hit.end, hit.kind, hit.denied


def order(hit: Hit) -> tuple[int, int, bool]:
    """The order of the hits of one class."""
    return hit.start, hit.end, hit.denied


class Ending:
    """Where a phrase ends, and the classes with a name of their own that it stands for; or only where longer phrases pass.

    A frequent word is in hundreds of slots of patterns as well. Those are not listed here: a slot knows its phrases (`endings_of`).
    """

    __slots__ = ("below", "named", "number", "partners", "tried")

    def __init__(self, number: Sign | None = None, named: tuple[Sign, ...] = ()) -> None:
        self.number = number  # None: no phrase ends here
        self.named = named
        self.below: dict[str, Ending] | None = None  # what longer phrases go on with
        # The patterns that are tried when the phrase stands in a text, by what must stand there besides; and these signs once more: to
        # ask a set whether any of them does is far faster than to ask a dictionary.
        self.tried: dict[Sign, tuple[Any, ...]] = _NOTHING
        self.partners: frozenset[Sign] = NO_SIGNS


Span = tuple[int, int, Ending]  # a phrase over tokens [start, end)


@dataclass(slots=True)
class Lexicon:
    """A trie over tokens. `add` while building, `scan` afterwards."""

    normaliser: Normaliser
    fillers: frozenset[str]
    names: dict[Sign, str] = field(default_factory=dict)
    endings_of: dict[Sign, list[Ending]] = field(default_factory=dict)  # for each class its phrases
    _ids: dict[str, Sign] = field(default_factory=dict)
    _root: Ending = field(default_factory=Ending)
    vocabulary: dict[str, int] = field(default_factory=dict)  # each word, and in how many phrases it is
    _alone: dict[Sign, str] = field(default_factory=dict)  # the word of each phrase of one word
    _endings: dict[str, Ending | None] = field(default_factory=dict)  # by phrase as written: many recur
    phrases: list[Ending] = field(default_factory=list)  # phrase -1, phrase -2, ...

    def kind(self, name: str) -> Sign:
        """The number of a class, made when first asked for."""
        found = self._ids.get(name)
        if found is None:
            found = self._ids[name] = len(self.names)
            self.names[found] = name
            self.endings_of[found] = []
        return found

    def has(self, name: str) -> bool:
        """Whether the class exists."""
        return name in self._ids

    def add(self, kind: Sign, phrases: Iterable[str]) -> None:
        """Let each phrase stand for the class."""
        is_literal = self.names[kind][0] == LITERAL
        mine = self.endings_of[kind]
        endings = self._endings
        for phrase in phrases:
            ending = endings.get(phrase)
            if ending is None:
                if phrase in endings:
                    continue
                ending = endings[phrase] = self._ending(phrase)
                if ending is None:
                    continue
            if not is_literal:
                if kind in ending.named:
                    continue
                ending.named = (*ending.named, kind)
            mine.append(ending)

    def _ending(self, phrase: str) -> Ending | None:
        """Where the phrase ends in the trie, which grows to hold it; None: the phrase has no words."""
        words = self.normaliser.words(phrase)
        if not words:
            return None
        node = self._root
        known = self.vocabulary
        for word in words:
            known[word] = known.get(word, 0) + 1
            if node.below is None:
                node.below = {}
            following = node.below.get(word)
            if following is None:
                following = node.below[word] = Ending()
            node = following
        if node.number is None:
            node.number = -1 - len(self.phrases)
            self.phrases.append(node)
            if len(words) == 1:
                self._alone[node.number] = words[0]
        return node

    def commonness(self, kind: Sign) -> int:
        """About how often texts have a class: as often as phrases have its words, or go on after its phrases."""
        alone, known = self._alone, self.vocabulary
        return sum(
            [
                known[alone[phrase.number]] if phrase.number in alone else 1 + len(phrase.below or ())
                for phrase in self.endings_of[kind]
            ]
        )

    def scan(self, words: list[str]) -> list[Span]:
        """Every phrase that stands in the text, in order of start and then of end.

        What is spelt out ("could not") is also read as its contraction where no phrase goes on with it as written.
        """
        spans: list[Span] = []
        root = self._root.below or {}
        short = _contracted(words) if _NOT in words else _NO_SHORT
        for start, word in enumerate(words):
            first = root.get(word)
            if first is not None:
                self._follow(words, short, start, start + 1, first, spans)
        for at, forms in short.items():
            for form in forms:
                if form in root:
                    self._follow(words, short, at, at + 2, root[form], spans)
        if short:
            spans.sort(key=itemgetter(0, 1))
        return spans

    def _follow(
        self, words: list[str], short: dict[int, tuple[str, ...]], start: int, at: int, node: Ending, spans: list[Span]
    ) -> None:
        """Puts the phrases into `spans` that begin with token `start` and go through `node`, behind which token `at` stands."""
        count, skips = len(words), 0
        while True:
            if node.number is not None:
                spans.append((start, at, node))
            below = node.below
            if below is None:
                return
            following: Ending | None = None
            while at < count:
                word = words[at]
                following = below.get(word)
                if following is None and at in short:
                    following = next((below[form] for form in short[at] if form in below), None)
                    at += following is not None
                if following is not None or skips == _MAX_SKIPS or word not in self.fillers:
                    break
                skips += 1
                at += 1
            if following is None:
                return
            node, at = following, at + 1


def _contracted(words: list[str]) -> dict[int, tuple[str, ...]]:
    """The places of "could not" and the like, each with its contraction."""
    return {
        at: _SHORT[word]
        for at, (word, after) in enumerate(itertools.pairwise(words))
        if after == _NOT and word in _SHORT
    }
