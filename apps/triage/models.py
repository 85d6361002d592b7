"""A decision of the triage, kept: what was found, where in the text, by which version of the rules."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.staff.models import Signature, User
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey

# How the version begins of a decision that an answer from a list made: there are no words to read again. After it stands the version
# of the rules where they judged the answer.
BY_LIST = "list"


class Level(models.TextChoices):
    R1 = "R1", _("R1 emergency")
    R2 = "R2", _("R2 urgent")
    R3 = "R3", _("R3 same day")
    R4 = "R4", _("R4 routine")


class Label(models.TextChoices):
    SERIOUS = "serious", _("serious: call today")
    NONSERIOUS = "nonserious", _("a symptom, not serious")
    NONE = "none", _("no symptom of the participant")
    UNCLEAR = "unclear", _("unclear even to a person")


class SymptomReport(models.Model):
    """One text as the rules read it. `findings` holds ids, offsets and states only; the words stay sealed in the message."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, related_name="reports")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, null=True, related_name="reports")
    sender = models.CharField(max_length=12)  # participant or caregiver
    label = models.CharField(_("label"), max_length=12)
    level = models.CharField(_("level"), max_length=2, choices=Level.choices, blank=True)
    findings = models.JSONField(default=list)
    clues = models.JSONField(default=list)  # offsets and weights of what made the net send it to a person
    context = models.JSONField(
        default=dict
    )  # what the rules knew besides the text, so that the decision can be replayed
    reason = models.CharField(_("reason"), max_length=300)
    rules_version = models.CharField(_("rules"), max_length=40)
    path = models.CharField(max_length=12, blank=True)
    night_page = models.BooleanField(default=False)
    needs_person = models.BooleanField(default=False)
    health_word = models.BooleanField(default=False)
    input_sha256 = models.CharField(max_length=64)
    classified_at = models.DateTimeField(_("classified"))

    class Meta:
        verbose_name = _("symptom report")
        verbose_name_plural = _("symptom reports")
        constraints = [models.UniqueConstraint(fields=["message", "participant"], name="report_once")]

    def __str__(self) -> str:
        return str(self.id)


class Baseline(models.Model):
    """A complaint of one participant that a named clinician signed as known and unchanged until a day (decision 26)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="baselines")
    item = models.CharField(_("complaint"), max_length=40)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    description = SealedTextField(_("in the clinician's words"))
    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateField(_("valid until"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("personal baseline")
        verbose_name_plural = _("personal baselines")

    def __str__(self) -> str:
        return str(self.id)


class Correction(models.Model):
    """What a named person says that a text meant. It corrects the rules to come, never the alarm that was raised: rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, related_name="corrections")
    label = models.CharField(_("label"), max_length=12, choices=Label.choices)
    level = models.CharField(_("level"), max_length=2, choices=Level.choices, blank=True)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("correction of the triage")
        verbose_name_plural = _("corrections of the triage")

    def __str__(self) -> str:
        return str(self.id)
