"""What the sponsor takes: a cut, its files, who made and who fetched it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.staff.models import User
from apps.trials.models import Site


class DataCut(models.Model):
    """One blinded cut as of a time. Its files are kept as bytes, so what was fetched can be shown again.

    `reference` is made from the content, so that the same cut made again says the same; `cases` are the case numbers in it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=40)
    as_of = models.DateTimeField(_("as of"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=80)
    maker = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    reason = models.CharField(_("reason"), max_length=200)
    manifest_sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(_("events"))
    cases = models.JSONField(default=list)

    class Meta:
        verbose_name = _("data cut")
        verbose_name_plural = _("data cuts")

    def __str__(self) -> str:
        return self.reference


class ExportFile(models.Model):
    """One file of a cut, as it was made. Manifest and check sums are files like the others."""

    audit_exempt = "its digest stands in the manifest, whose own digest is in the cut's audited row"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=120)
    format = models.CharField(max_length=20)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cut", "path"], name="export_file_once")]

    def __str__(self) -> str:
        return str(self.id)


class Download(models.Model):
    """Who fetched a cut, and when: the first by anybody acting for the sponsor is sponsor awareness (decision 13)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="downloads")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class Verification(models.Model):
    """Somebody had every hash of a cut computed again: when, and how many files differed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="verifications")
    at = models.DateTimeField()
    differing = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.id)
