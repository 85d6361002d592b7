"""Words and phrases to numbered classes, and one walk over a text that finds them all.

A phrase is a sequence of tokens. Fillers ("the", "really", 了, 很) may stand inside a phrase without being listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from apps.triage.rules.normalise import Normaliser

_MAX_SKIPS = 2
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

    Compared by its `place`: hits are made by the dozen for a text, and few are ever compared.
    """

    __slots__ = ("denied", "end", "kind", "start")

    def __init__(self, start: int, end: int, kind: int, denied: bool = False) -> None:
        self.start = start
        self.end = end
        self.kind = kind
        self.denied = denied


Place = tuple[int, int, int, bool]


def place(hit: Hit) -> Place:
    """What makes one hit equal to another, and their order."""
    return hit.start, hit.end, hit.kind, hit.denied


class Ending:
    """One phrase and the classes with a name of their own that it stands for.

    A frequent word is in hundreds of slots of patterns as well. Those are not listed here: a slot knows its phrases (`endings_of`).
    """

    __slots__ = ("below", "groups", "named", "number")

    def __init__(self, number: int, named: list[int]) -> None:
        self.number = number  # below nought, so that it can stand in one set with numbers of classes
        self.named = named
        self.below: dict[str, Any] | None = None  # what longer phrases go on with
        self.groups: Sequence[Group] = ()  # patterns that are tried when the phrase stands in a text


Span = tuple[int, int, Ending]  # a phrase over tokens [start, end)
Group = tuple[
    int, frozenset[int], list[Any]
]  # its number, the signs of which one must be there besides, and what is tried then


@dataclass(slots=True)
class Lexicon:
    """A trie over tokens. `add` while building, `scan` afterwards.

    A word leads to the phrase that ends with it, which knows what may follow, or, when no phrase ends there, to what follows.
    """

    normaliser: Normaliser
    fillers: frozenset[str]
    names: list[str] = field(default_factory=list)
    endings_of: list[list[int]] = field(default_factory=list)  # for each class the numbers of its phrases
    _ids: dict[str, int] = field(default_factory=dict)
    _root: dict[str, Any] = field(default_factory=dict)
    vocabulary: set[str] = field(default_factory=set)
    _endings: dict[str, Ending | None] = field(default_factory=dict)  # by phrase as written: many recur
    phrases: list[Ending] = field(default_factory=list)  # phrase -1, phrase -2, ...

    def kind(self, name: str) -> int:
        """The number of a class, made when first asked for."""
        found = self._ids.get(name)
        if found is None:
            found = self._ids[name] = len(self.names)
            self.names.append(name)
            self.endings_of.append([])
        return found

    def has(self, name: str) -> bool:
        """Whether the class exists."""
        return name in self._ids

    def add(self, kind: int, phrases: Iterable[str]) -> None:
        """Let each phrase stand for the class."""
        is_literal = self.names[kind][0] == LITERAL
        numbers = self.endings_of[kind]
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
                ending.named.append(kind)
            numbers.append(ending.number)

    def _ending(self, phrase: str) -> Ending | None:
        """Where the phrase ends in the trie, which grows to hold it; None: the phrase has no words."""
        words = self.normaliser.words(phrase)
        if not words:
            return None
        self.vocabulary.update(words)
        node = self._root
        *before, last = words
        for word in before:
            below = node.get(word)
            if below is None:
                below = node[word] = {}
            elif below.__class__ is Ending:
                if below.below is None:
                    below.below = {}
                below = below.below
            node = below
        found: Ending | dict[str, Any] | None = node.get(last)
        if isinstance(found, Ending):
            return found
        ending = node[last] = Ending(-1 - len(self.phrases), [])
        ending.below = found
        self.phrases.append(ending)
        return ending

    def commonness(self, kinds: Iterable[int]) -> dict[int, int]:
        """For each class about how often texts have it: a word after which many phrases go on is a frequent word."""
        going_on = [1 + len(phrase.below or ()) for phrase in self.phrases]
        return {kind: sum([going_on[-1 - number] for number in self.endings_of[kind]]) for kind in kinds}

    def scan(self, words: list[str]) -> list[Span]:
        """Every phrase that stands in the text, in order of start and then of end.

        What is spelt out ("could not") is also read as its contraction where no phrase goes on with it as written.
        """
        spans: list[Span] = []
        count = len(words)
        root, fillers = self._root, self.fillers
        short = _contracted(words) if _NOT in words else _NO_SHORT
        starts = [(start, start + 1, root.get(word)) for start, word in enumerate(words)]
        for at, forms in short.items():
            starts.extend((at, at + 2, root[form]) for form in forms if form in root)
        for start, at, node in starts:
            skips = 0
            while node is not None:
                if node.__class__ is Ending:
                    spans.append((start, at, node))
                    node = node.below
                    if node is None:
                        break
                below = None
                while at < count:
                    below = node.get(words[at])
                    if below is None and at in short:
                        below = next((node[form] for form in short[at] if form in node), None)
                        at += below is not None
                    if below is not None or skips == _MAX_SKIPS or words[at] not in fillers:
                        break
                    skips += 1
                    at += 1
                node, at = below, at + 1
        if short:
            spans.sort(key=itemgetter(0, 1))
        return spans


def _contracted(words: list[str]) -> dict[int, tuple[str, ...]]:
    """The places of "could not" and the like, each with its contraction."""
    return {
        at: _SHORT[word]
        for at, (word, after) in enumerate(itertools.pairwise(words))
        if after == _NOT and word in _SHORT
    }
