"""On call: who is, when nobody would be, how fast people were, what went wrong; and one's own means of being woken.

Not a list of rows, so not a card: each act is a small form with the right that it needs at its site.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from apps.escalation.models import Incident, Leave
from apps.safety.figures import CaseFigures, case_figures
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.workplace import duty_rota
from apps.workplace.duty_rota import Rota, Wish
from apps.workplace.forms import MinuteField, NewPasswordField, style
from apps.workplace.paging_views import DESK, site_of

BACK = timedelta(weeks=4)


class PinForm(forms.Form):
    pin = NewPasswordField(label=_("PIN for calls"), min_length=4, max_length=8, help_text=_("Four to eight digits."))


class KitForm(forms.Form):
    password = NewPasswordField(
        label=_("Password of the paper"), min_length=SHORTEST_PASSWORD, help_text=_("It is kept nowhere: remember it.")
    )


class LeaveForm(forms.Form):
    starts_at = MinuteField(label=_("from"))
    ends_at = MinuteField(label=_("until"))


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
    escalation.mend_incident(incident=wish.row(Incident.objects.filter(site=wish.site)), person=wish.person)
    return _("Noted as mended.")


def _leave(wish: Wish) -> Any:
    with duty_rota.refusals_of_the_rota():
        escalation.add_leave(person=wish.person, **wish.said)
    return _("Your leave is entered. Hours that become nobody's are listed as gaps.")


def _unleave(wish: Wish) -> Any:
    escalation.cancel_leave(leave=wish.row(Leave.objects.filter(person=wish.person)))
    return _("Your leave is cancelled.")


def _at_site(right: Action) -> Callable[[Scope, Site | None], bool]:
    return lambda seen, site: site is not None and site.pk in seen.sites_for(right)


@dataclass(frozen=True)
class DutyAct:
    """`may` asks whether the act is allowed at a place; None: about oneself, for everybody who may open the page.

    An act about one row has its own form for that row, by `form_for`, or a plain button for each.
    """

    run: Callable[[Wish], Any]
    may: Callable[[Scope, Site | None], bool] | None
    form: type[forms.Form] = forms.Form
    form_for: Callable[[Wish, Any], forms.Form] | None = None


ACTS: Mapping[str, DutyAct] = {
    "pin": DutyAct(_pin, None, PinForm),
    "leave": DutyAct(_leave, None, LeaveForm),
    "unleave": DutyAct(_unleave, None),
    "kit": DutyAct(_kit, _at_site(Action.SEND), KitForm),
    "drill": DutyAct(_drill, _at_site(Action.ENROL)),
    "mend": DutyAct(_mend, _at_site(Action.ACKNOWLEDGE)),
    "shift": DutyAct(
        duty_rota.enter_shift, duty_rota.may_plan, form_for=lambda wish, said: duty_rota.shift_form(wish.site, said)
    ),
    "unshift": DutyAct(duty_rota.cancel_shift, duty_rota.may_plan),
    "handover": DutyAct(duty_rota.hand_over, duty_rota.may_look, form_for=duty_rota.form_for),
    "accept": DutyAct(duty_rota.accept, duty_rota.may_look),
    "refuse": DutyAct(duty_rota.refuse, duty_rota.may_look),
    "withdraw": DutyAct(duty_rota.withdraw, duty_rota.may_look),
}
# What a place offers besides its rota.
_OF_A_PLACE = ("kit", "drill", "mend")


def may_open(seen: Scope) -> bool:
    """Whoever is paged, and whoever makes the duty desk's rota."""
    return seen.may(Action.ACKNOWLEDGE) or duty_rota.may_look(seen, None)


# --- the page


@dataclass(frozen=True)
class Place:
    """One site as this person may see it. `forms` by the act's name; an act that they may not do has none."""

    site: Site
    rota: Rota
    quality: readiness.Quality
    figures: list[Figures]
    cases: list[CaseFigures]
    last_drill: Any
    drill_lines: list[Any]
    forms: dict[str, forms.Form]


