"""What the lower floors refuse, as sentences for people. A refusal is shown on the page where it happened; it is never an error page."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from apps.conversations.board import NotByHand, NotYourTask, ResultMissing
from apps.conversations.closure import ClosureRefused, NotThisDay
from apps.core.phone import NotAMobile
from apps.core.states import IllegalMove
from apps.escalation.services import CannotBeNamed, NotYours
from apps.exports.services import CutRefused
from apps.followup import search
from apps.participants import arm_told, pauses
from apps.participants.services import AlreadyOnRecord, EnrolmentRefused
from apps.safety import by_person, judgement
from apps.safety.services import ChangedMeanwhile, Incomplete, NotAllowedHere, ReasonMissing
from apps.staff.services import NotSigned, NotYourOwnPassword, StaffRefused
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
    judgement.FatalWithoutDeath: _(
        "A fatal outcome or grade 5 is a death: tick “death” under “Serious because of”, or change the outcome and the grade."
    ),
    judgement.DeathOtherwise: _("With “death” under “Serious because of” the outcome is fatal or not known."),
    judgement.OnsetImpossible: _("The onset is a day between birth and today."),
    judgement.EndImpossible: _("The end is a day between birth and today."),
    judgement.EndsBeforeOnset: _("The end is before the onset."),
    judgement.EndedNotRecovered: _("What has not recovered has no end: leave the end out, or change the outcome."),
    by_person.NothingSaid: _("Write what was said."),
    by_person.NotToldThen: _(
        "The time lies ahead, or before the consent to the trial. Give the time at which it was told."
    ),
    by_person.CaseIsLater: _(
        "This case is judged already, or was received after it was told. Leave the case out: the program finds the right one or opens it."
    ),
    by_person.NotAnInvestigator: _("Only an investigator of this site can have dealt with it."),
    ChangedMeanwhile: _(
        "Somebody has changed this event meanwhile. The page shows how it stands now, the form what you wrote: compare, then send it again."
    ),
    IllegalMove: _(
        "This step is not possible from the present state. Somebody else may have been quicker: read the page again."
    ),
    NotYours: _("Only the person who has it can hand it over."),
    CannotBeNamed: _("This colleague may not take it, is away, or could be woken by nothing. Choose somebody else."),
    pauses.NotYourPause: _("You may not do this at this participant's site."),
    pauses.PauseNeedsReason: _("Give a reason."),
    pauses.PauseStands: _("This pause stands already: renew it."),
    NotYourTask: _("You may not close tasks of this site."),
    arm_told.NotYourIncident: _("You may not do this at this participant's site."),
    NotByHand: _("This is done by judging the case itself: confirm it, or say that it is no adverse event."),
    ResultMissing: _("Say in a word what came of it."),
    AlreadyOnRecord: _("This number is on record already for the same person."),
    NotAMobile: _("This number cannot be a mobile. Write it as + country code and number."),
    NotThisDay: _("The day must be today or later; the sponsor signs on that day or after it, and is somebody else."),
    search.NotSearchedFor: _("Only somebody who is followed is searched for, and from a day that has passed."),
    search.SearchIsOver: _("This search is over, or they have written meanwhile: read the page again."),
    search.NotYet: _(
        "Not yet to be recorded as lost: the last step has not come, or calls on different days are missing."
    ),
    search.NotMade: _(
        "An attempt has a time since the first missed contact and not ahead, and the words said or the source."
    ),
    NotYourOwnPassword: _("Somebody else has set your password. Set your own first, then sign."),
    NotSigned: _("The signature was refused: wrong password."),
    PermissionError: _("You may not do this."),
}
REFUSED = tuple(SENTENCES)
WITH_PROBLEMS = (EnrolmentRefused, StaffRefused, CutRefused, ClosureRefused)


def sentence(error: Exception) -> str:
    """The sentence for a refusal of `REFUSED`."""
    return next(str(said) for kind, said in SENTENCES.items() if isinstance(error, kind))


def put_problems(form: Form, error: EnrolmentRefused | StaffRefused | CutRefused | ClosureRefused) -> None:
    """Every problem at its own field, or above the form when the form has no such field."""
    if isinstance(error, CutRefused | ClosureRefused):
        form.add_error(None, error.lines())
        return
    for problem in error.problems:
        said = getattr(problem, "message", None) or str(problem.rule.label)
        form.add_error(problem.field if problem.field in form.fields else None, said)
