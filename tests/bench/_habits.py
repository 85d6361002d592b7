"""What the watch on the silent sign would bring, over people who are made up: their habits, and a change of them that is put in.

The watch is the program's own (`habits.drifts`, its own limits); the people are assumptions, all of them below. The check-ins come as
the protocol has them; a person has a usual delay, now and then a night, a wrong digit, a contradiction or words. A change lasts
ten days. The figures say what the limits do with such people, not how often encephalopathy would be found.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

from apps.conversations import habits
from apps.conversations.habits import Answer

PEOPLE = 500
YEAR = 364
DRIFT_DAYS = 10
FOUND_WITHIN = timedelta(days=14)  # as `silent_sign` counts
_START = datetime(2027, 4, 14, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
# From the day on, until the next line: the weekdays (Monday 0) on which a check-in is sent.
_WEEKDAYS = [(0, range(7)), (8, (0, 2, 4, 6)), (29, (1, 4)), (85, (2,))]


@dataclass(frozen=True)
class Change:
    """What is put in: how many times slower, and how much likelier each of the others becomes."""

    slower: float
    night: float
    malformed: float
    contradicts: float
    other_script: float


CHANGES = {
    "none": Change(1, 0, 0, 0, 0),
    "slight": Change(3, 0.10, 0.10, 0.05, 0.0),
    "marked": Change(8, 0.35, 0.35, 0.20, 0.05),
}


@dataclass(frozen=True)
class Person:
    """A habit. `delay` in minutes is the median; the rest are chances an answer."""

    delay: float
    spread: float
    night: float
    malformed: float
    answers: float
    words: float


def run() -> dict[str, Any]:
    return {name: _measured(name, change) for name, change in CHANGES.items()}


def _measured(name: str, change: Change) -> dict[str, Any]:
    dice = random.Random(f"silent sign {name}")
    inside = outside = looked = 0
    spent = 0.0
    for _ in range(PEOPLE):
        person = _person(dice)
        begins = _START + timedelta(days=dice.randrange(90, YEAR - DRIFT_DAYS))
        answers = sorted(_answers(person, change, begins, dice), key=lambda each: each.at)
        before = process_time()
        brought = habits.drifts(answers, since=_START)
        spent += process_time() - before
        looked += len(answers)
        within = sum(begins <= at < begins + FOUND_WITHIN for at in brought)
        inside += within > 0
        outside += len(brought) - within
    return {
        "people": PEOPLE,
        "brought_in_the_fortnight": round(inside / PEOPLE, 3),  # where no change is put in: by chance
        "brought_otherwise_a_year": round(outside / PEOPLE * 365 / YEAR, 3),
        "an_answer_us": round(1e6 * spent / looked, 1),
    }


def _person(dice: random.Random) -> Person:
    is_owl = dice.random() < 0.1
    return Person(
        delay=45 * dice.lognormvariate(0, 0.8),
        spread=dice.uniform(0.5, 1.1),
        night=dice.uniform(0.05, 0.2) if is_owl else dice.uniform(0, 0.02),
        malformed=dice.uniform(0, 0.05),
        answers=dice.uniform(0.7, 1.0),
        words=dice.uniform(0.0, 0.3),
    )


def _answers(person: Person, change: Change, begins: datetime, dice: random.Random) -> Iterator[Answer]:
    for asked in _asked():
        if dice.random() > person.answers:
            continue
        changed = change if begins <= asked < begins + timedelta(days=DRIFT_DAYS) else CHANGES["none"]
        delay = timedelta(minutes=person.delay * changed.slower * dice.lognormvariate(0, person.spread))
        at = asked + min(delay, timedelta(hours=47))  # then the question has run out
        if dice.random() < person.night + changed.night:
            at = at.replace(hour=dice.randrange(5)) + timedelta(days=1)
        while dice.random() < person.malformed + changed.malformed:
            yield Answer(at, is_malformed=True)  # "bad number", and another try
            at += timedelta(minutes=3)
        well = dice.random() < 0.9
        yield Answer(at, latency=at - asked, digits=("1",) if well else ("2",))
        if dice.random() < changed.contradicts:
            yield Answer(at + timedelta(hours=2), digits=("2",) if well else ("1",))
        if dice.random() < person.words:
            own = dice.random() >= changed.other_script
            complaint = dice.random() < (0.1 if well else 0.8)
            yield Answer(at + timedelta(hours=1), has_symptom=complaint, script="zh" if own else "en")


def _asked() -> Iterator[datetime]:
    for day in range(YEAR):
        at = _START + timedelta(days=day)
        weekdays = next(days for since, days in reversed(_WEEKDAYS) if day >= since)
        if at.weekday() in weekdays:
            yield at
