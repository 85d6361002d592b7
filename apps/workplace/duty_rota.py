"""The rota of one place on the page of those on call: who is on duty, who will be, and how a shift passes to a colleague.

A place is a site, or (None) the whole trial with its duty desk and duty doctor, about which nothing of any site is shown.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.escalation import handover, rota
from apps.escalation import services as escalation
from apps.escalation.handover import Taker
from apps.escalation.models import HandOver, Shift
from apps.escalation.people import ROLES, on_duty
from apps.escalation.planning import NeedsReason
from apps.escalation.rota import Hours, RotaRefused
from apps.escalation.rules import Step
from apps.escalation.vocabulary import TRIAL_DUTIES, Duty, HandOverState
from apps.participants import arm_told
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.services import on_call
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.workplace import paging
from apps.workplace.forms import MinuteField, style
from apps.workplace.paging_views import code_of
from apps.workplace.words import listed

_LISTED = 60
WITH_A_REASON = _(
    "With a written reason it is entered all the same, as an incident until it is mended: start a drill then."
)


@dataclass(frozen=True)
class Wish:
    """Who asks for what: the place, the row where the act is about one, and what the form said."""

    person: User
    seen: Scope
    site: Site | None
    key: str
    said: Mapping[str, Any]

    def row(self, rows: QuerySet[Any]) -> Any:
        """The one row of these that is meant. Raises BadRequest."""
        try:
            found = rows.filter(pk=UUID(self.key)).first()
        except ValueError:
            found = None
        if found is None:
            raise BadRequest("no such row")
        return found


# --- who may what, where


def may_look(seen: Scope, site: Site | None) -> bool:
    if site is None:
        return seen.in_whole_trial(Action.SET_PAGING) or seen.may(Action.VIEW_UNMATCHED)
    return site.pk in seen.sites_for(Action.ACKNOWLEDGE)


def may_plan(seen: Scope, site: Site | None) -> bool:
    """At a site whoever enrols there; the duty desk's rota is made by whoever sets the trial's paging."""
    return paging.may_set_chain(seen, None) if site is None else site.pk in seen.sites_for(Action.ENROL)


# --- forms


class ShiftForm(forms.Form):
    duty = forms.ChoiceField(label=_("duty"))
    person = forms.ModelChoiceField(label=_("person"), queryset=User.objects.none())
    starts_at = MinuteField(label=_("from"))
    ends_at = MinuteField(label=_("until"))
    is_override = forms.BooleanField(label=_("in place of whoever is planned"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(label=_("To whom"), queryset=User.objects.none(), empty_label=_("– choose –"))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


def shift_form(site: Site | None, said: Any = None) -> forms.Form:
    duties = [duty for duty in Duty if (duty in TRIAL_DUTIES) == (site is None)]
    form = ShiftForm(said, prefix=f"shift-{code_of(site)}")
    form.fields["duty"].choices = [(duty.value, duty.label) for duty in duties]  # type: ignore[attr-defined]
    roles = {role for duty in duties for role in ROLES[duty]}
    _offer(form, "person", on_call(site=site, roles=roles))
    style(form)
    return form


def hand_over_form(shift: Shift, takers: list[Taker], said: Any = None) -> forms.Form:
    form = HandOverForm(said, prefix=f"handover-{shift.pk}")
    _offer(form, "to", [taker.person for taker in _ready(shift, takers)])
    style(form)
    return form


def _offer(form: forms.Form, name: str, people: list[User]) -> None:
    rows = User.objects.filter(pk__in=[person.pk for person in people]).order_by("name")
    form.fields[name].queryset = rows  # type: ignore[attr-defined]


def _ready(shift: Shift, takers: list[Taker]) -> list[Taker]:
    return [taker for taker in takers if not taker.lacks and taker.person.pk != shift.person_id]


# --- what is shown


@dataclass(frozen=True)
class ShiftShown:
    """`left` is said where it is not the whole of what is still to come. `form` is there for whoever may hand it over now."""

    row: Shift
    is_mine: bool
    is_running: bool
    left: list[Hours]
    is_gone: bool
    form: forms.Form | None


@dataclass(frozen=True)
class HandOverShown:
    row: HandOver
    may_accept: bool
    may_withdraw: bool


@dataclass(frozen=True)
class Rota:
    """`now` is who is on duty at this moment, by duty; `unready` those to whom nothing can be handed over, and why."""

    site: Site | None
    code: str
    now: list[tuple[Duty, list[str]]]
    shifts: list[ShiftShown]
    hand_overs: list[HandOverShown]
    unready: list[Taker]
    may_plan: bool
    form: forms.Form | None


def rota_of(site: Site | None, person: User, seen: Scope, refused: Mapping[str, forms.Form]) -> Rota:
    plans = may_plan(seen, site)
    coming = rota.coming(site=site)[:_LISTED]
    known = handover.hand_overs(site=site)
    takers = handover.takers(site=site, duties={Duty(shift.duty) for shift, _left in coming})
    needed = rota.needed_duties(site)
    waiting = {row.shift_id for row in known if row.state == HandOverState.OFFERED}

    def shown(shift: Shift, left: list[Hours]) -> ShiftShown:
        is_mine = shift.person_id == person.pk
        form = refused.get(f"handover-{shift.pk}")
        others = takers[Duty(shift.duty)]
        if form is None and (is_mine or plans) and left and shift.pk not in waiting and _ready(shift, others):
            form = hand_over_form(shift, others)
        return _shift_shown(shift, left, is_mine=is_mine, form=form)

    return Rota(
        site=site,
        code=code_of(site),
        now=[(duty, _now(duty, site)) for duty in Duty if duty in needed],
        shifts=[shown(shift, left) for shift, left in coming],
        hand_overs=[_hand_over_shown(row, person, plans) for row in known],
        unready=[taker for taker in {t.person: t for each in takers.values() for t in each}.values() if taker.lacks],
        may_plan=plans,
        form=(refused.get(f"shift-{code_of(site)}") or shift_form(site)) if plans else None,
    )


def _now(duty: Duty, site: Site | None) -> list[str]:
    return [person.name for person in on_duty(Step(timedelta(0), duty, ()), site=site).people]


def _shift_shown(shift: Shift, left: list[Hours], *, is_mine: bool, form: forms.Form | None) -> ShiftShown:
    now = clock.now()
    begins, ends = left[0] if left else (shift.ends_at, shift.ends_at)
    is_whole = len(left) == 1 and ends == shift.ends_at and (begins == shift.starts_at or begins <= now)
    return ShiftShown(
        row=shift,
        is_mine=is_mine,
        is_running=bool(left) and begins <= now,
        left=[] if is_whole else left,
        is_gone=not left,
        form=form,
    )


def _hand_over_shown(row: HandOver, person: User, plans: bool) -> HandOverShown:
    """The receiver's own buttons stand at the top of the page."""
    is_open = row.state == HandOverState.OFFERED and row.to_id != person.pk
    return HandOverShown(
        row=row,
        may_accept=is_open and _may_accept(row, person, plans),
        may_withdraw=is_open and _may_withdraw(row, person, plans),
    )


