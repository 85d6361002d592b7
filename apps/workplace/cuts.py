"""Data cuts, for the sponsor: make a blinded one, and fetch its files. Each fetch is recorded."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.exports import services
from apps.exports.format import FORMATS
from apps.exports.models import DataCut
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AddForm, MinuteField
from apps.workplace.scoped import moment, person_in
from apps.workplace.words import shown


class CutForm(AddForm):
    formats = forms.MultipleChoiceField(label=_("Formats"), widget=forms.CheckboxSelectMultiple)
    site = forms.ModelChoiceField(label=_("Only one site"), queryset=Site.objects.all(), required=False)
    as_of = MinuteField(label=_("As of"), required=False, help_text=_("Empty: now."))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def prepare(self) -> None:
        known = [(name, FORMATS[name].label) for name in FORMATS.names]
        self.fields["formats"].choices = known  # type: ignore[attr-defined]
        self.initial.setdefault("formats", [name for name, label in known])


def _verify(it: Doing) -> Any:
    if differing := services.verify_cut(cut=it.row):
        return _("These files differ from what was made: %s") % ", ".join(differing)
    return _("Every file is what was made.")


class CutAdmin(CardAdmin):
    """Cuts of the whole trial; the sponsor's safety people make and fetch them."""

    right = Action.MAKE_CUT
    site_path = None
    card_template = "workplace/cut.html"
    list_display = (
        "reference",
        moment("made_at", _("made")),
        moment("as_of", _("as of")),
        "site",
        "rows",
        "made_by_name",
        "because",
    )
    ordering = ("-made_at",)
    list_select_related = ("site", "maker")
    acts = (Act("verify", _("Verify the files"), Action.MAKE_CUT, _verify),)
    add_form = CutForm
    add_right = Action.MAKE_CUT
    add_label = _("Make a data cut")

    @admin.display(description=_("made by"))
    def made_by_name(self, row: DataCut) -> str:
        return row.maker.name if row.maker else row.made_by

    @admin.display(description=_("reason"), ordering="reason")
    def because(self, row: DataCut) -> str:
        return shown(row.reason)

    def get_urls(self) -> list[URLPattern]:
        fetch = self.admin_site.admin_view(require_POST(self.fetch))
        return [path("<uuid:object_id>/fetch/", fetch, name="exports_datacut_fetch"), *super().get_urls()]

    def add_row(self, request: HttpRequest, cleaned: dict[str, Any]) -> DataCut:
        person = person_in(request)
        return services.make_cut(
            formats=cleaned["formats"],
            as_of=cleaned["as_of"] or clock.now(),
            site=cleaned["site"],
            made_by=person.username,
            maker=person,
            reason=cleaned["reason"],
        )

    def card_context(self, request: HttpRequest, row: DataCut) -> dict[str, Any]:
        return {
            "files": row.files.defer("content").order_by("path"),
            "downloads": row.downloads.select_related("person").order_by("-at")[:50],
            "verifications": row.verifications.order_by("-at")[:10],
        }

    def fetch(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """The cut as one file. A POST, because it is recorded and may set the sponsor's day 0."""
        fetched = services.fetch_cut(cut=self.row_or_404(request, str(object_id)), person=person_in(request))
        response = HttpResponse(fetched.content, content_type=fetched.content_type)
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=fetched.name)
        return response


admin.site.register(DataCut, CutAdmin)
