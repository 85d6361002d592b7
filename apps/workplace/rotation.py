"""People on call in turn: a form that asks, a preview of every shift that would be written, and a button that writes them.

The preview is asked for by address and changes nothing. A reason names people, so it travels with the button alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.escalation import services as escalation
from apps.escalation.people import ROLES
from apps.escalation.planning import Preview
from apps.escalation.vocabulary import TRIAL_DUTIES, Duty
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.services import on_call
from apps.trials.models import Site
from apps.workplace.duty_rota import WITH_A_REASON, lacking_lines, may_plan, refusals_of_the_rota
from apps.workplace.forms import MinuteField, style
from apps.workplace.paging_views import DESK, code_of, site_of

PLACES = 6
_LONGEST_TURN = 28


class RotationForm(forms.Form):
    """Who takes turns, in their order; somebody may stand in it twice."""

    duty = forms.ChoiceField(label=_("duty"))
    starts_at = MinuteField(label=_("from"))
    until = MinuteField(label=_("until"))
    days = forms.IntegerField(label=_("days in a turn"), min_value=1, max_value=_LONGEST_TURN, initial=7)

    def __init__(self, *args: Any, site: Site | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        duties = [duty for duty in Duty if (duty in TRIAL_DUTIES) == (site is None)]
        self.fields["duty"].choices = [(duty.value, duty.label) for duty in duties]  # type: ignore[attr-defined]
        able = on_call(site=site, roles={role for duty in duties for role in ROLES[duty]})
        rows = User.objects.filter(pk__in=[person.pk for person in able]).order_by("name")
        for place in range(1, PLACES + 1):
            self.fields[f"person_{place}"] = forms.ModelChoiceField(
                label=_("person %(place)s") % {"place": place}, queryset=rows, required=place == 1, empty_label="–"
            )

    def asked(self) -> dict[str, Any]:
        """What the rota is asked."""
        said = self.cleaned_data
        people = [person for place in range(1, PLACES + 1) if (person := said[f"person_{place}"]) is not None]
        return {"duty": Duty(said["duty"]), "people": people} | {
            key: said[key] for key in ("starts_at", "until", "days")
        }


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


@dataclass(frozen=True)
class Found:
    context: Mapping[str, Any]
    status: int = 200


def answer(request: HttpRequest, person: User, seen: Scope) -> HttpResponse | Found:
    site = _place(request, seen)
    if request.method == "POST":
        return _written(request, person, site)
    form = RotationForm(request.GET if "duty" in request.GET else None, site=site)
    return _page(site, form, ReasonForm())


def _place(request: HttpRequest, seen: Scope) -> Site | None:
    """A place that there is not is refused like one whose rota is not this person's to plan."""
    code = str(request.GET.get("at", ""))
    site = None if code == DESK else site_of(code)
    if (site is None and code != DESK) or not may_plan(seen, site):
        raise PermissionDenied
    return site


def _written(request: HttpRequest, person: User, site: Site | None) -> HttpResponse | Found:
    form, reason = RotationForm(request.POST, site=site), ReasonForm(request.POST)
    if form.is_valid() and reason.is_valid():
        try:
            with refusals_of_the_rota():
                shifts = escalation.plan_rotation(
                    site=site, by=person, reason=reason.cleaned_data["reason"], **form.asked()
                )
        except forms.ValidationError as error:
            reason.add_error(None, error)
        else:
            messages.success(request, str(_("Shifts entered: %(count)s.") % {"count": len(shifts)}))
            return HttpResponseRedirect(reverse("admin:duty"), status=303)
    return _page(site, form, reason, status=422)


def _page(site: Site | None, form: RotationForm, reason: ReasonForm, *, status: int = 200) -> Found:
    preview: Preview | None = None
    if form.is_bound and form.is_valid():
        try:
            with refusals_of_the_rota():
                preview = escalation.preview_rotation(site=site, **form.asked())
        except forms.ValidationError as error:
            form.add_error(None, error)
    style(form)
    style(reason)
    context = {
        "site": site,
        "code": code_of(site),
        "form": form,
        "reason_form": reason,
        "preview": preview,
        "lacking": lacking_lines(preview.lacking) if preview else [],
        "with_a_reason": WITH_A_REASON,
    }
    return Found(context, 422 if form.is_bound and form.errors else status)
