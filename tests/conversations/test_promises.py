"""No promise before it is true: the words come from the same moment as the deadline."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.conversations import promises

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOLIDAYS = frozenset({date(2027, 10, 1)})
FESTIVAL = frozenset(date(2028, 1, 26) + timedelta(days=later) for later in range(7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "deadline", "words"),
    [
        ("2027-05-12 09:00", "2027-05-12 17:00", "today by 17:00"),
        ("2027-05-12 06:00", "2027-05-12 17:00", "today by 17:00"),
        ("2027-05-12 13:00", "2027-05-13 10:00", "tomorrow by 10:00"),
        ("2027-05-14 18:00", "2027-05-17 10:00", "on Mon by 10:00"),
        ("2027-05-16 12:00", "2027-05-17 10:00", "tomorrow by 10:00"),
        ("2027-09-30 20:00", "2027-10-04 10:00", "on Mon by 10:00"),
    ],
)
def test_the_words_say_the_deadline(now: str, deadline: str, words: str) -> None:
    promise = promises.call_same_day(at(now), holidays=HOLIDAYS)
    assert (promise.deadline, promise.en) == (at(deadline), words)


def test_a_day_behind_a_long_holiday_is_named_by_its_date() -> None:
    """On the Tuesday before it "on Wed" would be tomorrow."""
    promise = promises.call_same_day(at("2028-01-25 13:30"), holidays=FESTIVAL)

    assert (promise.deadline, promise.en, promise.zh) == (at("2028-02-02 10:00"), "2 Feb by 10:00", "2月2日10点前")


@pytest.mark.parametrize(
    ("now", "listed", "deadline", "words"),
    [
        ("2027-05-13 03:00", "2027-05-13 07:00", "2027-05-13 08:30", ("today by 08:30", "今天08:30前")),
        ("2027-05-14 22:00", "2027-05-15 07:00", "2027-05-15 08:30", ("tomorrow by 08:30", "明天08:30前")),
    ],
)
def test_what_waits_for_the_list_is_called_about_that_morning_at_weekends_too(
    now: str, listed: str, deadline: str, words: tuple[str, str]
) -> None:
    promise = promises.call_of_the_list(at(listed), call_by=time(8, 30), today=at(now).date())

    assert (promise.deadline, (promise.en, promise.zh)) == (at(deadline), words)


SEVEN = time(7)


def test_what_may_wait_waits_for_the_next_seven_oclock() -> None:
    for now in ("2027-05-12 23:00", "2027-05-13 02:00", "2027-05-13 06:59"):
        assert promises.morning_list(at(now), is_night=True, list_at=SEVEN) == at("2027-05-13 07:00")


@pytest.mark.parametrize("now", ["2027-05-13 07:00", "2027-05-13 07:30", "2027-05-13 07:59"])
def test_from_the_hour_of_the_list_on_nothing_waits_for_the_next_days(now: str) -> None:
    assert promises.morning_list(at(now), is_night=True, list_at=SEVEN) is None


def test_by_day_nothing_waits() -> None:
    assert promises.morning_list(at("2027-05-12 15:00"), is_night=False, list_at=SEVEN) is None
