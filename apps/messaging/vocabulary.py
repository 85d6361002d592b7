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
    NOTICE = "notice", _("notice to staff")


# Sent again at once when the outcome is unknown (decision 5), never held back by a cap or limit (decision 34).
URGENT = frozenset({Purpose.PAGE, Purpose.EMERGENCY, Purpose.CRISIS})
# Obeys STOP and the hour; everything else is a direct answer or goes to staff.
UNPROMPTED = frozenset({Purpose.CHECKIN, Purpose.REMINDER})
TO_STAFF = frozenset({Purpose.PAGE, Purpose.NOTICE})


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
    {SendState.DELIVERED, SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.CANCELLED, SendState.EXPIRED, SendState.HELD}
)
HANDED_OVER = frozenset({SendState.ACCEPTED, SendState.SENT, SendState.DELIVERED})
NOT_REACHED = frozenset({SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.HELD, SendState.EXPIRED})

_REPORTED = {SendState.SENT, SendState.DELIVERED, SendState.UNDELIVERED, SendState.FAILED}
MOVES: Mapping[str, frozenset[str]] = {
    SendState.PLANNED: frozenset({SendState.CALLING, SendState.CANCELLED, SendState.EXPIRED, SendState.HELD}),
    SendState.CALLING: frozenset({SendState.PLANNED, SendState.ACCEPTED, SendState.REFUSED, SendState.UNKNOWN, SendState.HELD, *_REPORTED}),
    SendState.UNKNOWN: frozenset({SendState.PLANNED, SendState.CALLING, SendState.ACCEPTED, SendState.HELD, *_REPORTED}),
    SendState.ACCEPTED: frozenset(_REPORTED),
    SendState.SENT: frozenset({SendState.DELIVERED, SendState.UNDELIVERED, SendState.FAILED}),
    SendState.HELD: frozenset({SendState.ACCEPTED, *_REPORTED}),
}


class AttemptState(models.TextChoices):
    CALLING = "calling", "calling"
    ACCEPTED = "accepted", "accepted"
    REJECTED = "rejected", "rejected"
    RETRY = "retry", "certainly not sent"
    UNKNOWN = "unknown", "unknown"


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
