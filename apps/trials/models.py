"""The protocol as rows: what other rows point at. The protocol file itself is kept whole, version by version."""

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Trial(models.Model):
    """The trial, by its registration."""

    registration = models.CharField(_("registration"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=200)
    sponsor = models.CharField(_("sponsor"), max_length=200)
    window_from = models.DateField(_("follow-up window from"))
    window_to = models.DateField(_("follow-up window to"))
    enrolment = models.PositiveIntegerField(_("participants planned"))
    age_min = models.PositiveSmallIntegerField(_("age from"))
    age_max = models.PositiveSmallIntegerField(_("age to"))

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")

    def __str__(self) -> str:
        return self.registration


class ProtocolVersion(models.Model):
    """One loaded protocol file, immutable: its text and SHA-256."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    label = models.CharField(_("the file's own version"), max_length=20)
    effective_from = models.DateField(_("effective from"))
    source_name = models.CharField(_("file"), max_length=120)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(_("loaded"))

    class Meta:
        verbose_name = _("protocol version")
        verbose_name_plural = _("protocol versions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["trial", "number"], name="protocol_version_once")]

    def __str__(self) -> str:
        return f"v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A version is written once. A change is a new version."""
        if not self._state.adding:
            raise TypeError("a protocol version is never changed")
        super().save(*args, **kwargs)


class Phase(models.Model):
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="phases")
    code = models.CharField(_("phase"), max_length=8)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        constraints = [models.UniqueConstraint(fields=["trial", "code"], name="phase_once")]

    def __str__(self) -> str:
        return self.code


class Arm(models.Model):
    """A public fact of the record: name and ratio. Who is in which arm is not here."""

    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="arms")
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=120)
    ratio = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phase", "code"], name="arm_once")]

    def __str__(self) -> str:
        return self.code


class Site(models.Model):
    """A trial site. Its name never stands in a participant's text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="sites")
    code = models.CharField(_("site code"), max_length=8, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_zh = models.CharField(_("name (Chinese)"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=40)
    country = models.CharField(_("country"), max_length=2)
    team_phone = models.CharField(_("team phone"), max_length=20)
    emergency_number = models.CharField(_("emergency number"), max_length=8)
    crisis_number = models.CharField(_("crisis line"), max_length=12, blank=True)
    callback_minutes_r2 = models.PositiveSmallIntegerField(_("a doctor calls within minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class VisitDefinition(models.Model):
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="visit_definitions")
    code = models.CharField(_("visit"), max_length=12)
    day = models.IntegerField(_("day"))
    window_before = models.PositiveSmallIntegerField()
    window_after = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "code"], name="visit_definition_once")]

    def __str__(self) -> str:
        return self.code


class CheckInRule(models.Model):
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="checkin_rules")
    code = models.CharField(_("rule"), max_length=12)
    day_from = models.IntegerField()
    day_to = models.IntegerField()
    cadence = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "code"], name="checkin_rule_once")]

    def __str__(self) -> str:
        return self.code
