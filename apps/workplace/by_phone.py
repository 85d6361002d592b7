"""Told by phone: what a person of the site hears in a call, on the card of the participant, of the call's task and of the case."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.conversations import by_phone, closure
from apps.conversations.models import Task
from apps.core import clock
from apps.participants.models import Participant
from apps.safety import by_person
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import CRITERIA, EventState, Teller
from apps.staff.vocabulary import Action
from apps.triage import rules
from apps.triage.models import Level
from apps.workplace import asked
from apps.workplace.cards import Act, Doing
from apps.workplace.forms import AboutForm, DayField, MinuteField
from apps.workplace.words import listed

OTHER, NONE = "other", "none"
NAME = "told"
_URGENT = ("R1", "R2")
_WARNING = _(
    "Your words read as %(level)s: %(what)s. Correct what does not fit. Sent again as it is, it counts as that: only an investigator may "
    "say that it is not."
)
_WARNING_INVESTIGATOR = _(
    "Your words read as %(level)s: %(what)s. Correct what does not fit. Sent again as it is, it counts as that, unless you tick below "
    "that in your judgement it is not."
)
DEALT_WITH = _("I am an investigator and have dealt with it: page nobody")


def criterion(name: str) -> Any:
    """A seriousness criterion in words."""
    field: Any = AdverseEvent._meta.get_field(name)
    return field.verbose_name


class SiteMinuteField(MinuteField):
    """A time as the clock at the participant's site shows it, wherever the person works."""

    zone: ZoneInfo

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)


