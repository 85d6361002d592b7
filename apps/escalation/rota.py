"""Who is on duty when: shifts, overrides, leave; whose hours they are in the end; and the hours ahead in which nobody would be."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from apps.core import clock, work
from apps.escalation import incidents
from apps.escalation.chains import in_force
from apps.escalation.models import Leave, Shift
from apps.escalation.people import ROLES, duty_site, on_duty
from apps.escalation.rules import Step
from apps.escalation.vocabulary import TRIAL_DUTIES, Duty, IncidentKind, RotaRule
from apps.staff.models import User
from apps.staff.services import day_of, days_of_change, on_call, today
from apps.trials.models import Site
from apps.trials.services import current_protocol

AHEAD = timedelta(hours=72)
Hours = tuple[datetime, datetime]


class RotaRefused(Exception):
    """A shift or a leave breaks a rule. `rules` has every one of them."""

    def __init__(self, rules: Sequence[RotaRule]) -> None:
        super().__init__(", ".join(rule.value for rule in rules))
        self.rules = list(rules)


# --- writing


@transaction.atomic
def add_shift(
    *,
    site: Site | None,
    duty: Duty,
    person: User,
    starts_at: datetime,
    ends_at: datetime,
    by: User | None,
    is_override: bool = False,
    reason: str = "",
) -> Shift:
    """Put a person on duty for a time. Raises RotaRefused. An override stands before every planned shift in its time.

    Whether that person can be relied upon, and that they are told, is the business of `planning` and `handover`, which call this.
    """
    found = shift_problems(
        site=site, duty=duty, person=person, starts_at=starts_at, ends_at=ends_at, is_override=is_override
    )
    if found:
        raise RotaRefused(found)
    made_at = _after_those_it_covers(site, duty, starts_at, ends_at) if is_override else clock.now()
    return Shift.objects.create(
        site=site, duty=duty, person=person, starts_at=starts_at, ends_at=ends_at, is_override=is_override,
        reason=reason, made_at=made_at, made_by=by,
    )  # fmt: skip


def shift_problems(
    *, site: Site | None, duty: Duty, person: User, starts_at: datetime, ends_at: datetime, is_override: bool = False
) -> list[RotaRule]:
    """Why this shift cannot be entered."""
    return [
        *_time_problems(starts_at, ends_at),
        *place_problems(site, duty, person, hours=[(starts_at, ends_at)]),
        *([] if is_override else _overlaps(site, duty, starts_at, ends_at)),
    ]


def _after_those_it_covers(site: Site | None, duty: Duty, starts_at: datetime, ends_at: datetime) -> datetime:
    """Now; yet always after the overrides it covers, even where the clock was set back since: of two the newer wins."""
    covered = Shift.objects.filter(site=site, duty=duty, is_override=True, starts_at__lt=ends_at, ends_at__gt=starts_at)
    newest: datetime | None = covered.aggregate(newest=Max("made_at"))["newest"]
    return clock.now() if newest is None else max(clock.now(), newest + timedelta.resolution)


@transaction.atomic
def cancel_shift(*, shift: Shift) -> None:
    """It is kept, marked: who was on duty when stays readable."""
    shift.cancelled_at = shift.cancelled_at or clock.now()
    shift.save(update_fields=["cancelled_at"])


@transaction.atomic
def add_leave(*, person: User, starts_at: datetime, ends_at: datetime) -> Leave:
    """The person is not paged in this time. Shifts in it become gaps, which `gaps` tells. Raises RotaRefused."""
    if problems := _time_problems(starts_at, ends_at):
        raise RotaRefused(problems)
    return Leave.objects.create(person=person, starts_at=starts_at, ends_at=ends_at, made_at=clock.now())


@transaction.atomic
def cancel_leave(*, leave: Leave) -> None:
    leave.cancelled_at = leave.cancelled_at or clock.now()
    leave.save(update_fields=["cancelled_at"])


def _time_problems(starts_at: datetime, ends_at: datetime) -> list[RotaRule]:
    if ends_at <= starts_at:
        return [RotaRule.ENDS_BEFORE_START]
    return [RotaRule.IN_THE_PAST] if ends_at <= clock.now() else []


def place_problems(site: Site | None, duty: Duty, person: User, *, hours: Sequence[Hours]) -> list[RotaRule]:
    """Why this person cannot have this duty there in these hours. The role must last as long as they do."""
    problems = []
    if (duty in TRIAL_DUTIES) != (site is None):
        problems.append(RotaRule.NO_SITE if site else RotaRule.SITE_NEEDED)
    elif any(person not in on_call(site=site, roles=ROLES[duty], on=day) for day in _days_of_role(hours)):
        problems.append(RotaRule.WRONG_ROLE)
    if not person.phone_index:
        problems.append(RotaRule.NO_MOBILE)
    return problems


def _days_of_role(hours: Sequence[Hours]) -> set[date]:
    """Today, and the first and last day of these hours: who has a role on all of them has it throughout (a pause would be a gap)."""
    edges = {day_of(time) for begins, ends in hours for time in (begins, ends - timedelta.resolution)}
    return {max(day, today()) for day in edges} | {today()}


def _overlaps(site: Site | None, duty: Duty, starts_at: datetime, ends_at: datetime) -> list[RotaRule]:
    planned = Shift.objects.filter(site=site, duty=duty, is_override=False, cancelled_at__isnull=True)
    return [RotaRule.OVERLAP] if planned.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists() else []


# --- whose hours they are


def own_parts(shift: Shift) -> list[Hours]:
    """The hours of a shift without those that a later override gives to somebody else."""
    overrides = Shift.objects.filter(
        site=shift.site, duty=shift.duty, is_override=True, cancelled_at__isnull=True,
        starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at,
    )  # fmt: skip
    return _without(shift, overrides)


def parts_left(shift: Shift) -> list[Hours]:
    """What is still to come of them; nothing of a shift that was cancelled."""
    return [] if shift.cancelled_at is not None else _left(own_parts(shift))


def coming(*, site: Site | None) -> list[tuple[Shift, list[Hours]]]:
    """Every shift that is not over, the next first, each with what is left of it."""
    rows = Shift.objects.filter(site=site, ends_at__gt=clock.now(), cancelled_at__isnull=True)
    shifts = [*rows.select_related("person").order_by("starts_at", "duty", "is_override", "made_at")]
    overrides = [shift for shift in shifts if shift.is_override]
    return [(shift, _left(_without(shift, overrides))) for shift in shifts]


def _without(shift: Shift, overrides: Iterable[Shift]) -> list[Hours]:
    parts = [(shift.starts_at, shift.ends_at)]
    for taken in overrides:
        if taken.duty != shift.duty or not _stands_before(taken, shift):
            continue
        cut = [((begins, min(ends, taken.starts_at)), (max(begins, taken.ends_at), ends)) for begins, ends in parts]
        parts = [(begins, ends) for pair in cut for begins, ends in pair if begins < ends]
    return sorted(parts)


def _stands_before(override: Shift, shift: Shift) -> bool:
    """In the order in which `people` reads them: the newer override wins."""
    return not shift.is_override or override.made_at > shift.made_at


def _left(parts: Sequence[Hours]) -> list[Hours]:
    now = clock.now()
    return [(max(begins, now), ends) for begins, ends in parts if ends > now]


def away(people: Collection[User], begins: datetime, ends: datetime) -> set[UUID]:
    """The keys of those who are on leave for any part of this time."""
    rows = Leave.objects.filter(person__in=people, starts_at__lt=ends, ends_at__gt=begins, cancelled_at__isnull=True)
    return {*rows.values_list("person_id", flat=True)}


# --- looking ahead


@dataclass(frozen=True)
class Gap:
    """Hours in which a duty would be nobody's. `on_holiday`: it begins on a public holiday, when gaps are made."""

    site: Site | None
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    on_holiday: bool