def act(request: HttpRequest, person: User, seen: Scope) -> tuple[HttpResponse | None, dict[str, forms.Form]]:
    """Do what was asked for. An answer, or the refused form by its prefix."""
    if not may_open(seen):
        raise PermissionDenied
    name, wanted = request.POST.get("act", ""), ACTS.get(request.POST.get("act", ""))
    if wanted is None:
        raise BadRequest("no such act")
    site = _place_asked(request.POST.get("site", ""), wanted, seen)
    wish = Wish(person, seen, site, request.POST.get("row", ""), {})
    form = wanted.form_for(wish, request.POST) if wanted.form_for else _form(name, site, request.POST, row=wish.key)
    if form.is_valid():
        try:
            done = wanted.run(replace(wish, said=form.cleaned_data))
        except forms.ValidationError as error:
            form.add_error(None, error)
        else:
            if isinstance(done, HttpResponse):
                return done, {}
            messages.success(request, str(done))
            return HttpResponseRedirect(request.get_full_path(), status=303), {}
    return None, {str(form.prefix): form}


def _place_asked(code: str, wanted: DutyAct, seen: Scope) -> Site | None:
    """Where the act is to be done. A place that there is not is refused like one where it is not allowed."""
    if wanted.may is None:
        return None
    site = None if code == DESK else site_of(code)
    if (site is None and code != DESK) or not wanted.may(seen, site):
        raise PermissionDenied
    return site


def context(person: User, seen: Scope, refused: Mapping[str, forms.Form]) -> dict[str, Any]:
    """What the template shows. Raises PermissionDenied for people who are never paged and make no rota."""
    if not may_open(seen):
        raise PermissionDenied
    sites = Site.objects.filter(pk__in=seen.sites_for(Action.ACKNOWLEDGE))
    sees_desk = duty_rota.may_look(seen, None)
    return {
        "places": [_place(site, person, seen, refused) for site in sites],
        "desk": duty_rota.rota_of(None, person, seen, refused) if sees_desk else None,
        "desk_quality": readiness.quality(site=None) if sees_desk else None,
        "offered": duty_rota.offered_to(person, seen),
        "was_refused": bool(refused),
        "reasons": [reason for form in refused.values() for reason in form.non_field_errors()],
        "has_refused_form": any(form.fields for form in refused.values()),
        **(_oneself(person, refused) if seen.may(Action.ACKNOWLEDGE) else {}),
    }


def _oneself(person: User, refused: Mapping[str, forms.Form]) -> dict[str, Any]:
    return {
        "is_paged": True,
        "has_pin": has_voice_pin(person),
        "lacks": readiness.lacks(person),
        "feed": feed_address(person),
        "leaves": Leave.objects.filter(person=person, ends_at__gt=clock.now(), cancelled_at__isnull=True),
        "pin_form": refused.get("pin") or _form("pin", None),
        "leave_form": refused.get("leave") or _form("leave", None),
    }


def _place(site: Site, person: User, seen: Scope, refused: Mapping[str, forms.Form]) -> Place:
    now, last = clock.now(), readiness.last_drill(site)
    allowed = [name for name in _OF_A_PLACE if (may := ACTS[name].may) and may(seen, site)]
    return Place(
        site=site,
        rota=duty_rota.rota_of(site, person, seen, refused),
        quality=readiness.quality(site=site),
        figures=figures(since=now - BACK, until=now, site=site),
        cases=case_figures(since=now - BACK, until=now, sites=[site]),
        last_drill=last,
        drill_lines=escalation.drill_report(drill=last) if last else [],
        forms={name: refused.get(f"{name}-{site.code}") or _form(name, site) for name in allowed},
    )


def _form(name: str, site: Site | None, said: Any = None, *, row: str = "") -> forms.Form:
    parts = [name, row or (site.code if site else "")]
    form = ACTS[name].form(said, prefix="-".join(part for part in parts if part))
    style(form)
    return form
