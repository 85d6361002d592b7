"""Undoes one slip of the thumb in English words, towards words of the catalogue only.

Index of deletions (SymSpell, Garbe 2012): one lookup a word. Real English words are never touched: they are either in
the catalogue or in `_words_en.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_SHORTEST = 5
_LONG = 7  # letters from which any one letter but the first may be exchanged
_VOWELS = frozenset("aeiouyw")


@dataclass(slots=True)
class Speller:
    """`vocabulary` are the stems to mend towards, `english` the stems that are right as they are."""

    vocabulary: frozenset[str]
    english: frozenset[str]
    _index: dict[str, list[str]] = field(default_factory=dict)

    def mend(self, word: str, raw: str) -> str:
        """The word of the catalogue that was meant, or the word itself. `raw` is the word before stemming."""
        if len(word) < _SHORTEST or word in self.vocabulary or not (word.isascii() and word.isalpha()):
            return word
        if word in self.english or raw in self.english:
            return word
        if not self._index:
            self._build()
        best: tuple[int, str] | None = None
        for form in (word, *(word[:i] + word[i + 1 :] for i in range(len(word)))):
            for candidate in self._index.get(form, ()):
                distance = _distance(word, candidate)
                if distance <= 1 and (best is None or (distance, candidate) < best):
                    best = (distance, candidate)
        return best[1] if best else word

    def _build(self) -> None:
        for word in sorted(self.vocabulary):
            if len(word) >= _SHORTEST and word.isascii() and word.isalpha():
                for form in {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}:
                    self._index.setdefault(form, []).append(word)


def _distance(one: str, other: str) -> int:
    """1 for one insertion, deletion, exchange or swap of neighbours; 0 when equal; 2 for anything more."""
    if one == other:
        return 0
    if len(one) < len(other):
        one, other = other, one
    if len(one) - len(other) > 1:
        return 2
    at = 0
    while at < len(other) and one[at] == other[at]:
        at += 1
    if at == 0:
        return 2  # the first letter is seldom wrong
    if len(one) > len(other):
        return 1 if one[at + 1 :] == other[at:] else 2
    if one[at + 1 :] == other[at + 1 :]:  # an exchange: in a short word only of sounds alike ("admin" is no "admit")
        return 1 if len(one) >= _LONG or _VOWELS.issuperset((one[at], other[at])) else 2
    swapped = at + 1 < len(one) and one[at] == other[at + 1] and one[at + 1] == other[at]
    return 1 if swapped and one[at + 2 :] == other[at + 2 :] else 2
