"""Who is on duty when: shifts, leave, and hand-overs of shifts. `models.py` gives them to the rest of the program."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import states
from apps.escalation.vocabulary import Duty, HandOverState
from apps.staff.models import User
from apps.trials.models import Site


class Shift(models.Model):
    """A person is on duty from `starts_at` to before `ends_at`. An override wins over the planned shifts it covers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="shifts", verbose_name=_("site"))
    duty = models.CharField(_("duty"), max_length=24, choices=Duty.choices)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("person"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    is_override = models.BooleanField(_("override"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("entered"))
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="shift_ends_after_start")
        ]
        indexes = [models.Index(fields=["site", "duty", "starts_at"], name="shift_by_site")]

    def __str__(self) -> str:
        return str(self.id)


class Leave(models.Model):
    """A person is away and is not paged; a shift of theirs in this time counts as nobody's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="leaves", verbose_name=_("person"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    made_at = models.DateTimeField(_("entered"))
    cancelled_at = models.DateTimeField(_("cancelled"), null=True)

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="leave_ends_after_start")
        ]

    def __str__(self) -> str:
        return str(self.id)


class HandOver(models.Model):
    """What is left of somebody's shift, offered to a colleague. It counts when it is accepted; until then the giver is on duty."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="hand_overs", verbose_name=_("shift"))
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=HandOverState.choices, default=HandOverState.OFFERED)
    offered_at = models.DateTimeField(_("offered"))
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("offered by"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )

    class Meta:
        verbose_name = _("hand-over of a shift")
        verbose_name_plural = _("hand-overs of shifts")
        constraints = [
            states.known_states("state", HandOverState, name="hand_over_state_known"),
            models.UniqueConstraint(fields=["shift"], condition=Q(state="offered"), name="one_open_hand_over_a_shift"),
        ]

    def __str__(self) -> str:
        return str(self.id)
