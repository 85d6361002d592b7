"""From the words as sent to tokens that can be compared, without losing where each came from.

A token is a Latin word (stemmed), a number, one CJK character, or one other sign. Width, case, accents, traditional
characters, apostrophes, elongations and SMS shorthand are folded; every token keeps its offsets in the original text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from apps.triage.rules.english import English

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+(?:[.,:/]\d+)*|[^\s]")
_PLAIN = re.compile(r"[a-z ]*")
_CHINESE = re.compile("[\u4e00-\u9fa5]+")
_LONG = re.compile(r"([a-z])\1{2,}")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘`´ʼ＇"), "'")


class Token(NamedTuple):
    """`text` is the folded and stemmed form, `raw` the folded form; offsets are into the original text."""

    text: str
    raw: str
    start: int
    end: int


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
        folded = "".join(self._simplified.get(c, c) for c in folded).translate(_APOSTROPHES)
        if len(self) < 50_000:  # an attacker's alphabet must not fill the memory
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

    def fold(self, text: str) -> tuple[str, list[int]]:
        """The folded text and, for each of its characters (and its end), the offset in the original."""
        if text.isascii():
            return text.lower().replace("`", "'"), list(range(len(text) + 1))
        out: list[str] = []
        where: list[int] = []
        fold = self._fold
        for at, char in enumerate(text):
            folded = fold[char]
            if len(folded) == 1:
                out.append(folded)
                where.append(at)
            else:
                out.extend(folded)
                where.extend([at] * len(folded))
        where.append(len(text))
        joined = "".join(out)
        if not self._slip_starts.isdisjoint(out):  # a word of the same sound, of the same length: offsets stand
            joined = self._slips.sub(lambda match: self._right[match[0]], joined)
        return joined, where

    def _plain(self, word: str) -> str:
        return "".join([self._fold[char] for char in word])

    def tokens(self, folded: str, where: list[int]) -> list[Token]:
        """The tokens of a folded text."""
        found: list[Token] = []
        stems = self._stems
        make = tuple.__new__  # every token of every text: without the named tuple's own constructor
        for match in _TOKEN.finditer(folded):
            word = match[0]
            begin, finish = match.span()
            text = word
            if "a" <= word[0] <= "z":
                text = stems.get(word) or self._stem(word)
                if " " in text:
                    found.extend([Token(part, word, where[begin], where[finish - 1] + 1) for part in text.split(" ")])
                    continue
            found.append(make(Token, (text, word, where[begin], where[finish - 1] + 1)))
        return found

    def words(self, phrase: str) -> list[str]:
        """The forms of a phrase's tokens, without their places; a short way for plain words, which most wordings are."""
        if _CHINESE.fullmatch(phrase):
            return list("".join([self._fold[char] for char in phrase]))
        if not _PLAIN.fullmatch(phrase):
            return [token.text for token in self.tokens(*self.fold(phrase))]
        stems = self._stems
        found: list[str] = []
        for word in phrase.split():
            text = stems.get(word) or self._stem(word)
            found.extend(text.split(" ") if " " in text else (text,))
        return found

    def _stem(self, word: str) -> str:
        base, _, tail = word.partition("'")
        if tail in ("ll", "ve", "d", "m", "re"):  # "he'll" is he, "ill" is ill
            return self._english.stem(base)
        plain = word.replace("'", "")
        if plain.endswith("s") and word.endswith("'s") and plain not in self._english.forms:
            plain = plain[:-1]
        text = self._english.stem(_LONG.sub(r"\1", plain))
        if len(self._stems) < 50_000:
            self._stems[word] = text
        return text
