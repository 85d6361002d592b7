"""Entering a participant: the form, and its way to the one service that may refuse."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.participants import services
from apps.participants.models import Participant
from apps.participants.services import ConsentGiven, Deviation
from apps.participants.vocabulary import Language, Sex
from apps.staff.models import User
from apps.staff.services import on_call
from apps.staff.vocabulary import Action, Role
from apps.trials.models import Phase, Site
from apps.workplace.forms import AddForm, DayField, PasswordField, check_signature
from apps.workplace.participant_forms import UNKNOWN_LANGUAGE, hour_field


class EnrolmentForm(AddForm):
    """Field names are those that the service's refusals name."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none())
    code = forms.CharField(label=_("Participant code"), max_length=20, help_text=_("Never a name or initials."))
    phase = forms.ModelChoiceField(label=_("Phase"), queryset=Phase.objects.none())
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", "–"), *Sex.choices])
    birth_date = DayField(label=_("Birth date"))
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[*Language.choices, ("", UNKNOWN_LANGUAGE)],
        initial=Language.ZH_HANS,
        required=False,
    )
    day_zero = DayField(label=_("Day 0"), help_text=_("First infusion; never infused: randomisation."))

    trial_consent = forms.CharField(label=_("Consent to the trial: form version"), max_length=20, required=False)
    trial_consent_on = DayField(label=_("Consent to the trial: given on"), required=False)
    sms_consent = forms.CharField(label=_("Consent to text messages: form version"), max_length=20, required=False)
    sms_consent_on = DayField(label=_("Consent to text messages: given on"), required=False)

    phone_number = forms.CharField(
        label=_("Participant's mobile"), max_length=20, required=False, help_text=_("+ country code and number")
    )
    is_number_checked = forms.BooleanField(
        label=_("I know from the participant that this number is right"),
        required=False,
        help_text=_("If not, the number is asked by text and gets no other texts until somebody confirms it."),
    )
    caregiver_number = forms.CharField(label=_("Caregiver's mobile"), max_length=20, required=False)
    caregiver_agreed_on = DayField(
        label=_("Caregiver agreed on"),
        required=False,
        help_text=_("The day on which they told you. Empty: they are asked by text."),
    )

    send_time = forms.TypedChoiceField(label=_("Preferred hour"), required=False)
    timezone = forms.CharField(label=_("Time zone, if not the site's"), max_length=40, required=False)
    is_discreet = forms.BooleanField(label=_("Discreet texts (shared phone)"), required=False)
    cannot_read = forms.BooleanField(label=_("Cannot read texts: calls only"), required=False)

    deviation_number = forms.CharField(label=_("Deviation number"), max_length=40, required=False)
    deviation_signer = forms.ModelChoiceField(
        label=_("Principal investigator who signs"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("Signed in as themselves."),
    )
    deviation_password = PasswordField(label=_("Your password, as a signature"), required=False)

    def prepare(self) -> None:
        sites = Site.objects.filter(pk__in=self.scope.sites_for(Action.ENROL))
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.fields["phase"].queryset = Phase.objects.filter(trial__sites__in=sites).distinct()  # type: ignore[attr-defined]
        self.fields["send_time"] = hour_field(_("Preferred hour"))
        signers = {person.pk for site in sites for person in on_call(site=site, roles=[Role.PRINCIPAL_INVESTIGATOR])}
        own = User.objects.filter(pk__in=signers & {self.person.pk})  # nobody tries a colleague's password
        self.fields["deviation_signer"].queryset = own  # type: ignore[attr-defined]
        if len(sites) == 1:
            self.initial.setdefault("site", sites[0].pk)

    def clean_deviation_password(self) -> str:
        password = str(self.cleaned_data["deviation_password"])
        if self.cleaned_data.get("deviation_signer"):
            check_signature(self.person, password)
        return password

    def clean(self) -> dict[str, Any]:
        """A consent has a version and a day, or is none at all; a deviation has a signer, or is none."""
        cleaned = super().clean() or {}
        for name in ("trial_consent", "sms_consent"):
            if cleaned.get(name) and not cleaned.get(f"{name}_on") and f"{name}_on" not in self.errors:
                self.add_error(f"{name}_on", _("When was it given?"))
        if cleaned.get("deviation_number") and not cleaned.get("deviation_signer"):
            self.add_error("deviation_signer", _("Randomised in error needs the principal investigator's signature."))
        return cleaned


def enrol(cleaned: dict[str, Any]) -> Participant:
    """Hand a cleaned form to the service. Raises EnrolmentRefused with every broken rule."""
    deviation = None
    if cleaned["deviation_signer"]:
        deviation = Deviation(
            number=cleaned["deviation_number"],
            signer=cleaned["deviation_signer"],
            password=cleaned["deviation_password"],
        )
    plain = ("code", "site", "phase", "sex", "birth_date", "day_zero", "phone_number", "caregiver_number")
    wishes = ("is_number_checked", "caregiver_agreed_on", "send_time", "timezone", "is_discreet", "cannot_read")
    return services.enrol(
        **{name: cleaned[name] for name in (*plain, *wishes)},
        language=Language(cleaned["language"]) if cleaned["language"] else None,
        trial_consent=_consent(cleaned, "trial_consent"),
        sms_consent=_consent(cleaned, "sms_consent"),
        deviation=deviation,
    )


def _consent(cleaned: dict[str, Any], name: str) -> ConsentGiven | None:
    day = cleaned.get(f"{name}_on")
    return ConsentGiven(version=cleaned[name], given_on=day) if day else None
