"""Where sentences and clauses end, so that a "no" or a "last year" reaches no further than its writer meant."""

from __future__ import annotations

from dataclasses import dataclass

from apps.triage.rules.normalise import Token

_SENTENCE_ENDS = frozenset("。！？!?.\n;；…")
_COMMAS = frozenset(",，:：、()（）[]【】/-—~")
_SHORTEST = 2  # tokens before a blank that make a clause
FIRST_CJK = "\u2e80"
LISTING = frozenset({"、", "/", "and", "or", "nor", "和", "或", "跟", "与", "及", "也", "以"})


@dataclass(frozen=True, slots=True)
class Layout:
    """For each token its sentence and its clause, both counted from 0; a question is a sentence with "?".

    `spaced` are the tokens that begin a clause because of a blank between Chinese words (SMS writers' comma).
    """

    sentences: list[int]
    clauses: list[int]
    questions: frozenset[int]
    spaced: frozenset[int]


def lay_out(tokens: list[Token], text: str, barriers: set[int]) -> Layout:
    """Sentences and clauses of a text. `barriers` are tokens ("but", 但是) that begin a new clause."""
    sentences: list[int] = []
    clauses: list[int] = []
    questions: set[int] = set()
    spaced: set[int] = set()
    sentence = clause = 0
    last_end = begun = 0
    for at, token in enumerate(tokens):
        if "\n" in text[last_end : token.start]:
            sentence += 1
            clause += 1
            begun = at
        elif token.start > last_end and at - begun >= _SHORTEST and _parts(tokens[at - 1].text, token.text):
            clause += 1
            begun = at
            spaced.add(at)
        last_end = token.end
        if at in barriers:
            clause += 1
        sentences.append(sentence)
        clauses.append(clause)
        if token.text in _SENTENCE_ENDS:
            if token.text in "?？":
                questions.add(sentence)
            sentence += 1
            clause += 1
            begun = at + 1
        elif token.text in _COMMAS and token.text not in LISTING:
            clause += 1
            begun = at + 1
    return Layout(sentences, clauses, frozenset(questions), frozenset(spaced))


def _parts(before: str, after: str) -> bool:
    """Whether a blank between two tokens parts them: both are Chinese."""
    return before >= FIRST_CJK and after >= FIRST_CJK
