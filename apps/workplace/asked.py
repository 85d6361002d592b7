"""What was asked about a symptom after it was told of, what an answer says, and what it did, in the language of the page.

Question and list are those of the participant's wording, so that staff read what was asked; nothing is worded twice.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.conversations.models import Question
from apps.conversations.vocabulary import QuestionState
from apps.core import wording
from apps.safety.models import AdverseEvent
from apps.triage import rules
from apps.triage.models import BY_LIST, SymptomReport
from apps.workplace.words import listed

_RULE = re.compile(r"\brule (\S+)")
_BEFORE = re.compile(r", before (\d)")
_WARMTH_F = 50.0


@dataclass(frozen=True)
class Line:
    """One question about one item and what came of it; `answer` is "" while none came."""

    at: datetime
    item: str
    question: str
    answer: str
    is_open: bool


def _language() -> str:
    return "zh-Hans" if (get_language() or "").startswith("zh") else "en"


def name_of(item: str) -> str:
    """The catalogue's short name in the page's language; the bare id when it has none."""
    return _named(item, ("short", "name"))


def full_name_of(item: str) -> str:
    """The catalogue's whole name, as a list to choose from needs it."""
    return _named(item, ("name",))


def _named(item: str, fields: tuple[str, ...]) -> str:
    known = rules.catalogue().items.get(item)
    names = next((known.data[field] for field in fields if known.data.get(field)), None) if known else None
    return str(names.get(_language()[:2], item)) if isinstance(names, dict) else item


def about(event: AdverseEvent) -> list[Line]:
    """Every question of a case, oldest first. A second thought stands beside the first answer."""
    is_about = ~Q(item="") | Q(wording="sym_progress")  # how it is now: about all that is open, so it names no item
    asked = Question.objects.filter(is_about, event=event).order_by("asked_at", "answered_at")
    return [
        Line(
            each.asked_at,
            name_of(each.item) if each.item else "",
            title(each.wording),
            said(each),
            each.state == QuestionState.OPEN,
        )
        for each in asked
    ]


def answers_in(messages: Iterable[Any]) -> dict[Any, Question]:
    """By text: the question about a symptom that it answered."""
    rows = Question.objects.filter(answered_by__in=list(messages)).exclude(item="")
    return {each.answered_by_id: each for each in rows}


def title(key: str) -> str:
    """The question alone, without its list: "How bad at its worst?"."""
    return wording.message(key, lang=_language()).question


def said(question: Question) -> str:
    """An answer in words: "3 severe", "38.6 °C", "not measured"; "" while there is none."""
    if not question.answer:
        return ""
    if question.wording == "sym_temp":
        return _measured(question.answer, "°F" if float(question.answer) > _WARMTH_F else "°C")
    if question.wording == "sym_weight":
        return _measured(question.answer, "kg")
    known = wording.message(question.wording, lang=_language()).choices
    return listed(f"{digit} {known[digit]}" if digit in known else digit for digit in question.answer.split())


def _measured(value: str, unit: str) -> str:
    return _("not measured") if value == "0" else f"{value} {unit}"


def explained(question: Question, report: SymptomReport | None) -> str:
    """An answer with its question, and why it was an alarm or a call, if it was: a sentence for whoever picks up the phone."""
    parts = [f"{name_of(question.item)}: {title(question.wording)} {said(question)}"]
    if report is not None and report.rules_version.startswith(f"{BY_LIST} "):
        parts.append(_("this answer makes it %(level)s") % {"level": report.level})
        parts += _composites(report.reason, said_now=question.answer)
    return " · ".join(parts)


def _composites(reason: str, *, said_now: str) -> Sequence[str]:
    """The names of the rules over several findings that had a part in it; a jump says from where to where."""
    names = {rule["id"]: rule["name"][_language()[:2]] for rule in rules.catalogue().shared["composites"]["rule"]}
    found = [name for name in dict.fromkeys(_RULE.findall(reason)) if name in names]
    before = _BEFORE.search(reason)
    jump = f" ({before[1]} → {said_now})" if before else ""
    return [names[name] + (jump if name == "C11" else "") for name in found]
