"""When a test is due, and what a participant wished to be reminded of. Pure, like `rules`: days are local, returned times are aware.

Source: the protocol file's section reminders, the rules that need no appointment.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.followup.rules import Person, PlannedReminder, PlannedVisit, existing, useful_until
from apps.trials.protocol import Protocol, ReminderRule
from apps.trials.vocabulary import ReminderWhen

AHEAD = 8  # days: the plan is made anew every night
_DAY = timedelta(days=1)
_WEEK = timedelta(days=6)  # "this week" is said on its first day


def test_due(visit: PlannedVisit, person: Person, protocol: Protocol) -> Iterator[PlannedReminder]:
    """On the day that the visit's window opens; for who entered later, or where it opened before the trial's window, the first day since.

    It needs no appointment.
    """
    for rule in _rules(protocol, ReminderWhen.WINDOW_OPENS):
        if rule.message not in visit.reminders:
            continue
        day = max(visit.opens, protocol.window.start, person.entered_on)
        at = _at(day, rule, person.zone)
        if at <= person.entered_at:
            day, at = day + _DAY, _at(day + _DAY, rule, person.zone)
        if day <= visit.closes and protocol.window.covers(day):
            yield PlannedReminder(visit.code, rule.message, day, at)


def wished(person: Person, protocol: Protocol, *, now: datetime) -> Iterator[PlannedReminder]:
    """What the participant has chosen, for the days just ahead; nothing of an hour that is over when it is chosen."""
    for rule in _rules(protocol, ReminderWhen.OPTED_IN):
        for later in range(AHEAD):
            day = now.astimezone(person.zone).date() + later * _DAY
            at = _at(day, rule, person.zone)
            is_wished = rule.message in person.wishes and rule.leaves_on(day)
            if is_wished and protocol.window.covers(day) and day >= person.day_zero and at > now:
                yield PlannedReminder("", rule.message, day, at)


def useless_from(day: date, *, wording: str, zone: ZoneInfo, protocol: Protocol) -> datetime:
    """When a text of this day is no longer sent: what was wished for the day at its end, a test at the end of its week."""
    wishes = {rule.message for rule in _rules(protocol, ReminderWhen.OPTED_IN)}
    return useful_until(day if wording in wishes else day + _WEEK, zone=zone, quiet=protocol.quiet_hours)


def next_day(local: datetime, *, wording: str, protocol: Protocol) -> datetime:
    """The same hour of the next day."""
    rule = next(rule for rule in protocol.reminders.rules if rule.message == wording)
    zone = local.tzinfo
    if not isinstance(zone, ZoneInfo):
        raise TypeError("hours are kept in a named zone")
    return _at(local.date() + _DAY, rule, zone)


def _rules(protocol: Protocol, when: ReminderWhen) -> list[ReminderRule]:
    return [rule for rule in protocol.reminders.rules if rule.only_if == when]


def _at(day: date, rule: ReminderRule, zone: ZoneInfo) -> datetime:
    return existing(datetime.combine(day, rule.at), zone)
