"""Words of the transport: purposes, states and their moves."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """Why a text is sent. It decides the lane, what may hold it back, and what an unknown outcome means."""

    PAGE = "page", _("page to staff")
    EMERGENCY = "emergency", _("emergency text")
    CRISIS = "crisis", _("crisis text")
    REPLY = "reply", _("answer to a text")
    CHECKIN = "checkin", _("check-in")
    REMINDER = "reminder", _("reminder")
    ENROLMENT = "enrolment", _("question after enrolment")
    NOTICE = "notice", _("notice to staff")


# Sent again at once when the outcome is unknown (decision 5), never held back by a cap or limit (decision 34).
URGENT = frozenset({Purpose.PAGE, Purpose.EMERGENCY, Purpose.CRISIS})
# Obeys STOP and the hour; everything else is a direct answer or goes to staff.
UNPROMPTED = frozenset({Purpose.CHECKIN, Purpose.REMINDER, Purpose.ENROLMENT})
TO_STAFF = frozenset({Purpose.PAGE, Purpose.NOTICE})
TO_PARTICIPANTS = frozenset(Purpose) - TO_STAFF
# Withheld from a line that stopped its texts, except the one text that says so.
OBEYS_STOP = UNPROMPTED | {Purpose.REPLY}
SAYS_STOPPED = frozenset({"stop_confirm"})


class SendState(models.TextChoices):
    PLANNED = "planned", _("waiting to be sent")
    CALLING = "calling", _("being handed over")
    ACCEPTED = "accepted", _("accepted by the provider")
    SENT = "sent", _("sent to the network")
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("not delivered")
    FAILED = "failed", _("failed")
    REFUSED = "refused", _("refused by the provider")
    UNKNOWN = "unknown", _("outcome unknown")
    CANCELLED = "cancelled", _("cancelled before sending")
    EXPIRED = "expired", _("too late to be useful")
    HELD = "held", _("a person must decide")


FINAL = frozenset(
    {
        SendState.DELIVERED,
        SendState.UNDELIVERED,
        SendState.FAILED,
        SendState.REFUSED,
        SendState.CANCELLED,
        SendState.EXPIRED,
        SendState.HELD,
    }
)
HANDED_OVER = frozenset({SendState.ACCEPTED, SendState.SENT, SendState.DELIVERED})
NOT_REACHED = frozenset({SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.HELD, SendState.EXPIRED})

_REPORTED = {
    SendState.ACCEPTED,
    SendState.SENT,
    SendState.DELIVERED,
    SendState.UNDELIVERED,
    SendState.FAILED,
}
_WITHHELD = {SendState.CANCELLED, SendState.EXPIRED, SendState.REFUSED, SendState.HELD}
# A text may have gone out although we took it for unsent, so a report moves even a withheld one. A final failure gives way only to
# the delivery of another attempt.
MOVES: Mapping[str, frozenset[str]] = {
    SendState.PLANNED: frozenset({SendState.CALLING, *_WITHHELD, *_REPORTED}),
    SendState.CALLING: frozenset({SendState.PLANNED, SendState.REFUSED, SendState.UNKNOWN, SendState.HELD, *_REPORTED}),
    SendState.UNKNOWN: frozenset({SendState.PLANNED, SendState.CALLING, SendState.REFUSED, SendState.HELD, *_REPORTED}),
    SendState.ACCEPTED: frozenset(_REPORTED - {SendState.ACCEPTED}),
    SendState.SENT: frozenset({SendState.DELIVERED, SendState.UNDELIVERED, SendState.FAILED}),
    SendState.HELD: frozenset({SendState.PLANNED, SendState.CANCELLED, *_REPORTED}),
    SendState.CANCELLED: frozenset({SendState.ACCEPTED, SendState.SENT, SendState.DELIVERED}),
    SendState.EXPIRED: frozenset({SendState.ACCEPTED, SendState.SENT, SendState.DELIVERED}),
    SendState.REFUSED: frozenset({SendState.DELIVERED}),
    SendState.UNDELIVERED: frozenset({SendState.DELIVERED}),
    SendState.FAILED: frozenset({SendState.DELIVERED}),
    SendState.DELIVERED: frozenset(),
}


class AttemptState(models.TextChoices):
    """One call to a provider, and what the provider has said about it since."""

    CALLING = "calling", "calling"
    UNKNOWN = "unknown", "unknown"
    RETRY = "retry", "certainly not sent"
    REJECTED = "rejected", "rejected"
    ACCEPTED = "accepted", "accepted"
    SENT = "sent", "sent"
    DELIVERED = "delivered", "delivered"
    UNDELIVERED = "undelivered", "undelivered"
    FAILED = "failed", "failed"


# Higher is later in a text's life; equal ranks at the top are the final ones, of which the first is kept.
RANK: Mapping[str, int] = {
    AttemptState.CALLING: 0,
    AttemptState.UNKNOWN: 0,
    AttemptState.RETRY: 0,
    AttemptState.REJECTED: 0,
    AttemptState.ACCEPTED: 1,
    AttemptState.SENT: 2,
    AttemptState.DELIVERED: 3,
    AttemptState.UNDELIVERED: 3,
    AttemptState.FAILED: 3,
}
FINAL_RANK = 3
UNSETTLED = frozenset({AttemptState.CALLING, AttemptState.UNKNOWN})
UNDERWAY = frozenset({AttemptState.ACCEPTED, AttemptState.SENT})


class ErrorClass(models.TextChoices):
    """What an error code asks of us. Each gateway has one table of codes, for answers and for reports alike."""

    RETRY = "retry", "certainly not sent: the same again, with back-off"
    LATER = "later", "not delivered now: one or two delayed tries, then another channel"
    AMBIGUOUS = "ambiguous", "may have been sent: never resent blindly"
    CONTACT = "contact", "this number cannot be reached: tell the site"
    OPT_OUT = "opt_out", "the carrier blocks us at the receiver's wish"
    BLOCKED = "blocked", "filtered: review text, sender, registration"
    CAPACITY = "capacity", "limit or registration: operators"
    CONFIG = "config", "configuration: this queue stops, operators"
    BUG = "bug", "our own mistake: operators"
    EXPIRED = "expired", "too old in the provider's queue"
    LOOP = "loop", "two machines answer each other"
    WEBHOOK = "webhook", "texts to us may be lost: operators"
    FINAL = "final", "refused for an unlisted reason: operators"


ALARMING = frozenset(
    {
        ErrorClass.BLOCKED,
        ErrorClass.CAPACITY,
        ErrorClass.CONFIG,
        ErrorClass.BUG,
        ErrorClass.LOOP,
        ErrorClass.WEBHOOK,
        ErrorClass.FINAL,
    }
)


class AlarmKind(models.TextChoices):
    """What the operators must look at."""

    PROVIDER_ERROR = "provider_error", _("the provider refuses or blocks texts")
    CALLBACK_REFUSED = "callback_refused", _("a provider's call was refused: signature, account or number")
    UNPARSED = "unparsed", _("a text could not be read by the program")
    CHANGED_REPEAT = "changed_repeat", _("the same text id was posted with another text")
    TWO_FINALS = "two_finals", _("one text was reported both delivered and failed")
    ID_MISMATCH = "id_mismatch", _("two provider ids for one attempt")
    NO_FINAL_STATE = "no_final_state", _("sent, but never reported as delivered or failed")
    UNSENDABLE = "unsendable", _("a text was refused before it was sent")
    HELD = "held", _("it is not known whether a text was sent")
    QUARANTINED = "quarantined", _("a text could not be sent by the program")
    MISSED_INBOUND = "missed_inbound", _("a text was found in the provider's log only")
    STRANGE_OUTBOUND = "strange_outbound", _("the provider's log has a text that is not ours")
    LOG_INCOMPLETE = "log_incomplete", _("the provider's log could not be read whole")


# An alarm's code: one row of a provider's log, which may be a text, could not be read or has no time.
ROW_UNREADABLE = "row_unreadable"


class Disposition(models.TextChoices):
    """What became of an inbound text. Every one ends in a final disposition or on a person's list (promise I2)."""

    WAITING = "waiting", _("waiting to be read")
    COMMAND = "command", _("command")
    ANSWER = "answer", _("answer")
    SYMPTOM = "symptom", _("symptom report")
    PERSON = "person", _("for a person to read")
    STAFF = "staff", _("from staff")
    UNMATCHED = "unmatched", _("unknown number")
    UNPARSED = "unparsed", _("could not be read by the program")
