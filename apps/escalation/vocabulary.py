"""Words of paging."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class EscalationState(models.TextChoices):
    OPEN = "open", _("nobody has taken it")
    ACKNOWLEDGED = "acknowledged", _("taken, contact not yet recorded")
    CONTACTED = "contacted", _("contact recorded")
    CLOSED = "closed", _("closed without a contact")
    DRILL_OVER = "drill_over", _("drill over")


# A drill may end by itself; a real escalation ends by a recorded contact, or with the task that it was about, by a named person.
MOVES: Mapping[str, frozenset[str]] = {
    EscalationState.OPEN: frozenset(
        {EscalationState.ACKNOWLEDGED, EscalationState.CONTACTED, EscalationState.DRILL_OVER}
    ),
    EscalationState.ACKNOWLEDGED: frozenset({EscalationState.OPEN, EscalationState.CONTACTED, EscalationState.CLOSED}),
    EscalationState.CONTACTED: frozenset(),
    EscalationState.CLOSED: frozenset(),
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
    CLOSED = "closed", _("told that somebody who can open it must take it")
    REMINDER = "reminder", _("reminded of the contact")
    NOTICE = "notice", _("told that somebody has it")


class PageState(models.TextChoices):
    PLANNED = "planned", _("waiting")
    HANDED = "handed", _("handed over")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("not delivered")
    CANCELLED = "cancelled", _("no longer needed")
    ANSWERED = "answered", _("answered")


# What a page says in place of a role, when its person was named by the one who hands over.
BY_NAME = "by_name"
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
    CLOSED = "c", _("closed without a contact")  # with the task that it was about; no digit, so no text can say it


# What a person may say of a call, by text or in the workplace.
OFFERED = (ContactResult.REACHED, ContactResult.NO_ANSWER, ContactResult.HOSPITAL, ContactResult.HAND_OVER)
# Only these end an escalation that is about a case.
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
    UNTESTED = "untested", _("put on call untested, with a reason")
    NAMED_GONE = "named_gone", _("a chain names somebody who has left or has no role here any more")
    UNFETCHED = "unfetched", _("the sponsor has not fetched a serious case in time")


class MilestoneKind(models.TextChoices):
    RAISED = "raised", _("made more urgent")
    EXPIRED = "expired", _("no contact in time: opened again")
    HANDED_OVER = "handed_over", _("handed over: opened again")
    SECOND = "second", _("taken by a second person")
    ENDED = "ended", _("drill over")


class DrillKind(models.TextChoices):
    TEST_PAGE = "test", _("test page to the first on call")
    DRILL = "drill", _("drill of everybody on call")


class Duty(models.TextChoices):
    """What a shift is for. The values are those that a protocol file may use for `who`."""

    FIRST = "investigator_on_call", _("investigator on call")
    SECOND = "second_on_call", _("second on call")
    COORDINATOR = "lead_coordinator", _("lead coordinator")
    DOCTOR = "duty_doctor", _("duty doctor")
    DESK = "duty_desk", _("duty desk")


TRIAL_DUTIES = frozenset({Duty.DOCTOR, Duty.DESK})


class RotaRule(models.TextChoices):
    """Why a shift or a leave is refused."""

    ENDS_BEFORE_START = "ends_before_start", _("It ends before it starts.")
    IN_THE_PAST = "in_the_past", _("It is over already.")
    NO_SITE = "no_site", _("This duty is for the whole trial, not for one site.")
    SITE_NEEDED = "site_needed", _("This duty needs a site.")
    WRONG_ROLE = "wrong_role", _("This person does not have a role that takes this duty here.")
    NO_MOBILE = "no_mobile", _("This person has no mobile and could not be woken.")
    OVERLAP = "overlap", _("Somebody has this duty in that time already: enter an override.")
    NOTHING_LEFT = "nothing_left", _("Nothing is left of this shift: it is over, cancelled or somebody else's.")
    SAME_PERSON = "same_person", _("This person has the shift already.")
    ON_LEAVE = "on_leave", _("This person is away in that time.")
    CANNOT_BE_WOKEN = "cannot_be_woken", _("No channel that is set up could wake this person.")
    TOO_MANY_TURNS = "too_many_turns", _("These are more than 100 turns: plan a shorter time.")
    NOT_TESTED = "not_tested", _("Nothing proves yet that this person would wake and could answer.")
    OFFERED_ALREADY = "offered_already", _("This shift is offered to somebody already: take that back first.")
    ANSWERED_ALREADY = "answered_already", _("This hand-over has been answered or taken back already.")


class HandOverState(models.TextChoices):
    OFFERED = "offered", _("waits for an answer")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("taken back")


class ChainRule(models.TextChoices):
    """Why a site's own chain is refused, or a chain in force cannot be relied on."""

    MALFORMED = "malformed", _("This is not the shape of a chain.")
    NO_STEPS = "no_steps", _("A chain needs at least one step.")
    FIRST_NOT_AT_ONCE = "first_not_at_once", _("The first step must be at minute 0.")
    OUT_OF_ORDER = "out_of_order", _("A step may not come before the step above it.")
    NEVER_REACHED = "never_reached", _("The round begins again before this step.")
    SAME_TWICE = "same_twice", _("The same people are paged in this minute already.")
    NO_CHANNEL = "no_channel", _("A step needs at least one channel.")
    UNKNOWN_CHANNEL = "unknown_channel", _("There is no such channel.")
    UNKNOWN_ROLE = "unknown_role", _("There is no such role in a chain.")
    UNKNOWN_PERSON = "unknown_person", _("There is no such person, or the account has ended.")
    WAKES_ONE = "wakes_one", _("At night fewer than two people are woken at minute 0.")
    WAKES_NOBODY = "wakes_nobody", _("Nobody is woken at minute 0.")
    NO_WIDENING = "no_widening", _("From the second round on somebody more must be paged.")
    BAD_LENGTH = "bad_length", _("This must be at least one minute.")
    NOBODY_HERE = "nobody_here", _("Nobody has this role here now.")
    NAMED_GONE = "named_gone", _("The person named here has left or has no role here any more, and is not paged.")
    CANNOT_BE_WOKEN = "cannot_be_woken", _("Somebody of this step cannot be woken by any channel that is set up.")
    SPONSOR_NOT_ALLOWED = "sponsor_not_allowed", _("The trial file does not put the sponsor into this chain.")
    REASON_MISSING = "reason_missing", _("A change needs a reason.")


class EndpointRule(models.TextChoices):
    """Why a robot's or a pager's address is refused. None of them repeats it: it holds a key."""

    NOT_HTTPS = "not_https", _("The address must begin with https:// and hold no user name.")
    WRONG_HOST = "wrong_host", _("WeCom's address is at qyapi.weixin.qq.com, DingTalk's at oapi.dingtalk.com.")
    SECRET_MISSING = "secret_missing", _("A pager needs a secret: without it nobody can tell our page from another's.")
