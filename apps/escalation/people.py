"""Who a step reaches now: the rota first, then the order of the site's assignments; nobody on leave, nobody whose account or role ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.core import clock
from apps.core.unit import once
from apps.escalation.models import Leave, Shift
from apps.escalation.rules import Step
from apps.escalation.vocabulary import TRIAL_DUTIES, Duty
from apps.staff.models import User
from apps.staff.services import day_of, is_valid, on_call, scope
from apps.staff.vocabulary import Action, Role
from apps.trials.models import Site
from apps.trials.vocabulary import Who

_DOCTORS = (Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR)
ROLES: Mapping[str, tuple[Role, ...]] = {
    Who.INVESTIGATOR_ON_CALL: _DOCTORS,
    Who.SECOND_ON_CALL: _DOCTORS,
    Who.PRINCIPAL_INVESTIGATOR: (Role.PRINCIPAL_INVESTIGATOR,),
    Who.SUB_INVESTIGATOR: (Role.INVESTIGATOR,),
    Who.LEAD_COORDINATOR: (Role.COORDINATOR,),
    Who.COORDINATOR: (Role.COORDINATOR,),
    Who.DUTY_DOCTOR: (Role.DUTY_DESK,),
    Who.DUTY_DESK: (Role.DUTY_DESK,),
    Who.SPONSOR_MONITOR: (Role.SPONSOR_SAFETY,),
}
# The first of the list; the others page everybody who has the role.
_ONE_OF_THE_LIST = frozenset({Who.INVESTIGATOR_ON_CALL, Who.SECOND_ON_CALL, Who.LEAD_COORDINATOR, Who.DUTY_DESK})
_OF_THE_TRIAL = frozenset({Who.DUTY_DOCTOR, Who.DUTY_DESK, Who.SPONSOR_MONITOR})


@dataclass(frozen=True)
class OnDuty:
    """The people of a step, and whether the rota had a hole there (then the fixed order stood in, if it could).

    `gone`: whom the step names though they may see nothing here any more. Such a step reaches nobody.
    """

    people: tuple[User, ...]
    has_gap: bool
    gone: User | None = None


def on_duty(step: Step, *, site: Site | None, at: datetime | None = None, is_drill: bool = False) -> OnDuty:
    """Whom this step reaches at a time (now, unless told). A drill is about nobody: it pages by name whoever shall be tested."""
    time = at or clock.now()
    if step.person:
        return _named(step.person, site, time, is_drill=is_drill)
    place = None if step.who in _OF_THE_TRIAL else site
    if step.who in Duty.values and (planned := _by_rota(step.who, place, time)) is not None:
        if step.who == Who.SECOND_ON_CALL:
            planned = _but_those_on_first_call(planned, site, time)
        found = _without_leave(planned, time)
        return found if found.people else OnDuty(_by_order(step.who, place, time).people, has_gap=True)
    return _by_order(step.who, place, time)


def _named(key: str, site: Site | None, time: datetime, *, is_drill: bool) -> OnDuty:
    person, day = User.objects.filter(pk=key).first(), day_of(time)
    if person is not None and not (is_valid(person, on=day) if is_drill else may_open(person, site, on=day)):
        return OnDuty((), has_gap=True, gone=person)
    return _without_leave([person] if person else [], time)


def may_open(person: User, site: Site | None, *, on: date | None = None) -> bool:
    """Whether this person may read what is paged about here, and so act on it. The duty desk and the sponsor, whom a site's chain pages
    late, see nothing of a site, not even whom to phone; what belongs to no site is the duty desk's."""
    seen = scope(person, on=on)
    return site.pk in seen.sites_for(Action.ACKNOWLEDGE) if site else seen.may(Action.VIEW_UNMATCHED)


def duty_site(duty: str, site: Site | None) -> Site | None:
    """Where a duty belongs: those of the whole trial have no site."""
    return None if duty in TRIAL_DUTIES else site


def _by_rota(duty: str, site: Site | None, time: datetime) -> list[User] | None:
    """Those whose shift it is, an override before the plan, and who still have a role for it; None where no rota keeps this duty."""
    shifts = Shift.objects.filter(site=site, duty=duty, cancelled_at__isnull=True).select_related("person")
    if not once(("rota kept", site and site.pk, duty), shifts.exists):
        return None
    now = [*shifts.filter(starts_at__lte=time, ends_at__gt=time).order_by("-is_override", "-made_at", "pk")]
    overrides = [shift for shift in now if shift.is_override]
    chosen = overrides[:1] or now
    able = on_call(site=site, roles=ROLES[duty], on=day_of(time)) if chosen else []
    return [shift.person for shift in chosen if shift.person in able]


def _by_order(who: str, site: Site | None, time: datetime) -> OnDuty:
    present = _without_leave(on_call(site=site, roles=ROLES.get(who, ()), on=day_of(time)), time).people
    if who == Who.SECOND_ON_CALL:
        present = tuple(_but_those_on_first_call(present, site, time))
    chosen = present[:1] if who in _ONE_OF_THE_LIST else present
    return OnDuty(chosen, has_gap=not chosen)


def _but_those_on_first_call(people: Iterable[User], site: Site | None, time: datetime) -> list[User]:
    """Second on call is somebody else than the first, be these from the rota or the order: a second page to one phone wakes nobody more."""
    first = on_duty(Step(timedelta(0), Who.INVESTIGATOR_ON_CALL, ()), site=site, at=time).people
    return [person for person in people if person not in first]


def _without_leave(people: list[User], time: datetime) -> OnDuty:
    away = {leave.person_id for leave in once("leave", _leave) if leave.starts_at <= time < leave.ends_at}
    present = tuple(person for person in people if person.pk not in away)
    return OnDuty(present, has_gap=not present)


def _leave() -> list[Leave]:
    return list(Leave.objects.filter(cancelled_at__isnull=True))
