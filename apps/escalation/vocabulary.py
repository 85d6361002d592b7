"""Words of paging."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class EscalationState(models.TextChoices):
    OPEN = "open", _("nobody has taken it")
    ACKNOWLEDGED = "acknowledged", _("taken, contact not yet recorded")
    CONTACTED = "contacted", _("contact recorded")


MOVES: Mapping[str, frozenset[str]] = {
    EscalationState.OPEN: frozenset({EscalationState.ACKNOWLEDGED, EscalationState.CONTACTED}),
    EscalationState.ACKNOWLEDGED: frozenset({EscalationState.OPEN, EscalationState.CONTACTED}),
    EscalationState.CONTACTED: frozenset(),
}


class ChainName(models.TextChoices):
    R1 = "R1", "R1"
    R2 = "R2", "R2"
    R3 = "R3", "R3"
    UNMATCHED = "unmatched", _("unknown number")


class PageState(models.TextChoices):
    PLANNED = "planned", _("waiting")
    HANDED = "handed", _("handed over")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("not delivered")
    CANCELLED = "cancelled", _("no longer needed")
    ANSWERED = "answered", _("answered")


class Via(models.TextChoices):
    SMS = "sms", _("code by text message")
    ADMIN = "admin", _("button in the workplace")
    LINK = "link", _("link in an e-mail")
    VOICE = "voice", _("key on the phone")


class ContactResult(models.TextChoices):
    REACHED = "1", _("reached")
    NO_ANSWER = "2", _("no answer")
    HOSPITAL = "3", _("at hospital")
    HAND_OVER = "4", _("hand over")
