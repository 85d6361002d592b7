"""What the lower floors refuse, as sentences for people. A refusal is shown on the page where it happened; it is never an error page."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from apps.conversations.board import NotYourTask, ResultMissing
from apps.core.phone import NotAMobile
from apps.core.states import IllegalMove
from apps.escalation.services import CannotBeNamed, NotYours
from apps.exports.services import CutRefused
from apps.participants.services import AlreadyOnRecord, EnrolmentRefused
from apps.safety.services import Incomplete, NotAllowedHere, ReasonMissing
from apps.staff.services import NotSigned, StaffRefused
from apps.triage import baselines
from apps.triage import services as triage

SENTENCES: Mapping[type[Exception], Any] = {
    NotAllowedHere: _("You may not do this at this participant's site."),
    triage.NotAllowedHere: _("You may not do this at this participant's site."),
    baselines.NotAClinicianHere: _("Only an investigator of this site may sign this."),
    baselines.NeverABaseline: _(
        "This can never be taken for known: signs of the brain, of bleeding, of breathing or of infection are looked at each time."
    ),
    baselines.TooLong: _("Give a day from tomorrow on, at most 90 days ahead."),
    baselines.Undescribed: _("Say what is known."),
    ReasonMissing: _("Give a reason."),
    Incomplete: _("To confirm, the event term, the severity grade and the causality are needed."),
    IllegalMove: _(
        "This step is not possible from the present state. Somebody else may have been quicker: read the page again."
    ),
    NotYours: _("Only the person who has it can hand it over."),
    CannotBeNamed: _("This colleague may not take it, is away, or could be woken by nothing. Choose somebody else."),
    NotYourTask: _("You may not close tasks of this site."),
    ResultMissing: _("Say in a word what came of it."),
    AlreadyOnRecord: _("This number is on record already for the same person."),
    NotAMobile: _("This number cannot be a mobile. Write it as + country code and number."),
    NotSigned: _("The signature was refused: wrong password."),
    PermissionError: _("You may not do this."),
}
REFUSED = tuple(SENTENCES)
WITH_PROBLEMS = (EnrolmentRefused, StaffRefused, CutRefused)


def sentence(error: Exception) -> str:
    """The sentence for a refusal of `REFUSED`."""
    return next(str(said) for kind, said in SENTENCES.items() if isinstance(error, kind))


def put_problems(form: Form, error: EnrolmentRefused | StaffRefused | CutRefused) -> None:
    """Every problem at its own field, or above the form when the form has no such field."""
    if isinstance(error, CutRefused):
        form.add_error(None, error.lines())
        return
    for problem in error.problems:
        said = getattr(problem, "message", None) or str(problem.rule.label)
        form.add_error(problem.field if problem.field in form.fields else None, said)
