"""Making, finding, rotating and shredding. The only writers of data keys."""

import os
import uuid
from collections.abc import Callable, Iterable

from django.db import transaction

from apps.core import clock, crypto
from apps.core.secrets import NamedKey
from apps.vault.models import DataKey, KeyDestroyed, field_keys, index_keys

PHONE = "phone"


def create_data_key() -> DataKey:
    """A fresh data key, wrapped under the newest key-encryption key."""
    key_id = uuid.uuid4()
    newest = field_keys()[0]
    wrapped = crypto.wrap(os.urandom(32), under=newest, key_id=key_id)
    return DataKey.objects.create(id=key_id, wrapped=wrapped, kek_id=newest.id)


def phone_index(e164: str) -> bytes:
    """The digest to store beside a number: key id (16 bytes, padded) + HMAC-SHA256."""
    return phone_indexes(e164)[0]


def phone_indexes(e164: str) -> list[bytes]:
    """The digests to search a number by, under every index key, the newest first: during a rotation all answer."""
    return [_tagged(key, PHONE, e164) for key in index_keys()]


def phone_indexes_of(index: bytes | memoryview, number: Callable[[], str]) -> list[bytes]:
    """The digests of the number behind a stored one. It is opened only while several keys are in use; a shredded one has this alone."""
    if len(index_keys()) == 1:
        return [bytes(index)]
    try:
        return phone_indexes(number())
    except KeyDestroyed:
        return [bytes(index)]


def text_marks(text: str) -> list[bytes]:
    """Digests by which the same text is known again, under every index key, the newest first; nobody without a key can try out texts."""
    return [_tagged(key, "text", text) for key in index_keys()]


def is_newest_index(index: bytes | memoryview) -> bool:
    """It was made under the newest index key."""
    return bytes(index).startswith(_tag(index_keys()[0].id))


def is_readable_index(index: bytes | memoryview) -> bool:
    """The index key that it was made under is among those that are set."""
    return any(bytes(index).startswith(_tag(key.id)) for key in index_keys())


def unreadable_data_keys() -> int:
    """How many data keys stand under a key-encryption key that is not set: nothing that they seal can be read."""
    known = [key.id for key in field_keys()]
    return DataKey.objects.filter(destroyed_at__isnull=True).exclude(kek_id__in=known).count()


def _tagged(key: NamedKey, kind: str, value: str) -> bytes:
    return _tag(key.id) + crypto.blind_index(value, kind=kind, key=key)


def _tag(key_id: str) -> bytes:
    return key_id.encode().ljust(16, b"\0")


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
