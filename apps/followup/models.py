"""Who is due what, and when, until the window closes."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.conversations.models import Question
from apps.core import states
from apps.core.work import WorkRow
from apps.followup.models_end import Farewell, Search, SearchAttempt
from apps.messaging.models import OutboundMessage
from apps.participants.models import Participant

__all__ = ["CheckIn", "CheckInState", "Farewell", "Reminder", "Search", "SearchAttempt", "Unreached"]


class CheckInState(models.TextChoices):
    PLANNED = "planned", _("planned")
    SENT = "sent", _("sent")
    ANSWERED = "answered", _("answered")
    MISSED = "missed", _("no answer")
    SKIPPED = "skipped", _("not sent")
    CANCELLED = "cancelled", _("taken out of the plan")


class CheckIn(WorkRow):
    """One planned check-in. `occurrence` is its date in the participant's plan: recomputing the plan never makes a second one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="checkins", verbose_name=_("participant")
    )
    rule = models.CharField(_("rule"), max_length=12)
    occurrence = models.DateField(_("for the day"))
    planned_at = models.DateTimeField(_("planned"))
    state = models.CharField(_("state"), max_length=10, choices=CheckInState.choices, default=CheckInState.PLANNED)
    skipped_because = models.CharField(_("because"), max_length=40, blank=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, null=True, related_name="+")
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True)

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ["planned_at"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "occurrence"], name="checkin_once_a_day"),
            states.known_states("state", CheckInState, name="checkin_state_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Unreached(WorkRow):
    """What follows a check-in after its first call was asked for, until somebody has been reached: further calls and texts.

    What was done stands in tasks and texts by their keys, so the row holds nothing but when to look again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    checkin = models.OneToOneField(CheckIn, on_delete=models.PROTECT, related_name="unreached")

    held_under: ClassVar[str] = "checkin__participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("unanswered check-in that is followed up")
        verbose_name_plural = _("unanswered check-ins that are followed up")

    def __str__(self) -> str:
        return str(self.id)


class Reminder(WorkRow):
    """A reminder of a visit, planned from its appointment; without one, of the appointment that somebody must make.

    `for_day` is the day of the visit: an appointment that moves to another day is reminded of anew, never twice for one day.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="reminders", verbose_name=_("participant")
    )
    visit_code = models.CharField(_("visit"), max_length=12)
    for_day = models.DateField(_("for the day"))
    wording = models.CharField(_("text"), max_length=40)
    planned_at = models.DateTimeField(_("planned"))
    state = models.CharField(_("state"), max_length=10, choices=CheckInState.choices, default=CheckInState.PLANNED)
    skipped_because = models.CharField(_("because"), max_length=40, blank=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("visit reminder")
        verbose_name_plural = _("visit reminders")
        ordering = ["planned_at"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "visit_code", "wording", "for_day"], name="reminder_once"),
            states.known_states("state", CheckInState, name="reminder_state_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)
