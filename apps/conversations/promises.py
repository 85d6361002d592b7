"""When a person will call, and how to say it. Pure: the local time and the calendar come from the caller.

No promise before it is true (clinical rule 18): the words are computed from the same moment that becomes the deadline of the task.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_ZH = "一二三四五六日"
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LAST_HOUR_FOR_TODAY = time(13)
END_OF_WORK = time(17)
MORNING = time(10)
NOON = time(12)


@dataclass(frozen=True)
class Promise:
    """`deadline` in the zone of the given time; `en` and `zh` are the words for it."""

    deadline: datetime
    en: str
    zh: str

    def words(self, lang: str) -> str:
        return self.zh if lang.startswith("zh") else self.en


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def next_working_day(day: date, holidays: Collection[date]) -> date:
    day += timedelta(days=1)
    while not is_working_day(day, holidays):
        day += timedelta(days=1)
    return day


def call_same_day(local: datetime, *, holidays: Collection[date]) -> Promise:
    """A call for an R3 item: today by 17:00 on a working day before 13:00, else the next working day by 10:00."""
    today = local.date()
    if is_working_day(today, holidays) and local.time() < LAST_HOUR_FOR_TODAY:
        return Promise(_at(local, today, END_OF_WORK), "today by 17:00", "今天17点前")
    day = next_working_day(today, holidays)
    en, zh = day_words(day, today=today)
    return Promise(_at(local, day, MORNING), f"{en} by 10:00", f"{zh}10点前")


def day_words(day: date, *, today: date) -> tuple[str, str]:
    """A coming day in English and Chinese. From a week on with its date: over a long holiday "on Wed" would be read as tomorrow's."""
    days = (day - today).days
    if days <= 1:
        return ("tomorrow", "明天") if days else ("today", "今天")
    if days < len(_DAYS_EN):
        return f"on {_DAYS_EN[day.weekday()]}", f"周{_DAYS_ZH[day.weekday()]}"
    return f"{day.day} {_MONTHS_EN[day.month - 1]}", f"{day.month}月{day.day}日"


def call_of_the_list(list_at: datetime, *, call_by: time, today: date) -> Promise:
    """The call about an urgent item that waits for the list of the morning, on any day of the week (clinical levels: R2 at night)."""
    en, zh = day_words(list_at.date(), today=today)
    return Promise(_at(list_at, list_at.date(), call_by), f"{en} by {call_by:%H:%M}", f"{zh}{call_by:%H:%M}前")


def call_tonight(local: datetime) -> Promise:
    """A call for an urgent item at night, when somebody is on call: within the hour."""
    return Promise(local + timedelta(hours=1), "soon, tonight", "今晚尽快")


def morning_list(local: datetime, *, is_night: bool, list_at: time) -> datetime | None:
    """Until when what may wait at night waits. None when it does not: by day, and from the hour of the list on, when that is read."""
    if not is_night:
        return None
    if local.time() < list_at:
        return _at(local, local.date(), list_at)
    return _at(local, local.date() + timedelta(days=1), list_at) if local.time() >= NOON else None


def _at(local: datetime, day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=local.tzinfo)
