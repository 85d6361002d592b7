"""What a person says that a text meant: one button under each text, kept with name and time, a case for the rules to come."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.staff.vocabulary import Action
from apps.triage import services as triage
from apps.triage.models import Label, Level, SymptomReport
from apps.workplace.cards import Act, Doing
from apps.workplace.forms import AboutForm

NAME = "judge"


class JudgeForm(AboutForm):
    """Which text, what it was, and, if the triage had its urgency wrong too, the right one."""

    report = forms.ModelChoiceField(SymptomReport.objects.none(), widget=forms.HiddenInput)
    label = forms.ChoiceField(label=_("What was it?"), choices=Label.choices)
    level = forms.ChoiceField(label=_("and how urgent"), choices=[("", "–"), *Level.choices], required=False)

    def prepare(self) -> None:
        field = self.fields["report"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _reports_of(self.about)


def _reports_of(about: Participant | AdverseEvent) -> QuerySet[SymptomReport]:
    participant = about if isinstance(about, Participant) else about.participant
    return SymptomReport.objects.filter(participant=participant)


def _judge(it: Doing) -> Any:
    triage.correct(report=it.said["report"], person=it.person, label=it.said["label"], level=it.said["level"])
    return _("Your judgement of the text is kept. It changes no alarm.")


ACT = Act(NAME, _("Was that right?"), Action.DRAFT_EVENTS, _judge, JudgeForm)
