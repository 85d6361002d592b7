"""The search for somebody who cannot be reached: every step and attempt on one page, and the signature that records the loss."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.followup import heard, search, services
from apps.followup.models import Search
from apps.followup.models_end import Learnt, Way
from apps.messaging.models import OutboundMessage
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import FollowUp
from apps.safety import by_person
from apps.staff.vocabulary import Action
from apps.trials.services import current_protocol
from apps.trials.vocabulary import SearchStep
from apps.workplace import by_phone, calls
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.forms import AboutForm, DayField, MinuteField, PasswordField
from apps.workplace.participant_forms import PhoneChoice
from apps.workplace.scoped import ParticipantSiteFilter, moment, scope_in

STEPS = {
    SearchStep.CALL: _("calls to the participant and the caregiver"),
    SearchStep.SECOND_CONTACT: _("contacts that the consent names"),
    SearchStep.LETTER: _("registered letter, neutral envelope"),
    SearchStep.VITAL_STATUS: _("records, and a text where one may go"),
    SearchStep.RECORD: _("decision of the principal investigator"),
}


class BeginForm(AboutForm):
    missed_on = DayField(label=_("First missed contact"))

    def prepare(self) -> None:
        self.initial.setdefault("missed_on", clock.today(self.about.site.timezone))


class AttemptForm(AboutForm):
    way = forms.ChoiceField(label=_("Way"), choices=Way.choices)
    phone = PhoneChoice(label=_("Which number"), queryset=ContactPoint.objects.none(), required=False)
    made_at = MinuteField(label=_("When"))
    learnt = forms.ChoiceField(label=_("What came of it"), choices=Learnt.choices)
    alive_on = DayField(label=_("Known alive on"), required=False, help_text=_("Empty: the day of this attempt."))
    words = forms.CharField(
        label=_("Words said, or source"),
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Never a treatment."),
    )
    is_dealt_with = forms.BooleanField(label=by_phone.DEALT_WITH, required=False)

    def prepare(self) -> None:
        if not by_person.is_investigator(self.person, self.about.participant):
            del self.fields["is_dealt_with"]
        rows = self.about.participant.contact_points.filter(ended_at__isnull=True).select_related("line__data_key")
        self.fields["phone"].queryset = rows  # type: ignore[attr-defined]
        self.initial.setdefault("made_at", timezone.localtime(clock.now()).replace(second=0, microsecond=0))


class LostForm(AboutForm):
    password = PasswordField(label=_("Your password, as a signature"))


def _begin(it: Doing) -> Any:
    services.begin_search(participant=it.row, missed_on=it.said["missed_on"], person=it.person)
    return _("The search has begun. Each step becomes a task.")


def _attempt(it: Doing) -> Any:
    said = it.said
    made_at: datetime = said["made_at"]
    services.record_attempt(
        search=it.row, person=it.person, way=Way(said["way"]), learnt=Learnt(said["learnt"]), words=said["words"],
        made_at=made_at, contact_point=said["phone"], alive_on=said["alive_on"], is_dealt_with=bool(said.get("is_dealt_with")),
    )  # fmt: skip
    return _("The attempt is on record.")


def _lost(it: Doing) -> Any:
    services.record_lost(search=it.row, person=it.person, password=it.said["password"])
    return _(
        "Recorded as lost to follow-up. Texts are still read at any hour; the search is repeated at each calendar contact."
    )


def _may_begin(row: Participant) -> bool:
    return row.follow_up == FollowUp.ACTIVE and running_of(row) is None


def running_of(participant: Participant) -> Search | None:
    """The search for this participant that goes on, if there is one."""
    return participant.searches.filter(state__in=search.OPEN_STATES).first()


BEGIN = Act("search", _("Cannot be reached: begin a search"), Action.SEND, _begin, BeginForm, _may_begin)


class SearchAdmin(CardAdmin):
    """Every search of a site, those that run first."""

    right = Action.VIEW_TEXTS
    site_path = "participant__site"
    tells_of_health = True
    card_template = "workplace/search.html"
    list_display = (
        "participant",
        "state",
        moment("missed_on", _("first missed contact")),
        moment("lost_at", _("recorded as lost")),
        moment("ended_at", _("ended")),
    )
    list_filter = (ParticipantSiteFilter, "state")
    lookups = frozenset({"at", "state__exact"})
    search_fields = ("participant__code",)
    ordering = ("ended_at", "missed_on")
    list_select_related = ("participant__site",)
    acts = (
        calls.act(lambda row: calls.lines_of(row.participant), Action.SEND, is_main=False),
        Act(
            "attempt", _("Record an attempt"), Action.SEND, _attempt, AttemptForm,
            lambda row: row.state in search.OPEN_STATES, is_main=True,
        ),
        Act(
            "lost", _("Record as lost to follow-up"), Action.SIGN_ENROLMENT, _lost, LostForm,
            lambda row: row.state == "running" and not search.what_is_missing(row),
        ),
    )  # fmt: skip

    def card_context(self, request: HttpRequest, row: Search) -> dict[str, Any]:
        alive = [each.alive_on for each in row.tries.all() if each.alive_on]
        written = heard.last_written(row.participant)
        return {
            "title": _("Search: %s") % row.participant.code,
            "steps": _steps(row),
            "tries": row.tries.select_related("person", "contact_point__line__data_key", "data_key"),
            "calls_done": heard.calls_done(row),
            "texts": OutboundMessage.objects.filter(key__startswith=f"search:{row.pk}:").order_by("planned_at"),
            "called_on": len(heard.days_called(row)),
            "missing": search.what_is_missing(row) if row.state == "running" else [],
            "written": written,
            "alive_on": max(alive) if alive else None,
            "tasks": row.participant.tasks.filter(done_at__isnull=True).order_by("deadline")
            if scope_in(request).may(Action.SEND, site=row.participant.site_id)
            else [],
        }


def _steps(row: Search) -> list[tuple[Any, Any, Any]]:
    """(What is done, from which day, until which day)."""
    stages = current_protocol().lost_to_follow_up
    days = [(row.missed_on + timedelta(stage.day_from), row.missed_on + timedelta(stage.day_to)) for stage in stages]
    return [(STEPS[stage.does], *span) for stage, span in zip(stages, days, strict=True)]


admin.site.register(Search, SearchAdmin)
