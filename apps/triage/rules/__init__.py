"""Triage of one text by rules: pure, deterministic, explainable. No Django, no clock, no network.

>>> assess("black stool since last night").level
'R1'
"""

from __future__ import annotations

import gc
from functools import cache

from apps.triage.rules import form

_FOUND = form.folders()
__path__[:0] = _FOUND  # before the modules that may be compiled
FORM = form.COMPILED if _FOUND else form.PURE

from apps.triage.rules import answers
from apps.triage.rules.answers import Asked
from apps.triage.rules.catalogue import Catalogue, CatalogueError, load
from apps.triage.rules.decide import Engine, digest
from apps.triage.rules.net import load as load_net
from apps.triage.rules.normalise import Forms
from apps.triage.rules.quantities import Quantities
from apps.triage.rules.shapes import LABELS, LEVELS, STATES, Assessment, Clue, Context, Finding
from apps.triage.rules.spelling import Speller

__all__ = [
    "FORM",
    "LABELS",
    "LEVELS",
    "STATES",
    "Asked",
    "Assessment",
    "Catalogue",
    "CatalogueError",
    "Clue",
    "Context",
    "Finding",
    "assess",
    "catalogue",
    "engine",
    "judge_answer",
    "rules_version",
    "speller_of",
]
_NOTHING = Context()


def assess(
    text: str,
    *,
    lang: str | None = None,  # noqa: ARG001 - part of the port
    sender: str = "participant",
    context: Context | None = None,
) -> Assessment:
    """What one text means. Never raises: what fails goes to a person as "unclear", R2, `reason` "error: <class>".

    `lang` is accepted for the record only: people mix languages, so every text is read in all of them. `sender` is
    "participant" or "caregiver".
    """
    try:
        return engine().assess(text, sender=sender, context=context or _NOTHING)
    except Exception as error:  # noqa: BLE001 - the edge: a fault of ours must reach a person, never silence
        return Assessment(
            label="unclear",
            level="R2",
            findings=(),
            reason=f"error: {type(error).__name__}",
            rules_version="unknown",
            night_page=True,
            path=None,
            needs_person=True,
            health_word=True,
            input_sha256=digest(text) if isinstance(text, str) else "",
        )


def judge_answer(asked: Asked, text: str, *, sender: str, context: Context) -> Assessment:
    """The decision that an answer to a question about a symptom makes by itself; level None when it raises nothing."""
    return answers.judge(engine(), asked, text, sender=sender, context=context)


def catalogue() -> Catalogue:
    """The loaded catalogue. Raises CatalogueError."""
    return engine().cat


def rules_version() -> str:
    """The version of rules and catalogue together."""
    return catalogue().version


@cache
def engine() -> Engine:
    """Everything made ready, once. Raises CatalogueError or NetError."""
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand small things are made here and none is garbage
    try:
        cat = load()
        forms = Forms(cat.normaliser, speller_of(cat).mend)
        return Engine(cat, forms, Quantities(cat.shared["quantities"]), load_net(form.DATA / "_net.txt"))
    finally:
        if collecting:
            gc.enable()
        gc.freeze()  # they stay for good: no later collection has to look at them


def speller_of(cat: Catalogue) -> Speller:
    """What mends towards the words of this catalogue."""
    english = frozenset((form.DATA / "_words_en.txt").read_text(encoding="utf-8").split())
    return Speller(frozenset(cat.lexicon.vocabulary), english)
