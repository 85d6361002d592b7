"""Counting SMS parts: the table of known cases, and an independent counter as the judge of random texts."""

import random

import pytest
from smsutil import split as oracle

from apps.core.segments import Encoding, count

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 307, GSM, 307, 3),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),
        ("a" * 158 + "\r\n", GSM, 160, 1),
        ("a" * 70 + "Ç", GSM, 71, 1),
        ("a" * 70 + "ç", UCS, 71, 2),
        ("a" * 150 + "\u2019", UCS, 151, 3),
        ("中" * 71, UCS, 71, 2),
        ("a" * 66 + "😀" + "a" * 66, UCS, 134, 3),
    ],
)
def test_a_text_is_counted_as_the_carrier_counts_it(text: str, encoding: Encoding, units: int, parts: int) -> None:
    counted = count(text)

    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)


@pytest.mark.parametrize("letter", "áíóúâêç\t`\u00a0\u200b\u201c\u2013")
def test_one_letter_outside_the_alphabet_makes_the_whole_text_ucs2(letter: str) -> None:
    assert count("plain " + letter).encoding is UCS


@pytest.mark.parametrize("letter", "àèéìòùäöüñßÇΔ")
def test_the_accents_of_the_gsm_alphabet_cost_nothing_extra(letter: str) -> None:
    assert count(letter * 160).parts == 1


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        count("")


def test_random_texts_are_counted_as_an_independent_counter_counts_them() -> None:
    dice = random.Random(20270414)
    alphabets = ("ab€^", "ab中", "a😀", "aç€\u2019", "a{}|~")

    for _ in range(2000):
        text = "".join(dice.choices(dice.choice(alphabets), k=dice.randint(1, 400)))
        assert count(text).parts == len(oracle(text).parts), ascii(text)
