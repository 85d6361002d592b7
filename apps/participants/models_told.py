"""Incidents of the blinding: somebody has written which arm a participant is in, or claimed to."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.participants.vocabulary import ToldWas
from apps.staff.models import User
from apps.trials.models import Site


class ArmTold(models.Model):
    """One text that claims an allocation, once for each text and site. The words stay where they are; this row holds none of them.

    Table, key and field say where they stand. `mark` is a keyed digest: the same words saved again are no second incident.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    table = models.CharField(_("where"), max_length=80)
    row_key = models.CharField(max_length=80)
    field = models.CharField(max_length=40)
    mark = models.BinaryField(max_length=48)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("site"))
    participant = models.ForeignKey(
        "participants.Participant",
        on_delete=models.PROTECT,
        null=True,
        related_name="arms_told",
        verbose_name=_("participant"),
    )
    said_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("written by")
    )  # nobody: the participant, the caregiver or an unknown number
    at = models.DateTimeField(_("at"))
    was = models.CharField(_("what it was"), max_length=8, choices=ToldWas.choices, blank=True)
    seen_at = models.DateTimeField(_("seen to"), null=True)
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("incident of the blinding")
        verbose_name_plural = _("incidents of the blinding")
        constraints = [
            models.UniqueConstraint(fields=["table", "row_key", "field", "mark", "site"], name="arm_told_once_a_text"),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by__isnull=True, was="")
                | (Q(seen_at__isnull=False, seen_by__isnull=False) & ~Q(was="")),
                name="arm_told_seen_by_a_person",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
