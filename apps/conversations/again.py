"""When a call that nobody answered is tried again. Pure: the local time, the hours and the calendar come from the caller."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from apps.conversations.promises import MORNING, next_working_day
from apps.conversations.vocabulary import Again
from apps.trials.protocol import QuietHours

EVENING = time(19)
_LATE = time(17)  # from then on the evening is no other time of day
_QUARTER = timedelta(minutes=15)
_TWO_HOURS = timedelta(hours=2)


def offered(local: datetime, *, quiet: QuietHours, is_urgent: bool) -> list[Again]:
    """What may be chosen at this local time. Within minutes only about something urgent, and then at any hour."""
    if is_urgent:
        return [Again.SOON]
    two_hours = not quiet.covers(local.time()) and not quiet.covers(_in_two_hours(local).time())
    evening = MORNING <= local.time() < _LATE
    chosen = {Again.TWO_HOURS: two_hours, Again.EVENING: evening, Again.NEXT_DAY: True}
    return [again for again, possible in chosen.items() if possible]


def call_at(again: Again, local: datetime, *, soon: timedelta, holidays: Collection[date]) -> datetime:
    """The time of the next call, as it is promised and as the task is due."""
    if again == Again.SOON:
        return local + soon
    if again == Again.TWO_HOURS:
        return _in_two_hours(local)
    if again == Again.EVENING:
        return datetime.combine(local.date(), EVENING, tzinfo=local.tzinfo)
    return datetime.combine(next_working_day(local.date(), holidays), MORNING, tzinfo=local.tzinfo)


def _in_two_hours(local: datetime) -> datetime:
    """Up to the next full quarter of an hour: a time that a person can keep."""
    exact = local + _TWO_HOURS
    begun = exact.replace(minute=exact.minute - exact.minute % 15, second=0, microsecond=0)
    return exact if begun == exact else begun + _QUARTER
