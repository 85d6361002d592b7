"""The hash over one event: every column, sequence and time included, in a length-prefixed encoding, after the hash before it. Pure."""

import hashlib
from collections.abc import Sequence

GENESIS = "0" * 64
COLUMNS = ("sequence", "at", "table", "row_key", "operation", "actor", "reason", "request_id", "old", "new")


def link_hash(previous: str, values: Sequence[object]) -> str:
    """SHA-256 hex. A missing value and an empty one differ; no two lists of values share an encoding."""
    digest = hashlib.sha256(previous.encode())
    for value in values:
        if value is None:
            digest.update(b"-")
            continue
        encoded = str(value).encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()