@dataclass(frozen=True)
class Offered:
    """A shift that a colleague offers to the person who reads the page, and the place's code."""

    row: HandOver
    code: str


def offered_to(person: User, seen: Scope) -> list[Offered]:
    rows = handover.waiting_for(person)
    return [Offered(row, code_of(row.shift.site)) for row in rows if may_look(seen, row.shift.site)]


# --- acts


def _may_accept(row: HandOver, person: User, plans: bool) -> bool:
    """The receiver, or whoever plans the rota in their place; never the giver."""
    return person.pk == row.to_id or (plans and person.pk not in (row.shift.person_id, row.offered_by_id))


def _may_withdraw(row: HandOver, person: User, plans: bool) -> bool:
    return plans or person.pk in (row.shift.person_id, row.offered_by_id)


def enter_shift(wish: Wish) -> Any:
    said = {**wish.said, "duty": Duty(wish.said["duty"])}
    with refusals_of_the_rota():
        escalation.enter_shift(site=wish.site, by=wish.person, **said)
    return _("The shift is entered.")


def cancel_shift(wish: Wish) -> Any:
    escalation.cancel_shift(shift=wish.row(Shift.objects.filter(site=wish.site)))
    return _("The shift is cancelled.")


def form_for(wish: Wish, said: Any) -> forms.Form:
    """The form of a hand-over, for whoever has the shift or plans the rota."""
    shift = _shift(wish)
    if shift.person_id != wish.person.pk and not may_plan(wish.seen, wish.site):
        raise PermissionDenied
    duty = Duty(shift.duty)
    return hand_over_form(shift, handover.takers(site=wish.site, duties=[duty])[duty], said)


