"""No promise before it is true: the words come from the same moment as the deadline."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.conversations import promises

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOLIDAYS = frozenset({date(2027, 10, 1)})


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


def test_what_may_wait_waits_for_the_next_seven_oclock() -> None:
    assert promises.morning_list(at("2027-05-12 23:00")) == at("2027-05-13 07:00")
    assert promises.morning_list(at("2027-05-13 02:00")) == at("2027-05-13 07:00")
