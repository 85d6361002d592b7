"""Sealing bytes (AES-256-GCM) and blind indexes (HMAC-SHA256). Pure: keys come from the caller.

Stored form of a sealed value: version (1 byte) · key id (16 bytes) · nonce (12 bytes) · ciphertext with its 16-byte tag. The context
(`table|column|primary key`) is authenticated, so a value that is moved to another row or column does not open.
"""

import hashlib
import hmac
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.core.secrets import NamedKey

VERSION = 1
_NONCE = 12
_HEAD = 1 + 16 + _NONCE


class CannotOpen(Exception):
    """A sealed value does not open: wrong key, wrong place, or changed bytes."""


def seal(plain: bytes, *, key: bytes, key_id: uuid.UUID, context: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return bytes([VERSION]) + key_id.bytes + nonce + AESGCM(key).encrypt(nonce, plain, _bound(key_id, context))


def key_of(sealed: bytes) -> uuid.UUID:
    """The id of the data key that a sealed value was made with."""
    if len(sealed) < _HEAD or sealed[0] != VERSION:
        raise CannotOpen("not a sealed value of a known version")
    return uuid.UUID(bytes=sealed[1:17])


def open_sealed(sealed: bytes, *, key: bytes, context: str) -> bytes:
    key_id = key_of(sealed)
    try:
        return AESGCM(key).decrypt(sealed[17:_HEAD], sealed[_HEAD:], _bound(key_id, context))
    except InvalidTag as error:
        raise CannotOpen("wrong key, wrong place or changed bytes") from error


def wrap(data_key: bytes, *, under: NamedKey, key_id: uuid.UUID) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(under.value).encrypt(nonce, data_key, _bound(key_id, f"data key|{under.id}"))


def unwrap(wrapped: bytes, *, under: NamedKey, key_id: uuid.UUID) -> bytes:
    try:
        return AESGCM(under.value).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _bound(key_id, f"data key|{under.id}"))
    except InvalidTag as error:
        raise CannotOpen("the data key does not open under this key-encryption key") from error


def blind_index(value: str, *, kind: str, key: NamedKey) -> bytes:
    """A digest to search by: HMAC-SHA256 over `kind|v1|value`. A bare hash of a phone number could be reversed by trying them all."""
    return hmac.new(key.value, f"{kind}|v1|{value}".encode(), hashlib.sha256).digest()


def _bound(key_id: uuid.UUID, context: str) -> bytes:
    return key_id.bytes + context.encode()
