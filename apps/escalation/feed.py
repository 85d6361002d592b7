"""One's own duty as a calendar (RFC 5545) that a phone can subscribe to. The address is signed, so it needs no sign-in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils.translation import override

from apps.core import clock
from apps.escalation.models import Shift
from apps.escalation.rota import own_parts
from apps.escalation.texts import language_of
from apps.escalation.vocabulary import Duty
from apps.staff.models import User
from apps.staff.services import is_valid

_SALT = "escalation.calendar"
_BACK, _AHEAD = timedelta(weeks=4), timedelta(weeks=26)
_LONGEST_LINE = 75  # octets


def feed_address(person: User) -> str:
    """The address to give to this person's calendar."""
    return f"{settings.PUBLIC_BASE_URL}/rota/{signing.dumps(str(person.pk), salt=_SALT)}.ics"


def person_of(token: str) -> User | None:
    """Whose calendar a signed address is; None for a wrong one and for an account that has ended."""
    try:
        key = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=key).first()
    return user if user is not None and is_valid(user) else None


def calendar(person: User) -> str:
    """The person's shifts of the last four and the next 26 weeks; what was handed over is left out."""
    now = clock.now()
    shifts = Shift.objects.filter(
        person=person, cancelled_at__isnull=True, starts_at__lt=now + _AHEAD, ends_at__gt=now - _BACK
    ).select_related("site")
    with override(language_of(person).lower()):
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//trialcare//rota//EN",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            *(line for shift in shifts.order_by("starts_at") for line in _event(shift, now)),
            "END:VCALENDAR",
        ]
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(shift: Shift, now: datetime) -> Iterator[str]:
    place = shift.site.code if shift.site else ""
    for number, (begins, ends) in enumerate(own_parts(shift)):
        yield "BEGIN:VEVENT"
        yield f"UID:{shift.pk}-{number}@trialcare"
        yield f"DTSTAMP:{_utc(now)}"
        yield f"DTSTART:{_utc(begins)}"
        yield f"DTEND:{_utc(ends)}"
        yield f"SUMMARY:{_escaped(f'{Duty(shift.duty).label} {place}'.strip())}"
        yield "END:VEVENT"


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, never split inside a character."""
    part = ""
    for character in line:
        if len((part + character).encode()) > _LONGEST_LINE:
            yield part
            part = " "
        part += character
    yield part
