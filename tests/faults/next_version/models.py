"""A kind of work that version N-1 has never heard of."""

from typing import ClassVar

from django.db import models

from apps.core.work import WorkRow


class Errand(WorkRow):
    """`done`: how often it was run."""

    audit_exempt: ClassVar[str] = "a kind of work of a test"

    name = models.CharField(primary_key=True, max_length=20)
    done = models.PositiveIntegerField(default=0)

    class Meta(WorkRow.Meta):
        pass

    def __str__(self) -> str:
        return self.name
