"""The end of a site: signed by its principal investigator and by the sponsor."""

import uuid
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.staff.models import Signature, User
from apps.trials.models import Site
from apps.trials.services import current_protocol


class Closure(models.Model):
    """A site is closed from the second signature on, never before the day that the first one names. Until then nothing changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="closures", verbose_name=_("site"))
    closes_on = models.DateField(_("closes on"))
    investigator = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="+")
    sponsor = models.ForeignKey(Signature, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)
    taken_back_at = models.DateTimeField(_("taken back"), null=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("closure of a site")
        verbose_name_plural = _("closures of sites")
        constraints = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(taken_back_at__isnull=True), name="one_closure_a_site"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, sponsor__isnull=True)
                | Q(closed_at__isnull=False, sponsor__isnull=False, taken_back_at__isnull=True),
                name="closed_by_two",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def number_kept_until(self) -> date | None:
        """The last day on which the number must still answer."""
        if self.closed_at is None:
            return None
        day = self.closed_at.astimezone(ZoneInfo(self.site.timezone)).date()
        return day + timedelta(days=current_protocol().closure.keep_number_days)
