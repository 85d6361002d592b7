"""Pauses on a participant's card: which stand, who owns them and until when; beginning, renewing and ending one."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.participants import pauses
from apps.participants.models import Participant, Pause
from apps.staff.vocabulary import Action
from apps.workplace.cards import Act, Doing
from apps.workplace.forms import AboutForm
from apps.workplace.words import whom


@dataclass(frozen=True)
class Standing:
    """A pause as the card shows it. `owner` is the role that keeps contact meanwhile."""

    row: Pause
    name: str
    owner: str


def name_of(code: str) -> str:
    """The trial file's name in the page's language; the bare code when it has none any more."""
    known = pauses.facts(code)
    if known is None:
        return code
    return known.name_zh if (get_language() or "").startswith("zh") else known.name_en


def standing(participant: Participant) -> list[Standing]:
    known = [(row, pauses.facts(row.code)) for row in pauses.standing(participant)]
    return [Standing(row, name_of(row.code), whom(facts.owner) if facts else "–") for row, facts in known]


class BeginForm(AboutForm):
    code = forms.ChoiceField(label=_("Because"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def prepare(self) -> None:
        present = {row.code for row in pauses.standing(self.about)}
        choices = [(each.code, name_of(each.code)) for each in pauses.by_hand() if each.code not in present]
        self.fields["code"].choices = choices  # type: ignore[attr-defined]


class WhichForm(AboutForm):
    pause = forms.ChoiceField(label=_("Which"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def prepare(self) -> None:
        self.fields["pause"].choices = [(str(row.pk), name_of(row.code)) for row in _own(self.about)]  # type: ignore[attr-defined]


def _own(participant: Participant) -> list[Pause]:
    """Those that a person keeps by hand; the others end with the state that they go with."""
    return [row for row in pauses.standing(participant) if row.code not in pauses.BOUND]


def _has_own(row: Participant) -> bool:
    return bool(_own(row))


def _begin(it: Doing) -> Any:
    pauses.begin_by_hand(participant=it.row, code=it.said["code"], person=it.person, reason=it.said["reason"])
    return _("Paused. No check-ins leave; contact goes on in the pause's own way until its last day.")


def _renew(it: Doing) -> Any:
    pauses.renew(pause=it.row.pauses.get(pk=it.said["pause"]), person=it.person, reason=it.said["reason"])
    return _("The pause is renewed from today.")


def _end(it: Doing) -> Any:
    pauses.end_by_hand(pause=it.row.pauses.get(pk=it.said["pause"]), person=it.person, reason=it.said["reason"])
    return _("The pause has ended. Check-ins start again.")


ACTS = (
    Act("pause", _("Pause the check-ins"), Action.SEND, _begin, BeginForm),
    Act("renew_pause", _("Renew a pause"), Action.SEND, _renew, WhichForm, _has_own),
    Act("end_pause", _("End a pause"), Action.SEND, _end, WhichForm, _has_own),
)
