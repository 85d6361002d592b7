"""The chain goes on: steps taken at their stored times, empty ones at once, round after round, until a named person has it."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.core import clock, work
from apps.core.states import check_move
from apps.escalation import channel as channels
from apps.escalation import incidents, rules
from apps.escalation.models import Drill, Escalation, Milestone
from apps.escalation.paging import Summons, cancel_pages, locked, plan_pages
from apps.escalation.people import on_duty
from apps.escalation.rules import Plan, Step
from apps.escalation.texts import wording_for
from apps.escalation.vocabulary import MOVES, Duty, EscalationState, IncidentKind, MilestoneKind, PageKind
from apps.messaging import services as messaging
from apps.staff.models import User
from apps.trials.services import current_protocol
from apps.trials.vocabulary import ChainHours


def take_due_steps(escalation: Escalation) -> datetime | None:
    """Everything that is due of this round, in one go; the time of the next step. After a long silence one round is caught up, not ten.

    The caller saves the escalation, and when it is due again.
    """
    plan = rules.plan(escalation.snapshot)
    if escalation.drill and clock.now() >= escalation.drill.ends_at:
        _end_drill(escalation, escalation.drill)
        return None
    first_page = not escalation.group_from  # nobody has been paged about it, at this level
    for _ in plan.steps:
        if escalation.next_step_at is None or escalation.next_step_at > clock.now():
            break
        reached = _take(escalation, plan, first_page=first_page)
        first_page = first_page and not reached
        _move_on(escalation, plan, reached=reached)
        if escalation.place == 0:
            break
    return escalation.next_step_at


def _take(escalation: Escalation, plan: Plan, *, first_page: bool) -> bool:
    """Page everybody of the steps that fall in this minute. Whether somebody was reached, as far as the steps mean to wake."""
    group = plan.group(escalation.place)
    # A step taken early draws the later ones after it: their distances stay, so no gap grows longer than the chain's own.
    early = clock.now() - work.seconds(group[0].after.total_seconds())
    escalation.round_started_at = min(escalation.round_started_at, early) if escalation.place else clock.now()
    widening = plan.widening(place=escalation.place, round_number=escalation.round)
    wording, now = wording_for(escalation, is_first=first_page), clock.now()
    told = _told_this_round(escalation, plan)
    escalation.group_from = escalation.step + 1
    summons = _new_on_duty(escalation, plan, told, at=now) if told else []
    has_new = any(channel.wakes for each in summons for channel in each.channels)
    woken = {each.person for each in told if each.wakes} if has_new else set()
    for step in [*group, *widening]:
        escalation.step += 1
        already: set[tuple[object, str]] = {
            (each.person.pk, channel.name) for each in summons for channel in each.channels
        }
        # Of two who changed duty the one who was paged before is not paged again in place of the other.
        fresh = [each for each in _reached(escalation, step, at=now) if each.pk not in woken]
        summons += [_summons(escalation, step, person, already=already) for person in fresh]
    pages = plan_pages(escalation, summons, wording=wording)
    escalation.place += len(group)
    wakes = any(step.wants_to_wake for step in group)
    return any(page.wakes for page in pages) if wakes else bool(pages)


class _Told(NamedTuple):
    """Somebody has a page of this round, under this role of the chain."""

    person: UUID
    who: str
    wakes: bool


def _told_this_round(escalation: Escalation, plan: Plan) -> set[_Told]:
    """Of the steps that this round has taken; what came by name before it is none of them."""
    if not escalation.place:
        return set()
    taken = escalation.place + len(plan.widening(place=0, round_number=escalation.round))
    pages = escalation.pages.filter(kind=PageKind.PAGE, step__gt=escalation.step - taken)
    return {_Told(*row) for row in pages.values_list("person", "who", "wakes")}


def _new_on_duty(escalation: Escalation, plan: Plan, told: set[_Told], *, at: datetime) -> list[Summons]:
    """The duty has changed since this round paged it: whoever has it now is paged with the next step, as that earlier step would have."""
    woken = {each.person for each in told if each.wakes}
    asked = {(each.person, each.who) for each in told}
    new: dict[object, Summons] = {}
    for step in plan.steps[: escalation.place]:
        if step.person or step.who not in Duty.values:
            continue
        for person in _reached(escalation, step, at=at):
            if person.pk not in woken | new.keys() and (person.pk, step.who) not in asked:
                new[person.pk] = _summons(escalation, step, person, already=set(), number=escalation.group_from)
    return [*new.values()]


def _reached(escalation: Escalation, step: Step, *, at: datetime) -> list[User]:
    """Everybody whom this step reaches now."""
    found = on_duty(step, site=escalation.site, at=at, is_drill=escalation.is_drill)
    if found.gone is not None and not escalation.is_drill:
        incidents.report(IncidentKind.NAMED_GONE, detail=escalation.chain, site=escalation.site, person=found.gone)
    elif found.has_gap:
        incidents.report(IncidentKind.ROTA_GAP, detail=step.who, escalation=escalation)
    # Who hands over is not paged about it again in the next round.
    return [person for person in found.people if person.pk != escalation.acknowledged_by_id]


def _summons(
    escalation: Escalation, step: Step, person: User, *, already: set[tuple[object, str]], number: int | None = None
) -> Summons:
    """By the channels that nobody else of this minute has told them by. `number`: of the step that it goes with, else the present."""
    usable = [channel for word in step.channels if (channel := channels.of(word, person)) is not None]
    if step.wants_to_wake and not any(channel.wakes for channel in usable):
        incidents.report(IncidentKind.NO_ROUTE, detail=step.who, escalation=escalation, person=person)
    if _has_stopped_texts(person):
        incidents.report(IncidentKind.STOPPED_TEXTS, detail=step.who, escalation=escalation, person=person)
    new = [channel for channel in usable if (person.pk, channel.name) not in already]
    number = number or escalation.step
    return Summons(person, new, occasion=f"step:{number}", step=number, who=step.who, task=step.task)


def _has_stopped_texts(person: User) -> bool:
    line = messaging.line_of(person)
    return line is not None and line.opted_out_at is not None


def _move_on(escalation: Escalation, plan: Plan, *, reached: bool) -> None:
    """When the next step is due: at its stored time, or at once when this one reached nobody."""
    now, rest = clock.now(), work.seconds(rules.REST.total_seconds())
    if escalation.place < len(plan.steps):
        at = _planned(escalation, plan, plan.steps[escalation.place].after)
        escalation.next_step_at = at if reached else now
        return
    if not reached and not _has_reached_somebody(escalation, plan):
        incidents.report(IncidentKind.NOBODY, detail=escalation.chain, escalation=escalation)
    escalation.place, escalation.round = 0, escalation.round + 1
    if escalation.state == EscalationState.OPEN:
        escalation.acknowledged_by = None
    again = max(_planned(escalation, plan, plan.repeat), now + rest)
    if not reached:
        again = now + rest
    escalation.next_step_at = again


def _has_reached_somebody(escalation: Escalation, plan: Plan) -> bool:
    """Whether an earlier step of this round has paged somebody, whatever has become of the page since."""
    pages = escalation.pages.filter(kind=PageKind.PAGE, step__gt=escalation.step - plan.steps_in(escalation.round))
    if any(step.wants_to_wake for step in plan.steps):
        pages = pages.filter(wakes=True)
    return pages.exists()


def _planned(escalation: Escalation, plan: Plan, after: timedelta) -> datetime:
    if plan.hours != ChainHours.WORKING:
        return escalation.round_started_at + work.seconds(after.total_seconds())
    zone = ZoneInfo(escalation.site.timezone if escalation.site else settings.TIME_ZONE)
    local = escalation.round_started_at.astimezone(zone)
    return rules.after_working_time(local, work.seconds(after.total_seconds()), holidays=_holidays())


def _holidays() -> frozenset[date]:
    return current_protocol().holiday_dates


def note(escalation: Escalation, kind: MilestoneKind, *, person: User | None = None, to: User | None = None) -> None:
    """A turn of the story, for the timeline."""
    Milestone.objects.create(escalation=escalation, kind=kind, person=person, to=to, at=clock.now())


def begin_round(escalation: Escalation) -> None:
    """Open (again): the first step of a round is due now."""
    now = clock.now()
    escalation.place, escalation.round_started_at, escalation.next_step_at = 0, now, now


def reopen(escalation: Escalation, *, handed_over: bool = False, to: User | None = None) -> None:
    """Taken, but no contact in time, or handed over (by name, or to whoever is next): the chain runs again, and wider.

    Who hands over keeps it until somebody else has taken it.
    """
    check_move(MOVES, present=escalation.state, wanted=EscalationState.OPEN)
    kind = MilestoneKind.HANDED_OVER if handed_over else MilestoneKind.EXPIRED
    note(escalation, kind, person=escalation.acknowledged_by, to=to)
    escalation.state = EscalationState.OPEN
    escalation.expires_at, escalation.reminded = None, 0
    if not handed_over:
        escalation.acknowledged_by = None
    escalation.round += 1
    begin_round(escalation)


def _end_drill(escalation: Escalation, drill: Drill) -> None:
    locked(escalation.pk)  # before its pages
    escalation.state, escalation.next_step_at = EscalationState.DRILL_OVER, None
    note(escalation, MilestoneKind.ENDED)
    cancel_pages(escalation)
    for person in {page.person for page in escalation.pages.select_related("person")}:
        incidents.report(
            IncidentKind.DRILL_FAILED, detail=f"{drill.started_at:%Y-%m-%d}", site=escalation.site, person=person
        )
