"""The trail. Rows are written by database triggers only; a chain of hashes over them is sealed a little later."""

import uuid

from django.db import models

from apps.core.work import WorkRow


class AuditEvent(models.Model):
    """One change of one row of a regulated table: who, when (UTC), what, why, old and new. Written by a trigger, never changed."""

    sequence = models.BigAutoField(primary_key=True)
    at = models.CharField(
        max_length=40
    )  # ISO 8601 UTC with microseconds, as the database wrote it: the hash covers these bytes
    table = models.CharField(max_length=80)
    row_key = models.CharField(max_length=80)
    operation = models.CharField(max_length=8)
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=500)
    request_id = models.CharField(max_length=64)
    old = models.TextField(null=True)  # noqa: DJ001 - null is "there was no row", not an empty one
    new = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        indexes = [models.Index(fields=["table", "row_key"], name="audit_event_row")]

    def __str__(self) -> str:
        return f"audit {self.sequence}"


class Reading(models.Model):
    """Somebody was shown a row that tells of somebody's health: once in a quarter of an hour, however often the page was opened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    actor = models.CharField(max_length=80)
    table = models.CharField(max_length=80)
    row_key = models.CharField(max_length=80)
    at = models.DateTimeField()
    quarter = models.DateTimeField()  # when it began

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "row_key", "actor", "quarter"], name="reading_once_a_quarter")
        ]

    def __str__(self) -> str:
        return str(self.id)


class ChainLink(models.Model):
    """The hash of one event together with the hash before it. Two sealers cannot both follow the same link."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="link")
    previous = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"link {self.position}"


class Sealing(WorkRow):
    """The one row that asks for new events to be chained, every minute."""

    name = models.CharField(max_length=20, primary_key=True, default="chain")

    class Meta(WorkRow.Meta):
        pass

    def __str__(self) -> str:
        return self.name
