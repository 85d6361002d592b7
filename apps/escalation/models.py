"""Paging about a random reference. Nothing here knows a participant, so nothing here can leak one."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import states
from apps.core.work import WorkRow
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, PageState, Via
from apps.messaging.models import OutboundMessage
from apps.staff.models import User
from apps.trials.models import ProtocolVersion, Site


class Escalation(WorkRow):
    """One running chain. It ends only when a named person has acknowledged and a contact is recorded."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ref = models.CharField(_("reference"), max_length=4, unique=True)
    chain = models.CharField(_("chain"), max_length=12, choices=ChainName.choices)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="escalations", verbose_name=_("site"))
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    snapshot = models.JSONField()  # the chain as it stood when this escalation began; later edits do not touch it
    state = models.CharField(_("state"), max_length=12, choices=EscalationState.choices, default=EscalationState.OPEN)
    step = models.PositiveIntegerField(_("steps taken"), default=0)
    cannot_text = models.BooleanField(default=False)  # the texter's phone cannot be texted: pages say so
    received_at = models.DateTimeField(_("text received"))
    opened_at = models.DateTimeField(_("opened"))
    acknowledged_at = models.DateTimeField(_("taken at"), null=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("taken by"))
    contacted_at = models.DateTimeField(_("contact at"), null=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            states.known_states("state", EscalationState, name="escalation_state_known"),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_by__isnull=False), name="acknowledged_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class Page(WorkRow):
    """One page to one person by one channel. One failing blocks nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="pages")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pages", verbose_name=_("person"))
    channel = models.CharField(_("channel"), max_length=12)
    step = models.PositiveIntegerField(_("step"))
    code = models.CharField(max_length=4)
    wording = models.CharField(max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=PageState.choices, default=PageState.PLANNED)
    error = models.CharField(_("error"), max_length=60, blank=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("planned"))
    handed_at = models.DateTimeField(_("handed over"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        constraints = [
            models.UniqueConstraint(fields=["escalation", "step", "person", "channel"], name="page_once"),
            states.known_states("state", PageState, name="page_state_known"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Acknowledgement(models.Model):
    """A named person took the escalation: when and how. Later ones are kept too, marked as late."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    page = models.ForeignKey(Page, on_delete=models.PROTECT, null=True, related_name="+")
    via = models.CharField(max_length=8, choices=Via.choices)
    at = models.DateTimeField()
    is_late = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")

    def __str__(self) -> str:
        return str(self.id)


class ContactRecord(models.Model):
    """What came of trying to reach the texter."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="contacts")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    result = models.CharField(_("result"), max_length=1, choices=ContactResult.choices)
    via = models.CharField(max_length=8, choices=Via.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return str(self.id)


class Incident(models.Model):
    """Something in the paging itself went wrong: a gap in the rota, a person without a phone. Somebody must mend it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, related_name="incidents")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=24)
    detail = models.CharField(_("detail"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("paging incident")
        verbose_name_plural = _("paging incidents")

    def __str__(self) -> str:
        return str(self.id)
