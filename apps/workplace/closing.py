"""Closing a site, on its card: the principal investigator names the day and signs, then the sponsor."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.conversations import closure
from apps.conversations.models import Closure
from apps.exports.services import ACTS_FOR_SPONSOR
from apps.staff.rules import Scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.workplace.cards import Act, Doing
from apps.workplace.forms import AboutForm, DayField, PasswordField


class CloseForm(AboutForm):
    closes_on = DayField(
        label=_("Closes on"),
        help_text=_("From the sponsor's signature on, on this day or later, nobody reads texts here."),
    )
    password = PasswordField(label=_("Your password, as a signature"))


class CountersignForm(AboutForm):
    password = PasswordField(label=_("Your password, as a signature"))


def _sign(it: Doing) -> Any:
    closure.sign_closure(site=it.row, person=it.person, **it.said)
    return _("Signed. The site goes on as before until the sponsor has signed too.")


def _countersign(it: Doing) -> Any:
    closure.countersign_closure(site=it.row, person=it.person, **it.said)
    return _("The site is closed. Texts are still stored and reported; whoever writes is told that nobody reads them.")


def _take_back(it: Doing) -> Any:
    closure.take_back_closure(site=it.row, person=it.person)
    return _("The signature is taken back.")


def _is_open(row: Site) -> bool:
    return closure.standing(row) is None


def _is_signed_by_one(row: Site) -> bool:
    found = closure.standing(row)
    return found is not None and found.closed_at is None


ACTS = (
    Act("close", _("Close this site"), Action.CLOSE_SITE, _sign, CloseForm, _is_open),
    Act(
        "countersign",
        _("Close this site, for the sponsor"),
        Action.COUNTERSIGN_CLOSURE,
        _countersign,
        CountersignForm,
        _is_signed_by_one,
    ),
    Act("take_back", _("Take the signature back"), Action.CLOSE_SITE, _take_back, when=_is_signed_by_one),
)


def context(site: Site, seen: Scope) -> dict[str, Any]:
    """Who has signed, and what still stands against it as this scope is told it: None is not even that it is nothing."""
    found = closure.standing(site)
    return {"closure": found, "against": _against(site, found, seen)}


def _against(site: Site, found: Closure | None, seen: Scope) -> list[str] | None:
    """Numbers for the site's own people. For the others, once the site has signed, what it is; before that it is nobody else's matter."""
    if found is not None and found.closed_at is not None:
        return []
    if _is_told_numbers(site, seen):
        return closure.ClosureRefused(closure.reasons_against(site)).lines()
    if found is None:
        return None
    return closure.ClosureRefused(closure.without_numbers(closure.reasons_against(site))).lines()


def _is_told_numbers(site: Site, seen: Scope) -> bool:
    if seen.may(Action.VIEW_TEXTS, site=site.pk):
        return True
    return seen.may(Action.VIEW_EVENTS, site=site.pk) and not seen.roles & ACTS_FOR_SPONSOR
