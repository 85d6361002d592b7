"""Brings the forms of an English word together: a light stemmer with a table of irregular forms and SMS shorthand."""

from __future__ import annotations

import re
from typing import Any

_HOPED = re.compile("[a-z][aeiou][b-df-hj-np-tvz]")  # what lost its "e": hoped, noted


class English:
    """Stems words of lower-case letters. `data` is `_english.toml`."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.keep = frozenset(data["forms"]["keep"].split())
        self.forms = {
            written: meant
            for table in (data["irregular"], data["shorthand"])
            for meant, forms in table.items()
            for written in forms.split()
        }

    def stem(self, word: str) -> str:
        """A light stem: enough to bring "bleeds", "bleeding" and "bled" together, no more. May be two words."""
        known: str | None = self.forms.get(word)
        if known:
            return known
        if len(word) <= 3 or word in self.keep:
            return word
        return _cut(word)


def _cut(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ing") and len(word) > 5:
        return _undouble(word[:-3])
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ed") and len(word) > 4:
        return _undouble(word[:-2])
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1].removesuffix("e") if len(word) > 5 else word[:-1]  # "notes" is no "not"
    return word.removesuffix("e") if len(word) > 4 else word


def _undouble(stemmed: str) -> str:
    if len(stemmed) > 3 and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "lsz":
        return stemmed[:-1]
    if len(stemmed) == 3 and _HOPED.fullmatch(stemmed):
        return stemmed + "e"
    return stemmed.removesuffix("e") if len(stemmed) > 4 else stemmed
