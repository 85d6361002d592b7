"""Words of the conversation: what a text was, what a person must do."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TaskKind(models.TextChoices):
    """Work for a person. Each kind is a sentence that a tired person understands."""

    READ = "read", _("Read this text: the program could not")
    CALL_BACK = "call_back", _("Call: the participant asked for a call")
    OPTED_OUT = "opted_out", _("Call: the participant stopped all texts")
    CHECK_NUMBER = "check_number", _("Call: is this still the right number?")
    CANNOT_TEXT = "cannot_text", _("Call: this phone cannot be texted")
    UNDELIVERED = "undelivered", _("Call: the text did not arrive")
    NO_REPLY = "no_reply", _("Call: no answer to the check-in")
    SYMPTOM = "symptom", _("Contact the participant today about a symptom")
    DEATH = "death", _("Read at once: a death may have been reported")
    UNKNOWN_NUMBER = "unknown_number", _("A text came from an unknown number")
    APPOINTMENT = "appointment", _("Set the appointment")
    MISSED_CALL = "missed_call", _("Call back: somebody phoned and nobody could answer")
    CHANGED = "changed", _("Call: how this participant answers has changed, which may be an early sign of the brain")
    NOT_PROCESSED = "not_processed", _("A text could not be processed automatically")


class QuestionState(models.TextChoices):
    OPEN = "open", "open"
    ANSWERED = "answered", "answered"
    REPLACED = "replaced", "replaced"
    EXPIRED = "expired", "expired"


class CallState(models.TextChoices):
    RINGING = "ringing", _("being put through")
    ANSWERED = "answered", _("answered")
    MISSED = "missed", _("nobody answered")
