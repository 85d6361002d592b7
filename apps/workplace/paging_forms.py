"""The forms of the paging page: a chain as rows of steps, and where a robot listens. They work without any script."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.escalation.chains import ChainProblem
from apps.escalation.endpoints import ENDPOINT_CHANNELS
from apps.escalation.people import ROLES
from apps.staff.models import User
from apps.staff.services import on_call
from apps.staff.vocabulary import Role
from apps.trials.models import Site
from apps.trials.vocabulary import TRIAL_WIDE, ChainTask, Channel, Who
from apps.workplace.forms import NewPasswordField, style
from apps.workplace.words import CHANNELS, TASKS, whom

SPARE_ROWS = 3
_MOST_ROWS = 40
_A_WEEK = 7 * 24 * 60
# A named person stands in a chain under the role that they have here.
_NAMED_AS: Mapping[str, Who] = {
    Role.PRINCIPAL_INVESTIGATOR: Who.PRINCIPAL_INVESTIGATOR, Role.INVESTIGATOR: Who.SUB_INVESTIGATOR,
    Role.COORDINATOR: Who.COORDINATOR, Role.DUTY_DESK: Who.DUTY_DESK,
}  # fmt: skip
Choices = list[tuple[str, Any]]


def roles_of(site: Site | None, base: Mapping[str, Any]) -> Choices:
    """Whom a step may reach here by role. The sponsor stands in a chain only where the trial file says so."""
    words = [word for word in Who if (site is not None or word in TRIAL_WIDE) and word in ROLES]
    return [(word.value, whom(word)) for word in words if word != Who.SPONSOR_MONITOR or base.get("sponsor_in_chain")]


def people_of(site: Site | None) -> dict[str, tuple[User, Who]]:
    """Who may be named here: the people of the site's own roles (without a site: of the duty desk), by id."""
    found: dict[str, tuple[User, Who]] = {}
    for role, word in _NAMED_AS.items():
        if (role == Role.DUTY_DESK) == (site is None):
            for person in on_call(site=site, roles=[Role(role)]):
                found.setdefault(str(person.pk), (person, word))
    return found


