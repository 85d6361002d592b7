"""Staff are told by text that a shift is theirs, offered, answered or taken back: an outgoing row of the same transaction, and no page.

At night a text waits for the morning, unless the shift begins in that night. An offer that is answered before it has left leaves no more.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import override

from apps.core import clock, phone, wording
from apps.escalation.models import HandOver, Shift
from apps.escalation.rota import Hours
from apps.escalation.texts import language_of, name_role
from apps.escalation.vocabulary import Duty
from apps.messaging import services as messaging
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.staff.models import User
from apps.trials.models import Site
from apps.trials.services import current_protocol


def tell_entered(shift: Shift, *, by: User) -> None:
    """That they stand for this shift, and by whom it was entered: nobody has asked them."""
    _tell(shift.person, "staff_shift_entered", f"{shift.pk}", shift, (shift.starts_at, shift.ends_at), about=by)


def tell_in_turn(shifts: list[Shift], *, by: User) -> None:
    """One text for all turns of one person."""
    first, last = shifts[0], shifts[-1]
    hours = (first.starts_at, last.ends_at)
    _tell(first.person, "staff_shifts_in_turn", f"{first.pk}", first, hours, about=by)


def tell_offered(hand_over: HandOver, *, hours: Hours) -> None:
    shift = hand_over.shift
    _tell(hand_over.to, "staff_shift_offered", f"{hand_over.pk}", shift, hours, about=hand_over.offered_by)


def tell_given(hand_over: HandOver, *, by: User, hours: Hours) -> None:
    """Accepted, or given by whoever plans the rota: to the giver, and to the one who has it now, each unless they did it themselves."""
    shift, to = hand_over.shift, hand_over.to
    forget_offer(hand_over)
    if by != shift.person:
        _tell(shift.person, "staff_shift_accepted", f"{hand_over.pk}", shift, hours, about=to)
    if by != to:
        _tell(to, "staff_shift_entered", f"{hand_over.pk}", shift, hours, about=by)


def tell_refused(hand_over: HandOver, *, hours: Hours) -> None:
    forget_offer(hand_over)
    shift = hand_over.shift
    _tell(shift.person, "staff_shift_refused", f"{hand_over.pk}", shift, hours, about=hand_over.to)


def tell_withdrawn(hand_over: HandOver, *, hours: Hours) -> None:
    """Only to whom the offer may have reached."""
    if not forget_offer(hand_over):
        shift = hand_over.shift
        _tell(hand_over.to, "staff_shift_withdrawn", f"{hand_over.pk}", shift, hours, about=shift.person)


def forget_offer(hand_over: HandOver) -> bool:
    """Whether the text of the offer still waited; it does no more."""
    rows = OutboundMessage.objects.filter(key=_key("staff_shift_offered", f"{hand_over.pk}", hand_over.to))
    return bool(messaging.cancel(messages=rows))


def _key(text: str, row: str, person: User) -> str:
    return f"{text}:{row}:{person.pk}"


def _tell(person: User, key: str, row: str, shift: Shift, hours: Hours, *, about: User) -> None:
    """`about` is the colleague whom the text names. Whoever has no mobile finds it on the page alone."""
    number = phone.normalise(person.phone) if person.phone_index else None
    if number is None:
        return
    language = language_of(person)
    begins, ends = hours
    text = wording.say(
        key, lang=language, name_role=name_role(about, language=language), duty=_duty(shift, language),
        starts=_local(begins, shift.site), ends=_local(ends, shift.site),
    )  # fmt: skip
    messaging.queue(
        key=_key(key, row, person), line=messaging.line_for(number=number), purpose=Purpose.NOTICE, text=text,
        due_at=_not_at_night(begins, shift.site), useful_until=ends,
    )  # fmt: skip


def _duty(shift: Shift, language: str) -> str:
    with override(language.lower()):
        return str(Duty(shift.duty).label)


def _local(time: datetime, site: Site | None) -> str:
    return f"{time.astimezone(_zone(site)):%m-%d %H:%M}"


def _zone(site: Site | None) -> ZoneInfo:
    return ZoneInfo(site.timezone if site else settings.TIME_ZONE)


def _not_at_night(begins: datetime, site: Site | None) -> datetime:
    """Now by day, and for a shift that begins before the morning; else when the night ends."""
    now, quiet = clock.now(), current_protocol().quiet_hours
    local = now.astimezone(_zone(site))
    if not quiet.covers(local.time()):
        return now
    days = 0 if local.time() < quiet.end else 1
    morning = datetime.combine(local.date() + timedelta(days=days), quiet.end, tzinfo=local.tzinfo)
    return now if begins < morning else morning
