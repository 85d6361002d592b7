"""What our own lists say beside a digit, copied back: "3 please call me", "2有新情况", "need help to go". Pure: no Django, no clock."""

import re
from collections.abc import Collection
from functools import cache

from apps.conversations.given import of_list
from apps.conversations.understanding import normalise
from apps.core import wording

_EITHER = re.compile(r"/| or |或")
_SIGNS = " =.,，。"


def digit_of(keys: Collection[str], body: str) -> str | None:
    """The digit of these texts' lists whose words this is, with or without the digit before them; None for all else."""
    return of_list(body, _words(frozenset(keys)))


@cache
def _words(keys: frozenset[str]) -> dict[str, str]:
    """In every language, whole and in parts: people copy "as before" from "as before or better"."""
    meant = [wording.message(key, lang=lang).choices for key in sorted(keys) for lang in wording.languages()]
    pairs = ((part, digit) for each in meant for digit, said in each.items() for part in _parts(said.strip(_SIGNS)))
    return {normalise(part): digit for part, digit in pairs}


def _parts(said: str) -> list[str]:
    return [said, *_EITHER.split(said)]
