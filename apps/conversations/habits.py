"""How somebody answers, against how they always did. Pure: times are the participant's own, and nothing is compared between people.

Encephalopathy shows in this before it is said. No sign alone counts: a night shift is one sign, a night shift with digits that are not
on the list is a reason for a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil

RECENT = timedelta(days=7)
HISTORY = timedelta(days=180)
QUIET_AFTER = timedelta(days=14)  # one call about it, not one a text
ENOUGH = 8  # answers that make a habit
SIGNS_NEEDED = 2
_SLOW_AT_LEAST = timedelta(hours=6)
_SLOWER = 4
_SMALL_HOURS = (time(0), time(5))
_ENOUGH_TEXTS = 5


@dataclass(frozen=True)
class Answer:
    """One text of a participant. `at` in local time; `latency` since the question that it answers; `digits` as understood;
    `is_malformed`: digits that are on no list; `has_symptom`: words with a present complaint; `script`: "zh", "en" or ""."""

    at: datetime
    latency: timedelta | None = None
    digits: tuple[str, ...] = ()
    is_malformed: bool = False
    has_symptom: bool = False
    script: str = ""


@dataclass(frozen=True)
class Sign:
    """What has changed: `usual` and `now` in minutes, shares or words, as the name says."""

    name: str
    usual: str
    now: str


def signs(answers: Sequence[Answer], *, now: datetime) -> tuple[Sign, ...]:
    """What has changed in the last week against the half year before it; nothing without a habit to compare with."""
    before = [each for each in answers if now - HISTORY <= each.at < now - RECENT]
    recent = [each for each in answers if now - RECENT <= each.at <= now]
    if len(before) < ENOUGH or not recent:
        return ()
    found = (_slow(before, recent), _small_hours(before, recent), _malformed(before, recent), _script(before, recent))
    return tuple(sign for sign in (*found, _contradicts(recent)) if sign)


def is_drift(found: Sequence[Sign]) -> bool:
    return len(found) >= SIGNS_NEEDED


def drifts(answers: Sequence[Answer], *, since: datetime) -> list[datetime]:
    """When the watch would bring somebody to a person, from a time on. `answers` oldest first."""
    found: list[datetime] = []
    for number, answer in enumerate(answers, start=1):
        quiet = bool(found) and answer.at - found[-1] < QUIET_AFTER
        if answer.at >= since and not quiet and is_drift(signs(answers[:number], now=answer.at)):
            found.append(answer.at)
    return found


def _slow(before: Sequence[Answer], recent: Sequence[Answer]) -> Sign | None:
    """Much slower than nine in ten of one's own answers."""
    usual = sorted(each.latency for each in before if each.latency is not None)
    fresh = sorted(each.latency for each in recent if each.latency is not None)
    if len(usual) < ENOUGH or not fresh:
        return None
    slowest = usual[ceil(0.9 * len(usual)) - 1]
    typical = fresh[len(fresh) // 2]
    if typical < max(_SLOW_AT_LEAST, _SLOWER * slowest):
        return None
    return Sign("slow", _minutes(slowest), _minutes(typical))


def _minutes(length: timedelta) -> str:
    return str(round(length.total_seconds() / 60))


def _small_hours(before: Sequence[Answer], recent: Sequence[Answer]) -> Sign | None:
    """Answers between midnight and five from somebody who never answers then."""
    usual = sum(_is_small_hour(each) for each in before)
    fresh = sum(_is_small_hour(each) for each in recent)
    if not fresh or usual * 20 >= len(before):
        return None
    return Sign("small_hours", f"{usual}/{len(before)}", f"{fresh}/{len(recent)}")


def _is_small_hour(answer: Answer) -> bool:
    return _SMALL_HOURS[0] <= answer.at.time() < _SMALL_HOURS[1]


def _malformed(before: Sequence[Answer], recent: Sequence[Answer]) -> Sign | None:
    """Digits that are on no list, twice, from somebody who knows the list."""
    usual = sum(each.is_malformed for each in before)
    fresh = sum(each.is_malformed for each in recent)
    if fresh < 2 or usual * 10 > len(before):
        return None
    return Sign("malformed", f"{usual}/{len(before)}", f"{fresh}/{len(recent)}")


def _script(before: Sequence[Answer], recent: Sequence[Answer]) -> Sign | None:
    """Words in another script than always: somebody else, or not oneself."""
    usual = [each.script for each in before if each.script]
    fresh = [each.script for each in recent if each.script]
    if len(usual) < _ENOUGH_TEXTS or not fresh:
        return None
    own = max(sorted(set(usual)), key=usual.count)
    if usual.count(own) * 10 < 9 * len(usual) or fresh[-1] == own:
        return None
    return Sign("script", own, fresh[-1])


def _contradicts(recent: Sequence[Answer]) -> Sign | None:
    """Within a day "as before or better" and "worse", or "as before or better" and words of a complaint."""
    for first in recent:
        for other in recent:
            if "1" in first.digits and abs(other.at - first.at) <= timedelta(days=1):
                if "2" in other.digits and "1" not in other.digits:
                    return Sign("contradicts", "1", "2")
                if other.has_symptom:
                    return Sign("contradicts", "1", "symptom")
    return None
