"""Where sentences and clauses end, so that a "no" or a "last year" reaches no further than its writer meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.triage.rules.normalise import Offsets

_SENTENCE_ENDS = frozenset("。！？!?.\n;；…")
_COMMAS = frozenset(",，:：、()（）[]【】/-—~")
_SHORTEST = 2  # tokens before a blank that make a clause
FIRST_CJK = "\u2e80"
LISTING = frozenset({"、", "/", "and", "or", "nor", "和", "或", "跟", "与", "及", "也", "以"})
_SIGNS = _SENTENCE_ENDS | (_COMMAS - LISTING)  # what ends a clause
_BLANK = re.compile(rf"[{FIRST_CJK}-\U0010ffff]\s+[{FIRST_CJK}-\U0010ffff]")


@dataclass(slots=True)
class Layout:
    """For each token its sentence and its clause, both counted from 0; a question is a sentence with "?".

    `spaced` are the tokens that begin a clause because of a blank between Chinese words (SMS writers' comma).
    """

    sentences: list[int]
    clauses: list[int]
    questions: frozenset[int]
    spaced: frozenset[int]


def lay_out(words: list[str], text: str, barriers: frozenset[int], offsets: Offsets) -> Layout:
    """Sentences and clauses of a text. `barriers` are tokens ("but", 但是) that begin a new clause."""
    sentences: list[int] = []
    clauses: list[int] = []
    questions: set[int] = set()
    spaced: set[int] = set()
    sentence = clause = begun = 0
    lines, blanks = _gaps(words, text, offsets)
    for at, word in enumerate(words):
        if at in lines:
            sentence += 1
            clause += 1
            begun = at
        elif at in blanks and at - begun >= _SHORTEST:
            clause += 1
            begun = at
            spaced.add(at)
        if at in barriers:
            clause += 1
        sentences.append(sentence)
        clauses.append(clause)
        if word in _SIGNS:
            if word in _SENTENCE_ENDS:
                if word in "?？":
                    questions.add(sentence)
                if at + 1 == len(words) or words[at + 1] not in _SENTENCE_ENDS:  # "!!" ends one sentence
                    sentence += 1
            clause += 1
            begun = at + 1
    return Layout(sentences, clauses, frozenset(questions), frozenset(spaced))


def _gaps(words: list[str], text: str, offsets: Offsets) -> tuple[set[int], set[int]]:
    """The tokens before which a line ends, and the Chinese ones with a blank between them and a Chinese one."""
    lines: set[int] = set()
    blanks: set[int] = set()
    if "\n" not in text and not offsets.is_shifted and not _BLANK.search(text):
        return lines, blanks
    last_end, before = 0, ""
    for at, ((start, end), word) in enumerate(zip(offsets.spans, words, strict=True)):
        if start > last_end:
            if "\n" in text[last_end:start]:
                lines.add(at)
            elif word >= FIRST_CJK and before >= FIRST_CJK:
                blanks.add(at)
        last_end, before = end, word
    return lines, blanks
