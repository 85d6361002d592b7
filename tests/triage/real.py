"""Real patients' sentences with labels of our own: the sentences lie beside the project and are not ours, so only labels stand here.

`real_labels.tsv`: language, SHA-256 of the sentence (16 digits), label, reason, "b" where a second reader could differ; by the guideline,
one reader each. `python -m tests.triage.real` prints them as `manage.py triage_report /dev/stdin` reads them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parent / "real_labels.tsv"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "triage"


def rows() -> list[dict[str, Any]]:
    """Every labelled sentence that lies beside the project; empty where none does."""
    texts = {_name(text): text for path in sorted(BESIDE.glob("unlabelled_*.txt")) for text in _lines(path)}
    labels = ((line + "\t\t").split("\t")[:5] for line in LABELS.read_text().splitlines())
    return [
        {
            "id": f"real-{name}",
            "lang": lang,
            "text": texts[name],
            "label": label,
            "serious_reason": reason,
            "note": flag,
        }
        for lang, name, label, reason, flag in labels
        if name in texts
    ]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row, ensure_ascii=False))
