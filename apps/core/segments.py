"""How many parts an SMS is sent in, and therefore what it costs and whether it arrives as one.

GSM 03.38: 160 septets alone, 153 a part; ten characters cost two septets and are never split over parts. One character outside
the alphabet makes the whole text UCS-2: 70 UTF-16 units alone, 67 a part, and a surrogate pair is never split. Parts are filled
one character at a time, because `ceil(units / part)` is wrong where such a pair stands at the end of a part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


ALONE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
PER_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True)
class Segments:
    """`units` are septets (GSM-7) or UTF-16 units (UCS-2); `parts` is what the carrier sends and bills."""

    encoding: Encoding
    units: int
    parts: int


def count(text: str) -> Segments:
    """Count the parts of a text. Raises ValueError on the empty text, which no gateway sends."""
    if not text:
        raise ValueError("an empty text has no parts")
    encoding = Encoding.GSM_7 if all(letter in _BASIC or letter in _EXTENDED for letter in text) else Encoding.UCS_2
    cost = _septets if encoding is Encoding.GSM_7 else _utf16_units
    units = sum(map(cost, text))
    parts = 1 if units <= ALONE[encoding] else _filled(text, cost, PER_PART[encoding])
    return Segments(encoding, units, parts)


def _filled(text: str, cost: Callable[[str], int], size: int) -> int:
    parts, used = 1, 0
    for letter in text:
        if used + cost(letter) > size:
            parts, used = parts + 1, 0
        used += cost(letter)
    return parts


def _septets(letter: str) -> int:
    return 2 if letter in _EXTENDED else 1


def _utf16_units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1
