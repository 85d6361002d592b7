"""Making, finding, rotating and shredding. The only writers of data keys."""

import os
import uuid
from collections.abc import Iterable

from django.db import transaction

from apps.core import clock, crypto
from apps.vault.models import DataKey, field_keys, index_keys

PHONE = "phone"


def create_data_key() -> DataKey:
    """A fresh data key, wrapped under the newest key-encryption key."""
    key_id = uuid.uuid4()
    newest = field_keys()[0]
    wrapped = crypto.wrap(os.urandom(32), under=newest, key_id=key_id)
    return DataKey.objects.create(id=key_id, wrapped=wrapped, kek_id=newest.id)


def phone_index(e164: str) -> bytes:
    """The digest to store beside a number: key id (8 bytes, padded) + HMAC-SHA256."""
    return _tagged(index_keys()[0].id, e164)


def phone_indexes(e164: str) -> list[bytes]:
    """The digests to search a number by, under every index key: during a rotation both answer."""
    return [_tagged(key.id, e164) for key in index_keys()]


def text_mark(text: str) -> bytes:
    """A digest by which the same text is known again and nobody without the index key can try out texts."""
    key = index_keys()[0]
    return key.id.encode().ljust(16, b"\0") + crypto.blind_index(text, kind="text", key=key)


def _tagged(key_id: str, e164: str) -> bytes:
    key = next(key for key in index_keys() if key.id == key_id)
    return key.id.encode().ljust(16, b"\0") + crypto.blind_index(e164, kind=PHONE, key=key)


@transaction.atomic
def shred(*, keys: Iterable[DataKey]) -> int:
    """Destroy data keys for ever. The rows that they sealed stay, unreadable; the audit chain still verifies. Returns how many."""
    ids = [key.pk for key in keys]
    return DataKey.objects.filter(pk__in=ids, destroyed_at__isnull=True).update(
        wrapped=b"", destroyed_at=clock.machine()
    )


def rewrap_data_keys(*, batch: int = 500) -> int:
    """Wrap up to `batch` data keys that stand under an older key under the newest one. Returns how many were left before."""
    newest = field_keys()[0]
    old = DataKey.objects.filter(destroyed_at__isnull=True).exclude(kek_id=newest.id)
    left = old.count()
    for key in old[:batch]:
        plain = key.opened()
        DataKey.objects.filter(pk=key.pk, kek_id=key.kek_id, destroyed_at__isnull=True).update(
            wrapped=crypto.wrap(plain, under=newest, key_id=key.id), kek_id=newest.id
        )
    return left
