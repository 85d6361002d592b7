"""Escalations: who was paged when, by what, with what result, and who took it. A line is a fact with its time, in order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.conversations import services as conversations
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ContactResult, EscalationState, PageState, Via
from apps.messaging.models import InboundMessage
from apps.messaging.models import Line as PhoneLine
from apps.staff.vocabulary import Action
from apps.workplace import calls
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm, ButtonSelect
from apps.workplace.scoped import SiteFilter, moment, scope_in
from apps.workplace.words import channel_name


class ContactForm(AboutForm):
    result = forms.ChoiceField(label=_("What came of it"), choices=ContactResult.choices, widget=ButtonSelect)


@dataclass(frozen=True)
class Line:
    """`mark` is good, bad or empty."""

    at: datetime
    what: str
    who: str = ""
    detail: str = ""
    mark: str = ""


def timeline(running: Escalation) -> list[Line]:
    """From the text to the contact."""
    lines = [Line(running.received_at, _now("Text received")), Line(running.opened_at, _now("Escalation opened"))]
    for page in running.pages.select_related("person", "message"):
        lines.append(Line(page.created_at, _now("Paged"), page.person.name, _channel(page), _mark(page.state)))
        if page.delivered_at:
            lines.append(
                Line(page.delivered_at, _now("Page delivered"), page.person.name, channel_name(page.channel), "good")
            )
    for each in running.acknowledgements.select_related("person"):
        what = _now("Taken, too late") if each.is_late else _now("Taken")
        lines.append(Line(each.at, what, each.person.name, each.get_via_display(), "" if each.is_late else "good"))
    for contact in running.contacts.select_related("person"):
        result = contact.get_result_display()
        lines.append(
            Line(contact.at, _now("Contact: %s") % result, contact.person.name, contact.get_via_display(), "good")
        )
    for turn in running.milestones.select_related("person"):
        lines.append(Line(turn.at, turn.get_kind_display(), turn.person.name if turn.person else ""))
    for incident in running.incidents.all():
        lines.append(Line(incident.at, _now("Paging incident"), "", _incident(incident), "bad"))
    return sorted(lines, key=lambda line: line.at)


def _channel(page: Any) -> str:
    state = page.get_state_display()
    return f"{channel_name(page.channel)} · {state}" + (f" · {page.error}" if page.error else "")


def _mark(state: str) -> str:
    return {PageState.FAILED: "bad", PageState.DELIVERED: "good", PageState.ANSWERED: "good"}.get(PageState(state), "")


def _incident(incident: Any) -> str:
    shown = getattr(incident, "get_kind_display", None)
    return f"{shown() if shown else incident.kind} {incident.detail}".strip()


def _take(it: Doing) -> Any:
    conversations.take(running=it.row, person=it.person, via=Via.ADMIN)
    return _("You have it. Record what came of the contact.")


def _contact(it: Doing) -> Any:
    result = ContactResult(it.said["result"])
    conversations.record_contact(running=it.row, person=it.person, result=result, via=Via.ADMIN)
    return _("The contact is recorded.")


def _is_open(row: Escalation) -> bool:
    return row.state == EscalationState.OPEN


def _awaits_contact(row: Escalation) -> bool:
    return row.state == EscalationState.ACKNOWLEDGED


def _lines(row: Escalation) -> list[calls.Named]:
    """The people that it is about; for an unknown number, and for a call from one, the number."""
    if row.site_id is None:
        texts = InboundMessage.objects.filter(turn__escalation=row, line__isnull=False).select_related("line__data_key")
        return [
            (str(_("unknown number")), line) for line in dict.fromkeys(each.line for each in texts if each.line)
        ] + [(str(_("caller")), line) for line in _callers(row)]
    of_events = [event.participant for event in row.events.select_related("participant")]
    of_tasks = [task.participant for task in row.tasks.select_related("participant") if task.participant is not None]
    people = dict.fromkeys([*of_events, *of_tasks])
    known = [(f"{person.code} {whose}", line) for person in people for whose, line in calls.lines_of(person)]
    return known or [(str(_("caller")), line) for line in _callers(row)]


def _callers(row: Escalation) -> list[PhoneLine]:
    return [task.call.line for task in row.tasks.select_related("call__line__data_key") if task.call and task.call.line]


class EscalationAdmin(CardAdmin):
    """Escalations of a site; those about unknown numbers for the duty desk."""

    right = Action.ACKNOWLEDGE
    unsited_right = Action.VIEW_UNMATCHED
    card_template = "workplace/escalation.html"
    list_display = (
        "ref",
        "chain",
        "site",
        "state",
        moment("received_at", _("received")),
        "acknowledged_by",
        moment("contacted_at", _("contact at")),
    )
    list_filter = (SiteFilter, "state", "chain")
    lookups = frozenset({"at", "state__exact", "chain__exact"})
    search_fields = ("ref",)
    ordering = ("-received_at",)
    list_select_related = ("site", "acknowledged_by")
    acts = (
        Act("take", _("Take it"), Action.ACKNOWLEDGE, _take, when=_is_open, is_main=True),
        calls.act(_lines, Action.ACKNOWLEDGE),
        Act(
            "contact", _("Record the contact"), Action.ACKNOWLEDGE, _contact, ContactForm, _awaits_contact, is_main=True
        ),
    )

    def card_context(self, request: HttpRequest, row: Escalation) -> dict[str, Any]:
        seen = scope_in(request)
        events = row.events.filter(participant__site__in=seen.sites_for(Action.VIEW_EVENTS))
        messages = InboundMessage.objects.none()
        if row.site_id is None and seen.may(Action.VIEW_UNMATCHED):
            messages = InboundMessage.objects.filter(turn__escalation=row).order_by("received_at")
        return {
            "timeline": timeline(row),
            "events": events.select_related("participant"),
            "messages_of_it": messages,
            "tasks_of_it": row.tasks.select_related("participant"),
        }


admin.site.register(Escalation, EscalationAdmin)
