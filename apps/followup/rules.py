"""The plan of one participant: on which days which check-in leaves, at what local minute, and what follows silence. Pure.

Days are local to the participant. A returned time is aware, in the participant's zone. Source: the protocol file's sections window,
quiet_hours, checkins, cadence, visits, calendar_contacts, merging, missed_reply, fast_track, reminders.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.conversations.promises import day_words
from apps.trials.protocol import CheckInRuleFacts, Protocol, QuietHours
from apps.trials.vocabulary import MissedStep, ReminderWhen, Who

FLOOR = "FLOOR"  # the rule of a check-in that only the monthly floor asks for
END_OF_WORK = time(17)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Person:
    """Whose plan it is: what the plan depends on, and nothing else. `entered_at` is aware.

    `closely_from`: the day on which they came home from hospital; for some days after it they are asked more often.
    """

    id: uuid.UUID
    day_zero: date
    zone: ZoneInfo
    entered_at: datetime
    send_time: time | None = None
    wishes: frozenset[str] = frozenset()
    closely_from: date | None = None

    @property
    def entered_on(self) -> date:
        return self.entered_at.astimezone(self.zone).date()


@dataclass(frozen=True)
class Occurrence:
    """One planned check-in: its day, the rule that asks for it, and when it leaves."""

    day: date
    rule: str
    at: datetime


# --- check-ins


def plan_checkins(person: Person, protocol: Protocol) -> list[Occurrence]:
    """Every check-in from entry to the window's end, in order, at most one a day; none at a time before entry."""
    days = _with_floor(_rule_days(person, protocol), person, protocol)
    return [Occurrence(day, rule, at) for day, rule, at in days]


_Day = tuple[date, str, datetime]


def _rule_days(person: Person, protocol: Protocol) -> list[_Day]:
    day, found = _first_day(person, protocol), []
    while day <= protocol.window.end:
        rule = _rule_on(day, person, protocol)
        if rule is not None and _sends_on(rule, day, protocol):
            found.append(_planned(day, person, protocol))
        day += _DAY
    return [each for each in found if each[2] > person.entered_at]


def _rule_on(day: date, person: Person, protocol: Protocol) -> CheckInRuleFacts | None:
    """The rule of this day. Some days after a stay in hospital have the closer rule of the trial file, unless their own comes before it."""
    own, after = protocol.checkin_rule_on((day - person.day_zero).days), protocol.after_discharge
    if person.closely_from is None or not 0 < (day - person.closely_from).days <= after.days:
        return own
    closer = next((rule for rule in protocol.checkins if rule.code == after.checkins), own)
    return own if own is None or closer is None or own.day_from < closer.day_from else closer


def _first_day(person: Person, protocol: Protocol) -> date:
    return max(protocol.window.start, person.day_zero, person.entered_on)


def _sends_on(rule: CheckInRuleFacts, day: date, protocol: Protocol) -> bool:
    """Weeks count from Monday of the parity anchor's week, the same for everybody: week 0 sends."""
    weeks = (_monday(day) - _monday(protocol.cadence.parity_anchor)).days // 7
    return day.weekday() in rule.weekday_numbers and weeks % rule.every_weeks == 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _planned(day: date, person: Person, protocol: Protocol) -> _Day:
    rule = _rule_on(day, person, protocol)
    default = rule.send_at if rule else protocol.quiet_hours.times[0]
    at = send_time(day, person.send_time or default, person=person, quiet=protocol.quiet_hours)
    return day, rule.code if rule else FLOOR, at


def _with_floor(days: list[_Day], person: Person, protocol: Protocol) -> list[_Day]:
    """One text at once for who would wait too long at entry; then nobody waits longer than the floor."""
    first = _first_day(person, protocol)
    filled: list[_Day] = []
    if first <= protocol.window.end and _waits_too_long(days, first, protocol):
        at_once = _planned(first, person, protocol)
        filled.append(at_once if at_once[2] > person.entered_at else _planned(first + _DAY, person, protocol))
    last = first
    for each in [*days, None]:
        until = each[0] if each else protocol.window.end + _DAY
        last = filled[-1][0] if filled else last
        while (until - last).days > protocol.cadence.floor_days:
            last += timedelta(days=protocol.cadence.floor_days)
            filled.append(_planned(last, person, protocol))
        if each:
            filled.append(each)
    return [each for each in filled if protocol.window.covers(each[0])]


def _waits_too_long(days: list[_Day], first: date, protocol: Protocol) -> bool:
    return not days or (days[0][0] - first).days > protocol.cadence.catch_up_after_days


# --- hours


def send_time(day: date, wanted: time, *, person: Person, quiet: QuietHours) -> datetime:
    """The minute at which a text of this day leaves: the wanted hour, some minutes to and fro, always the same for the same day.

    The jitter keeps a whole site from being texted in one minute. It never leads into the quiet hours.
    """
    digest = hashlib.sha256(f"{person.id}:{day.isoformat()}".encode()).digest()
    jitter = int.from_bytes(digest[:4], "big") % (2 * quiet.jitter_minutes + 1) - quiet.jitter_minutes
    exact = datetime.combine(day, wanted)
    shifted = exact + timedelta(minutes=jitter)
    if quiet.covers(shifted.time()) or shifted.date() != day:
        shifted = exact
    return allowed_from(existing(shifted, person.zone), quiet=quiet)


