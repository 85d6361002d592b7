"""The plan of check-ins and visit reminders of a site: read only, since the plan is computed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.followup.models import CheckIn
from apps.staff.vocabulary import Action
from apps.workplace.cards import CardAdmin
from apps.workplace.scoped import ParticipantSiteFilter, moment


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


admin.site.register(CheckIn, CheckInAdmin)
