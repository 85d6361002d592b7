"""Adverse events: the participant's words, why the triage raised them, who was paged, and what the investigator judged."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.conversations import services as conversations
from apps.core import clock
from apps.escalation.vocabulary import ContactResult, EscalationState, Via
from apps.exports import gathering, masking
from apps.safety import services as safety
from apps.safety.models import AdverseEvent, OpenItem, Report
from apps.safety.vocabulary import CRITERIA, Causality, EventState, Outcome
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.workplace import asked, awareness, by_phone, calls, conversation, judging
from apps.workplace.by_phone import criterion
from apps.workplace.cards import Act, CardAdmin, Doing
from apps.workplace.escalations import ContactForm, timeline
from apps.workplace.forms import AboutForm, DayField, ReasonForm
from apps.workplace.scoped import ParticipantSiteFilter, moment, person_in, scope_in
from apps.workplace.words import is_masked, shown

# What its history tells of: what people judged, and when whom it reached.
_FACTS = (
    "state", "level", "term", "severity_grade", *CRITERIA, "causality_investigator", "onset_on", "ended_on", "outcome",
    "first_shown_at", "first_read_at", "investigator_aware_at", "sponsor_aware_at",
)  # fmt: skip


class StartedFromForm(AboutForm):
    """An act on the event as the person saw it, and on no other version."""

    started_from = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        self.initial.setdefault("started_from", self.about.version)

    def start_anew(self, about: AdverseEvent) -> None:
        data: Any = self.data
        self.data = data = data.copy()
        data[self.add_prefix("started_from")] = str(about.version)


class WhyForm(StartedFromForm, ReasonForm):
    """A dismissal, or its undoing: a reason."""


class AssessmentForm(StartedFromForm):
    """The investigator's judgement. Seriousness is the six criteria; severity is the grade; the two are not the same."""

    term = forms.CharField(label=_("Event term"), max_length=200, required=False)
    severity_grade = forms.TypedChoiceField(
        label=_("Severity grade (CTCAE 5.0)"),
        choices=[("", "–"), *((grade, str(grade)) for grade in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    criteria = forms.MultipleChoiceField(
        label=_("Serious because of"), widget=forms.CheckboxSelectMultiple, required=False
    )
    causality_investigator = forms.ChoiceField(
        label=_("Causality (investigator)"), choices=[("", "–"), *Causality.choices], required=False
    )
    onset_on = DayField(label=_("Onset"), required=False)
    ended_on = DayField(label=_("End"), required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices)

    def prepare(self) -> None:
        super().prepare()
        self.fields["criteria"].choices = [(name, criterion(name)) for name in CRITERIA]  # type: ignore[attr-defined]
        for name in self.fields:
            if name not in ("criteria", "started_from"):
                self.initial.setdefault(name, getattr(self.about, name))
        self.initial["term"] = shown(self.about.term)
        self.initial.setdefault("criteria", [name for name in CRITERIA if getattr(self.about, name)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._keep_what_is_masked(cleaned)
        return cleaned

    def _keep_what_is_masked(self, cleaned: dict[str, Any]) -> None:
        """A term that came back as it was shown is the stored one. A mask is no word: with others it is written anew."""
        term = cleaned.get("term", "")
        if term and term == shown(self.about.term).strip():
            cleaned["term"] = self.about.term
        elif is_masked(term):
            self.add_error(
                "term", _("The masked part cannot be kept in a changed term. Write the term anew, without a treatment.")
            )


class CorrectionForm(AssessmentForm):
    """A change of a confirmed event: the earlier values stay in the trail, with this reason."""

    reason = forms.CharField(label=_("Reason for the change"), max_length=300)

    def prepare(self) -> None:
        reason = self.fields.pop("reason")
        super().prepare()
        self.fields["reason"] = reason


def _judged(said: dict[str, Any]) -> dict[str, Any]:
    chosen = set(said["criteria"])
    plain = {name: value for name, value in said.items() if name not in ("criteria", "reason")}
    return plain | {name: name in chosen for name in CRITERIA}


def _confirm(it: Doing) -> Any:
    conversations.confirm(event=it.row, person=it.person, **_judged(it.said))
    return _("The adverse event is confirmed.")


def _assess(it: Doing) -> Any:
    conversations.assess(event=it.row, person=it.person, **_judged(it.said))
    return _("The assessment is kept.")


def _correct(it: Doing) -> Any:
    safety.correct(event=it.row, person=it.person, reason=it.said["reason"], **_judged(it.said))
    return _("The change is kept, with its reason.")


def _dismiss(it: Doing) -> Any:
    conversations.dismiss(event=it.row, person=it.person, **it.said)
    return _("Dismissed: no adverse event.")


def _reopen(it: Doing) -> Any:
    conversations.reopen(event=it.row, person=it.person, **it.said)
    return _("The event is a draft again.")


def _take(it: Doing) -> Any:
    if it.row.escalation is not None:
        conversations.take(running=it.row.escalation, person=it.person, via=Via.ADMIN)
    return _("You have it. Record what came of the contact.")


def _contact(it: Doing) -> Any:
    if it.row.escalation is not None:
        result = ContactResult(it.said["result"])
        conversations.record_contact(running=it.row.escalation, person=it.person, result=result, via=Via.ADMIN)
    return _("The contact is recorded.")


def _is_draft(row: AdverseEvent) -> bool:
    return row.state == EventState.DRAFT


def _is_dismissed(row: AdverseEvent) -> bool:
    return row.state == EventState.DISMISSED


def _is_confirmed(row: AdverseEvent) -> bool:
    return row.state == EventState.CONFIRMED


def _is_open(row: AdverseEvent) -> bool:
    return row.escalation is not None and row.escalation.state == EscalationState.OPEN


def _awaits_contact(row: AdverseEvent) -> bool:
    return row.escalation is not None and row.escalation.state == EscalationState.ACKNOWLEDGED


class EventAdmin(CardAdmin):
    """Adverse events of a site. Opening one is a read of health data and stands on the case."""

    right = Action.VIEW_EVENTS
    site_path = "participant__site"
    card_template = "workplace/event.html"
    tells_of_health = True
    facts = _FACTS
    list_display = (
        "case_number",
        "participant",
        "level",
        "state",
        moment("received_at", _("received")),
        "serious",
        "severity_grade",
    )
    list_filter = (ParticipantSiteFilter, "state", "level")
    lookups = frozenset({"at", "state__exact", "level__exact"})
    search_fields = ("case_number", "participant__code")
    ordering = ("-received_at",)
    list_select_related = ("participant__site", "escalation")
    acts = (
        Act("take", _("Take it"), Action.ACKNOWLEDGE, _take, when=_is_open, is_main=True),
        calls.act(lambda row: calls.lines_of(row.participant), Action.SEND),
        Act(
            "contact", _("Record the contact"), Action.ACKNOWLEDGE, _contact, ContactForm, _awaits_contact, is_main=True
        ),
        by_phone.OF_CASE,
        Act("confirm", _("Confirm the adverse event"), Action.CONFIRM_EVENTS, _confirm, AssessmentForm, _is_draft),
        Act("assess", _("Keep as a draft"), Action.DRAFT_EVENTS, _assess, AssessmentForm, _is_draft),
        Act("dismiss", _("No adverse event"), Action.CONFIRM_EVENTS, _dismiss, WhyForm, _is_draft),
        Act("reopen", _("Undo the dismissal"), Action.CONFIRM_EVENTS, _reopen, WhyForm, _is_dismissed),
        judging.ACT,
        Act("correct", _("Change the assessment"), Action.CONFIRM_EVENTS, _correct, CorrectionForm, _is_confirmed),
    )

    @admin.display(description=_("serious"))
    def serious(self, row: AdverseEvent) -> Any:
        return _("serious") if row.is_serious else "–"

    def were_listed(self, seen: Scope, rows: Iterable[AdverseEvent]) -> None:
        awareness.shown(seen, rows)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        awareness.shown(scope_in(request), [self.row_or_404(request, object_id)])
        return super().history_view(request, object_id, extra_context)

    def card_context(self, request: HttpRequest, row: AdverseEvent) -> dict[str, Any]:
        """Whoever may not read texts, the sponsor's monitor, gets the term as the sponsor's files have it: masked (decision 16)."""
        seen = scope_in(request)
        awareness.read(seen, row, person_in(request))
        row.refresh_from_db(fields=awareness.FIELDS)
        reads_texts = seen.may(Action.VIEW_TEXTS, site=row.participant.site_id)
        return {
            "term": row.term if reads_texts else masking.mask(row.term, names=gathering.names_as_of(clock.now())),
            "criteria": [criterion(name) for name in CRITERIA if getattr(row, name)],
            "reports": _reports(row) if reads_texts else [],
            "spoken": by_phone.reports_of(row) if reads_texts else [],
            "asked": asked.about(row) if reads_texts else [],
            "told": OpenItem.objects.filter(event=row).first() if reads_texts else None,
            "timeline": timeline(row.escalation) if row.escalation and reads_texts else [],
            "reads_texts": reads_texts,
        }


def _reports(row: AdverseEvent) -> list[dict[str, Any]]:
    """Every text of the case, oldest first, cut along what was found in it."""
    found = Report.objects.filter(event=row).select_related("symptom_report__message__data_key")
    found = found.prefetch_related("symptom_report__corrections__person")
    texts = []
    rows = list(found.order_by("symptom_report__message__received_at"))
    answered = asked.answers_in([each.symptom_report.message_id for each in rows])
    for each in rows:
        message = each.symptom_report.message
        question = answered.get(message.pk)
        findings = conversation.marks(each.symptom_report)
        texts.append(
            {
                "report": each.symptom_report,
                "at": message.received_at,
                "pieces": conversation.cut(message.body, findings),
                "found": conversation.found(message.body, findings),
                "answer": asked.explained(question, each.symptom_report)
                if question and question.participant_id == row.participant_id
                else "",
            }
        )
    return texts


admin.site.register(AdverseEvent, EventAdmin)