class StepForm(forms.Form):
    """One row. Neither minutes nor whom: no step. The id of a person stands in `whom` where somebody is named."""

    minutes = forms.IntegerField(label=_("after minutes"), min_value=0, max_value=_A_WEEK, required=False)
    whom = forms.ChoiceField(label=_("whom"), required=False)
    channels = forms.MultipleChoiceField(
        label=_("channels"), choices=[(word.value, CHANNELS[word]) for word in Channel], required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    task = forms.ChoiceField(
        label=_("and is asked to"),
        choices=[("", "–"), *((word.value, TASKS[word]) for word in ChainTask)],
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        has_minutes, has_whom = said.get("minutes") is not None, bool(said.get("whom"))
        if has_minutes and not has_whom and "whom" not in self.errors:
            self.add_error("whom", _("Say whom, or empty the minutes too: then there is no such step."))
        if has_whom and not has_minutes and "minutes" not in self.errors:
            self.add_error("minutes", _("Say after how many minutes, or choose nobody: then there is no such step."))
        return said

    @property
    def is_empty(self) -> bool:
        return self.cleaned_data.get("minutes") is None and not self.cleaned_data.get("whom")


class HeadForm(forms.Form):
    """What is said once for the whole chain."""

    repeat_minutes = forms.IntegerField(
        label=_("the round begins again after (minutes)"), min_value=0, max_value=_A_WEEK
    )
    acknowledgement_expires_minutes = forms.IntegerField(
        label=_("taken without a recorded contact, it opens again after (minutes)"), min_value=0, max_value=_A_WEEK
    )
    widen_from_round = forms.IntegerField(label=_("wider from round"), min_value=0, max_value=99)
    widen_to = forms.MultipleChoiceField(
        label=_("and then pages also"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At the start of the round."),
    )
    reason = forms.CharField(label=_("Reason for the change"), max_length=200, required=False)


class ChainForm:
    """A chain of one place as its rows and its head. `content()` is what a service takes; `put()` says each refusal at its row."""

    def __init__(self, *, site: Site | None, base: Mapping[str, Any], said: Mapping[str, Any] | None = None) -> None:
        self.base, self.people = base, people_of(site)
        self.head = HeadForm(said, prefix="chain", initial={**base, "reason": ""})
        self.head.fields["widen_to"].choices = roles_of(site, base)  # type: ignore[attr-defined]
        self.rows = [self._row(number, said, site) for number in range(self._count(said))]
        for form in (self.head, *self.rows):
            style(form)

    def _count(self, said: Mapping[str, Any] | None) -> int:
        if said is None:
            return len(self.base["steps"]) + SPARE_ROWS
        asked = str(said.get("rows", ""))
        return min(int(asked), _MOST_ROWS) if asked.isascii() and asked.isdigit() else 0

    def _row(self, number: int, said: Mapping[str, Any] | None, site: Site | None) -> StepForm:
        steps = self.base["steps"]
        row = StepForm(said, prefix=f"step{number}", initial=_initial(steps[number]) if number < len(steps) else {})
        named = [(key, person.name) for key, (person, _word) in self.people.items()]
        row.fields["whom"].choices = [  # type: ignore[attr-defined]
            ("", _("– nobody: no step –")), (_("by role"), roles_of(site, self.base)), (_("by name"), named)
        ]  # fmt: skip
        return row

    def is_valid(self) -> bool:
        return all([self.head.is_valid(), *(row.is_valid() for row in self.rows)])

    @property
    def reason(self) -> str:
        return str(self.head.cleaned_data["reason"])

    @property
    def has_errors(self) -> bool:
        return bool(self.head.errors) or any(row.errors for row in self.rows)

    def steps(self) -> list[StepForm]:
        """The rows that are steps, in the order of their minutes."""
        kept = [row for row in self.rows if not row.is_empty]
        return sorted(kept, key=lambda row: int(row.cleaned_data["minutes"]))

    def content(self) -> dict[str, Any]:
        """What the form does not ask for (hours, a second person) stays as it was."""
        head = {name: value for name, value in self.head.cleaned_data.items() if name != "reason"}
        return {**self.base, **head, "steps": [self._step(row.cleaned_data) for row in self.steps()]}

    def _step(self, said: Mapping[str, Any]) -> dict[str, Any]:
        named = self.people.get(said["whom"])
        step = {
            "after_minutes": said["minutes"], "who": str(named[1]) if named else said["whom"],
            "channels": said["channels"], "task": said["task"] or None,
        }  # fmt: skip
        return step | ({"person": said["whom"]} if named else {})

    def put(self, problems: list[ChainProblem]) -> None:
        """Each refusal beside what it is about."""
        steps = self.steps()
        for problem in problems:
            if problem.step is not None and problem.step <= len(steps):
                steps[problem.step - 1].add_error(None, problem.rule.label)
            else:
                self.head.add_error(problem.place if problem.place in self.head.fields else None, problem.rule.label)


def _initial(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "minutes": step["after_minutes"], "whom": step.get("person") or step["who"], "channels": [*step["channels"]],
        "task": step.get("task") or "",
    }  # fmt: skip


class BackForm(forms.Form):
    reason = forms.CharField(label=_("Reason for the change"), max_length=200, required=False)


class KeyInput(forms.TextInput):
    """What is typed here is a key: no answer ever holds it again, not even the one that refuses it."""

    def format_value(self, value: Any) -> str | None:
        return None


class EndpointForm(forms.Form):
    channel = forms.ChoiceField(label=_("channel"), choices=[(word, CHANNELS[word]) for word in ENDPOINT_CHANNELS])
    address = forms.CharField(
        label=_("address"), max_length=500, widget=KeyInput({"autocomplete": "off", "inputmode": "url"}),
        help_text=_("The whole address that the robot's or pager's own page shows. It is a key: it is never shown again."),
    )  # fmt: skip
    secret = NewPasswordField(
        label=_("signing secret"), required=False, max_length=500,
        help_text=_("A pager must have one; DingTalk where it is set to sign; WeCom has none."),
    )  # fmt: skip
