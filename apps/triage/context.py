"""What the rules may know besides the text: found in the stored rows as of a time, so that a past decision can be made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.participants.vocabulary import ContactKind
from apps.triage import baselines
from apps.triage.models import SymptomReport
from apps.triage.rules import Context

RECENT = timedelta(hours=72)
# Who usually writes: the last month counts, and there must be enough of it to speak of a habit.
HABIT = timedelta(days=30)
HABIT_TEXTS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What upper floors know and these rows do not say. `last_answer`: the digit of the last check-in that was answered within
    72 h; `open_items`: items that the participant reported within three days and that no person has closed; `open_admission`: the
    team knows that they are, or were lately, in hospital."""

    last_answer: int | None = None
    open_items: tuple[str, ...] = ()
    open_admission: bool = False


_NOTHING_TOLD = Told()


def of(
    *, message: InboundMessage, participant: Participant | None, at: datetime, told: Told = _NOTHING_TOLD
) -> Context:
    """The context of one text as of `at`; an empty one when nobody is known to be meant."""
    if participant is None:
        return Context()
    before = SymptomReport.objects.filter(participant=participant, classified_at__lt=at).exclude(message=message)
    recent = before.filter(classified_at__gte=at - RECENT).values_list("findings", flat=True)
    items = {finding["id"] for findings in recent for finding in findings if finding["state"] == "present"}
    return Context(
        days_since_infusion=(at.date() - participant.day_zero).days,
        recent_items=tuple(sorted(items)),
        last_answer=told.last_answer,
        usual_reporter=_usual_reporter(participant, message),
        open_items=told.open_items,
        open_admission=told.open_admission,
        baselines=baselines.valid_items(participant, at=at),
        phone_answered_before=before.filter(message__line=message.line).exists(),
    )


def of_words(*, participant: Participant, at: datetime, open_admission: bool) -> Context:
    """The context of what was told to a person: what holds of the participant, and nothing of their texts."""
    return Context(
        days_since_infusion=(at.date() - participant.day_zero).days,
        open_admission=open_admission,
        baselines=baselines.valid_items(participant, at=at),
    )


def _usual_reporter(participant: Participant, message: InboundMessage) -> str | None:
    """Who wrote at least three quarters of last month's texts, digits included; None when there is no such habit."""
    texts = InboundMessage.objects.filter(
        line__contact_points__participant=participant,
        received_at__lt=message.received_at,
        received_at__gte=message.received_at - HABIT,
    ).values_list("pk", "line__contact_points__kind")
    own = {text for text, kind in texts if kind == ContactKind.PARTICIPANT}
    written = {text for text, _ in texts}
    if len(written) < HABIT_TEXTS:
        return None
    by_self = len(own)
    if 4 * by_self >= 3 * len(written):
        return "participant"
    return "caregiver" if 4 * (len(written) - by_self) >= 3 * len(written) else None


def stored(context: Context) -> dict[str, Any]:
    """As it is kept beside the decision: only what is not the default."""
    empty = Context()
    values = {name: getattr(context, name) for name in Context.__dataclass_fields__}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value != getattr(empty, name)
    }


def restored(values: dict[str, Any]) -> Context:
    """Back from what is kept."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Context(**plain)
