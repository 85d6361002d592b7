"""Reading a stored text by the rules and keeping the decision."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from apps.core import clock
from apps.core.rows import insert_once
from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.triage import context as contexts
from apps.triage import rules
from apps.triage.context import Told
from apps.triage.models import BY_LIST, Correction, Label, Level, SymptomReport
from apps.triage.rules import together
from apps.vault.models import KeyDestroyed

# Texts of one phone that follow each other so closely are read as one too: people send a sentence in pieces.
BREATH = timedelta(minutes=3)
PIECES = 3
_URGENT = ("R1", "R2")
_NOTHING_TOLD = Told()


class TriageError(Exception):
    """A correction that is not allowed."""


class NotAllowedHere(TriageError):
    """This person may not judge texts of this site."""


class UnknownJudgement(TriageError):
    """The label or the level is none of the known ones."""


def triage(
    *, message: InboundMessage, participant: Participant | None, sender: str, told: Told = _NOTHING_TOLD
) -> SymptomReport:
    """Assess one text about one participant (None: nobody known) and keep the decision. The same text twice is one report."""
    context = contexts.of(message=message, participant=participant, at=clock.now(), told=told)
    found = decide(message=message, sender=sender, context=context)
    return _kept(message, participant, _values(sender, context, found))


def _values(sender: str, context: rules.Context, found: rules.Assessment) -> dict[str, Any]:
    return {
        "sender": sender,
        "label": found.label,
        "level": found.level or "",
        "findings": [asdict(finding) for finding in found.findings],
        "clues": [asdict(clue) for clue in found.clues],
        "context": contexts.stored(context),
        "reason": found.reason[:300],
        "rules_version": found.rules_version[:40],
        "path": found.path or "",
        "night_page": found.night_page,
        "needs_person": found.needs_person,
        "health_word": found.health_word,
        "input_sha256": found.input_sha256,
        "classified_at": clock.now(),
    }


def _kept(message: InboundMessage, participant: Participant | None, values: dict[str, Any]) -> SymptomReport:
    """The report of this text and participant, now or before. The database holds it unique only where somebody is meant."""
    kept = SymptomReport.objects.filter(message=message, participant=participant)
    if participant is None and (found := kept.first()) is not None:
        return found
    report = SymptomReport(message=message, participant=participant, **values)
    return report if insert_once(report) else kept.get()


def decide(*, message: InboundMessage, sender: str, context: rules.Context) -> rules.Assessment:
    """What the text means by the present rules, alone and with those just before it. Keeps nothing."""
    alone = rules.assess(message.body, sender=sender, context=context)
    if alone.level == "R1":
        return alone
    pieces = _just_before(message)
    before = [rules.assess(piece, sender=sender) for piece in pieces]
    if not pieces or any(one.level in _URGENT for one in before):
        return alone  # an alarm already stands for what was written before
    whole, start = together.joined([*pieces, message.body])
    found = rules.assess(whole, sender=sender, context=context)
    return together.worse(alone=alone, before=before, together=found, start=start)


def read_words(*, words: str, participant: Participant, at: datetime, open_admission: bool) -> rules.Assessment:
    """What words mean that somebody of the site has noted of a participant: a third person's, as a family's text is. Keeps nothing."""
    context = contexts.of_words(participant=participant, at=at, open_admission=open_admission)
    return rules.assess(words, sender="caregiver", context=context)


def _just_before(message: InboundMessage) -> list[str]:
    """The last texts of the same phone, oldest first, none more than a breath apart. Digits alone are answers, not words."""
    if message.line_id is None or message.media_count:
        return []
    rows = InboundMessage.objects.filter(line=message.line, received_at__lte=message.received_at)
    rows = rows.exclude(pk=message.pk).select_related("data_key").order_by("-received_at", "-pk")
    found: list[str] = []
    latest = message.received_at
    for row in rows[:PIECES]:
        if latest - row.received_at > BREATH:
            break
        latest = row.received_at
        try:
            body = row.body
        except KeyDestroyed:
            break
        if any(sign.isalpha() for sign in body):
            found.insert(0, body)
    return found


def acts_at(report: SymptomReport | rules.Assessment) -> str:
    """The level that people act at: an unclear text that speaks of health, in words or to the net, goes to the on-call (decision 30)."""
    if report.level not in _URGENT and report.label == "unclear" and (report.health_word or report.clues):
        return "R2"
    return report.level or ""


def by_digit(*, message: InboundMessage, participant: Participant, sender: str, level: str) -> SymptomReport:
    """Keep the decision that a digit of the symptom menu makes by itself (clinical rule 10)."""
    values = {
        "sender": sender,
        "label": "serious" if level in _URGENT else "nonserious",
        "level": level,
        "reason": "answer from the list",
        "rules_version": BY_LIST,
        "night_page": level == "R1",
        "health_word": True,
        "input_sha256": "",
        "classified_at": clock.now(),
    }
    return _kept(message, participant, values)


def by_answer(
    *, message: InboundMessage, participant: Participant, sender: str, asked: rules.Asked
) -> SymptomReport | None:
    """Keep the decision that an answer about a symptom makes, where it is urgent or raises what stands; else None, and nothing is kept."""
    context = contexts.of(message=message, participant=participant, at=clock.now())
    found = rules.judge_answer(asked, message.body, sender=sender, context=context)
    if found.level is None or (found.level not in _URGENT and found.level >= asked.standing):
        return None
    found = replace(found, rules_version=f"{BY_LIST} {found.rules_version}")
    return _kept(message, participant, _values(sender, context, found))


def correct(*, report: SymptomReport, person: User, label: str, level: str = "") -> Correction:
    """A named person says what the text meant. Raises NotAllowedHere or UnknownJudgement.

    It changes no alarm and no event: those are ended by the people who answer them. The same judgement twice is one row.
    """
    site = report.participant.site_id if report.participant else None
    if not scope(person).may(Action.DRAFT_EVENTS if site else Action.VIEW_UNMATCHED, site=site):
        raise NotAllowedHere
    if label not in Label.values or (level and level not in Level.values):
        raise UnknownJudgement
    last = report.corrections.order_by("-at").first()
    if last and (last.label, last.level, last.person) == (label, level, person):
        return last
    return Correction.objects.create(report=report, label=label, level=level, person=person, at=clock.now())
