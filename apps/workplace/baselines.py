"""Personal baselines on a participant's card: signing one, seeing which hold, taking one back."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.participants.models import Participant
from apps.staff.vocabulary import Action
from apps.triage import baselines
from apps.workplace import conversation
from apps.workplace.cards import Act, Doing
from apps.workplace.forms import AboutForm, DayField, PasswordField


class BaselineForm(AboutForm):
    item = forms.ChoiceField(label=_("Complaint"))
    description = forms.CharField(label=_("What is known"), max_length=300, widget=forms.Textarea({"rows": 2}))
    valid_until = DayField(label=_("Valid until"), help_text=_("at most 90 days"))
    password = PasswordField(label=_("Your password, as a signature"))

    def prepare(self) -> None:
        choices = sorted(
            ((item, conversation.name_of(item)) for item in baselines.may_be_signed()), key=lambda it: it[1]
        )
        self.fields["item"] = forms.ChoiceField(label=_("Complaint"), choices=choices)


class EndForm(AboutForm):
    baseline = forms.ChoiceField(label=_("Which"))

    def prepare(self) -> None:
        rows = self.about.baselines.filter(ended_at__isnull=True)
        self.fields["baseline"] = forms.ChoiceField(
            label=_("Which"), choices=[(str(row.pk), conversation.name_of(row.item)) for row in rows]
        )


def standing(participant: Participant, *, at: datetime) -> list[dict[str, Any]]:
    """Every baseline that nobody has ended, and whether it still holds."""
    rows = participant.baselines.filter(ended_at__isnull=True).select_related("signature__signer", "data_key")
    valid = baselines.valid_items(participant, at=at)
    return [
        {"row": row, "name": conversation.name_of(row.item), "holds": row.item in valid}
        for row in rows.order_by("valid_until")
    ]


def _sign(it: Doing) -> Any:
    baselines.sign_baseline(participant=it.row, person=it.person, **it.said)
    return _("The baseline is signed. Texts about it alone page one step later; they are kept and shown as before.")


def _end(it: Doing) -> Any:
    baselines.end_baseline(baseline=it.row.baselines.get(pk=it.said["baseline"]), person=it.person)
    return _("The baseline has ended.")


def _has_one(row: Participant) -> bool:
    return row.baselines.filter(ended_at__isnull=True).exists()


ACTS = (
    Act("baseline", _("Sign a complaint as known and unchanged"), Action.CONFIRM_EVENTS, _sign, BaselineForm),
    Act("end_baseline", _("End a baseline"), Action.CONFIRM_EVENTS, _end, EndForm, _has_one),
)
