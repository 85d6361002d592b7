"""Words of the safety case."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventState(models.TextChoices):
    DRAFT = "draft", _("draft, not judged yet")
    CONFIRMED = "confirmed", _("confirmed")
    DISMISSED = "dismissed", _("no adverse event")
    CLOSED = "closed", _("closed")


MOVES: Mapping[str, frozenset[str]] = {
    EventState.DRAFT: frozenset({EventState.CONFIRMED, EventState.DISMISSED}),
    EventState.DISMISSED: frozenset({EventState.DRAFT}),
    EventState.CONFIRMED: frozenset({EventState.CLOSED}),
    EventState.CLOSED: frozenset({EventState.CONFIRMED}),
}


class Causality(models.TextChoices):
    """WHO-UMC; what it is mapped to lives with the exports."""

    CERTAIN = "certain", _("certain")
    PROBABLE = "probable", _("probable")
    POSSIBLE = "possible", _("possible")
    UNLIKELY = "unlikely", _("unlikely")
    CONDITIONAL = "conditional", _("conditional")
    UNASSESSABLE = "unassessable", _("unassessable")


class Outcome(models.TextChoices):
    """Codes of E2B(R3) E.i.7."""

    UNKNOWN = "0", _("unknown")
    RECOVERED = "1", _("recovered")
    RECOVERING = "2", _("recovering")
    NOT_RECOVERED = "3", _("not recovered")
    SEQUELAE = "4", _("recovered with sequelae")
    FATAL = "5", _("fatal")


# An event with one of these is not over.
SUICIDAL = "suicidal"  # the catalogue's item that is not asked about by text
GOES_ON = frozenset({Outcome.UNKNOWN, Outcome.RECOVERING, Outcome.NOT_RECOVERED})
CRITERIA = ("death", "life_threatening", "hospitalisation", "disability", "congenital_anomaly", "other_important")


class Teller(models.TextChoices):
    """Who told a person of the site of it."""

    PARTICIPANT = "participant", _("the participant")
    CAREGIVER = "caregiver", _("the caregiver")
    FAMILY = "family", _("somebody else of the family")
    HOSPITAL = "hospital", _("a hospital or doctor")
    OTHER = "other", _("somebody else")


class ReceiptEnd(models.TextChoices):
    """Why the sponsor is no longer waited for to fetch a case."""

    FETCHED = "fetched", _("fetched by the sponsor")
    NOT_SERIOUS = "not_serious", _("judged as not serious")
