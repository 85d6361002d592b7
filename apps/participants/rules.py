"""Who may be entered, and ages. Pure: dates and limits come from the caller."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from apps.participants.vocabulary import Rule

# Day 0 may be planned shortly ahead; a date further on is a slip of the pen, most often in the year.
DAY_ZERO_AHEAD = timedelta(days=28)


@dataclass(frozen=True)
class Problem:
    """One reason for a refusal: the form's field, the rule that it breaks, and the limits that the rule names."""

    field: str
    rule: Rule
    limits: dict[str, object] = dataclasses.field(default_factory=dict)

    @property
    def message(self) -> str:
        """The rule as a sentence in the reader's language."""
        text = str(self.rule.label)
        return text % self.limits if self.limits else text


@dataclass(frozen=True)
class ConsentGiven:
    """A consent as it stands on paper: version of the form, the day, and the day of a withdrawal."""

    version: str
    given_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True)
class Limits:
    """What the trial allows. `enrolled` participants are entered already."""

    age_min: int
    age_max: int
    enrolment: int
    enrolled: int
    window_to: date


def age_on(birth_date: date, day: date) -> int:
    """Completed years. Born on 29 February, one is a year older on 1 March of other years."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (0 if had_birthday else 1)


def code_problems(code: str, *, site_code: str) -> Iterator[Problem]:
    if not re.fullmatch(rf"{re.escape(site_code)}-\d{{3}}", code, re.ASCII):
        yield Problem("code", Rule.CODE_FORMAT, {"example": f"{site_code}-001"})


def consent_problems(name: str, consent: ConsentGiven | None, *, missing: Rule, today: date) -> Iterator[Problem]:
    """A consent that counts was given by today and not withdrawn."""
    if consent is None or not consent.version.strip():
        yield Problem(name, missing)
        return
    if consent.given_on > today:
        yield Problem(name, Rule.CONSENT_IN_FUTURE)
    if consent.withdrawn_on is not None:
        early = consent.withdrawn_on < consent.given_on
        yield Problem(name, Rule.WITHDRAWN_BEFORE_GIVEN if early else Rule.CONSENT_WITHDRAWN)


def day_zero_problems(day_zero: date, *, consented_on: date | None, limits: Limits, today: date) -> Iterator[Problem]:
    if consented_on is not None and day_zero < consented_on:
        yield Problem("day_zero", Rule.DAY_ZERO_BEFORE_CONSENT)
    if day_zero > min(today + DAY_ZERO_AHEAD, limits.window_to):
        yield Problem("day_zero", Rule.DAY_ZERO_TOO_LATE, {"days": DAY_ZERO_AHEAD.days})


def criteria_problems(birth_date: date, *, consented_on: date | None, limits: Limits) -> Iterator[Problem]:
    """The rules that a participant who was randomised in error may break: age, and the size of the trial."""
    if limits.enrolled >= limits.enrolment:
        yield Problem("code", Rule.COHORT_FULL, {"enrolment": limits.enrolment})
    if consented_on is None:
        return
    if not limits.age_min <= age_on(birth_date, consented_on) <= limits.age_max:
        yield Problem("birth_date", Rule.AGE, {"age_min": limits.age_min, "age_max": limits.age_max})


def birth_problems(birth_date: date, *, consented_on: date | None) -> Iterator[Problem]:
    if consented_on is not None and birth_date > consented_on:
        yield Problem("birth_date", Rule.BIRTH_DATE)
