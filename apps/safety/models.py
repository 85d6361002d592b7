"""The case, from a participant's own words to a closed adverse event."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import states
from apps.core.work import WorkRow
from apps.escalation.figures import first_reached
from apps.escalation.models import Escalation
from apps.participants.models import Participant
from apps.safety.models_receipt import SponsorReceipt as SponsorReceipt
from apps.safety.models_spoken import SpokenReport as SpokenReport
from apps.safety.vocabulary import CRITERIA, GOES_ON, Causality, EventState, Outcome
from apps.staff.models import User
from apps.triage.models import Level, SymptomReport
from apps.trials.vocabulary import Who
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class AdverseEvent(models.Model):
    """One adverse event. Its site is its participant's site: there is no second column to disagree with it.

    `received_at` is awareness (decision 13). Seriousness is derived from the six criteria, never stored beside them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case_number = models.CharField(_("case number"), max_length=24, unique=True)
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="events", verbose_name=_("participant")
    )
    state = models.CharField(_("state"), max_length=10, choices=EventState.choices, default=EventState.DRAFT)
    level = models.CharField(_("level"), max_length=2, choices=Level.choices, blank=True)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, related_name="events")
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    verbatim = SealedTextField(_("in their own words"))
    verbatim_language = models.CharField(max_length=8, blank=True)
    reporter = models.CharField(_("reported by"), max_length=12)
    term = SealedTextField(_("event term"), blank=True)

    received_at = models.DateTimeField(_("received (awareness)"))
    classified_at = models.DateTimeField(_("classified"), null=True)
    first_shown_at = models.DateTimeField(_("first shown"), null=True)
    first_read_at = models.DateTimeField(_("first read"), null=True)
    first_read_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("first read by")
    )
    investigator_aware_at = models.DateTimeField(_("investigator aware"), null=True)
    sponsor_aware_at = models.DateTimeField(_("sponsor aware"), null=True)  # by what they read or fetched; see below

    onset_on = models.DateField(_("onset"), null=True, blank=True)
    ended_on = models.DateField(_("end"), null=True, blank=True)
    severity_grade = models.PositiveSmallIntegerField(
        _("severity grade (CTCAE 1-5)"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    death = models.BooleanField(_("death"), default=False)
    life_threatening = models.BooleanField(_("life-threatening"), default=False)
    hospitalisation = models.BooleanField(_("hospitalisation or its prolongation"), default=False)
    disability = models.BooleanField(_("disability"), default=False)
    congenital_anomaly = models.BooleanField(_("congenital anomaly"), default=False)
    other_important = models.BooleanField(_("other medically important"), default=False)
    causality_investigator = models.CharField(
        _("causality (investigator)"), max_length=14, choices=Causality.choices, blank=True
    )
    outcome = models.CharField(_("outcome"), max_length=1, choices=Outcome.choices, default=Outcome.UNKNOWN)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("confirmed by")
    )
    changed_at = models.DateTimeField(_("last change"), editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("adverse event")
        verbose_name_plural = _("adverse events")
        constraints = [
            states.known_states("state", EventState, name="event_state_known"),
            models.CheckConstraint(
                condition=models.Q(severity_grade__isnull=True) | models.Q(severity_grade__range=(1, 5)),
                name="event_grade_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return self.case_number

    @property
    def is_serious(self) -> bool:
        return any(getattr(self, criterion) for criterion in CRITERIA)

    @property
    def is_open(self) -> bool:
        """No person has said yet that it is no adverse event, or how it ended. No text ever says it."""
        return self.state == EventState.DRAFT or (self.state == EventState.CONFIRMED and self.outcome in GOES_ON)

    @property
    def is_asked_about(self) -> bool:
        """Nobody is asked how it is after a death (decision 31)."""
        return self.is_open and not self.death

    @property
    def is_to_be_judged(self) -> bool:
        """A draft that may be serious, and no investigator has said yet whether it is. What no program could read may be, too."""
        return self.state == EventState.DRAFT and (self.is_serious or self.level not in (Level.R3, Level.R4))

    @property
    def serious_since(self) -> datetime:
        """When it was first told of as urgent, by text or to a person: from then the site's time to tell the sponsor runs (decision 13)."""
        urgent = (Level.R1, Level.R2)
        texts = self.reports.filter(symptom_report__level__in=urgent)
        told = self.spoken.filter(level__in=urgent).values_list("told_at", flat=True)
        times = [*texts.values_list("symptom_report__message__received_at", flat=True), *told]
        return min(times, default=self.received_at)

    @property
    def sponsor_day_zero(self) -> datetime | None:
        """When anything about the case first reached anyone acting for the sponsor (decision 13).

        What they read here or fetched is kept on the case; a page of its chain to the sponsor's monitor is read off the page. One that
        left before this case was received told of an earlier case of the same escalation.
        """
        paged = first_reached(escalation_id=self.escalation_id, who=Who.SPONSOR_MONITOR, since=self.received_at)
        return min((time for time in (self.sponsor_aware_at, paged) if time is not None), default=None)


class Report(models.Model):
    """A text that belongs to an event: the first one, and each later one about the same."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(AdverseEvent, on_delete=models.PROTECT, related_name="reports")
    symptom_report = models.ForeignKey(SymptomReport, on_delete=models.PROTECT, related_name="+")
    is_first = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "symptom_report"], name="event_report_once")]

    def __str__(self) -> str:
        return str(self.id)


class OpenItem(WorkRow):
    """The promise that an open event is asked about again until a person has closed it, and what they answered last.

    `told` is a draft of the outcome, in the participant's own digits: a person judges it, and no text closes anything. The row stands on
    this floor so that a report can begin it; the floor that keeps the plan handles it.
    """

    event = models.OneToOneField(AdverseEvent, on_delete=models.PROTECT, primary_key=True, related_name="item")
    asked = models.PositiveSmallIntegerField(default=0)
    told = models.CharField(_("as they say"), max_length=1, choices=Outcome.choices, blank=True)
    told_at = models.DateTimeField(_("said"), null=True)

    held_under: ClassVar[str] = "event__participant"

    class Meta(WorkRow.Meta):
        verbose_name = _("open item")
        verbose_name_plural = _("open items")

    def __str__(self) -> str:
        return str(self.event_id)