def hand_over(wish: Wish) -> Any:
    """By the one whose shift it is: offered. By somebody else who plans the rota: at once."""
    shift, to = _shift(wish), wish.said["to"]
    is_own = shift.person_id == wish.person.pk
    act = escalation.offer_shift if is_own else escalation.give_shift
    with refusals_of_the_rota():
        made = act(shift=shift, to=to, by=wish.person, reason=wish.said["reason"])
    arm_told.note(row=made, field="reason", text=wish.said["reason"], sites=[shift.site], said_by=wish.person)
    if is_own:
        return _("Offered to %(name)s. Until %(name)s has accepted, you stay on call.") % {"name": to.name}
    return _("It is handed over: what is left of the shift is %(name)s's.") % {"name": to.name}


def accept(wish: Wish) -> Any:
    row = _hand_over(wish)
    if not _may_accept(row, wish.person, may_plan(wish.seen, wish.site)):
        raise PermissionDenied
    with refusals_of_the_rota():
        escalation.accept_hand_over(hand_over=row, by=wish.person)
    return _("It is handed over: what is left of the shift is %(name)s's.") % {"name": row.to.name}


def refuse(wish: Wish) -> Any:
    row = _hand_over(wish)
    if row.to_id != wish.person.pk:
        raise PermissionDenied
    with refusals_of_the_rota():
        escalation.refuse_hand_over(hand_over=row, by=wish.person)
    return _("Refused: %(name)s stays on call.") % {"name": row.shift.person.name}


def withdraw(wish: Wish) -> Any:
    row = _hand_over(wish)
    if not _may_withdraw(row, wish.person, may_plan(wish.seen, wish.site)):
        raise PermissionDenied
    with refusals_of_the_rota():
        escalation.withdraw_hand_over(hand_over=row, by=wish.person)
    return _("Taken back: %(name)s stays on call.") % {"name": row.shift.person.name}


def _shift(wish: Wish) -> Shift:
    found: Shift = wish.row(Shift.objects.filter(site=wish.site))
    return found


def _hand_over(wish: Wish) -> HandOver:
    found: HandOver = wish.row(HandOver.objects.filter(shift__site=wish.site).select_related("shift__person", "to"))
    return found


def lacking_lines(lacking: Mapping[User, list[str]]) -> list[str]:
    """Who is not tested, and what each lacks."""
    return [f"{person.name}: {listed(lacks)}" for person, lacks in lacking.items()]


@contextmanager
def refusals_of_the_rota() -> Iterator[None]:
    """What the rota refuses, as sentences for the form."""
    try:
        yield
    except NeedsReason as error:
        raise forms.ValidationError([*lacking_lines(error.lacking), WITH_A_REASON]) from None
    except RotaRefused as error:
        raise forms.ValidationError([rule.label for rule in error.rules]) from None
