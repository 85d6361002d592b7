"""Words of paging."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class EscalationState(models.TextChoices):
    OPEN = "open", _("nobody has taken it")
    ACKNOWLEDGED = "acknowledged", _("taken, contact not yet recorded")
    CONTACTED = "contacted", _("contact recorded")
    DRILL_OVER = "drill_over", _("drill over")


# A drill may end by itself; a real escalation ends by a recorded contact and by nothing else.
MOVES: Mapping[str, frozenset[str]] = {
    EscalationState.OPEN: frozenset(
        {EscalationState.ACKNOWLEDGED, EscalationState.CONTACTED, EscalationState.DRILL_OVER}
    ),
    EscalationState.ACKNOWLEDGED: frozenset({EscalationState.OPEN, EscalationState.CONTACTED}),
    EscalationState.CONTACTED: frozenset(),
    EscalationState.DRILL_OVER: frozenset(),
}
RUNNING = frozenset({EscalationState.OPEN, EscalationState.ACKNOWLEDGED})


class ChainName(models.TextChoices):
    R1 = "R1", "R1"
    R2 = "R2", "R2"
    R3 = "R3", "R3"
    UNMATCHED = "unmatched", _("unknown number")


# The more urgent first: a running escalation is raised, never lowered.
URGENCY: tuple[str, ...] = (ChainName.R1, ChainName.UNMATCHED, ChainName.R2, ChainName.R3)


class PageKind(models.TextChoices):
    PAGE = "page", _("page")
    MENU = "menu", _("told that it is theirs")
    REMINDER = "reminder", _("reminded of the contact")
    NOTICE = "notice", _("told that somebody has it")


class PageState(models.TextChoices):
    PLANNED = "planned", _("waiting")
    HANDED = "handed", _("handed over")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("not delivered")
    CANCELLED = "cancelled", _("no longer needed")
    ANSWERED = "answered", _("answered")


PENDING = frozenset({PageState.PLANNED, PageState.HANDED})


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


# Only these end an escalation.
IS_CONTACT = frozenset({ContactResult.REACHED, ContactResult.HOSPITAL})


class IncidentKind(models.TextChoices):
    ROTA_GAP = "rota_gap", _("nobody is on call for a step")
    NO_ROUTE = "no_route", _("a person on call cannot be woken by any channel")
    NOBODY = "nobody", _("a whole round reached nobody")
    STOPPED_TEXTS = "stopped_texts", _("a person on call has stopped the texts")
    COULD_NOT_ADVANCE = "could_not_advance", _("a step broke the program")
    COULD_NOT_PAGE = "could_not_page", _("a page broke the program")
    GAP_AHEAD = "gap_ahead", _("nobody is on call at a time ahead")
    NEVER_CONFIRMS = "never_confirms", _("a phone never confirms delivery")
    DRILL_FAILED = "drill_failed", _("a drill was not answered")


class Duty(models.TextChoices):
    """What a shift is for. The values are those that a protocol file may use for `who`."""

    FIRST = "investigator_on_call", _("investigator on call")
    SECOND = "second_on_call", _("second on call")
    COORDINATOR = "lead_coordinator", _("lead coordinator")
    DOCTOR = "duty_doctor", _("duty doctor")
    DESK = "duty_desk", _("duty desk")


TRIAL_DUTIES = frozenset({Duty.DOCTOR, Duty.DESK})
