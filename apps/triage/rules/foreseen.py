"""A death that has not been: wished for, foreseen, or escaped ("she wants to die", "he is going to die", 他快死了, 差点死了).

Its words are those of a death, but whoever writes them needs help at once: no text goes silent, and nobody is told of a loss. Where it
cannot be told, the words count as a death's.
"""

from __future__ import annotations

import re

_ENGLISH = re.compile(
    r"\b(?:wants?|wanted|wish\w*|rather|wanna|will|going to|gonna|about to)\b(?: \w+)?(?: to)?(?: be)? (?:die|dead|dying)\W*$"
)
_ESCAPED = re.compile(r"\b(?:nearly|almost)(?: \w+)? died\b")
# "Soon" before a verb is not yet (快死了), "very soon" tells how it went (很快就死了).
_CHINESE = re.compile(
    r"(?:(?<!很)快|要|将|將|想|宁愿|寧願|宁可|寧可|不如|差点|差點|差点儿|差一点|差一點|险些|險些)"
    r"(?:死|没|沒|走|去世|过世|過世|离世|離世|咽气|嚥氣|断气|斷氣|不在)(?:了|掉|掉了)?\W*$"
)
_BEFORE = 8  # characters in front of the finding, which may begin with the verb
_AFTER = re.compile(r"\W*(?:算了|得了|拉倒)")  # 死了算了: better dead


def has_not_been(text: str, start: int, end: int) -> bool:
    """Whether the death told of in [start, end) of a text is only wished for, foreseen or escaped. It counts where the words end so."""
    said = text[max(0, start - _BEFORE) : end].lower()
    if _ENGLISH.search(said) or _ESCAPED.search(said) or _AFTER.match(text, end):
        return True
    return _CHINESE.search(said) is not None
