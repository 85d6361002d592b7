"""On call: who is, when nobody would be, how fast people were, what went wrong; and one's own means of being woken.

Not a list of rows, so not a card: each act is a small form with the right that it needs at its site.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from apps.conversations.kit import SHORTEST_PASSWORD, make_kit
from apps.core import clock
from apps.escalation import readiness
from apps.escalation import services as escalation
from apps.escalation.endpoints import BadPin, has_voice_pin
from apps.escalation.feed import feed_address
from apps.escalation.figures import Figures, figures
from apps.escalation.models import Incident, Leave, Shift
from apps.escalation.rota import RotaRefused
from apps.escalation.vocabulary import TRIAL_DUTIES, Duty
from apps.safety.figures import CaseFigures, case_figures
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.services import on_call
from apps.staff.vocabulary import Action, Role
from apps.trials.models import Site
from apps.workplace.forms import MinuteField, NewPasswordField, style

BACK = timedelta(weeks=4)
_TAKES_DUTY = (Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR, Role.COORDINATOR)


class PinForm(forms.Form):
    pin = NewPasswordField(label=_("PIN for calls"), min_length=4, max_length=8, help_text=_("Four to eight digits."))


class KitForm(forms.Form):
    password = NewPasswordField(
        label=_("Password of the paper"), min_length=SHORTEST_PASSWORD, help_text=_("It is kept nowhere: remember it.")
    )


class ShiftForm(forms.Form):
    duty = forms.ChoiceField(label=_("duty"), choices=[each for each in Duty.choices if each[0] not in TRIAL_DUTIES])
    person = forms.ModelChoiceField(label=_("person"), queryset=User.objects.none())
    starts_at = MinuteField(label=_("from"))
    ends_at = MinuteField(label=_("until"))
    is_override = forms.BooleanField(label=_("in place of whoever is planned"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class LeaveForm(forms.Form):
    starts_at = MinuteField(label=_("from"))
    ends_at = MinuteField(label=_("until"))


class EmptyForm(forms.Form):
    """A plain button."""


@dataclass(frozen=True)
class Wish:
    """Who asks for what: the site where the act needs one, and what the form said."""

    person: User
    site: Site | None
    said: Mapping[str, Any]
    key: str


def _pin(wish: Wish) -> Any:
    try:
        escalation.set_voice_pin(person=wish.person, pin=wish.said["pin"])
    except BadPin:
        raise forms.ValidationError(_("Not all the same and not in sequence.")) from None
    return _("The PIN is set. A call asks for it.")


def _kit(wish: Wish) -> Any:
    assert wish.site is not None
    paper = make_kit(site=wish.site, person=wish.person, password=wish.said["password"])
    name = f"downtime-{wish.site.code}.pdf"
    return HttpResponse(
        paper,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _drill(wish: Wish) -> Any:
    escalation.start_drill(site=wish.site, by=wish.person)
    return _("The drill has begun: everybody on call gets a page marked TEST.")


def _mend(wish: Wish) -> Any:
    incident = Incident.objects.filter(pk=wish.key, site=wish.site).first()
    if incident is None:
        raise BadRequest("no such incident")
    escalation.mend_incident(incident=incident, person=wish.person)
    return _("Noted as mended.")


def _shift(wish: Wish) -> Any:
    said = {**wish.said, "duty": Duty(wish.said["duty"])}
    try:
        escalation.add_shift(site=wish.site, by=wish.person, **said)
    except RotaRefused as error:
        raise forms.ValidationError([rule.label for rule in error.rules]) from None
    return _("The shift is entered.")


def _unshift(wish: Wish) -> Any:
    shift = Shift.objects.filter(pk=wish.key, site=wish.site).first()
    if shift is None:
        raise BadRequest("no such shift")
    escalation.cancel_shift(shift=shift)
    return _("The shift is cancelled.")


def _leave(wish: Wish) -> Any:
    try:
        escalation.add_leave(person=wish.person, **wish.said)
    except RotaRefused as error:
        raise forms.ValidationError([rule.label for rule in error.rules]) from None
    return _("Your leave is entered. Hours that become nobody's are listed as gaps.")


@dataclass(frozen=True)
class DutyAct:
    """`right` at the site; None: about oneself, for everybody who may open the page."""

    form: type[forms.Form]
    run: Callable[[Wish], Any]
    right: Action | None


ACTS: Mapping[str, DutyAct] = {
    "pin": DutyAct(PinForm, _pin, None),
    "leave": DutyAct(LeaveForm, _leave, None),
    "kit": DutyAct(KitForm, _kit, Action.SEND),
    "drill": DutyAct(EmptyForm, _drill, Action.ENROL),
    "mend": DutyAct(EmptyForm, _mend, Action.ACKNOWLEDGE),
    "shift": DutyAct(ShiftForm, _shift, Action.ENROL),
    "unshift": DutyAct(EmptyForm, _unshift, Action.ENROL),
}


# --- the page


@dataclass(frozen=True)
class Place:
    """One site as this person may see it. `forms` by the act's name; an act that they may not do has none."""

    site: Site
    quality: readiness.Quality
    figures: list[Figures]
    cases: list[CaseFigures]
    shifts: list[Shift]
    last_drill: Any
    drill_lines: list[Any]
    forms: dict[str, forms.Form]