def gaps(*, site: Site | None, ahead: timedelta = AHEAD, duties: Collection[Duty] | None = None) -> list[Gap]:
    """Gaps from now on, for the duties that the chains need at this place (at None: those of the whole trial)."""
    now = clock.now()
    ends = now + ahead
    found: list[Gap] = []
    for duty in sorted(duties or needed_duties(site)):
        times = _moments(duty, site, now, ends)
        for begins, until in zip(times, [*times[1:], ends], strict=True):
            if not on_duty(Step(timedelta(0), duty, ()), site=site, at=begins).has_gap:
                continue
            if found and found[-1].duty == duty and found[-1].ends_at == begins:
                begins = found.pop().starts_at
            found.append(Gap(site, duty, begins, until, on_holiday=_is_holiday(begins, site)))
    return found


def needed_duties(site: Site | None) -> set[Duty]:
    """The duties that the chains in force page by role: a site's own chains where it has them. A duty that none names is not asked for.

    Those of the whole trial (at None) are needed as soon as one place's chain names them.
    """
    places = [None, *Site.objects.all()] if site is None else [site]
    named = {
        word for place in places for plan in in_force(site=place).values() for word in plan.roles
        if word in Duty.values and duty_site(word, place) == site
    }  # fmt: skip
    return {Duty(word) for word in named}


def _moments(duty: Duty, site: Site | None, now: datetime, ends: datetime) -> list[datetime]:
    """Every time at which the answer may change."""
    within = Q(starts_at__lt=ends, ends_at__gt=now, cancelled_at__isnull=True)
    duties = (Duty.FIRST, duty) if duty == Duty.SECOND else (duty,)  # the second is somebody else than the first
    rows = [
        *Shift.objects.filter(within, site=site, duty__in=duties).values_list("starts_at", "ends_at"),
        *Leave.objects.filter(within).values_list("starts_at", "ends_at"),
    ]
    zone = ZoneInfo(settings.TIME_ZONE)
    days = (datetime.combine(day, time.min, tzinfo=zone) for day in days_of_change(site=site))
    return sorted({now, *(at for at in [*chain.from_iterable(rows), *days] if now < at < ends)})


def _is_holiday(time: datetime, site: Site | None) -> bool:
    zone = ZoneInfo(site.timezone if site else settings.TIME_ZONE)
    return time.astimezone(zone).date() in current_protocol().holiday_dates


def watch_rota() -> list[Gap]:
    """Every gap of the next 72 hours, at all sites, each an incident until it is mended. For the sentinel and the nightly run."""
    found = [gap for site in [*Site.objects.all(), None] for gap in gaps(site=site)]
    for gap in found:
        when = gap.starts_at.astimezone(ZoneInfo(settings.TIME_ZONE))
        begun = gap.starts_at <= clock.now() + work.seconds(60)
        detail = f"{gap.duty} now" if begun else f"{gap.duty} {when:%Y-%m-%d %H:%M}"
        incidents.report(IncidentKind.GAP_AHEAD, detail=detail, site=gap.site)
    return found
