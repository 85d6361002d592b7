"""What a judgement of an event may not say, because it cannot be so."""

from datetime import date

from apps.core import clock
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import CRITERIA, Causality, Outcome

_DEATH = 5  # CTCAE: a grade 5 is a death


class SafetyError(Exception):
    """A step of the case that is not allowed."""


class FatalWithoutDeath(SafetyError):
    """A fatal outcome and grade 5 are a death, and so the event is serious because of it."""


class DeathOtherwise(SafetyError):
    """An event that is serious because of death ends fatally, if its outcome is stated."""


class OnsetImpossible(SafetyError):
    """An onset is between birth and today."""


class EndImpossible(SafetyError):
    """An end is between birth and today, whether the onset is known or not."""


class EndsBeforeOnset(SafetyError):
    """The end is before the onset."""


class EndedNotRecovered(SafetyError):
    """What has an end is not still going on."""


def check_days(event: AdverseEvent) -> None:
    """Of a draft too. Raises OnsetImpossible, EndImpossible or EndsBeforeOnset."""
    if not _can_be(event.onset_on, event.participant):
        raise OnsetImpossible
    if not _can_be(event.ended_on, event.participant):
        raise EndImpossible
    if event.onset_on and event.ended_on and event.ended_on < event.onset_on:
        raise EndsBeforeOnset


def check_whole(event: AdverseEvent) -> None:
    """Of what an investigator signs. Raises any of the above.

    A death may stand without an outcome: nobody may know yet that this event was what they died of.
    """
    check_days(event)
    is_fatal = event.outcome == Outcome.FATAL or event.severity_grade == _DEATH
    if is_fatal and not event.death:
        raise FatalWithoutDeath
    if event.death and event.outcome not in ("", Outcome.UNKNOWN, Outcome.FATAL):
        raise DeathOtherwise
    if event.ended_on and event.outcome == Outcome.NOT_RECOVERED:
        raise EndedNotRecovered


def _can_be(day: date | None, participant: Participant) -> bool:
    return day is None or _born(participant) <= day <= clock.today(str(participant.zone))


def is_graver(now: AdverseEvent, *, than: AdverseEvent) -> bool:
    """It has a criterion that it had not, or its relation to the product is no longer called unlikely: whoever was told of it as it was
    does not know how grave it is, and the time to tell them runs anew. A grade is no seriousness.
    """
    has_more = any(getattr(now, name) and not getattr(than, name) for name in CRITERIA)
    unlikely = Causality.UNLIKELY
    return has_more or (than.causality_investigator == unlikely != now.causality_investigator)


def _born(participant: Participant) -> date:
    return date.fromisoformat(participant.birth_date) if participant.birth_date else date.min
