"""Texts of unknown numbers, and texts that nobody could read: the duty desk's."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.audit.services import note_readings
from apps.conversations.models import Task
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import calls, conversation
from apps.workplace.cards import CardAdmin
from apps.workplace.scoped import moment
from apps.workplace.words import shown

_THEIRS = (Disposition.UNMATCHED, Disposition.UNPARSED)


def _lines(row: InboundMessage) -> list[calls.Named]:
    return [(str(_("unknown number")), row.line)] if row.line else []


class UnmatchedAdmin(CardAdmin):
    """Only texts whose sender is no participant's phone. A participant's texts stand on the participant's card."""

    right = Action.VIEW_UNMATCHED
    site_path = None
    card_template = "workplace/unmatched.html"
    tells_of_health = True
    list_display = (moment("received_at", _("received")), "sender", "first_words", "disposition")
    ordering = ("-received_at",)
    acts = (calls.act(_lines, Action.VIEW_UNMATCHED),)
    list_select_related = ("line__data_key", "data_key")

    def scoped(self, rows: Any, seen: Scope) -> Any:
        rows = super().scoped(rows, seen).filter(disposition__in=_THEIRS)
        return rows.filter(line__contact_points__isnull=True)

    @admin.display(description=_("from"))
    def sender(self, row: InboundMessage) -> str:
        return row.line.masked if row.line else "–"

    @admin.display(description=_("text"))
    def first_words(self, row: InboundMessage) -> str:
        return shown(row.body)[:60]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        note_readings(context["cl"].result_list if "cl" in context else ())
        return response

    def card_context(self, request: HttpRequest, row: InboundMessage) -> dict[str, Any]:
        turn = getattr(row, "turn", None)
        return {
            "title": _("Text of an unknown number"),
            "chat": conversation.on_line(row.line) if row.line else [],
            "escalation": turn.escalation if turn else None,
            "tasks": Task.objects.filter(message=row, site__isnull=True),
        }


admin.site.register(InboundMessage, UnmatchedAdmin)
