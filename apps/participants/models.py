"""The people followed: coded, sealed where it would tell who they are."""

import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.work import WORK_COLUMNS, WorkRow
from apps.messaging.models import Line
from apps.participants.vocabulary import ConsentKind, ContactKind, FollowUp, Language, Sex
from apps.staff.models import Signature
from apps.trials.models import Phase, Site
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class Participant(models.Model):
    """A participant by code. Birth date is sealed; age at consent is computed, never stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("participant code"), max_length=20, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="participants", verbose_name=_("site"))
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="participants", verbose_name=_("phase"))
    sex = models.CharField(_("sex"), max_length=1, choices=Sex.choices)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    birth_date = SealedTextField(_("birth date"))  # ISO date
    language = models.CharField(_("language"), max_length=8, choices=Language.choices, default=Language.ZH_HANS)
    day_zero = models.DateField(_("day 0"), help_text=_("First infusion; never infused: randomisation."))
    follow_up = models.CharField(_("follow-up"), max_length=14, choices=FollowUp.choices, default=FollowUp.ACTIVE)
    timezone = models.CharField(_("time zone, if not the site's"), max_length=40, blank=True)
    send_time = models.TimeField(_("preferred hour"), null=True, blank=True)
    is_discreet = models.BooleanField(_("discreet texts (shared phone)"), default=False)
    cannot_read = models.BooleanField(_("cannot read texts: calls only"), default=False)
    texts_suspended_at = models.DateTimeField(_("number under check since"), null=True, blank=True)
    deviation_number = models.CharField(_("deviation number"), max_length=40, blank=True)
    deviation_signature = models.ForeignKey(
        Signature, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    enrolled_at = models.DateTimeField(_("entered"), editable=False)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deviation_number="", deviation_signature__isnull=True)
                | (~Q(deviation_number="") & Q(deviation_signature__isnull=False)),
                name="deviation_is_signed",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def zone(self) -> ZoneInfo:
        """Where the participant lives: hours are kept in this zone."""
        return ZoneInfo(self.timezone or self.site.timezone)


class Consent(models.Model):
    """One consent: kind, version of the form, date, and withdrawal. Withdrawn consents stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(_("kind"), max_length=8, choices=ConsentKind.choices)
    version = models.CharField(_("form version"), max_length=20)
    given_on = models.DateField(_("given on"))
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(fields=["participant", "kind", "version", "given_on"], name="consent_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gte=models.F("given_on")),
                name="consent_withdrawn_after_given",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ContactPoint(models.Model):
    """A line by which a participant or a caregiver is reached. `ended_at` instead of deletion; only a person ends one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(_("whose"), max_length=12, choices=ContactKind.choices)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="contact_points")
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "kind", "line"], condition=Q(ended_at__isnull=True), name="contact_point_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Visit(models.Model):
    """A planned visit with its appointment, once somebody has made one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="visits")
    code = models.CharField(_("visit"), max_length=12)
    planned_on = models.DateField(_("planned on"))
    appointment_at = models.DateTimeField(_("appointment"), null=True, blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["participant", "code"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.code}"


class Plan(WorkRow):
    """The promise that somebody's plan of contacts is recomputed: nightly, and at once after every change that matters.

    It stands on this floor so that a change here can make it due; the floor that plans handles the row.
    """

    participant = models.OneToOneField(Participant, on_delete=models.PROTECT, primary_key=True, related_name="plan")
    computed_at = models.DateTimeField(null=True)

    audit_ignored: ClassVar[tuple[str, ...]] = (*WORK_COLUMNS, "computed_at")

    class Meta(WorkRow.Meta):
        pass

    def __str__(self) -> str:
        return str(self.participant_id)
