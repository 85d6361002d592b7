"""What the buttons of a participant's card ask."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.participants.models import ContactPoint, Visit
from apps.participants.vocabulary import MOVES, ConsentKind, ContactKind, FollowUp, Language, Standing
from apps.trials.services import current_protocol
from apps.workplace.forms import AboutForm, DayField, MinuteField

UNKNOWN_LANGUAGE = _("not known: ask by text")


class PhoneChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: ContactPoint) -> str:
        return f"{obj.get_kind_display()} · {obj.line.masked}"


class VisitChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Visit) -> str:
        return f"{obj.code} · {obj.planned_on:%Y-%m-%d}"


class AddPhone(AboutForm):
    kind = forms.ChoiceField(label=_("Whose"), choices=ContactKind.choices)
    number = forms.CharField(label=_("Mobile number"), max_length=20, help_text=_("+ country code and number"))
    agreed_on = DayField(label=_("Agreed on"), required=False)
    is_checked = forms.BooleanField(
        label=_("I know from its owner that this number is right"),
        required=False,
        help_text=_("If not, the number is asked by text and gets no other texts until somebody confirms it."),
    )


class EndPhone(AboutForm):
    phone = PhoneChoice(label=_("Phone"), queryset=ContactPoint.objects.none())

    def prepare(self) -> None:
        rows = self.about.contact_points.filter(ended_at__isnull=True).select_related("line__data_key")
        self.fields["phone"].queryset = rows  # type: ignore[attr-defined]


class UnconfirmedPhone(AboutForm):
    """One of the numbers that nobody has confirmed, also of those that said no."""

    phone = PhoneChoice(label=_("Phone"), queryset=ContactPoint.objects.none())
    standings: tuple[Standing, ...] = (Standing.WAITING, Standing.REFUSED)

    def prepare(self) -> None:
        rows = self.about.contact_points.filter(ended_at__isnull=True, standing__in=self.standings)
        self.fields["phone"].queryset = rows.select_related("line__data_key")  # type: ignore[attr-defined]


class WaitingPhone(UnconfirmedPhone):
    """One of the numbers that may be asked by text: none that said no."""

    standings = (Standing.WAITING,)


class RecordConsent(AboutForm):
    kind = forms.ChoiceField(label=_("To"), choices=ConsentKind.choices)
    version = forms.CharField(label=_("Form version"), max_length=20)
    given_on = DayField(label=_("Given on"))


class WithdrawConsent(AboutForm):
    kind = forms.ChoiceField(label=_("To"), choices=ConsentKind.choices)
    withdrawn_on = DayField(label=_("Withdrawn on"))


class Preferences(AboutForm):
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    send_time = forms.TypedChoiceField(label=_("Preferred hour"), required=False, empty_value=None)
    timezone = forms.CharField(
        label=_("Time zone, if not the site's"), max_length=40, required=False, help_text=_("such as Asia/Urumqi")
    )
    is_discreet = forms.BooleanField(label=_("Discreet texts (shared phone)"), required=False)
    cannot_read = forms.BooleanField(label=_("Cannot read texts: calls only"), required=False)
    wants_daily_plan = forms.BooleanField(
        label=_("Wishes a text a day about the plan"),
        required=False,
        help_text=_("No medicine is named. None goes to a shared phone."),
    )
    wants_diary = forms.BooleanField(label=_("Wishes a text a week about the record book"), required=False)

    def prepare(self) -> None:
        self.fields["send_time"] = hour_field(_("Preferred hour"))
        if not self.about.language_is_known:  # what is only guessed is offered, never taken for said
            self.fields["language"] = forms.ChoiceField(
                label=_("Language"), choices=[("", UNKNOWN_LANGUAGE), *Language.choices], required=False
            )
            self.initial.setdefault("language", "")
        for name in self.fields:
            value = getattr(self.about, name)
            self.initial.setdefault(name, f"{value:%H:%M}" if name == "send_time" and value else value)


def hour_field(label: object) -> forms.TypedChoiceField:
    """The hours that the protocol allows, or none in particular."""
    times = current_protocol().quiet_hours.times
    known = {f"{each:%H:%M}": each for each in times}
    choices = [("", _("as the protocol says")), *((name, name) for name in known)]
    return forms.TypedChoiceField(
        label=str(label), choices=choices, coerce=known.__getitem__, empty_value=None, required=False
    )


class Appointment(AboutForm):
    visit = VisitChoice(label=_("Visit"), queryset=Visit.objects.none())
    appointment_at = MinuteField(label=_("Appointment"), required=False, help_text=_("Empty takes it away."))

    def prepare(self) -> None:
        self.fields["visit"].queryset = _open_visits(self.about)  # type: ignore[attr-defined]


class VisitDone(AboutForm):
    visit = VisitChoice(label=_("Visit"), queryset=Visit.objects.none())
    done_on = DayField(label=_("Done on"))

    def prepare(self) -> None:
        self.fields["visit"].queryset = _open_visits(self.about)  # type: ignore[attr-defined]


def _open_visits(participant: object) -> object:
    return participant.visits.filter(done_on__isnull=True).order_by("planned_on")  # type: ignore[attr-defined]


class ChangeFollowUp(AboutForm):
    wanted = forms.ChoiceField(label=_("From now on"))

    def prepare(self) -> None:
        possible = MOVES.get(self.about.follow_up, frozenset()) - {
            FollowUp.LOST
        }  # only a search's record, by signature
        self.fields["wanted"].choices = [  # type: ignore[attr-defined]
            (state.value, state.label) for state in FollowUp if state.value in possible
        ]
