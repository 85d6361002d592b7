"""The people followed: coded, sealed where it would tell who they are."""

import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.states import known_states
from apps.core.work import WORK_COLUMNS, WorkRow
from apps.messaging.models import Line, OutboundMessage
from apps.participants.models_told import ArmTold
from apps.participants.vocabulary import (
    CONFIRMED,
    ConsentKind,
    ContactKind,
    FollowUp,
    Language,
    PauseEnded,
    Sex,
    Standing,
)
from apps.staff.models import Signature, User
from apps.trials.models import Phase, Site
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey

__all__ = ["ArmTold", "Consent", "ConsentKind", "ContactPoint", "Participant", "Pause", "Plan", "RoundTrip", "Visit"]


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
    # False: nobody knows it yet, it is asked by text, and `language` is a guess.
    language_is_known = models.BooleanField(_("language is known"), default=True)
    day_zero = models.DateField(_("day 0"), help_text=_("First infusion; never infused: randomisation."))
    follow_up = models.CharField(_("follow-up"), max_length=14, choices=FollowUp.choices, default=FollowUp.ACTIVE)
    timezone = models.CharField(_("time zone, if not the site's"), max_length=40, blank=True)
    send_time = models.TimeField(_("preferred hour"), null=True, blank=True)
    is_discreet = models.BooleanField(_("discreet texts (shared phone)"), default=False)
    wants_daily_plan = models.BooleanField(_("a text a day about the plan"), default=False, db_default=False)
    wants_diary = models.BooleanField(_("a text a week about the record book"), default=False, db_default=False)
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
    def wishes(self) -> frozenset[str]:
        """The texts that this participant has chosen to get."""
        chosen = {"daily_plan": self.wants_daily_plan, "diary": self.wants_diary}
        return frozenset(name for name, wanted in chosen.items() if wanted)

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
    standing = models.CharField(_("standing"), max_length=8, choices=Standing.choices, default=Standing.WAITING)
    stands_since = models.DateTimeField(_("standing since"), null=True, blank=True)

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "kind", "line"], condition=Q(ended_at__isnull=True), name="contact_point_once"
            ),
            known_states("standing", Standing, name="contact_point_standing"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_confirmed(self) -> bool:
        """Their own number: it is theirs. A caregiver's: they agreed."""
        return self.standing in CONFIRMED

    @property
    def whose(self) -> str:
        """For people who are about to call: whose it is, and that nobody has confirmed it where that is so."""
        kind = str(self.get_kind_display())
        return kind if self.is_confirmed else f"{kind} ({self.get_standing_display()})"


class RoundTrip(WorkRow):
    """The promise that a number is asked whether it is right, or a caregiver whether they agree, and that a person phones after silence.

    It stands on this floor so that entering a number makes it due; the floor that sends handles the row. Each `round` asks anew.
    """

    contact_point = models.OneToOneField(
        ContactPoint, on_delete=models.PROTECT, primary_key=True, related_name="round_trip"
    )
    round = models.PositiveSmallIntegerField(default=1)
    asked = models.PositiveSmallIntegerField(default=0)  # texts of this round
    asked_at = models.DateTimeField(null=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")

    held_under: ClassVar[str] = "contact_point__participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("confirmation of a number")
        verbose_name_plural = _("confirmations of numbers")

    def __str__(self) -> str:
        return str(self.contact_point_id)


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


class Pause(WorkRow):
    """For a time safety contact takes another form (the trial file says which, and who owns it). It never ends contact, and always expires.

    It stands on this floor so that a text can begin it; the floor that keeps the plan handles the row: the next contact, or the expiry.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="pauses", verbose_name=_("participant")
    )
    code = models.CharField(_("pause"), max_length=20)  # of the trial file
    began_at = models.DateTimeField(_("since"))
    began_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("begun by")
    )  # nobody: by a text of theirs
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    expires_at = models.DateTimeField(_("until"))
    renewed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("renewed by")
    )
    contact_at = models.DateTimeField(_("next contact"))
    contacts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_because = models.CharField(_("because"), max_length=10, choices=PauseEnded.choices, blank=True)
    closely_from = models.DateField(null=True)  # after this day they are asked more often for a while

    held_under: ClassVar[str] = "participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "code"], condition=Q(ended_at__isnull=True), name="pause_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="")
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="pause_ended_because",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
