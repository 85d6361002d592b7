"""The operator's own table: when the sentinel last looked."""

from django.db import models


class SentinelBeat(models.Model):
    """The sentinel's last look: when (machine time), and the codes of what it found, none when all was well."""

    audit_exempt = "a sign of life every few seconds; it says nothing about a participant"

    name = models.CharField(primary_key=True, max_length=20, default="sentinel")
    at = models.DateTimeField()
    problems = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name
