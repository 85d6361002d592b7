"""The plan is pure: dates in, dates out. Property tests run over odd dates, zones and hours."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.followup import rules
from apps.followup.rules import Occurrence, Person
from apps.trials.rules import read_protocol
from apps.trials.vocabulary import Weekday

PROTOCOL = read_protocol(
    (Path(__file__).resolve().parents[2] / "apps/trials/protocols/nct06884904.toml").read_text(encoding="utf-8")
)
WINDOW, QUIET = PROTOCOL.window, PROTOCOL.quiet_hours
SHANGHAI = ZoneInfo("Asia/Shanghai")
# Zones with daylight saving, half hours, a shift of half an hour, and a change at midnight.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Beirut",
        "America/Santiago",
        "Pacific/Chatham",
        "Asia/Kathmandu",
    )
]


def local(text: str) -> datetime:
    """A local time without its zone."""
    return datetime.fromisoformat(text)


def someone(
    day_zero: date,
    *,
    entered: datetime = datetime(2025, 6, 1, tzinfo=UTC),
    zone: ZoneInfo = SHANGHAI,
    send_time: time | None = None,
    number: int = 1,
) -> Person:
    return Person(uuid.UUID(int=number), day_zero, zone, entered, send_time)


def days_of(plan: list[Occurrence]) -> list[date]:
    return [each.day for each in plan]


persons = st.builds(
    Person,
    id=st.uuids(),
    day_zero=st.dates(date(2025, 4, 15), date(2028, 4, 14)),
    zone=st.sampled_from(ZONES),
    entered_at=st.datetimes(local("2025-04-15 00:00"), local("2028-04-14 00:00"), timezones=st.just(UTC)),
    send_time=st.sampled_from([None, *QUIET.times]),
)


@settings(max_examples=150, deadline=None)
@given(person=persons)
def test_whoever_and_wherever_no_checkin_leaves_outside_the_window_or_at_night(person: Person) -> None:
    plan = rules.plan_checkins(person, PROTOCOL)

    for each in plan:
        assert WINDOW.start <= each.day <= WINDOW.end
        assert each.at.date() == each.day
        assert not QUIET.covers(each.at.time())
        assert each.at > person.entered_at


@settings(max_examples=150, deadline=None)
@given(person=persons)
def test_whoever_and_wherever_one_checkin_a_day_at_most_in_order_and_the_same_when_asked_again(person: Person) -> None:
    plan = rules.plan_checkins(person, PROTOCOL)

    assert days_of(plan) == sorted(set(days_of(plan)))
    assert plan == rules.plan_checkins(person, PROTOCOL)


@settings(max_examples=150, deadline=None)
@given(person=persons)
def test_nobody_waits_longer_than_the_monthly_floor(person: Person) -> None:
    days = days_of(rules.plan_checkins(person, PROTOCOL))

    begins = max(WINDOW.start, person.day_zero, person.entered_on)
    points = [begins, *days, WINDOW.end]
    gaps = [(later - earlier).days for earlier, later in pairwise(points)]
    assert max(gaps) <= PROTOCOL.cadence.floor_days + 1


@settings(max_examples=100, deadline=None)
@given(person=persons)
def test_the_hour_is_the_wanted_one_give_or_take_the_jitter(person: Person) -> None:
    for each in rules.plan_checkins(person, PROTOCOL):
        wanted = datetime.combine(each.day, person.send_time or time(10))
        assert abs(each.at.replace(tzinfo=None) - wanted) <= timedelta(minutes=QUIET.jitter_minutes)


def test_the_first_week_is_daily_then_four_days_a_week_then_two_then_one() -> None:
    day_zero = date(2027, 5, 3)  # a Monday
    plan = rules.plan_checkins(someone(day_zero), PROTOCOL)

    by_rule: dict[str, list[date]] = {}
    for each in plan:
        by_rule.setdefault(each.rule, []).append(each.day)
    assert by_rule["P1"] == [day_zero + timedelta(days=n) for n in range(8)]
    assert {day.weekday() for day in by_rule["P2"]} == {0, 2, 4, 6}
    assert {day.weekday() for day in by_rule["P3"]} == {1, 4}
    assert {day.weekday() for day in by_rule["P4"]} == {2}
    assert by_rule["P2"][0] == day_zero + timedelta(days=9)
    assert by_rule["P3"][-1] <= day_zero + timedelta(days=84) < by_rule["P4"][0]


def test_after_a_year_everybody_is_asked_on_the_same_wednesdays_from_the_window_s_first_day() -> None:
    early, late = someone(date(2025, 4, 20)), someone(date(2026, 3, 1), number=2)

    first, second = (days_of(rules.plan_checkins(person, PROTOCOL)) for person in (early, late))

    assert first == second
    assert first[0] == date(2027, 4, 14)
    assert {(day - date(2027, 4, 14)).days % 14 for day in first} == {0}
    assert first[-1] == date(2028, 4, 12)


def test_fortnights_count_from_the_monday_of_the_first_week() -> None:
    mondays = [replace(rule, weekdays=(Weekday.MON,), every_weeks=2) for rule in PROTOCOL.checkins]
    plan = rules.plan_checkins(someone(date(2025, 5, 1)), replace(PROTOCOL, checkins=tuple(mondays)))

    assert days_of(plan)[:2] == [date(2027, 4, 26), date(2027, 5, 10)]


def test_the_last_day_of_the_window_still_counts_and_the_day_after_does_not() -> None:
    day_zero = WINDOW.end - timedelta(days=3)
    plan = rules.plan_checkins(someone(day_zero), PROTOCOL)

    assert days_of(plan)[-1] == date(2028, 4, 14)


def test_the_leap_day_is_a_day_like_others() -> None:
    plan = rules.plan_checkins(someone(date(2028, 2, 25)), PROTOCOL)

    assert date(2028, 2, 29) in days_of(plan)
    assert [day for day in days_of(plan) if day.month == 2] == [date(2028, 2, day) for day in range(25, 30)]


def test_who_is_entered_late_in_a_fortnight_is_not_left_for_more_than_two_weeks() -> None:
    entered = datetime(2027, 9, 2, 4, tzinfo=UTC)
    plan = rules.plan_checkins(someone(date(2025, 5, 1), entered=entered), PROTOCOL)

    assert (plan[0].day - date(2027, 9, 2)).days <= 14


def test_a_gap_without_any_rule_is_filled_by_the_floor() -> None:
    day_zero = date(2025, 4, 15) - timedelta(days=400)  # past the last rule's last day from 2027-04-19 on
    plan = rules.plan_checkins(someone(day_zero), PROTOCOL)

    assert {each.rule for each in plan[1:]} == {rules.FLOOR}
    gaps = {(later - earlier).days for earlier, later in pairwise(days_of(plan))}
    assert gaps == {PROTOCOL.cadence.floor_days}


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_a_skipped_minute_becomes_the_next_one_that_exists(zone: ZoneInfo) -> None:
    for minute in _every_quarter_of_an_hour(2027, 2030):
        aware = rules.existing(minute, zone)

        back = aware.astimezone(UTC).astimezone(zone)
        assert back.replace(tzinfo=None, fold=0) == aware.replace(tzinfo=None, fold=0)
        assert timedelta(0) <= aware.replace(tzinfo=None) - minute <= timedelta(hours=1)


def _every_quarter_of_an_hour(first: int, last: int) -> list[datetime]:
    """Around each change of clocks: all changes fall in March, April, September, October, on these hours."""
    quarters = []
    for year in range(first, last + 1):
        for month in (3, 4, 9, 10, 11):
            for day in range(1, 31):
                quarters += [
                    local(f"{year}-{month:02}-{day:02} {hour:02}:{15 * n:02}")
                    for hour in (0, 2, 3, 23)
                    for n in range(2)
                ]
    return quarters


def test_half_past_two_on_the_night_of_summer_time_becomes_three_o_clock() -> None:
    aware = rules.existing(local("2027-03-28 02:30"), ZoneInfo("Europe/Berlin"))

    assert aware.replace(tzinfo=None) == local("2027-03-28 03:00")


def test_a_doubled_hour_is_the_first_of_the_two() -> None:
    aware = rules.existing(local("2027-10-31 02:30"), ZoneInfo("Europe/Berlin"))

    assert aware.utcoffset() == timedelta(hours=2)


@pytest.mark.fault
@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_fault_22_ten_o_clock_is_kept_once_a_day_over_every_change_of_clocks(zone: ZoneInfo) -> None:
    person = someone(date(2027, 4, 14), zone=zone)
    times = [
        rules.send_time(date(2027, 1, 1) + timedelta(days=n), time(10), person=person, quiet=QUIET)
        for n in range(4 * 365)
    ]

    assert len({each.date() for each in times}) == len(times)
    assert all(abs((each.hour * 60 + each.minute) - 600) <= QUIET.jitter_minutes for each in times)


@pytest.mark.fault
def test_fault_22_a_participant_who_moves_keeps_the_hour_and_never_gets_a_second_text_for_a_day() -> None:
    before = rules.plan_checkins(someone(date(2025, 5, 1)), PROTOCOL)
    after = rules.plan_checkins(someone(date(2025, 5, 1), zone=ZoneInfo("America/New_York")), PROTOCOL)

    assert days_of(before) == days_of(after)
    assert [each.at.time() for each in before] == [each.at.time() for each in after]


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        (local("2027-05-05 20:59"), local("2027-05-05 20:59")),
        (local("2027-05-05 21:00"), local("2027-05-06 08:00")),
        (local("2027-05-05 00:00"), local("2027-05-05 08:00")),
        (local("2027-05-05 07:59"), local("2027-05-05 08:00")),
        (local("2027-05-05 08:00"), local("2027-05-05 08:00")),
    ],
)
def test_a_text_in_the_quiet_hours_waits_for_their_end(wanted: datetime, allowed: datetime) -> None:
    found = rules.allowed_from(wanted.replace(tzinfo=SHANGHAI), quiet=QUIET)

    assert found == allowed.replace(tzinfo=SHANGHAI)


# --- what follows silence


def chased(sent: datetime, **how: object) -> list[tuple[str, datetime]]:
    steps = rules.chase(sent.replace(tzinfo=SHANGHAI), protocol=PROTOCOL, **{"fast": False, **how})  # type: ignore[arg-type]
    return [(step.wording or "call", step.at.replace(tzinfo=None)) for step in steps]


def test_a_morning_checkin_is_reminded_after_four_hours_and_next_morning_then_a_person_calls_at_noon() -> None:
    assert chased(local("2027-04-14 10:03")) == [
        ("checkin_remind1", local("2027-04-14 14:03")),
        ("checkin_remind2", local("2027-04-15 09:30")),
        ("call", local("2027-04-15 12:00")),
    ]


def test_an_evening_checkin_is_reminded_next_morning_only() -> None:
    assert chased(local("2027-04-14 19:05")) == [
        ("checkin_remind1", local("2027-04-15 09:30")),
        ("call", local("2027-04-15 19:05")),
    ]


def test_the_call_waits_for_the_next_working_day_over_a_weekend_and_a_week_of_holidays() -> None:
    assert chased(local("2027-04-16 10:00"))[-1] == ("call", local("2027-04-19 12:00"))
    assert chased(local("2027-09-30 10:00"))[-1] == ("call", local("2027-10-08 12:00"))


def test_in_the_first_weeks_a_person_calls_after_four_hours() -> None:
    assert chased(local("2027-04-14 10:00"), fast=True) == [
        ("checkin_remind1", local("2027-04-14 12:00")),
        ("call", local("2027-04-14 14:00")),
    ]


def test_discreet_reminders_repeat_the_discreet_text() -> None:
    steps = chased(local("2027-04-14 10:00"), discreet_wording="checkin_discreet")

    assert [wording for wording, _ in steps] == ["checkin_discreet", "checkin_discreet", "call"]


@pytest.mark.parametrize(
    ("call", "lang", "words"),
    [
        (local("2027-04-15 12:00"), "en", "today after 12:00"),
        (local("2027-04-15 12:00"), "zh-Hans", "今天12:00后"),
        (local("2027-04-16 12:00"), "zh-Hans", "明天12:00后"),
        (local("2027-04-19 12:00"), "en", "on Mon after 12:00"),
        (local("2027-04-19 12:00"), "zh-Hans", "周一12:00后"),
        (local("2027-04-22 12:00"), "en", "22 Apr after 12:00"),  # a week later it would be the same day's name
        (local("2027-04-22 12:00"), "zh-Hans", "4月22日12:00后"),
    ],
)
def test_the_second_reminder_names_the_time_of_the_call(call: datetime, lang: str, words: str) -> None:
    assert rules.call_words(call, today=date(2027, 4, 15), lang=lang) == words


# --- visits


def test_visits_before_the_window_are_not_planned_and_calendar_contacts_near_a_visit_are_merged() -> None:
    day_zero = date(2026, 7, 8)  # week 52 is 2027-07-07, a week before the contact of 2027-07-14
    planned = {visit.code: visit for visit in rules.plan_visits(someone(day_zero), PROTOCOL)}

    assert "W24" not in planned
    assert planned["W52"].covers == "CAL-Q1"
    assert "CAL-Q1" not in planned
    assert planned["CAL-Q2"].on == date(2027, 10, 14)


def test_no_visit_is_planned_after_the_study() -> None:
    for day_zero in (date(2025, 5, 1), date(2026, 5, 1), date(2027, 12, 1)):
        planned = rules.plan_visits(someone(day_zero), PROTOCOL)

        assert all(visit.on <= WINDOW.end for visit in planned)
        assert "CAL-END2" in {visit.code for visit in planned} | {
            code for visit in planned for code in visit.covers.split(", ")
        }


def test_a_visit_without_an_appointment_becomes_a_task_ten_days_before_and_no_text() -> None:
    visit = next(each for each in rules.plan_visits(someone(date(2027, 1, 6)), PROTOCOL) if each.code == "W24")

    found = list(rules.reminders_of(visit, appointment=None, zone=SHANGHAI, protocol=PROTOCOL))

    assert [(each.wording, each.at.date()) for each in found] == [("", visit.on - timedelta(days=10))]


def test_an_appointment_is_reminded_of_seven_days_and_one_day_before_at_ten() -> None:
    visit = next(each for each in rules.plan_visits(someone(date(2027, 1, 6)), PROTOCOL) if each.code == "W24")
    appointment = datetime(2027, 6, 25, 9, 0, tzinfo=SHANGHAI)

    found = list(rules.reminders_of(visit, appointment=appointment, zone=SHANGHAI, protocol=PROTOCOL))

    assert [(each.wording, each.at) for each in found] == [
        ("visit_7d", datetime(2027, 6, 18, 10, tzinfo=SHANGHAI)),
        ("visit_1d", datetime(2027, 6, 24, 10, tzinfo=SHANGHAI)),
    ]


def test_no_reminder_leaves_before_the_window_opens() -> None:
    visit = next(each for each in rules.plan_visits(someone(date(2025, 5, 1)), PROTOCOL) if each.code == "CAL-0")
    appointment = datetime(2027, 4, 16, 9, 0, tzinfo=SHANGHAI)

    found = list(rules.reminders_of(visit, appointment=appointment, zone=SHANGHAI, protocol=PROTOCOL))

    assert [each.wording for each in found] == ["visit_1d"]
