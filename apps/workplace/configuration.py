"""The trial's configuration, read only: sites and protocol versions. A change is a new protocol file, loaded by command."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.trials.models import ProtocolVersion, Site
from apps.trials.protocol_paging import Chain
from apps.trials.services import protocol_of
from apps.workplace import closing
from apps.workplace.cards import CardAdmin
from apps.workplace.scoped import moment, scope_in
from apps.workplace.words import channel_name, whom


class SiteAdmin(CardAdmin):
    """Staff of a site see their own; people of the whole trial see all."""

    right = Action.VIEW_CONFIGURATION
    site_path = "pk"
    card_template = "workplace/site.html"
    list_display = ("code", "name", "country", "timezone", "team_phone", "emergency_number")
    ordering = ("code",)
    acts = closing.ACTS

    def scoped(self, rows: Any, seen: Scope) -> Any:
        return rows if seen.in_whole_trial(self.right) else rows.filter(pk__in=seen.sites_for(self.right))

    def site_of(self, row: Any) -> Site | None:
        return row if isinstance(row, Site) else None

    def card_context(self, request: HttpRequest, row: Site) -> dict[str, Any]:
        return closing.context(row, scope_in(request))

    @admin.display(description=_("name"))
    def name(self, row: Site) -> str:
        return row.name_zh if (get_language() or "").startswith("zh") else row.name_en


class ProtocolAdmin(CardAdmin):
    """Every version that was loaded, whole."""

    right = Action.VIEW_CONFIGURATION
    site_path = None
    card_template = "workplace/protocol.html"
    list_display = (
        "number",
        "label",
        moment("effective_from", _("effective from")),
        "source_name",
        moment("loaded_at", _("loaded")),
        "digest",
    )
    ordering = ("-number",)

    @admin.display(description="SHA-256")
    def digest(self, row: ProtocolVersion) -> str:
        return row.sha256[:16]

    def card_context(self, request: HttpRequest, row: ProtocolVersion) -> dict[str, Any]:
        """The file names every site, so the people of one site see what it says for all of them, not the file."""
        return {
            "title": _("Protocol version %s") % row.number,
            "protocol": protocol_of(row),
            "chains": [(name, _steps(chain)) for name, chain in protocol_of(row).chains.items()],
            "shows_file": scope_in(request).in_whole_trial(self.right),
        }


def _steps(chain: Chain) -> list[tuple[int, Any, str]]:
    """(Minute of the round, whom, by which channels)."""
    return [
        (step.after_minutes, whom(step.who), ", ".join(channel_name(each) for each in step.channels))
        for step in chain.steps
    ]


admin.site.register(Site, SiteAdmin)
admin.site.register(ProtocolVersion, ProtocolAdmin)