class ToldForm(AboutForm):
    """What was said, in their words, and what it is. Nothing is chosen beforehand that would make it look milder."""

    teller = forms.ChoiceField(label=_("Who told it"), choices=[("", "–"), *Teller.choices])
    told_at = SiteMinuteField(
        label=_("When it was told"), help_text=_("Time of the site. The clock of the case begins then.")
    )
    words = forms.CharField(
        label=_("What was said, in their words"),
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Never a treatment."),
    )
    item = forms.ChoiceField(label=_("What it is"))
    criteria = forms.MultipleChoiceField(
        label=_("Serious because of"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick what makes it serious, or “not serious”.")},
    )
    onset_on = DayField(label=_("Onset, if known"), required=False)
    case = forms.ChoiceField(label=_("Case"), required=False)
    is_dealt_with = forms.BooleanField(label=DEALT_WITH, required=False)
    is_judged_milder = forms.BooleanField(
        label=_("In my judgement as an investigator it is not as serious as these words read"), required=False
    )
    warned = forms.CharField(widget=forms.HiddenInput, required=False)  # of which words they know how they read

    def prepare(self) -> None:
        participant = participant_of(self.about)
        told_at: Any = self.fields["told_at"]
        told_at.zone = ZoneInfo(participant.site.timezone)
        self.initial.setdefault("told_at", clock.now().replace(second=0, microsecond=0))
        self._choices("item", [("", "–"), *_items(), (OTHER, _("something else"))])
        self._choices("criteria", [*((name, criterion(name)) for name in CRITERIA), (NONE, _("not serious"))])
        self._offer_cases(participant)
        self._judged = self.fields.pop("is_judged_milder")
        self._is_investigator = by_person.is_investigator(self.person, participant)
        if not self._is_investigator:
            del self.fields["is_dealt_with"]
        elif self.data.get(self.add_prefix("warned")):
            self._ask_for_judgement()

    def _offer_cases(self, participant: Participant) -> None:
        drafts = participant.events.filter(state=EventState.DRAFT).order_by("-received_at")
        known = [(str(each.pk), _case_label(each)) for each in drafts]
        about = self.about if isinstance(self.about, AdverseEvent) else getattr(self.about, "event", None)
        if isinstance(self.about, AdverseEvent) or not known:
            del self.fields["case"]
            return
        self._choices("case", [("", _("a new one, or the one that is being paged about")), *known])
        if about is not None and str(about.pk) in dict(known):
            self.initial.setdefault("case", str(about.pk))

    def _ask_for_judgement(self) -> None:
        self.fields["is_judged_milder"] = self._judged

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_criteria(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["criteria"]
        if NONE in ticked and len(ticked) > 1:
            raise forms.ValidationError(_("Either “not serious” or what makes it serious."))
        return [name for name in ticked if name != NONE]

    def clean(self) -> dict[str, Any]:
        """Whose words read as more serious than what they chose is told so once, before anybody else is."""
        said = super().clean() or {}
        if self.errors:
            return said
        telling = by_phone.read(participant_of(self.about), telling_of(said))
        seen = f"{telling.heard.input_sha256[:16]}-{telling.item}-{'.'.join(telling.criteria)}" if telling.heard else ""
        if telling.reads_worse and said["warned"] != seen:
            self._warn(telling, seen)
        return said

    def _warn(self, telling: Telling, seen: str) -> None:
        data: Any = self.data
        self.data = data = data.copy()
        data[self.add_prefix("warned")] = seen
        if self._is_investigator:
            self._ask_for_judgement()
        warning = _WARNING_INVESTIGATOR if self._is_investigator else _WARNING
        heard = telling.heard
        assert heard is not None
        level = Level(heard.level).label if heard.level else ""
        self.add_error("words", warning % {"level": level, "what": what_is_read(asdict(heard))})


def what_is_read(reading: Mapping[str, Any]) -> str:
    """The names of what makes words read as urgent as they do, or of all that is in them."""
    present = [each["id"] for each in reading["findings"] if each["state"] == "present"]
    known = rules.catalogue().items
    urgent = [name for name in present if name in known and known[name].level <= (reading["level"] or "")]
    names = dict.fromkeys(asked.full_name_of(name) for name in urgent or present)
    return listed(names) if names else str(_("no rule explains it"))


def telling_of(said: Mapping[str, Any]) -> Telling:
    """What the form says."""
    return Telling(
        teller=Teller(said["teller"]), told_at=said["told_at"], words=said["words"],
        item="" if said["item"] == OTHER else said["item"], ticked=frozenset(said["criteria"]), onset_on=said["onset_on"],
        is_dealt_with=bool(said.get("is_dealt_with")), is_judged_milder=bool(said.get("is_judged_milder")),
    )  # fmt: skip


def participant_of(about: Any) -> Participant:
    """Of a participant's own card, a task about one, or a case."""
    return about if isinstance(about, Participant) else about.participant


def item_name(item: str) -> str:
    """The catalogue's name in the page's language; empty is something else."""
    return asked.full_name_of(item) if item else str(_("something else"))


def reports_of(event: AdverseEvent) -> list[SpokenReport]:
    """What was told of a case, oldest first, with the names that a page shows."""
    rows = list(event.spoken.select_related("person", "data_key"))
    for row in rows:
        row.item_name = item_name(row.item)  # type: ignore[attr-defined]
        row.read_as = what_is_read(row.reading) if row.reading.get("level") in _URGENT else ""  # type: ignore[attr-defined]
        row.why = [criterion(name) for name in row.criteria]  # type: ignore[attr-defined]
    return rows


def _items() -> list[tuple[str, str]]:
    """News such as a death or a stay first, then the symptoms by name."""
    named = [(name, asked.full_name_of(name)) for name in rules.catalogue().items]
    return sorted(named, key=lambda each: (not each[0].startswith("evt_"), each[1]))


def _case_label(event: AdverseEvent) -> str:
    at = date_format(event.received_at.astimezone(event.participant.zone), "Y-m-d H:i")
    return f"{event.case_number} · {event.level} · {at}"


def _told(it: Doing) -> Any:
    said, participant = it.said, participant_of(it.row)
    case = it.row if isinstance(it.row, AdverseEvent) else None
    if key := said.get("case"):
        case = participant.events.filter(pk=key).first()
    task = it.row if isinstance(it.row, Task) else None
    report = by_phone.tell(participant=participant, person=it.person, telling=telling_of(said), task=task, case=case)
    return _after(report)


def _after(report: SpokenReport) -> Any:
    values = {"case": report.event.case_number}
    if closure.is_closed(report.event.participant.site, at=report.recorded_at):
        return _("On record in case %(case)s. The site is closed: nobody is paged, and a task asks for it.") % values
    if report.level in ("R1", "R2") and report.is_dealt_with:
        return _("On record in case %(case)s, with your contact. Nobody is paged.") % values
    if report.level in ("R1", "R2"):
        return _("On record in case %(case)s. People are paged until somebody has it.") % values
    return _("On record in case %(case)s.") % values


def _is_draft(row: AdverseEvent) -> bool:
    return row.state == EventState.DRAFT


_LABEL = _("Told by phone: write it down")
OF_PARTICIPANT = Act(NAME, _LABEL, Action.DRAFT_EVENTS, _told, ToldForm)
OF_TASK = Act(NAME, _LABEL, Action.DRAFT_EVENTS, _told, ToldForm, by_phone.may_be_told)
OF_CASE = Act(NAME, _LABEL, Action.DRAFT_EVENTS, _told, ToldForm, _is_draft)