def existing(local: datetime, zone: ZoneInfo) -> datetime:
    """A naive local time as an aware one. A skipped time becomes the next that exists; of a doubled hour it is the first."""
    while True:
        aware = local.replace(tzinfo=zone, fold=0)
        back = aware.astimezone(UTC).astimezone(zone)
        if back.replace(tzinfo=None, fold=0) == local:
            return aware
        local += _MINUTE


def end_of_work(day: date, zone: ZoneInfo) -> datetime:
    """The hour by which what is to be done on a day is done."""
    return existing(datetime.combine(day, END_OF_WORK), zone)


def allowed_from(local: datetime, *, quiet: QuietHours) -> datetime:
    """The first minute from this aware local time on at which an unprompted text may leave."""
    if not quiet.covers(local.time()):
        return local
    zone = local.tzinfo
    if not isinstance(zone, ZoneInfo):
        raise TypeError("hours are kept in a named zone")
    day = local.date() if local.time() < quiet.end else local.date() + _DAY
    return existing(datetime.combine(day, quiet.end), zone)


def useful_until(day: date, *, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """A check-in that could not leave on its day before the quiet hours is not sent at night or days late."""
    return existing(datetime.combine(day, quiet.start), zone)


def farewell_at(person: Person, protocol: Protocol) -> datetime:
    """When the last text of the window leaves: on its last day, at the middle one of the hours, so that what is due before it is over."""
    hours = protocol.quiet_hours.times
    return send_time(protocol.window.end, hours[len(hours) // 2], person=person, quiet=protocol.quiet_hours)


# --- what follows silence


@dataclass(frozen=True)
class Chase:
    """One step after an unanswered check-in: a text, or (without wording) the call that ends the texting."""

    at: datetime
    wording: str
    names_call: bool = False


def chase(sent: datetime, *, protocol: Protocol, fast: bool, discreet_wording: str = "") -> list[Chase]:
    """Reminders after a check-in that left at this local time, and last of all the call. Discreet ones repeat the check-in."""
    steps = protocol.fast_track.steps if fast else protocol.missed_reply
    found: list[Chase] = []
    left_out: set[str] = set()
    for step in steps:
        if step.code in left_out:
            continue
        at = _step_time(sent, after=timedelta(minutes=step.after_minutes), next_day_at=step.next_day_at)
        if step.does == MissedStep.CALL:
            return [
                *found,
                Chase(_call_time(at, not_before=step.not_before, working=step.working_day, protocol=protocol), ""),
            ]
        if step.does != MissedStep.TEXT:
            continue
        if protocol.quiet_hours.covers(at.time()):
            left_out.add(step.when_quiet_skip)
            at = (
                _next_morning(sent, step.when_quiet_at)
                if step.when_quiet_at
                else allowed_from(at, quiet=protocol.quiet_hours)
            )
        wording = step.messages[0]
        found.append(Chase(at, discreet_wording or wording, names_call=wording == "checkin_remind2"))
    raise ValueError("the chain after an unanswered check-in ends with a call")


@dataclass(frozen=True)
class LaterStep:
    """One step from the first call on. `call` counts the calls, from 1; 0 where nobody is called. `tells`: the investigators hear of it."""

    code: str
    at: datetime
    call: int
    messages: tuple[str, ...]
    tells: bool
    decides_welfare: bool


def from_first_call_on(sent: datetime, *, protocol: Protocol, fast: bool) -> list[LaterStep]:
    """The first call after a check-in that left at this local time and all that follows it, until the search for a lost participant."""
    steps = protocol.fast_track.steps if fast else protocol.missed_reply
    found: list[LaterStep] = []
    calls = 0
    for step in steps:
        calls += step.does == MissedStep.CALL
        if not calls or step.does == MissedStep.LOST_TO_FOLLOW_UP:
            continue
        at = _step_time(sent, after=timedelta(minutes=step.after_minutes), next_day_at=step.next_day_at)
        at = _call_time(at, not_before=step.not_before, working=step.working_day, protocol=protocol)
        number = calls if step.does == MissedStep.CALL else 0
        tells, welfare = Who.SUB_INVESTIGATOR in step.tell, step.does == MissedStep.WELFARE_CHECK
        found.append(LaterStep(step.code, at, number, step.messages, tells, welfare))
    return found


def _zone(local: datetime) -> ZoneInfo:
    if not isinstance(local.tzinfo, ZoneInfo):
        raise TypeError("hours are kept in a named zone")
    return local.tzinfo


def _step_time(sent: datetime, *, after: timedelta, next_day_at: time | None) -> datetime:
    if next_day_at is not None:
        return _next_morning(sent, next_day_at)
    return (sent.astimezone(UTC) + after).astimezone(_zone(sent))


def _next_morning(sent: datetime, at: time) -> datetime:
    return existing(datetime.combine(sent.date() + _DAY, at), _zone(sent))


def _call_time(at: datetime, *, not_before: time | None, working: bool, protocol: Protocol) -> datetime:
    at = allowed_from(at, quiet=protocol.quiet_hours)
    if not_before is not None and at.time() < not_before:
        at = existing(datetime.combine(at.date(), not_before), _zone(at))
    while working and not is_working_day(at.date(), protocol):
        at = existing(datetime.combine(at.date() + _DAY, not_before or at.time()), _zone(at))
    return at


def is_working_day(day: date, protocol: Protocol) -> bool:
    return day.weekday() < 5 and not any(0 <= (day - each.date).days < each.days for each in protocol.holidays)


def end_of_working_day(local: datetime, *, days: int, protocol: Protocol) -> datetime:
    """17:00 on the last of so many working days from tomorrow on."""
    day = local.date()
    while days:
        day += _DAY
        days -= is_working_day(day, protocol)
    return end_of_work(day, _zone(local))


def no_reminders_on(day: date, protocol: Protocol) -> bool:
    """The first days of a holiday on which nobody is reminded of a visit."""
    return any(0 <= (day - each.date).days < each.no_reminder_days for each in protocol.holidays)


def call_words(call_at: datetime, *, today: date, lang: str) -> str:
    """The time of the call as the reminder names it: `today after 12:00`, `周一12:00后`."""
    en, zh = day_words(call_at.date(), today=today)
    return f"{zh}{call_at:%H:%M}后" if lang.startswith("zh") else f"{en} after {call_at:%H:%M}"


def date_words(day: date, *, lang: str) -> str:
    """A day as a text names it: `Wed 14 Apr`, `4月14日`."""
    if lang.startswith("zh"):
        return f"{day.month}月{day.day}日"
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {months[day.month - 1]}"


# --- visits


@dataclass(frozen=True)
class PlannedVisit:
    """A visit of the protocol: its day, its window (both inclusive), its reminders, and the calendar contact that it covers."""

    code: str
    on: date
    opens: date
    closes: date
    reminders: tuple[str, ...]
    covers: str = ""


def plan_visits(person: Person, protocol: Protocol) -> list[PlannedVisit]:
    """Visits and calendar contacts still to come at entry, inside the study; a contact near a visit is merged into the visit."""
    begins = max(protocol.window.start, person.entered_on)
    own = [each for each in _relative(person, protocol) if each.closes >= begins and each.on <= protocol.window.end]
    apart: list[PlannedVisit] = []
    for contact in protocol.calendar_contacts:
        before, after = contact.window_days
        opens, closes = contact.date + timedelta(days=before), contact.date + timedelta(days=after)
        if contact.date < person.day_zero or closes < begins:
            continue
        near = [each for each in own if abs((each.on - contact.date).days) <= protocol.merging.within_days]
        if near:
            nearest = min(near, key=lambda each: abs((each.on - contact.date).days))
            merged = ", ".join(filter(None, (nearest.covers, contact.code)))
            own[own.index(nearest)] = _covering(nearest, merged)
        else:
            apart.append(PlannedVisit(contact.code, contact.date, opens, closes, _common_reminders(protocol)))
    return sorted([*own, *apart], key=lambda each: (each.on, each.code))


def _relative(person: Person, protocol: Protocol) -> Iterator[PlannedVisit]:
    for visit in protocol.visits:
        on = person.day_zero + timedelta(days=visit.day)
        opens, closes = (on + timedelta(days=days) for days in visit.window_days)
        yield PlannedVisit(visit.code, on, opens, closes, visit.reminders)


def _covering(visit: PlannedVisit, contact: str) -> PlannedVisit:
    return PlannedVisit(visit.code, visit.on, visit.opens, visit.closes, visit.reminders, contact)


def _common_reminders(protocol: Protocol) -> tuple[str, ...]:
    """A calendar contact has no list of its own: it is reminded of by every rule that holds for any visit with an appointment."""
    return tuple(
        rule.message for rule in protocol.reminders.rules if rule.needs_appointment and rule.only_if == ReminderWhen.ANY
    )


@dataclass(frozen=True)
class PlannedReminder:
    """A text about an appointment, or (without wording) a task to make one. `for_day` is the day of the visit."""

    visit: str
    wording: str
    for_day: date
    at: datetime


def reminders_of(
    visit: PlannedVisit, *, appointment: datetime | None, zone: ZoneInfo, protocol: Protocol
) -> Iterator[PlannedReminder]:
    """From an appointment: its texts, inside the window only. Without one: the task, so many days before the planned day."""
    if not visit.reminders:
        return
    if appointment is None:
        day = visit.on - timedelta(days=protocol.reminders.appointment_task_days_before)
        yield PlannedReminder(
            visit.code, "", visit.on, existing(datetime.combine(day, protocol.quiet_hours.times[0]), zone)
        )
        return
    local = appointment.astimezone(zone)
    for rule in protocol.reminders.rules:
        day = local.date() - timedelta(days=rule.days_before)
        if rule.message in visit.reminders and rule.needs_appointment and protocol.window.covers(day):
            yield PlannedReminder(
                visit.code, rule.message, local.date(), existing(datetime.combine(day, rule.at), zone)
            )
