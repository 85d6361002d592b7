"""What must hold in a protocol file besides its shape. Each check names the sections it reads and yields (path, reason)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from apps.core import wording
from apps.trials.chain_checks import paging_chains
from apps.trials.lines import Path
from apps.trials.protocol import (
    AfterDischarge,
    Cadence,
    CalendarContact,
    CheckInRuleFacts,
    Eligibility,
    FastTrack,
    Holiday,
    MissedReplyStep,
    Pause,
    PhaseFacts,
    QuietHours,
    Reminders,
    SearchStage,
    SiteFacts,
    TrialFacts,
    VisitFacts,
    Window,
)
from apps.trials.protocol_paging import ContactDeadline

Found = Iterator[tuple[Path, str]]
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SHORT_NUMBER = re.compile(r"\d{2,12}")
_SITE_CODE = re.compile(r"[A-Z0-9]{2,8}")
_REGISTRATION = re.compile(r"NCT\d{8}")


def head(registration: str, version: str, languages: tuple[str, ...], timezone: str) -> Found:
    if not _REGISTRATION.fullmatch(registration):
        yield ("registration",), "must be NCT and eight digits"
    if not version.strip():
        yield ("version",), "is empty"
    if not languages:
        yield ("languages",), "at least one"
    for place, language in enumerate(languages):
        if language not in wording.languages():
            yield ("languages", place), f"there are no texts in {language!r}"
    yield from _zone(timezone, ("timezone",))


def trial_dates(trial: TrialFacts) -> Found:
    if trial.primary_completion <= trial.start:
        yield ("trial", "primary_completion"), "must be after start"
    if trial.completion <= trial.primary_completion:
        yield ("trial", "completion"), "must be after primary_completion"
    if trial.enrolment < 1:
        yield ("trial", "enrolment"), "must be at least 1"


def ages(eligibility: Eligibility) -> Found:
    if eligibility.age_min < 0:
        yield ("eligibility", "age_min"), "must not be negative"
    if eligibility.age_max < eligibility.age_min:
        yield ("eligibility", "age_max"), "must not be below age_min"


def window_is_the_trials(window: Window, trial: TrialFacts) -> Found:
    if window.start != trial.primary_completion:
        yield ("window", "from"), f"must be the primary completion, {trial.primary_completion}"
    if window.end != trial.completion:
        yield ("window", "to"), f"must be the completion, {trial.completion}"


def window_texts(window: Window) -> Found:
    yield from _texts(window.exempt, ("window", "exempt"))
    yield from _texts((window.last_text,), ("window", "last_text"))


def quiet(quiet_hours: QuietHours) -> Found:
    here: Path = ("quiet_hours",)
    if quiet_hours.start == quiet_hours.end:
        yield (*here, "end"), "must differ from start"
    if not quiet_hours.times:
        yield (*here, "times"), "at least one"
    if not 0 <= quiet_hours.jitter_minutes <= 60:
        yield (*here, "jitter_minutes"), "must be 0 to 60"
        return
    for place, at in enumerate(quiet_hours.times):
        if any(
            quiet_hours.covers(_moved(at, minutes))
            for minutes in (-quiet_hours.jitter_minutes, quiet_hours.jitter_minutes)
        ):
            yield (*here, "times", place), f"{at:%H:%M} with its jitter is inside the quiet hours"
    yield from _unique(quiet_hours.times, (*here, "times"))
    yield from _texts(quiet_hours.open_emergency_exempt, (*here, "open_emergency_exempt"))


def phases_and_arms(phases: tuple[PhaseFacts, ...]) -> Found:
    yield from _unique([phase.code for phase in phases], ("phases",), "code")
    if not any(phase.effective_from for phase in phases):
        yield ("phases",), "no phase has an effective_from"
    yield from _rising(
        [phase.effective_from or date.max for phase in phases], ("phases",), "effective_from", strictly=False
    )
    for place, phase in enumerate(phases):
        here: Path = ("phases", place)
        if len(phase.ratio) != len(phase.arms):
            yield (*here, "ratio"), f"has {len(phase.ratio)} numbers for {len(phase.arms)} arms"
        if any(share < 1 for share in phase.ratio):
            yield (*here, "ratio"), "every share must be at least 1"
        yield from _unique([arm.code for arm in phase.arms], (*here, "arms"), "code")


def sites_are_whole(sites: tuple[SiteFacts, ...], emergency_numbers: dict[str, str]) -> Found:
    if not sites:
        yield ("sites",), "at least one"
    yield from _unique([site.code for site in sites], ("sites",), "code")
    for place, site in enumerate(sites):
        here: Path = ("sites", place)
        if not _SITE_CODE.fullmatch(site.code):
            yield (*here, "code"), "must be 2 to 8 capital letters and digits"
        if not _E164.fullmatch(site.team_phone):
            yield (*here, "team_phone"), "must be + country code and number"
        if site.country not in emergency_numbers:
            yield (*here, "country"), f"{site.country!r} has no emergency number"
        elif site.emergency_number != emergency_numbers[site.country]:
            yield (*here, "emergency_number"), f"must be {emergency_numbers[site.country]}, as for {site.country}"
        if site.callback_minutes_r2 is not None and not 5 <= site.callback_minutes_r2 <= 60:
            yield (*here, "callback_minutes_r2"), "must be 5 to 60: who is urgent is called within the hour"
        if not site.name_en.strip() or not site.name_zh.strip():
            yield here, "needs a name in both languages"
        yield from _zone(site.timezone, (*here, "timezone"))


def countries(emergency_numbers: dict[str, str], crisis_numbers: dict[str, str]) -> Found:
    for section, numbers in (("emergency_numbers", emergency_numbers), ("crisis_numbers", crisis_numbers)):
        for country, number in numbers.items():
            if not _COUNTRY.fullmatch(country):
                yield (section, country), "must be a country's two capital letters"
            if not _SHORT_NUMBER.fullmatch(number):
                yield (section, country), "must be 2 to 12 digits"


def visit_days(visits: tuple[VisitFacts, ...]) -> Found:
    if not visits:
        yield ("visits",), "at least one"
    yield from _unique([visit.code for visit in visits], ("visits",), "code")
    yield from _rising([visit.day for visit in visits], ("visits",), "day")
    for place, visit in enumerate(visits):
        yield from _window_days(visit.window_days, ("visits", place, "window_days"))
        yield from _texts(visit.reminders, ("visits", place, "reminders"))


def calendar(calendar_contacts: tuple[CalendarContact, ...], window: Window) -> Found:
    yield from _unique([contact.code for contact in calendar_contacts], ("calendar_contacts",), "code")
    yield from _rising([contact.date for contact in calendar_contacts], ("calendar_contacts",), "date")
    for place, contact in enumerate(calendar_contacts):
        if not window.covers(contact.date):
            yield ("calendar_contacts", place, "date"), f"is outside the window {window.start} to {window.end}"
        yield from _window_days(contact.window_days, ("calendar_contacts", place, "window_days"))


def checkin_rules(checkins: tuple[CheckInRuleFacts, ...]) -> Found:
    if not checkins:
        yield ("checkins",), "at least one"
    yield from _unique([rule.code for rule in checkins], ("checkins",), "code")
    yield from _without_gap([(rule.day_from, rule.day_to) for rule in checkins], ("checkins",))
    for place, rule in enumerate(checkins):
        here: Path = ("checkins", place)
        if not rule.weekdays:
            yield (*here, "weekdays"), "at least one"
        if rule.every_weeks < 1:
            yield (*here, "every_weeks"), "must be at least 1"
        if rule.low_risk_every_weeks is not None and rule.low_risk_every_weeks < rule.every_weeks:
            yield (*here, "low_risk_every_weeks"), "must not be below every_weeks"
        yield from _unique(rule.weekdays, (*here, "weekdays"))
        yield from _texts((rule.message,), (*here, "message"))
        yield from _texts((rule.discreet_message,), (*here, "discreet_message"))


def checkin_times(checkins: tuple[CheckInRuleFacts, ...], quiet_hours: QuietHours) -> Found:
    for place, rule in enumerate(checkins):
        if rule.send_at not in quiet_hours.times:
            yield ("checkins", place, "send_at"), "must be one of quiet_hours.times"


def checkins_last(checkins: tuple[CheckInRuleFacts, ...], trial: TrialFacts) -> Found:
    days = (trial.completion - trial.start).days
    if checkins and checkins[-1].day_to < days:
        yield ("checkins", len(checkins) - 1, "day_to"), f"must reach day {days}, completion counted from the start"


def cadence_is_kept(cadence: Cadence, checkins: tuple[CheckInRuleFacts, ...], window: Window) -> Found:
    if not window.covers(cadence.parity_anchor):
        yield ("cadence", "parity_anchor"), f"is outside the window {window.start} to {window.end}"
    longest = 7 * max((rule.low_risk_every_weeks or rule.every_weeks for rule in checkins), default=0)
    if cadence.floor_days < longest:
        yield ("cadence", "floor_days"), f"is shorter than the {longest} days between two check-ins"
    if cadence.question_expires_hours < 1:
        yield ("cadence", "question_expires_hours"), "must be at least 1"


def missed_steps(missed_reply: tuple[MissedReplyStep, ...], quiet_hours: QuietHours) -> Found:
    yield from _steps(missed_reply, ("missed_reply",), quiet_hours)


def fast_track_steps(fast_track: FastTrack, checkins: tuple[CheckInRuleFacts, ...], quiet_hours: QuietHours) -> Found:
    yield from _steps(fast_track.steps, ("fast_track", "steps"), quiet_hours)
    known = {rule.code for rule in checkins}
    for place, code in enumerate(fast_track.checkins):
        if code not in known:
            yield ("fast_track", "checkins", place), f"there is no check-in rule {code!r}"


def reminder_rules(reminders: Reminders, quiet_hours: QuietHours) -> Found:
    for place, rule in enumerate(reminders.rules):
        here: Path = ("reminders", "rules", place)
        yield from _texts((rule.message,), (*here, "message"))
        if rule.days_before < 0:
            yield (*here, "days_before"), "must not be negative"
        if quiet_hours.covers(rule.at):
            yield (*here, "at"), "is inside the quiet hours"


def pause_rules(pauses: tuple[Pause, ...]) -> Found:
    yield from _unique([pause.code for pause in pauses], ("pauses",), "code")
    for place, pause in enumerate(pauses):
        for key in ("every_days", "expires_days"):
            if getattr(pause, key) < 1:
                yield ("pauses", place, key), "must be at least 1: a pause never ends contact"
        yield from _texts(pause.messages, ("pauses", place, "messages"))


def discharge(after_discharge: AfterDischarge, checkins: tuple[CheckInRuleFacts, ...]) -> Found:
    if after_discharge.checkins not in {rule.code for rule in checkins}:
        yield ("after_discharge", "checkins"), f"there is no check-in rule {after_discharge.checkins!r}"


def search(lost_to_follow_up: tuple[SearchStage, ...]) -> Found:
    yield from _without_gap([(stage.day_from, stage.day_to) for stage in lost_to_follow_up], ("lost_to_follow_up",))
    for place, stage in enumerate(lost_to_follow_up):
        yield from _texts(stage.messages, ("lost_to_follow_up", place, "messages"))


def holiday_dates(holidays: tuple[Holiday, ...]) -> Found:
    yield from _rising([holiday.date for holiday in holidays], ("holidays",), "date")
    for place, holiday in enumerate(holidays):
        if not 1 <= holiday.days <= 14 or not 0 <= holiday.no_reminder_days <= holiday.days:
            yield ("holidays", place), "days must be 1 to 14, and no_reminder_days not more"


def contact_deadline(contact: ContactDeadline) -> Found:
    if contact.deadline_minutes < 1:
        yield ("contact", "deadline_minutes"), "must be at least 1"
    if any(not 0 < minutes < contact.deadline_minutes for minutes in contact.remind_minutes):
        yield ("contact", "remind_minutes"), "must lie before the deadline"


# --- parts of checks


def _texts(keys: Iterable[str], path: Path) -> Found:
    for key in keys:
        if key not in wording.texts():
            yield path, f"there is no text {key!r}"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks through the files of all zones


def _zone(name: str, path: Path) -> Found:
    if name not in _zones():
        yield path, f"{name!r} is no time zone"


def _unique(values: Sequence[Any], path: Path, key: str = "") -> Found:
    for place, value in enumerate(values):
        if value in values[:place]:
            shown = f"{value:%H:%M}" if isinstance(value, time) else value
            yield (*path, place, key) if key else (*path, place), f"{shown} stands here twice"


def _rising(values: Sequence[Any], path: Path, key: str, *, strictly: bool = True) -> Found:
    for place in range(1, len(values)):
        before, value = values[place - 1], values[place]
        if value < before or (strictly and value == before):
            yield (*path, place, key), "is out of order: must be later than the one before"


def _without_gap(spans: Sequence[tuple[int, int]], path: Path) -> Found:
    expected = 0
    for place, (first, last) in enumerate(spans):
        if first != expected:
            yield (*path, place, "day_from"), f"must be {expected}: days have no gap and no overlap"
        if last < first:
            yield (*path, place, "day_to"), "must not be before day_from"
        expected = last + 1


def _window_days(window_days: tuple[int, int], path: Path) -> Found:
    if window_days[0] > 0 or window_days[1] < 0:
        yield path, "must be days before (0 or negative) and days after (0 or positive)"


def _steps(steps: tuple[MissedReplyStep, ...], path: Path, quiet_hours: QuietHours) -> Found:
    yield from _unique([step.code for step in steps], path, "code")
    yield from _rising([step.after_minutes for step in steps], path, "after_minutes")
    for place, step in enumerate(steps):
        here: Path = (*path, place)
        yield from _texts(step.messages, (*here, "messages"))
        if step.when_quiet_skip and step.when_quiet_skip not in {later.code for later in steps[place + 1 :]}:
            yield (*here, "when_quiet_skip"), f"there is no later step {step.when_quiet_skip!r}"
        for key in ("next_day_at", "when_quiet_at"):
            at = getattr(step, key)
            if at is not None and quiet_hours.covers(at):
                yield (*here, key), "is inside the quiet hours"


def _moved(at: time, minutes: int) -> time:
    total = (timedelta(hours=at.hour, minutes=at.minute + minutes)).total_seconds() // 60 % (24 * 60)
    return time(int(total // 60), int(total % 60))


ALL: tuple[Callable[..., Found], ...] = (
    head,
    trial_dates,
    ages,
    window_is_the_trials,
    window_texts,
    quiet,
    phases_and_arms,
    sites_are_whole,
    countries,
    visit_days,
    calendar,
    checkin_rules,
    checkin_times,
    checkins_last,
    cadence_is_kept,
    missed_steps,
    fast_track_steps,
    reminder_rules,
    pause_rules,
    discharge,
    search,
    holiday_dates,
    contact_deadline,
    paging_chains,
)
