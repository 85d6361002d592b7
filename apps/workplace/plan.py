"""The plan of check-ins and visit reminders of a site: read only, since the plan is computed."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.followup.models import CheckIn
from apps.participants.vocabulary import SILENT
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import awareness
from apps.workplace.cards import CardAdmin
from apps.workplace.scoped import ParticipantSiteFilter, moment, scope_in


class CheckInAdmin(CardAdmin):
    """Every planned, sent, answered or missed check-in."""

    right = Action.VIEW_PARTICIPANTS
    site_path = "participant__site"
    card_template = "workplace/checkin.html"
    list_display = (
        "participant",
        moment("occurrence", _("for the day")),
        moment("planned_at", _("planned")),
        "state",
        "because",
        "reminders",
    )
    list_filter = (ParticipantSiteFilter, "state")
    lookups = frozenset({"at", "state__exact", *(f"planned_at__{part}" for part in ("year", "month", "day"))})
    date_hierarchy = "planned_at"
    search_fields = ("participant__code",)
    ordering = ("planned_at",)
    list_select_related = ("participant__site",)

    @admin.display(description=_("because"))
    def because(self, row: CheckIn) -> str:
        return row.skipped_because

    def were_listed(self, seen: Scope, rows: Iterable[CheckIn]) -> None:
        awareness.told_of_death(seen, (row.participant for row in rows if row.skipped_because in SILENT))

    def card_context(self, request: HttpRequest, row: CheckIn) -> dict[str, Any]:
        self.were_listed(scope_in(request), [row])
        return {}


admin.site.register(CheckIn, CheckInAdmin)
