"""The line listing: which columns there are, and nothing else. A column that does not stand here is in no listing.

No column tells the treatment or the phase, and none is split by them; rows are sorted by site and participant. Columns whose facts the
product does not hold yet stand empty, so that the sponsor's programs need not change when they come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from apps.exports import masking
from apps.exports.format import Cell, Listing
from apps.participants.services import age_on
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import CRITERIA, Outcome

OUTCOMES = {
    Outcome.UNKNOWN: "unknown",
    Outcome.RECOVERED: "recovered/resolved",
    Outcome.RECOVERING: "recovering/resolving",
    Outcome.NOT_RECOVERED: "not recovered/not resolved",
    Outcome.SEQUELAE: "recovered/resolved with sequelae",
    Outcome.FATAL: "fatal",
}


@dataclass(frozen=True)
class Case:
    """An event as it stood, with what its columns need to know."""

    event: AdverseEvent
    as_of: datetime
    names: tuple[str, ...]

    def masked(self, text: str) -> str:
        return masking.mask(text, names=self.names)

    def by_then(self, time: datetime | None) -> datetime | None:
        """A time that came later than the cut was not known then."""
        return time if time is not None and time < self.as_of else None


def _age(case: Case) -> int:
    born = date.fromisoformat(case.event.participant.birth_date)
    return age_on(born, case.event.onset_on or _local_day(case.event))


def _study_day(case: Case) -> int | None:
    """Day 1 is the day of the first infusion and there is no day 0, as in SDTM: files of one cut must not count differently."""
    if case.event.onset_on is None:
        return None
    days = (case.event.onset_on - case.event.participant.day_zero).days
    return days + 1 if days >= 0 else days


def _local_day(event: AdverseEvent) -> date:
    return event.received_at.astimezone(event.participant.zone).date()


def _empty(_: Case) -> None:
    return None


def _criterion(name: str) -> Callable[[Case], bool]:
    return lambda case: bool(getattr(case.event, name))


COLUMNS: dict[str, Callable[[Case], Cell]] = {
    "case_number": lambda case: case.event.case_number,
    "participant": lambda case: case.event.participant.code,
    "site": lambda case: case.event.participant.site.code,
    "country": lambda case: case.event.participant.site.country,
    "age": _age,
    "sex": lambda case: case.event.participant.sex,
    "verbatim": lambda case: case.masked(case.event.verbatim),
    "reported_term": lambda case: case.masked(case.event.term),
    "llt_code": _empty,
    "llt": _empty,
    "pt_code": _empty,
    "pt": _empty,
    "soc_code": _empty,
    "soc": _empty,
    "meddra_version": _empty,
    "onset": lambda case: case.event.onset_on,
    "end": lambda case: case.event.ended_on,
    "study_day": _study_day,
    "severity_grade": lambda case: case.event.severity_grade,
    "serious": lambda case: case.event.is_serious,
    **{name: _criterion(name) for name in CRITERIA},
    "outcome": lambda case: OUTCOMES[Outcome(case.event.outcome)],
    "action_taken": _empty,
    "causality_investigator": lambda case: case.event.causality_investigator,
    "causality_sponsor": _empty,
    "expectedness": _empty,
    "reference_safety_version": _empty,
    "text_received": lambda case: case.event.received_at,
    "awareness_investigator": lambda case: case.by_then(case.event.investigator_aware_at),
    "awareness_sponsor": lambda case: case.by_then(case.event.sponsor_day_zero),
    "report_due": _empty,
    "transmissions": _empty,
    "treatment": lambda _: "blinded",
    "version": lambda case: case.event.version,
    "last_change": lambda case: case.event.changed_at,
    "reported_by": lambda case: case.event.reporter,
}


def listing(events: Iterable[AdverseEvent], *, as_of: datetime, names: Iterable[str]) -> Listing:
    """One row an event, sorted by site, participant, time received and case number. Raises KeyDestroyed after shredding."""
    cases = [Case(event, as_of, tuple(sorted(names))) for event in sorted(events, key=_place)]
    rows = tuple(tuple(read(case) for read in COLUMNS.values()) for case in cases)
    return Listing(tuple(COLUMNS), rows)


def _place(event: AdverseEvent) -> tuple[str, str, datetime, str]:
    return event.participant.site.code, event.participant.code, event.received_at, event.case_number
