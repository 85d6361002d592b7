"""Where secrets come from: the environment, a file named by `<NAME>_FILE`, or, outside production, a file made once under `var/`."""

import base64
import hashlib
import os
import secrets as _random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32
MINIMUM_LENGTH = 32


class SecretMissing(Exception):
    """A secret that production needs is not set."""


class SecretMalformed(Exception):
    """A key is neither `id:base64` of 32 bytes nor a passphrase of at least 32 characters."""


@dataclass(frozen=True)
class NamedKey:
    """A 32-byte key and the short id that is stored beside what it protects."""

    id: str
    value: bytes

    def __repr__(self) -> str:
        return f"NamedKey({self.id})"


def read(name: str, *, environ: Mapping[str, str] = os.environ) -> str | None:
    """The secret called `name`, or None. `<NAME>_FILE` wins over `<NAME>` (the usual rule for mounted secrets)."""
    if path := environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip() or None
    return environ.get(name) or None


def required(name: str, *, made_under: Path | None, environ: Mapping[str, str] = os.environ) -> str:
    """The secret called `name`. Where it is not set it is made once under `made_under`; with None it is an error."""
    if (value := read(name, environ=environ)) is not None:
        return value
    if made_under is None:
        raise SecretMissing(f"{name} (or {name}_FILE) must be set")
    return _made_once(made_under / f"{name.lower()}.secret")


def required_keys(name: str, *, made_under: Path | None, environ: Mapping[str, str] = os.environ) -> str:
    """As `required`, for a key ring. One that cannot be read is named now: else the first text that arrives would find it out."""
    text = required(name, made_under=made_under, environ=environ)
    try:
        keyring(text)
    except SecretMalformed as error:
        raise SecretMalformed(f"{name}: {error}") from None
    return text


def _made_once(path: Path) -> str:
    if path.exists():  # nothing is written then: a process must also start while the disk is full
        return path.read_text(encoding="utf-8").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _random.token_urlsafe(48)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(fresh)
    try:
        os.link(draft, path)  # atomic, and fails when another process was first: both then read the same secret
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def keyring(text: str) -> tuple[NamedKey, ...]:
    """Keys from a comma list, newest first. Each is `id:base64` of 32 bytes, or a passphrase of at least 32 characters."""
    keys = tuple(_named_key(part.strip()) for part in text.split(",") if part.strip())
    if not keys or len({key.id for key in keys}) != len(keys):
        raise SecretMalformed("a key ring needs at least one key, and each id once")
    return keys


def _named_key(text: str) -> NamedKey:
    name, colon, encoded = text.partition(":")
    if colon and 1 <= len(name) <= 16 and name.isalnum():
        return NamedKey(name, _decoded(encoded))
    if len(text) < MINIMUM_LENGTH:
        raise SecretMalformed("a passphrase needs at least 32 characters")
    value = hashlib.sha256(b"trialcare key|" + text.encode()).digest()
    return NamedKey(hashlib.sha256(b"trialcare key id|" + value).hexdigest()[:8], value)


def _decoded(encoded: str) -> bytes:
    try:
        value = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise SecretMalformed("a key is not base64") from error
    if len(value) != KEY_BYTES:
        raise SecretMalformed("a key has not 32 bytes")
    return value
