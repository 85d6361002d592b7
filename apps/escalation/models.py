"""Paging about a random reference. Nothing here knows a participant, so nothing here can leak one."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.core import states
from apps.core.work import WorkRow
from apps.escalation.models_rota import HandOver as HandOver
from apps.escalation.models_rota import Leave as Leave
from apps.escalation.models_rota import Shift as Shift
from apps.escalation.vocabulary import (
    ChainName,
    ContactResult,
    DrillKind,
    EscalationState,
    IncidentKind,
    MilestoneKind,
    PageKind,
    PageState,
    Via,
)
from apps.messaging.models import OutboundMessage
from apps.staff.models import User
from apps.trials.models import ProtocolVersion, Site
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class SiteChain(models.Model):
    """A site's own chain, in place of the protocol's. Written once: a change is a new number, with who and why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="chains", verbose_name=_("site"))
    chain = models.CharField(_("chain"), max_length=12, choices=ChainName.choices)
    number = models.PositiveIntegerField(_("version"))
    # The shape of a chain of the protocol file; a step may name one `person`. Empty: from here on the protocol's chain again.
    content = models.JSONField(_("steps"))
    reason = models.CharField(_("reason"), max_length=200)
    made_at = models.DateTimeField(_("since"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))

    class Meta:
        verbose_name = _("paging chain of a site")
        verbose_name_plural = _("paging chains of sites")
        constraints = [
            models.UniqueConstraint(fields=["site", "chain", "number"], name="site_chain_once"),
            models.UniqueConstraint(
                fields=["chain", "number"], condition=Q(site__isnull=True), name="chain_without_site_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A version is written once. A change is a new version."""
        if not self._state.adding:
            raise TypeError("a chain's version is never changed")
        super().save(*args, **kwargs)


class Drill(models.Model):
    """A test of the paging through the real path: one escalation a person, marked TEST, never mixed into real figures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=DrillKind.choices, default=DrillKind.DRILL)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="drills", verbose_name=_("site"))
    started_at = models.DateTimeField(_("started"))
    ends_at = models.DateTimeField(_("answers until"))
    started_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("started by")
    )

    class Meta:
        verbose_name = _("drill")
        verbose_name_plural = _("drills")

    def __str__(self) -> str:
        return str(self.id)


class Escalation(WorkRow):
    """One running chain. It ends only when a named person has acknowledged and a contact is recorded.

    `next_step_at` is the absolute time of the next step, written once and only ever brought forward; `due_at` follows it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ref = models.CharField(_("reference"), max_length=4, unique=True)
    chain = models.CharField(_("chain"), max_length=12, choices=ChainName.choices)
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, related_name="escalations", verbose_name=_("site")
    )
    drill = models.ForeignKey(Drill, on_delete=models.PROTECT, null=True, related_name="escalations")
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    site_chain = models.ForeignKey(SiteChain, on_delete=models.PROTECT, null=True, related_name="+")
    snapshot = models.JSONField()  # the chain as it stood when this escalation began; later edits do not touch it
    state = models.CharField(_("state"), max_length=12, choices=EscalationState.choices, default=EscalationState.OPEN)
    cannot_text = models.BooleanField(default=False)  # the texter's phone cannot be texted: pages say so

    step = models.PositiveIntegerField(_("steps taken"), default=0)
    group_from = models.PositiveIntegerField(default=0)  # the number of the first step that was taken last
    place = models.PositiveSmallIntegerField(default=0)  # the next step's place in the snapshot
    round = models.PositiveIntegerField(_("round"), default=1)
    round_started_at = models.DateTimeField()
    next_step_at = models.DateTimeField(_("next step"), null=True)

    received_at = models.DateTimeField(_("text received"))
    opened_at = models.DateTimeField(_("opened"))
    held_until = models.DateTimeField(null=True)  # by a rule nobody was to be paged before: no delay, whatever the hour
    acknowledged_at = models.DateTimeField(_("taken at"), null=True)
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("taken by")
    )
    expires_at = models.DateTimeField(_("opens again at"), null=True)
    reminded = models.PositiveSmallIntegerField(default=0)
    second_wanted = models.BooleanField(default=False)  # by rule a second person must take it as well
    contacted_at = models.DateTimeField(_("contact at"), null=True)

    comes_with: ClassVar[tuple[str, ...]] = ("site", "drill")

    class Meta(WorkRow.Meta):
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            states.known_states("state", EscalationState, name="escalation_state_known"),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_by__isnull=False), name="acknowledged_by_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="drill_over") | Q(drill__isnull=False), name="only_drills_end_by_themselves"
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_drill(self) -> bool:
        return self.drill_id is not None

    @property
    def answered_unopened(self) -> "Acknowledgement | None":
        """The last answer, where it is of somebody who cannot open it and nobody who can has taken it since."""
        if self.state != EscalationState.OPEN:
            return None
        last = self.acknowledgements.select_related("person").order_by("at").last()
        return last if last is not None and last.cannot_open else None

    @property
    def holder(self) -> User | None:
        """Who has it, or gives it away and keeps it until somebody takes it. Who answered and cannot open it holds nothing."""
        person = self.acknowledged_by
        if person is None or self.state != EscalationState.OPEN:
            return person
        last = self.acknowledgements.filter(person=person).order_by("at").last()
        return None if last is not None and last.cannot_open else person

    @property
    def version(self) -> str:
        """Which version of the chain ran."""
        if self.site_chain:
            return _now("site chain %s") % self.site_chain
        return _now("protocol v%s") % self.protocol.number


