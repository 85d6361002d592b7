"""Where the rules and their data lie, and which form of them runs: as written, or compiled by `make compiled` from exactly these sources.

The compiled form stands in the interpreter's own environment, not under `var/`: code is never loaded from where the program writes. It is
found by a digest of the sources, the interpreter and the compiler, so that one made from other sources is not there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
DATA = SOURCES.parent / "symptoms"
COMPILER = "2.4.1"  # of mypyc; in the digest because this file is one of the sources
PURE, COMPILED = "pure", "compiled"


def compiled() -> Path:
    """The folder in which the compiled form of these sources is, or would be."""
    made = hashlib.sha256(sys.version.encode())
    for path in sorted(SOURCES.glob("*.py")):
        made.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return Path(sys.prefix) / "compiled" / made.hexdigest()[:16]


def folders() -> list[str]:
    """What is searched for the modules of the rules before their sources; nothing with `TRIALCARE_TRIAGE_FORM=pure`."""
    if os.environ.get("TRIALCARE_TRIAGE_FORM") == PURE:
        return []
    folder = compiled()
    return [str(folder)] if folder.is_dir() else []
