"""Where sentences and clauses end, so that a "no" or a "last year" reaches no further than its writer meant."""

from __future__ import annotations

from dataclasses import dataclass

from apps.triage.rules.normalise import Token

_SENTENCE_ENDS = frozenset("。！？!?.\n;；…")
_COMMAS = frozenset(",，:：、()（）[]【】/-—~")
_SHORTEST = 2  # tokens before a blank that make a clause
FIRST_CJK = "\u2e80"
LISTING = frozenset({"、", "/", "and", "or", "nor", "和", "或", "跟", "与", "及", "也", "以"})
_SIGNS = _SENTENCE_ENDS | (_COMMAS - LISTING)  # what ends a clause


@dataclass(frozen=True, slots=True)
class Layout:
    """For each token its sentence and its clause, both counted from 0; a question is a sentence with "?".

    `spaced` are the tokens that begin a clause because of a blank between Chinese words (SMS writers' comma).
    """

    sentences: list[int]
    clauses: list[int]
    questions: frozenset[int]
    spaced: frozenset[int]


def lay_out(tokens: list[Token], text: str, barriers: frozenset[int]) -> Layout:
    """Sentences and clauses of a text. `barriers` are tokens ("but", 但是) that begin a new clause."""
    sentences: list[int] = []
    clauses: list[int] = []
    questions: set[int] = set()
    spaced: set[int] = set()
    sentence = clause = 0
    last_end = begun = 0
    before = ""
    has_lines = "\n" in text
    for at, (word, _, start, end) in enumerate(tokens):
        if start > last_end:
            if has_lines and "\n" in text[last_end:start]:
                sentence += 1
                clause += 1
                begun = at
            elif word >= FIRST_CJK and before >= FIRST_CJK and at - begun >= _SHORTEST:  # a blank between Chinese words
                clause += 1
                begun = at
                spaced.add(at)
        last_end, before = end, word
        if at in barriers:
            clause += 1
        sentences.append(sentence)
        clauses.append(clause)
        if word in _SIGNS:
            if word in _SENTENCE_ENDS:
                if word in "?？":
                    questions.add(sentence)
                if at + 1 == len(tokens) or tokens[at + 1].text not in _SENTENCE_ENDS:  # "!!" ends one sentence
                    sentence += 1
            clause += 1
            begun = at + 1
    return Layout(sentences, clauses, frozenset(questions), frozenset(spaced))
