"""Words and phrases to numbered classes, and one walk over a text that finds them all.

A phrase is a sequence of tokens. Fillers ("the", "really", 了, 很) may stand inside a phrase without being listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from apps.triage.rules.normalise import Normaliser, Token

_END = ""  # the key under which a trie node keeps the classes that end there
_MAX_SKIPS = 2


class Hit(NamedTuple):
    """Class `kind` seen over tokens [start, end); `denied` when a "no" stands between its parts."""

    start: int
    end: int
    kind: int
    denied: bool = False


@dataclass(slots=True)
class Lexicon:
    """A trie over tokens. `add` while building, `scan` afterwards."""

    normaliser: Normaliser
    fillers: frozenset[str]
    names: list[str] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)
    _root: dict[str, Any] = field(default_factory=dict)
    vocabulary: set[str] = field(default_factory=set)

    def kind(self, name: str) -> int:
        """The number of a class, made when first asked for."""
        if name not in self._ids:
            self._ids[name] = len(self.names)
            self.names.append(name)
        return self._ids[name]

    def has(self, name: str) -> bool:
        """Whether the class exists."""
        return name in self._ids

    def add(self, kind: int, phrases: Iterable[str]) -> None:
        """Let each phrase stand for the class."""
        for phrase in phrases:
            node = self._root
            words = self.normaliser.words(phrase)
            for word in words:
                below = node.get(word)
                if below is None:
                    below = node[word] = {}
                node = below
            self.vocabulary.update(words)
            if node is not self._root:
                ends = node.setdefault(_END, [])
                if kind not in ends:
                    ends.append(kind)

    def scan(self, tokens: list[Token]) -> list[Hit]:
        """Every class occurrence, in order of start."""
        hits: list[Hit] = []
        words = [token.text for token in tokens]
        count = len(words)
        root, fillers = self._root, self.fillers
        make = tuple.__new__  # hundreds of hits a text: without the named tuple's own constructor
        for start in range(count):
            node = root.get(words[start])
            if node is None:
                continue
            at, skips = start + 1, 0
            while True:
                ends = node.get(_END)
                if ends is not None:
                    hits.extend([make(Hit, (start, at, kind, False)) for kind in ends])
                while at < count:
                    following = node.get(words[at])
                    if following is not None:
                        break
                    if skips < _MAX_SKIPS and words[at] in fillers:
                        skips += 1
                        at += 1
                        continue
                    following = None
                    break
                else:
                    following = None
                if following is None:
                    break
                node, at = following, at + 1
        return hits
