"""Incidents of the blinding: texts that claim an allocation, what became of each, and who said so. No word of theirs stands here."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import InboundMessage
from apps.participants import arm_told
from apps.participants.models import ArmTold
from apps.participants.vocabulary import ToldWas
from apps.safety.models import AdverseEvent
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import awareness
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm, ButtonSelect
from apps.workplace.scoped import DoneFilter, SiteFilter, moment, scope_in


class SeeToForm(AboutForm):
    was = forms.ChoiceField(label=_("What it was"), choices=ToldWas.choices, widget=ButtonSelect)


class SeenFilter(DoneFilter):
    title = _("seen to")
    parameter_name = "seen"
    column = "seen_at"


def _see_to(it: Doing) -> Any:
    arm_told.see_to(incident=it.row, person=it.person, was=ToldWas(it.said["was"]))
    return _("It is on record. The words stay masked.")


def _is_open(row: ArmTold) -> bool:
    return row.seen_at is None


class ArmToldAdmin(CardAdmin):
    """The incidents of a site, for everybody who sees its participants; those of unknown numbers for the duty desk."""

    right = Action.VIEW_PARTICIPANTS
    unsited_right = Action.VIEW_UNMATCHED
    card_template = "workplace/told.html"
    list_display = (
        moment("at", _("at")),
        "what",
        "participant",
        "site",
        "was",
        moment("seen_at", _("seen to")),
        "seen_by",
    )
    list_filter = (SeenFilter, SiteFilter, "was")
    lookups = frozenset({"at", "seen", "was__exact"})
    search_fields = ("participant__code",)
    ordering = ("-at",)
    list_select_related = ("site", "participant", "said_by", "seen_by")
    acts = (
        Act("see_to", _("Say what it was"), Action.CONFIRM_EVENTS, _see_to, SeeToForm, _is_open, is_main=True),
        Act("see_to_unsited", _("Say what it was"), Action.VIEW_UNMATCHED, _see_to, SeeToForm, _is_open, is_main=True),
    )

    @admin.display(description=_("where"))
    def what(self, row: ArmTold) -> str:
        return _what(row)

    def _may(self, request: HttpRequest, row: ArmTold, act: Act) -> bool:
        is_for_the_desk = act.name.endswith("_unsited")
        return is_for_the_desk == (row.site_id is None) and super()._may(request, row, act)

    def were_listed(self, seen: Scope, rows: Iterable[ArmTold]) -> None:
        """An incident in what somebody wrote of a case says that there is one."""
        keys = [row.row_key for row in rows if row.table == AdverseEvent._meta.db_table]
        awareness.shown(seen, AdverseEvent.objects.filter(pk__in=keys).select_related("participant"))

    def card_context(self, request: HttpRequest, row: ArmTold) -> dict[str, Any]:
        self.were_listed(scope_in(request), [row])
        return {"title": _("A text may tell the allocation"), "what": _what(row), "link": _link(row, scope_in(request))}


def _models() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def _what(row: ArmTold) -> str:
    """What it stands in, in words: "inbound text", "adverse event · event term"."""
    model = _models().get(row.table)
    if model is None:
        return row.table
    names = {each.name: str(each.verbose_name) for each in model._meta.concrete_fields}
    return f"{model._meta.verbose_name} · {names.get(row.field, str(_('reason')))}"


def _link(row: ArmTold, seen: Scope) -> str:
    """The page on which the masked words stand: of a participant's text the participant's."""
    model = _models().get(row.table)
    if model is InboundMessage and row.participant_id is not None:
        return reverse("admin:participants_participant_change", args=[row.participant_id])
    if model is None or (model is InboundMessage and not seen.may(Action.VIEW_UNMATCHED)):
        return ""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.row_key])
    except NoReverseMatch:  # it stands on the participant's card
        return reverse("admin:participants_participant_change", args=[row.participant_id]) if row.participant_id else ""


admin.site.register(ArmTold, ArmToldAdmin)
