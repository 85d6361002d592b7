"""The wall. An allocation is here only as ciphertext that this server cannot open."""

import uuid

from django.db import models

from apps.participants.models import Participant


class SealedAllocation(models.Model):
    """One participant's allocation, sealed to two or more custodians' public keys. No plain arm, no copy, no derived column."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    participant = models.OneToOneField(Participant, on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    row_keys = models.JSONField()  # custodian's public-key id -> sealed row key, base64
    list_digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return str(self.id)