def act(request: HttpRequest, person: User, seen: Scope) -> tuple[HttpResponse | None, dict[str, forms.Form]]:
    """Do what was asked for. An answer, or the refused form by `act` or `act:site code`."""
    name, wanted = request.POST.get("act", ""), ACTS.get(request.POST.get("act", ""))
    if wanted is None:
        raise BadRequest("no such act")
    site = Site.objects.filter(code=request.POST.get("site", "")).first()
    if wanted.right is not None and (site is None or site.pk not in seen.sites_for(wanted.right)):
        raise PermissionDenied
    form = _form(name, site, request.POST)
    if form.is_valid():
        try:
            done = wanted.run(Wish(person, site, form.cleaned_data, request.POST.get("row", "")))
        except forms.ValidationError as error:
            form.add_error(None, error)
        else:
            if isinstance(done, HttpResponse):
                return done, {}
            messages.success(request, str(done))
            return HttpResponseRedirect(request.get_full_path(), status=303), {}
    return None, {f"{name}:{site.code}" if site and wanted.right else name: form}


def context(person: User, seen: Scope, refused: Mapping[str, forms.Form]) -> dict[str, Any]:
    """What the template shows. Raises PermissionDenied for people who are never paged."""
    if not seen.may(Action.ACKNOWLEDGE):
        raise PermissionDenied
    sites = Site.objects.filter(pk__in=seen.sites_for(Action.ACKNOWLEDGE))
    return {
        "places": [_place(site, seen, refused) for site in sites],
        "was_refused": bool(refused),
        "has_pin": has_voice_pin(person),
        "lacks": readiness.lacks(person),
        "feed": feed_address(person),
        "leaves": Leave.objects.filter(person=person, ends_at__gt=clock.now(), cancelled_at__isnull=True),
        "pin_form": refused.get("pin") or _form("pin", None),
        "leave_form": refused.get("leave") or _form("leave", None),
    }


def _place(site: Site, seen: Scope, refused: Mapping[str, forms.Form]) -> Place:
    now, last = clock.now(), readiness.last_drill(site)
    allowed = [name for name, each in ACTS.items() if each.right and site.pk in seen.sites_for(each.right)]
    return Place(
        site=site,
        quality=readiness.quality(site=site),
        figures=figures(since=now - BACK, until=now, site=site),
        cases=case_figures(since=now - BACK, until=now, sites=[site]),
        shifts=[*_shifts(site)],
        last_drill=last,
        drill_lines=escalation.drill_report(drill=last) if last else [],
        forms={name: refused.get(f"{name}:{site.code}") or _form(name, site) for name in allowed},
    )


def _shifts(site: Site) -> Any:
    coming = Shift.objects.filter(site=site, ends_at__gt=clock.now(), cancelled_at__isnull=True)
    return coming.select_related("person").order_by("starts_at", "duty")[:60]


def _form(name: str, site: Site | None, said: Any = None) -> forms.Form:
    form = ACTS[name].form(said, prefix=f"{name}-{site.code}" if site and ACTS[name].right else name)
    if isinstance(form, ShiftForm):
        people = [person.pk for person in on_call(site=site, roles=_TAKES_DUTY)]
        form.fields["person"].queryset = User.objects.filter(pk__in=people).order_by("name")  # type: ignore[attr-defined]
    style(form)
    return form
