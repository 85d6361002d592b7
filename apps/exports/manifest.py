"""What a cut says about itself: `manifest.json`, and `SHA256SUMS` for `sha256sum -c`. No "now" in either."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.exports.format import Rendered

NAME = "manifest.json"
SUMS = "SHA256SUMS"
_CELLS = (
    "In CSV a text that a spreadsheet program would take for a formula has an apostrophe in front, counted in "
    "made_safe; in workbooks every text is typed as a text. Names, numbers and addresses in free text are masked."
)


@dataclass(frozen=True)
class Made:
    """A file with the format that made it."""

    format: str
    version: str
    file: Rendered

    @property
    def sha256(self) -> str:
        return digest(self.file.content)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def stamp(time: datetime) -> str:
    """An exact UTC time, which `--as-of` takes again."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def manifest(facts: Mapping[str, Any], made: Iterable[Made]) -> tuple[str, bytes]:
    """The cut's reference, made from all that follows so that the same cut says the same, and the manifest's bytes."""
    content = {**facts, "blinding": "blinded", "cells": _CELLS, "files": [_entry(each) for each in _sorted(made)]}
    reference = f"{facts['study']}-{digest(_bytes(content))[:12]}"
    return reference, _bytes({"cut": reference, **content})


def sums(digests: Mapping[str, str]) -> bytes:
    """`SHA256SUMS` from digests by path, the manifest's among them."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests) if path != SUMS).encode()


def digests(described: bytes) -> dict[str, str]:
    """Digests by path, as a manifest says them of the other files."""
    return {entry["path"]: entry["sha256"] for entry in json.loads(described)["files"]}


def _entry(each: Made) -> dict[str, Any]:
    return {
        "path": each.file.path,
        "format": each.format,
        "format_version": each.version,
        "bytes": len(each.file.content),
        "sha256": each.sha256,
        "rows": each.file.rows,
        "made_safe": each.file.made_safe,
    }


def _sorted(made: Iterable[Made]) -> list[Made]:
    return sorted(made, key=lambda each: each.file.path)


def _bytes(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
