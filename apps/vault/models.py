"""Data keys. What they protect is unreadable once `destroyed_at` is set: the wrapped key is gone with it."""

import uuid
from functools import lru_cache
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.core import clock, crypto
from apps.core.secrets import NamedKey, keyring


class KeyDestroyed(Exception):
    """The data key was destroyed: what it sealed cannot be read by anybody."""


class KeyEncryptionKeyMissing(Exception):
    """The data key is wrapped under a key-encryption key that is not configured here."""


@lru_cache(maxsize=4)
def _ring(text: str) -> tuple[NamedKey, ...]:
    return keyring(text)


def field_keys() -> tuple[NamedKey, ...]:
    """Key-encryption keys, newest first: read under all of them, write under the first."""
    return _ring(settings.FIELD_KEYS)


def index_keys() -> tuple[NamedKey, ...]:
    """Blind-index keys, newest first: search under all of them, write under the first."""
    return _ring(settings.INDEX_KEY)


class DataKey(models.Model):
    """One 32-byte key for one person's or one line's sealed values, wrapped by a key held outside the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField(editable=False)
    kek_id = models.CharField(max_length=16, editable=False)
    created_at = models.DateTimeField(default=clock.machine, editable=False)
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    audit_hidden: ClassVar[tuple[str, ...]] = ("wrapped",)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True) | models.Q(wrapped=b""), name="destroyed_key_is_empty"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    def opened(self) -> bytes:
        """The key itself. Raises KeyDestroyed after shredding."""
        if self.destroyed_at is not None:
            raise KeyDestroyed(str(self.id))
        for key in field_keys():
            if key.id == self.kek_id:
                return crypto.unwrap(bytes(self.wrapped), under=key, key_id=self.id)
        raise KeyEncryptionKeyMissing(self.kek_id)