class Milestone(models.Model):
    """A turn in an escalation's story that no other row tells: raised, opened again, handed over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="milestones")
    kind = models.CharField(max_length=12, choices=MilestoneKind.choices)
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # a hand-over by name
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("turn of an escalation")
        verbose_name_plural = _("turns of escalations")

    def __str__(self) -> str:
        return str(self.id)


class Page(WorkRow):
    """One text or call to one person by one channel. One failing blocks nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="pages")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pages", verbose_name=_("person"))
    channel = models.CharField(_("channel"), max_length=16)
    kind = models.CharField(_("kind"), max_length=8, choices=PageKind.choices, default=PageKind.PAGE)
    occasion = models.CharField(max_length=48)  # the step, the acknowledgement or the reminder that it belongs to
    step = models.PositiveIntegerField(_("step"), default=0)
    who = models.CharField(_("paged as"), max_length=24, blank=True)
    task = models.CharField(max_length=40, blank=True)
    wakes = models.BooleanField(default=False)
    code = models.CharField(max_length=4)
    wording = models.CharField(max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=PageState.choices, default=PageState.PLANNED)
    error = models.CharField(_("error"), max_length=60, blank=True)
    provider_id = models.CharField(max_length=80, blank=True, db_index=True)
    message = models.ForeignKey(OutboundMessage, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("planned"))
    handed_at = models.DateTimeField(_("handed over"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    failed_at = models.DateTimeField(_("failed"), null=True)
    link_used_at = models.DateTimeField(null=True)

    comes_with: ClassVar[tuple[str, ...]] = ("escalation__site", "person__data_key", "message")
    held_under: ClassVar[str] = "escalation"

    class Meta(WorkRow.Meta):
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        constraints = [
            models.UniqueConstraint(fields=["escalation", "occasion", "person", "channel"], name="page_once"),
            states.known_states("state", PageState, name="page_state_known"),
        ]
        indexes = [*WorkRow.Meta.indexes, models.Index(fields=["person", "code"], name="page_code")]

    def __str__(self) -> str:
        return str(self.id)


class Acknowledgement(models.Model):
    """A named person took the escalation: when and how. Later ones are kept too, marked as late, and so are those of people who
    cannot open it: they have answered, and somebody who can is still wanted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    page = models.ForeignKey(Page, on_delete=models.PROTECT, null=True, related_name="+")
    via = models.CharField(_("how"), max_length=8, choices=Via.choices)
    at = models.DateTimeField(_("at"))
    is_late = models.BooleanField(_("somebody had it already"), default=False)
    cannot_open = models.BooleanField(_("answered by somebody who cannot open it"), default=False)

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
    via = models.CharField(_("how"), max_length=8, choices=Via.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return str(self.id)


class Incident(models.Model):
    """Something in the paging itself went wrong, or the sponsor has not heard: a gap in the rota, a person without a phone, a serious case
    that nobody fetched. Somebody must mend it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    escalation = models.ForeignKey(Escalation, on_delete=models.PROTECT, null=True, related_name="incidents")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=24, choices=IncidentKind.choices)
    detail = models.CharField(_("detail"), max_length=200)  # a role, a channel, a time or a case; never a phone number
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    at = models.DateTimeField(_("at"))
    mended_at = models.DateTimeField(_("mended"), null=True)
    mended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("mended by")
    )

    class Meta:
        verbose_name = _("paging incident")
        verbose_name_plural = _("paging incidents")

    def __str__(self) -> str:
        return str(self.id)


class Route(models.Model):
    """What is known about reaching one person by one channel: when it last arrived, and when it was last answered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="routes", verbose_name=_("person"))
    channel = models.CharField(_("channel"), max_length=16)
    delivered_at = models.DateTimeField(_("last delivered"), null=True)
    answered_at = models.DateTimeField(_("last answered"), null=True)
    failed_at = models.DateTimeField(_("last failed"), null=True)
    unconfirmed = models.PositiveSmallIntegerField(_("not confirmed in a row"), default=0)

    audit_ignored: ClassVar[tuple[str, ...]] = ("delivered_at", "answered_at", "failed_at", "unconfirmed")

    class Meta:
        verbose_name = _("route to a person")
        verbose_name_plural = _("routes to people")
        constraints = [models.UniqueConstraint(fields=["person", "channel"], name="route_once")]

    def __str__(self) -> str:
        return str(self.id)


class Endpoint(models.Model):
    """Where a site's robot or pager listens. The address is a secret in itself, so it is sealed like its key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, related_name="endpoints", verbose_name=_("site")
    )
    channel = models.CharField(_("channel"), max_length=16)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    address = SealedTextField(_("address"))
    secret = SealedTextField(_("signing secret"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("robot or pager of a site")
        verbose_name_plural = _("robots and pagers of sites")
        constraints = [
            models.UniqueConstraint(fields=["site", "channel"], name="endpoint_once"),
            models.UniqueConstraint(
                fields=["channel"], condition=Q(site__isnull=True), name="endpoint_without_site_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class VoicePin(models.Model):
    """Four to eight digits that only this person knows: whoever else picks up the phone takes nothing. Kept as a password hash."""

    person = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="voice_pin")
    hashed = models.CharField(max_length=200)
    set_at = models.DateTimeField(_("set"))

    audit_hidden: ClassVar[tuple[str, ...]] = ("hashed",)  # of so few digits that a hash is soon guessed

    class Meta:
        verbose_name = _("PIN for calls")
        verbose_name_plural = _("PINs for calls")

    def __str__(self) -> str:
        return str(self.pk)


class Watch(WorkRow):
    """One row that comes due every quarter of an hour: gaps in the rota ahead, people whom nothing could wake, drills that are due."""

    name = models.CharField(primary_key=True, max_length=20)
    looked_at = models.DateTimeField(null=True)

    audit_ignored: ClassVar[tuple[str, ...]] = (*WorkRow.audit_ignored, "looked_at")

    class Meta(WorkRow.Meta):
        pass

    def __str__(self) -> str:
        return self.name
