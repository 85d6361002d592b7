"""Reading a stored text by the rules and keeping the decision."""

from dataclasses import asdict
from datetime import timedelta

from apps.core import clock
from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.triage import rules
from apps.triage.models import SymptomReport

RECENT = timedelta(hours=72)


def triage(*, message: InboundMessage, participant: Participant | None, sender: str) -> SymptomReport:
    """Assess one text about one participant (None: nobody known) and keep the decision. The same text twice is one report."""
    found = rules.assess(message.body, sender=sender, context=_context(message, participant))
    values = {
        "sender": sender,
        "label": found.label,
        "level": found.level or "",
        "findings": [asdict(finding) for finding in found.findings],
        "reason": found.reason[:300],
        "rules_version": found.rules_version[:40],
        "path": found.path or "",
        "night_page": found.night_page,
        "needs_person": found.needs_person,
        "health_word": found.health_word,
        "input_sha256": found.input_sha256,
        "classified_at": clock.now(),
    }
    report, _ = SymptomReport.objects.get_or_create(message=message, participant=participant, defaults=values)
    return report


def _context(message: InboundMessage, participant: Participant | None) -> rules.Context:
    if participant is None:
        return rules.Context()
    now = clock.now()
    recent = SymptomReport.objects.filter(participant=participant, classified_at__gte=now - RECENT).values_list(
        "findings", flat=True
    )
    items = {finding["id"] for findings in recent for finding in findings if finding["state"] == "present"}
    return rules.Context(
        days_since_infusion=(now.date() - participant.day_zero).days,
        recent_items=tuple(sorted(items)),
        phone_answered_before=SymptomReport.objects.filter(participant=participant, message__line=message.line)
        .exclude(message=message)
        .exists(),
    )


def by_digit(*, message: InboundMessage, participant: Participant, sender: str, level: str) -> SymptomReport:
    """Keep the decision that a digit of the symptom menu makes by itself (clinical rule 10)."""
    values = {
        "sender": sender,
        "label": "serious" if level in ("R1", "R2") else "nonserious",
        "level": level,
        "reason": "answer from the list",
        "rules_version": "list",
        "night_page": level == "R1",
        "health_word": True,
        "input_sha256": "",
        "classified_at": clock.now(),
    }
    report, _ = SymptomReport.objects.get_or_create(message=message, participant=participant, defaults=values)
    return report
