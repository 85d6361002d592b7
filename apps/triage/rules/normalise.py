"""From the words as sent to tokens that can be compared, without losing where each came from.

A token is a Latin word (stemmed), a number, one CJK character, or one other sign. Width, case, accents, traditional
characters, apostrophes, elongations and SMS shorthand are folded; where each token stands in the original text can be asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from sys import intern

from apps.triage.rules.english import English

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+(?:[.,:/]\d+)*|(?!(?<=[a-z])-[a-z])[^\s]")  # "blue-lighted" is two words
_PLAIN = re.compile(r"[a-z ]*")
_CHINESE = re.compile("[\u4e00-\u9fa5]+")
_LONG = re.compile(r"([a-z])\1{2,}")
_MOST_KNOWN = 50_000  # words or signs of which the folded form is kept
_APOSTROPHES = dict.fromkeys(map(ord, "’‘`´ʼ＇"), "'")


class _Fold(dict[str, str]):
    """One character to its folded form, computed once a character (NFKC, lower case, no marks, simplified)."""

    def __init__(self, simplified: Mapping[str, str]) -> None:
        super().__init__()
        self._simplified = simplified

    def __missing__(self, char: str) -> str:
        folded = unicodedata.normalize("NFKC", char).lower()
        if not folded.isascii():
            parts = unicodedata.normalize("NFKD", folded)
            if any("a" <= c <= "z" for c in parts) or all(unicodedata.category(c) in ("Mn", "Cf") for c in parts):
                folded = "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf"))
        folded = intern("".join(self._simplified.get(c, c) for c in folded).translate(_APOSTROPHES))
        if len(self) < _MOST_KNOWN:  # an attacker's alphabet must not fill the memory
            self[char] = folded
        return folded


class Normaliser:
    """Turns text into tokens."""

    def __init__(self, simplified: Mapping[str, str], english: English, slips: Mapping[str, str] | None = None) -> None:
        self._fold = _Fold(simplified)
        plain = {self._plain(wrong): self._plain(right) for wrong, right in (slips or {}).items()}
        self._slips = re.compile("|".join(sorted(plain, key=len, reverse=True)) or "(?!)")
        self._right = plain
        self._slip_starts = frozenset(wrong[0] for wrong in plain)
        self._english = english
        self._stems: dict[str, str] = {}

    def fold(self, text: str) -> tuple[str, Sequence[int]]:
        """The folded text and, for each of its characters (and its end), the offset in the original."""
        same = range(len(text) + 1)
        if text.isascii():
            return text.lower().replace("`", "'"), same
        fold = self._fold
        signs = [fold[char] for char in text]
        folded = "".join(signs)
        where: Sequence[int] = same
        if len(folded) != len(text) or "" in signs:
            where = [*(at for at, sign in enumerate(signs) for _ in sign), len(text)]
        if not self._slip_starts.isdisjoint(folded):  # a word of the same sound, of the same length: offsets stand
            folded = self._slips.sub(lambda match: self._right[match[0]], folded)
        return folded, where

    def _plain(self, word: str) -> str:
        return "".join([self._fold[char] for char in word])

    def words(self, phrase: str) -> list[str]:
        """The forms of a phrase's tokens, without their places; a short way for plain words, which most wordings are."""
        if not phrase.isascii() and _CHINESE.fullmatch(phrase):
            signs = [self._fold[char] for char in phrase]
            joined = "".join(signs)
            return signs if len(joined) == len(signs) else list(joined)
        if not _PLAIN.fullmatch(phrase):
            return [form for word in raw_words(self.fold(phrase)[0]) for form in self.stem(word).split(" ")]
        stems = self._stems
        found: list[str] = []
        for word in phrase.split():
            text = stems.get(word) or self.stem(word)
            found.extend(text.split(" ") if " " in text else (text,))
        return found

    def stem(self, word: str) -> str:
        """The stem of a word of a folded text; what is no Latin word is left as it is. May be two words."""
        found = self._stems.get(word)
        if found is None:
            # One object for one word wherever it stands: equal strings are found faster when they are the same.
            found = intern(self._stem(word) if "a" <= word[0] <= "z" else word)
            if len(self._stems) < _MOST_KNOWN:
                self._stems[word] = found
        return found

    def _stem(self, word: str) -> str:
        base, _, tail = word.partition("'")
        if tail in ("ll", "ve", "d", "m", "re"):  # "he'll" is he, "ill" is ill
            return self._english.stem(base)
        plain = word.replace("'", "")
        if plain.endswith("s") and word.endswith("'s") and plain not in self._english.forms:
            plain = plain[:-1]
        return self._english.stem(_LONG.sub(r"\1", plain))


class Forms(dict[str, str]):
    """Each word of a folded text in the form in which the catalogue knows it: the stem, a slip of the thumb undone. May be two words."""

    def __init__(self, normaliser: Normaliser, mend: Callable[[str, str], str]) -> None:
        super().__init__()
        self._normaliser = normaliser
        self._mend = mend

    def __missing__(self, raw: str) -> str:
        if raw[0].isdigit():
            return raw  # numbers are endless and would fill the table
        form = intern(" ".join([self._mend(stem, raw) for stem in self._normaliser.stem(raw).split(" ")]))
        if len(self) < _MOST_KNOWN:
            self[raw] = form
        return form

    def words(self, raw: list[str]) -> list[str]:
        """The tokens of a text's words as they are written."""
        forms = [self[word] for word in raw]
        joined = " ".join(forms)
        return joined.split(" ") if joined.count(" ") >= len(forms) > 0 else forms  # two words for one are rare


def raw_words(folded: str) -> list[str]:
    """The words, numbers and signs of a folded text as they are written."""
    return _TOKEN.findall(folded)


class Offsets:
    """Where the tokens of one text stand in the original. Reckoned when first asked for: many texts never need it."""

    def __init__(self, forms: Forms, folded: str, where: Sequence[int], raw: list[str], count: int) -> None:
        self._forms, self._folded, self._where, self._raw, self._count = forms, folded, where, raw, count
        self._spans: list[tuple[int, int]] | None = None
        self.is_shifted = not isinstance(where, range)  # folding has left out characters, or made two of one

    @property
    def spans(self) -> list[tuple[int, int]]:
        """For each token its first character and the one behind its last."""
        if self._spans is None:
            spans, where = self._in_folded(), self._where
            self._spans = [(where[start], where[end - 1] + 1) for start, end in spans] if self.is_shifted else spans
        return self._spans

    def _in_folded(self) -> list[tuple[int, int]]:
        """Between two words stand only blanks, or a hyphen before a letter: the next place where a word is written is its own."""
        folded, end = self._folded, 0
        spans = []
        for word in self._raw:
            start = folded.index(word, end)
            end = start + len(word)
            spans.append((start, end))
        if len(spans) == self._count:
            return spans
        return [span for word, span in zip(self._raw, spans, strict=True) for _ in self._forms[word].split(" ")]
