"""A shift is handed over: offered to a named colleague, and theirs once they accept. Until then the giver is on duty: there is no gap.

Both who may give, answer or plan is the face's question; what can be given to whom is asked here, again at the moment when it counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from apps.core import clock
from apps.escalation import readiness, rota
from apps.escalation.models import HandOver, Shift
from apps.escalation.people import ROLES
from apps.escalation.rota import RotaRefused
from apps.escalation.telling import forget_offer, tell_given, tell_offered, tell_refused, tell_withdrawn
from apps.escalation.vocabulary import Duty, HandOverState, RotaRule
from apps.staff.models import User
from apps.staff.services import on_call
from apps.trials.models import Site

_TOLD_FOR = timedelta(weeks=2)
_LISTED = 40


# --- writing


@transaction.atomic
def offer_shift(*, shift: Shift, to: User, by: User, reason: str = "") -> HandOver:
    """Offer what is left of a shift to a colleague. Nothing changes until it is accepted. Raises RotaRefused."""
    shift = _locked(shift)
    found = _problems(shift, to)
    if _waiting(shift) is not None:
        found.append(RotaRule.OFFERED_ALREADY)
    if found:
        raise RotaRefused(found)
    hand_over = _offered(shift, to, by, reason)
    tell_offered(hand_over, hours=_span(shift))
    return hand_over


@transaction.atomic
def give_shift(*, shift: Shift, to: User, by: User, reason: str = "") -> HandOver:
    """The same by whoever plans the rota: it counts at once, and takes the place of an offer that waits. Raises RotaRefused."""
    shift = _locked(shift)
    if (waiting := _waiting(shift)) is not None:
        _answer(waiting, HandOverState.WITHDRAWN, by)
        if waiting.to_id == to.pk:
            forget_offer(waiting)
        else:
            tell_withdrawn(waiting, hours=_span(shift))
    if found := _problems(shift, to):
        raise RotaRefused(found)
    return accept_hand_over(hand_over=_offered(shift, to, by, reason), by=by)


@transaction.atomic
def accept_hand_over(*, hand_over: HandOver, by: User) -> HandOver:
    """From now (or from its beginning) the shift is the colleague's. Raises RotaRefused, also where that is no longer possible."""
    hand_over = _unanswered(hand_over)
    shift, to = hand_over.shift, hand_over.to
    if found := _problems(shift, to):
        raise RotaRefused(found)
    hours = _span(shift)
    for begins, ends in rota.parts_left(shift):
        rota.add_shift(
            site=shift.site, duty=Duty(shift.duty), person=to, starts_at=begins, ends_at=ends, by=hand_over.offered_by,
            is_override=True, reason=hand_over.reason,
        )  # fmt: skip
    tell_given(hand_over, by=by, hours=hours)
    return _answer(hand_over, HandOverState.ACCEPTED, by)


@transaction.atomic
def refuse_hand_over(*, hand_over: HandOver, by: User) -> HandOver:
    """The giver stays on duty. Raises RotaRefused when it was answered already."""
    hand_over = _unanswered(hand_over)
    tell_refused(hand_over, hours=_span(hand_over.shift))
    return _answer(hand_over, HandOverState.REFUSED, by)


@transaction.atomic
def withdraw_hand_over(*, hand_over: HandOver, by: User) -> HandOver:
    """The giver keeps the shift after all. Raises RotaRefused when it was answered already."""
    hand_over = _unanswered(hand_over)
    tell_withdrawn(hand_over, hours=_span(hand_over.shift))
    return _answer(hand_over, HandOverState.WITHDRAWN, by)


def _offered(shift: Shift, to: User, by: User, reason: str) -> HandOver:
    return HandOver.objects.create(shift=shift, to=to, reason=reason, offered_at=clock.now(), offered_by=by)


def _span(shift: Shift) -> rota.Hours:
    """From the first to the last hour that the giver still has of it."""
    parts = rota.parts_left(shift)
    return (parts[0][0], parts[-1][1]) if parts else (shift.starts_at, shift.ends_at)


def _locked(shift: Shift) -> Shift:
    """The shift as it stands now, held until the transaction ends: of two hand-overs at once the second sees the first."""
    rows = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("site", "person")
    return rows.get(pk=shift.pk)


def _unanswered(hand_over: HandOver) -> HandOver:
    shift = _locked(hand_over.shift)
    fresh = HandOver.objects.select_related("to", "offered_by").get(pk=hand_over.pk)
    if fresh.state != HandOverState.OFFERED:
        raise RotaRefused([RotaRule.ANSWERED_ALREADY])
    fresh.shift = shift
    return fresh


def _waiting(shift: Shift) -> HandOver | None:
    return HandOver.objects.filter(shift=shift, state=HandOverState.OFFERED).first()


def _answer(hand_over: HandOver, state: HandOverState, by: User) -> HandOver:
    hand_over.state, hand_over.answered_at, hand_over.answered_by = state, clock.now(), by
    hand_over.save()
    return hand_over


def _problems(shift: Shift, to: User) -> list[RotaRule]:
    parts = rota.parts_left(shift)
    if not parts:
        return [RotaRule.NOTHING_LEFT]
    if to.pk == shift.person_id:
        return [RotaRule.SAME_PERSON]
    found = rota.place_problems(shift.site, Duty(shift.duty), to, hours=parts)
    if any(rota.away([to], begins, ends) for begins, ends in parts):
        found.append(RotaRule.ON_LEAVE)
    if readiness.lacks(to):
        found.append(RotaRule.NOT_TESTED)
    return found


# --- looking


@dataclass(frozen=True)
class Taker:
    """Somebody who may have this duty. `lacks` says why they cannot be relied upon to wake yet; then nothing is handed to them."""

    person: User
    lacks: list[str]


def takers(*, site: Site | None, duties: Collection[Duty]) -> dict[Duty, list[Taker]]:
    """Everybody whose role takes these duties here, by duty."""
    people = {duty: on_call(site=site, roles=ROLES[duty]) for duty in duties}
    known = {person: Taker(person, readiness.lacks(person)) for each in people.values() for person in each}
    return {duty: [known[person] for person in each] for duty, each in people.items()}


def hand_overs(*, site: Site | None) -> list[HandOver]:
    """Those that wait for an answer and still could be accepted, and those of the last two weeks; the open ones first."""
    recent = Q(answered_at__gt=clock.now() - _TOLD_FOR)
    rows = HandOver.objects.filter(_can_wait() | recent, shift__site=site)
    rows = rows.select_related("shift__person", "to", "answered_by")
    return [*rows.order_by(F("answered_at").desc(nulls_first=True), "-offered_at")[:_LISTED]]


def waiting_for(person: User) -> list[HandOver]:
    """What colleagues have offered to this person, the next shift first."""
    rows = HandOver.objects.filter(_can_wait(), to=person)
    return [*rows.select_related("shift__person", "shift__site").order_by("shift__starts_at")]


def _can_wait() -> Q:
    """What nobody has answered before the shift's end has changed nothing and is no longer asked."""
    return Q(state=HandOverState.OFFERED, shift__ends_at__gt=clock.now(), shift__cancelled_at__isnull=True)
