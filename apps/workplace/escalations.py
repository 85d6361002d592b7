"""Escalations: who was paged when, by what, with what result, and who took it. A line is a fact with its time, in order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.audit.services import note_readings
from apps.conversations import services as conversations
from apps.escalation import services as escalation
from apps.escalation.handing import colleagues
from apps.escalation.models import Escalation
from apps.escalation.timeline import Moment
from apps.escalation.timeline import timeline as story_of
from apps.escalation.vocabulary import OFFERED, ContactResult, EscalationState, MilestoneKind, Via
from apps.messaging.models import InboundMessage
from apps.messaging.models import Line as PhoneLine
from apps.staff.models import User
from apps.staff.vocabulary import Action
from apps.workplace import calls
from apps.workplace.cards import Act, CardAdmin, Doing, Offer
from apps.workplace.forms import AboutForm, ButtonSelect
from apps.workplace.scoped import SiteFilter, moment, person_in, scope_in
from apps.workplace.words import ERRORS, TASKS, channel_name, detail, whom


class ContactForm(AboutForm):
    result = forms.ChoiceField(
        label=_("What came of it"), choices=[(each.value, each.label) for each in OFFERED], widget=ButtonSelect
    )


class HandToForm(AboutForm):
    """Only those whom this case may be handed to; the service asks again."""

    to = forms.ModelChoiceField(label=_("To whom"), queryset=User.objects.none(), empty_label=_("– choose –"))

    def prepare(self) -> None:
        keys = [person.pk for person in colleagues(self.about)]
        self.fields["to"].queryset = User.objects.filter(pk__in=keys).order_by("name")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Line:
    """`mark` is good, bad or empty."""

    at: datetime
    what: str
    who: str
    detail: str
    mark: str


def timeline(running: Escalation) -> list[Line]:
    """From the text to the contact, in words."""
    return [_line(moment) for moment in story_of(running)]


def _line(moment: Moment) -> Line:
    parts = (
        channel_name(moment.channel), whom(moment.who), TASKS.get(moment.task, moment.task), moment.state, detail(moment.about),
        ERRORS.get(moment.error, moment.error),
    )  # fmt: skip
    return Line(
        at=moment.at,
        what=moment.what,
        who=" → ".join(person.name for person in (moment.person, moment.to) if person),
        detail=" · ".join(str(part) for part in parts if part),
        mark={True: "good", False: "bad", None: ""}[moment.is_good],
    )


def _take(it: Doing) -> Any:
    conversations.take(running=it.row, person=it.person, via=Via.ADMIN)
    return _("You have it. Record what came of the contact.")


def _contact(it: Doing) -> Any:
    result = ContactResult(it.said["result"])
    conversations.record_contact(running=it.row, person=it.person, result=result, via=Via.ADMIN)
    return _("The contact is recorded.")


def _hand_to(it: Doing) -> Any:
    to = it.said["to"]
    escalation.hand_to(escalation=it.row, person=it.person, to=to, via=Via.ADMIN)
    return _("%(name)s is paged now. It stays yours until somebody has taken it.") % {"name": to.name}


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
    return known or [(str(_("caller")), line) for line in _callers(row)] or _writers(row)


def _writers(row: Escalation) -> list[calls.Named]:
    """Of texts about nobody in particular: from a phone that two share."""
    tasks = row.tasks.select_related("message__line__data_key")
    lines = dict.fromkeys(task.message.line for task in tasks if task.message and task.message.line)
    return [(str(_("sender")), line) for line in lines]


def _callers(row: Escalation) -> list[PhoneLine]:
    return [task.call.line for task in row.tasks.select_related("call__line__data_key") if task.call and task.call.line]


def _texts_of_tasks(row: Escalation) -> list[InboundMessage]:
    """The words that a task of a site is about: of a page without a case nothing else tells them."""
    texts = InboundMessage.objects.filter(pk__in=row.tasks.values("message")).select_related("data_key")
    return list(texts.order_by("received_at"))


@display(description=_("taken by"), ordering="acknowledged_by__name")
def _holder(row: Escalation) -> str:
    return row.holder.name if row.holder else "–"


class EscalationAdmin(CardAdmin):
    """Escalations of a site; those about unknown numbers for the duty desk."""

    right = Action.ACKNOWLEDGE
    unsited_right = Action.VIEW_UNMATCHED
    card_template = "workplace/escalation.html"
    tells_of_health = True
    list_display = (
        "ref",
        "chain",
        "site",
        "state",
        moment("received_at", _("received")),
        _holder,
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
        Act(
            "hand_to", _("Hand over to a colleague by name"), Action.ACKNOWLEDGE, _hand_to, HandToForm, _awaits_contact
        ),
    )

    def offers(self, request: HttpRequest, row: Any) -> list[Offer]:
        """Only the holder hands it over, to whomever there is."""
        is_holder = row.acknowledged_by_id == person_in(request).pk
        return [each for each in super().offers(request, row) if each.act.name != "hand_to" or is_holder]

    def card_context(self, request: HttpRequest, row: Escalation) -> dict[str, Any]:
        seen = scope_in(request)
        events = row.events.filter(participant__site__in=seen.sites_for(Action.VIEW_EVENTS))
        messages = InboundMessage.objects.none()
        if row.site_id is None and seen.may(Action.VIEW_UNMATCHED):
            messages = InboundMessage.objects.filter(turn__escalation=row).order_by("received_at")
        texts = _texts_of_tasks(row) if row.site_id and seen.may(Action.VIEW_TEXTS, site=row.site_id) else []
        note_readings(texts)
        given = row.milestones.filter(kind=MilestoneKind.HANDED_OVER).select_related("to").order_by("at").last()
        return {
            "timeline": timeline(row),
            "handed_to": given.to if given else None,
            "events": events.select_related("participant"),
            "messages_of_it": messages,
            "texts_of_tasks": texts,
            "tasks_of_it": row.tasks.select_related("participant"),
        }


admin.site.register(Escalation, EscalationAdmin)
