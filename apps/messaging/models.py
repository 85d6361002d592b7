"""Pure transport: lines, texts in, texts out, delivery events. Nothing here knows a participant."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import phone, states
from apps.core.work import WorkRow
from apps.messaging.vocabulary import AlarmKind, AttemptState, Disposition, Purpose, SendState
from apps.staff.models import User
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class Line(models.Model):
    """A phone number, once. People share phones, so a line belongs to nobody; contact points refer to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    number = SealedTextField(_("number"))
    index = models.BinaryField(max_length=64, unique=True, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    opted_out_at = models.DateTimeField(_("opted out since"), null=True, blank=True)
    carrier_blocked_at = models.DateTimeField(_("blocked by the carrier since"), null=True, blank=True)

    audit_hidden: ClassVar[tuple[str, ...]] = ("index",)  # there are so few numbers that a leaked key finds them all

    class Meta:
        verbose_name = _("phone line")
        verbose_name_plural = _("phone lines")

    def __str__(self) -> str:
        return str(self.id)

    @property
    def masked(self) -> str:
        return phone.masked(self.number)


class NumberShown(models.Model):
    """A person of the staff was shown a whole number, to call it. Everywhere else a number stands masked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="shown")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("number shown")
        verbose_name_plural = _("numbers shown")

    def __str__(self) -> str:
        return str(self.id)


class InboundMessage(WorkRow):
    """One text as a provider posted it: verbatim, raw payload beside it, and the time we received it. Itself a work row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=20)
    dedupe_key = models.CharField(max_length=80)
    provider_id = models.CharField(max_length=80, blank=True)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, null=True, related_name="inbound")
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    body = SealedTextField(_("text"))
    raw = SealedTextField()  # the posted bytes, one character a byte (latin-1), so that nothing is lost
    media_count = models.PositiveSmallIntegerField(default=0)
    opt_out_hint = models.CharField(max_length=8, blank=True)  # STOP, START or HELP where the provider says so itself
    received_at = models.DateTimeField(_("received"))
    provider_at = models.DateTimeField(null=True)
    reconciled = models.BooleanField(default=False)  # fetched from the provider's log, not posted
    disposition = models.CharField(_("became"), max_length=12, choices=Disposition.choices, default=Disposition.WAITING)
    handled_at = models.DateTimeField(null=True)

    comes_with: ClassVar[tuple[str, ...]] = ("line__data_key", "data_key")

    class Meta(WorkRow.Meta):
        verbose_name = _("text received")
        verbose_name_plural = _("texts received")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "dedupe_key"], name="inbound_once"),
            states.known_states("disposition", Disposition, name="inbound_disposition_known"),
        ]
        indexes = [*WorkRow.Meta.indexes, models.Index(fields=["line", "received_at"], name="inbound_line")]

    def __str__(self) -> str:
        return str(self.id)


class OutboundMessage(WorkRow):
    """One text to one line, sent at most as often as its purpose allows. `key` is what makes a second one impossible."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="outbound")
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    wording = models.CharField(_("wording"), max_length=40)
    wording_version = models.CharField(_("version"), max_length=20)
    language = models.CharField(max_length=8)
    text = SealedTextField(_("text"))
    segments = models.PositiveSmallIntegerField(_("segments"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=SendState.choices, default=SendState.PLANNED)
    error_code = models.CharField(_("error"), max_length=20, blank=True)
    planned_at = models.DateTimeField(_("planned"))
    useful_until = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(_("handed over"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    is_new = False  # written by the call that gives it back

    class Meta(WorkRow.Meta):
        verbose_name = _("text sent")
        verbose_name_plural = _("texts sent")
        constraints = [states.known_states("state", SendState, name="outbound_state_known")]
        indexes = [*WorkRow.Meta.indexes, models.Index(fields=["line", "planned_at"], name="outbound_line")]

    def __str__(self) -> str:
        return str(self.id)


class SendAttempt(models.Model):
    """One call to a provider, committed before the call. Its id rides in the status callback's address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, related_name="send_attempts")
    gateway = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=AttemptState.choices, default=AttemptState.CALLING)
    provider_id = models.CharField(max_length=80, blank=True, db_index=True)
    error_code = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    listed_at = models.DateTimeField(null=True)  # when the provider's log was last searched for it in vain
    times_listed = models.PositiveSmallIntegerField(default=0)
    times_polled = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [states.known_states("state", AttemptState, name="attempt_state_known")]

    def __str__(self) -> str:
        return str(self.id)


class DeliveryEvent(WorkRow):
    """What a provider said about an attempt, append-only. The message's state is the highest rank seen and never goes back.

    Due only while it is kept and not yet applied.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.ForeignKey(SendAttempt, on_delete=models.PROTECT, null=True, related_name="events")
    attempt_ref = models.UUIDField(null=True)  # the id in the callback's address, kept also when it is unknown here
    gateway = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=80)
    status = models.CharField(max_length=24)
    error_code = models.CharField(max_length=20, blank=True)
    done_at = models.CharField(max_length=24, blank=True)
    received_at = models.DateTimeField()

    class Meta(WorkRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "provider_id", "status", "error_code", "done_at"], name="delivery_event_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class OptOut(models.Model):
    """A wish to get no more texts, or to get them again: when, by which text, or by whom."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="opt_outs")
    message = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    is_out = models.BooleanField()
    source = models.CharField(max_length=12, choices=[("text", "text"), ("carrier", "carrier"), ("staff", "staff")])
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class Stoppage(models.Model):
    """A gateway refuses all texts to a country for a reason of configuration. Texts that are not urgent wait until `until`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=20)
    country = models.CharField(max_length=2, blank=True)
    error_code = models.CharField(max_length=20)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "country"], name="stoppage_once")]

    def __str__(self) -> str:
        return str(self.id)


class Alarm(models.Model):
    """Something in the transport that operators must look at: what, how often, since when. No number and no text in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=AlarmKind.choices)
    gateway = models.CharField(max_length=20)
    code = models.CharField(_("code"), max_length=40, blank=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    times = models.PositiveIntegerField(_("times"), default=1)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    audit_ignored: ClassVar[tuple[str, ...]] = ("times", "last_at")

    class Meta:
        verbose_name = _("transport alarm")
        verbose_name_plural = _("transport alarms")
        constraints = [states.known_states("kind", AlarmKind, name="alarm_kind_known")]

    def __str__(self) -> str:
        return str(self.id)


class Reconciliation(WorkRow):
    """One row a gateway that asks for its message log to be compared with our rows. A missed run is an overdue row."""

    gateway = models.CharField(primary_key=True, max_length=20)
    completed_at = models.DateTimeField(null=True)  # when the log was last read whole

    class Meta(WorkRow.Meta):
        pass

    def __str__(self) -> str:
        return self.gateway
