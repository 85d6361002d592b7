"""The trial's configuration, read only: sites and protocol versions. A change is a new protocol file, loaded by command."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.trials.models import ProtocolVersion, Site
from apps.trials.protocol import Chain
from apps.trials.services import protocol_of
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

    def scoped(self, rows: Any, seen: Scope) -> Any:
        whole_trial = any(grant.site is None for grant in seen.grants)
        return rows if whole_trial and seen.may(self.right) else rows.filter(pk__in=seen.sites_for(self.right))

    def site_of(self, row: Any) -> Site | None:
        return row if isinstance(row, Site) else None

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
        whole_trial = any(grant.site is None for grant in scope_in(request).grants)
        return {
            "title": _("Protocol version %s") % row.number,
            "protocol": protocol_of(row),
            "chains": [(name, _steps(chain)) for name, chain in protocol_of(row).chains.items()],
            "shows_file": whole_trial,
        }


def _steps(chain: Chain) -> list[tuple[int, Any, str]]:
    """(Minute of the round, whom, by which channels)."""
    return [
        (step.after_minutes, whom(step.who), ", ".join(channel_name(each) for each in step.channels))
        for step in chain.steps
    ]


admin.site.register(Site, SiteAdmin)
admin.site.register(ProtocolVersion, ProtocolAdmin)
