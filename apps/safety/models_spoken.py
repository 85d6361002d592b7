"""What somebody said of a participant to a person of the site, on the phone or face to face."""

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.safety.vocabulary import Teller
from apps.staff.models import User
from apps.triage.models import Level
from apps.vault.fields import SealedTextField
from apps.vault.models import DataKey


class SpokenReport(models.Model):
    """A source record of an event: who told it, who wrote it down, when it was told, and the words as noted. Rows are only added.

    `told_at` is the site's awareness. `level` is what people act at: as entered, or as the words read where that is more urgent. `mark`
    is a keyed digest of all that was entered: the same telling sent twice is one row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey("safety.AdverseEvent", on_delete=models.PROTECT, related_name="spoken")
    mark = models.BinaryField(max_length=48, unique=True)
    is_first = models.BooleanField()
    teller = models.CharField(_("told by"), max_length=12, choices=Teller.choices)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("written down by"))
    told_at = models.DateTimeField(_("told"))
    recorded_at = models.DateTimeField(_("recorded"))
    item = models.CharField(_("what it is"), max_length=40, blank=True)  # of the catalogue; empty: another
    level = models.CharField(_("level"), max_length=2, choices=Level.choices)
    criteria = models.JSONField(_("serious because of"), default=list)  # names of `vocabulary.CRITERIA`
    onset_on = models.DateField(_("onset"), null=True)
    is_dealt_with = models.BooleanField(_("dealt with by the investigator who wrote it"), default=False)
    # How the rules read the words: findings by id, place and state, never the words. Empty: they were written before that was kept.
    reading = models.JSONField(default=dict)
    is_judged_milder = models.BooleanField(_("judged as milder by the investigator who wrote it"), default=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+", editable=False)
    words = SealedTextField(_("words as noted"))

    class Meta:
        verbose_name = _("report by word of mouth")
        verbose_name_plural = _("reports by word of mouth")
        ordering = ["told_at", "recorded_at"]

    def __str__(self) -> str:
        return str(self.id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A report is written once. What was told later is another."""
        if not self._state.adding:
            raise TypeError("a report by word of mouth is never changed")
        super().save(*args, **kwargs)
