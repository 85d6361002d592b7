"""The audit trail as a list: who changed which row, when and how. Values and reasons may tell of somebody's health and stay out."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.audit.models import AuditEvent
from apps.staff.models import SiteAssignment, User
from apps.staff.vocabulary import Action
from apps.workplace import trail
from apps.workplace.cards import CardAdmin


class AboutFilter(admin.SimpleListFilter):
    """Whoever looks for an account that somebody made up reads these alone."""

    title = _("about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("accounts", _("accounts and roles"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() != "accounts":
            return queryset
        return queryset.filter(table__in=[model._meta.db_table for model in (User, SiteAssignment)])


class AuditAdmin(CardAdmin):
    """The whole trail, newest first."""

    right = Action.VIEW_AUDIT
    site_path = None
    card_template = "workplace/audit_event.html"
    list_display = ("number", "when", "what", "who", "row_of")
    list_filter = (AboutFilter,)
    lookups = frozenset({"about"})
    search_fields = ("=row_key", "=request_id")
    ordering = ("-sequence",)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("old", "new", "reason")

    @admin.display(description=_("number"), ordering="sequence")
    def number(self, row: AuditEvent) -> int:
        return row.sequence

    @admin.display(description=_("time (UTC)"))
    def when(self, row: AuditEvent) -> str:
        return row.at[:19].replace("T", " ")

    @admin.display(description=_("what"))
    def what(self, row: AuditEvent) -> str:
        return f"{trail.in_words(row.operation)} · {row.table}"

    @admin.display(description=_("row"))
    def row_of(self, row: AuditEvent) -> str:
        return row.row_key

    @admin.display(description=_("who"))
    def who(self, row: AuditEvent) -> str:
        return trail.names_of([row.actor]).get(row.actor, row.actor)

    def card_context(self, request: HttpRequest, row: AuditEvent) -> dict[str, Any]:
        names = trail.names_of([row.actor])
        return {
            "title": _("Entry %s of the trail") % row.sequence,
            "who": names.get(row.actor, row.actor),
            "what": trail.in_words(row.operation),
            "link": getattr(row, "link", None),
        }


admin.site.register(AuditEvent, AuditAdmin)
