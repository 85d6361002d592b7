"""The holder hands a case to a colleague by name: who may be named, and how that person is paged before the chain goes on."""

from datetime import timedelta

from django.db import transaction

from apps.core import clock, work
from apps.escalation import channel as channels
from apps.escalation import rota, rules
from apps.escalation.models import ContactRecord, Escalation
from apps.escalation.paging import Summons, locked, plan_pages
from apps.escalation.people import may_open, on_duty
from apps.escalation.stepping import reopen
from apps.escalation.taking import NotYours
from apps.escalation.vocabulary import BY_NAME, ContactResult, EscalationState, MilestoneKind, Via
from apps.staff.models import User
from apps.staff.services import on_call
from apps.staff.vocabulary import Role

_CLINICIANS = (Role.PRINCIPAL_INVESTIGATOR, Role.INVESTIGATOR)


class CannotBeNamed(Exception):
    """This person may not take it here, is away, or could be woken by nothing that is set up."""


def colleagues(escalation: Escalation) -> list[User]:
    """Who may be named: clinicians of the site (the duty desk for an unknown number) and whomever the chain reaches now.

    They can open it and may take it, something wakes them and they are not away; never the holder.
    """
    site, now = escalation.site, clock.now()
    steps = rules.plan(escalation.snapshot).steps
    reached = [person for step in steps for person in on_duty(step, site=site).people]
    known = dict.fromkeys([*on_call(site=site, roles=_CLINICIANS if site else (Role.DUTY_DESK,)), *reached])
    away = rota.away([*known], now, now + timedelta.resolution)
    present = [each for each in known if each.pk not in away and each.pk != escalation.acknowledged_by_id]
    return [each for each in present if may_open(each, site) and channels.waking(each)]


@transaction.atomic
def hand_to(*, escalation: Escalation, person: User, to: User, via: Via) -> ContactRecord:
    """`person`, who has it, hands it to `to`. That one is paged at once by every channel that wakes them, and has it alone for as
    long as the chain leaves its first; then the chain goes on. One that is handed on untried goes to the named one and to the chain at
    once: colleagues who pass it round among themselves keep nobody else from it. Until somebody has taken it, it stays the giver's.

    Raises NotYours and CannotBeNamed.
    """
    escalation = locked(escalation.pk)
    if escalation.state != EscalationState.ACKNOWLEDGED or escalation.acknowledged_by_id != person.pk:
        raise NotYours
    if to not in colleagues(escalation):
        raise CannotBeNamed
    wait = timedelta(0) if _is_handed_on(escalation) else _alone_for(escalation)
    record = ContactRecord.objects.create(
        escalation=escalation, person=person, result=ContactResult.HAND_OVER, via=via, at=clock.now()
    )
    reopen(escalation, handed_over=True, to=to)
    _page(escalation, to, alone_for=wait)
    escalation.save()
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=escalation.next_step_at)
    return record


def _alone_for(escalation: Escalation) -> timedelta:
    """As long as the chain leaves its first person (R3: the protocol's four hours until the lead coordinator), and never past the time
    at which the giver's own would have ended: handed over, a case rests no longer than kept. Yet long enough to answer a page."""
    plan, now = rules.plan(escalation.snapshot), clock.now()
    first, rest = (work.seconds(each.total_seconds()) for each in (plan.first_wait, rules.REST))
    return min(first, max((escalation.expires_at or now) - now, rest))


def _is_handed_on(escalation: Escalation) -> bool:
    """It came to its holder by name, or through somebody to whom it had, and nobody has tried to reach the texter since."""
    given = escalation.milestones.filter(kind=MilestoneKind.HANDED_OVER, to__isnull=False).order_by("at").last()
    if given is None:
        return False
    tried = ContactRecord.objects.filter(escalation=escalation, at__gte=given.at)
    return not tried.exclude(result=ContactResult.HAND_OVER).exists()


def _page(escalation: Escalation, to: User, *, alone_for: timedelta) -> None:
    """A step of its own before the round: if none of its pages arrives, the round begins at once (`paging.move_on_after`)."""
    escalation.step += 1
    escalation.group_from = escalation.step
    escalation.round_started_at = escalation.next_step_at = clock.now() + alone_for
    named = Summons(to, channels.waking(to), f"named:{escalation.step}", step=escalation.step, who=BY_NAME)
    plan_pages(escalation, [named], wording="staff_handed")
