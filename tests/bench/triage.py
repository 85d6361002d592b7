"""Microseconds a text: the triage, and a medspaCy ConText pipeline on the same English texts in the same run; and what the net costs.

Processor time of one process, so that whatever else the machine does is not counted.

medspaCy is no dependency: the bench installs it from the package index into an environment of its own under the system's temporary
folder and says so when that fails. `TRIALCARE_MEDSPACY` names a Python that has it already.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from apps.triage import rules
from apps.triage.rules.catalogue import lines
from apps.triage.rules.patterns import is_pattern
from tests.bench._figures import quantile

CORPUS = Path(__file__).parents[1] / "triage" / "corpus"
RIVAL = Path(__file__).with_name("_medspacy.py")
VERSION = "medspacy==1.3.1"
_START_UP = """
import time
begun = time.perf_counter()
from apps.triage import rules
imported = time.perf_counter()
rules.assess("x")
print(imported - begun, time.perf_counter() - imported)
"""


def run() -> dict[str, Any]:
    texts = {language: _texts(language) for language in ("en", "zh")}
    alone = rules.engine().without_net()
    imported, loaded = _start_up()
    figures: dict[str, Any] = {
        "texts": {language: len(found) for language, found in texts.items()},
        "import_s": imported,
        "load_s": loaded,
        **{language: _microseconds(_timed(rules.assess, found)) for language, found in texts.items()},
        "without_net": _microseconds(
            _timed(
                lambda text: alone.assess(text, sender="participant", context=rules.Context()),
                [*texts["en"], *texts["zh"]],
            )
        ),
        "all": _microseconds(_timed(rules.assess, [*texts["en"], *texts["zh"]])),
    }
    return figures | {"medspacy": _rival(texts["en"], figures["en"]["p50_us"])}


def _texts(language: str) -> list[str]:
    files = sorted(path for part in ("tuning", "growth") for path in (CORPUS / part).glob(f"{language}-*.jsonl"))
    return [json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def _timed(read: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    for text in texts:
        read(text)
    taken = []
    for text in texts:
        before = time.process_time()
        read(text)
        taken.append(time.process_time() - before)
    return taken


def _microseconds(seconds: Sequence[float]) -> dict[str, float]:
    return {"p50_us": round(1e6 * quantile(seconds, 0.5), 1), "p99_us": round(1e6 * quantile(seconds, 0.99), 1)}


def _start_up() -> tuple[float, float]:
    """Seconds of the import and of the first text, in a fresh process."""
    said = subprocess.run([sys.executable, "-c", _START_UP], check=True, capture_output=True, text=True).stdout
    imported, loaded = said.split()
    return round(float(imported), 3), round(float(loaded), 3)


def _rival(texts: list[str], ours: float) -> dict[str, Any]:
    python = _python_with_medspacy()
    if python is None:
        return {"absent": f"{VERSION} could not be installed into an environment of its own"}
    given = json.dumps({"phrases": _phrases(), "texts": texts})
    said = subprocess.run([python, str(RIVAL)], input=given, check=True, capture_output=True, text=True).stdout
    found = json.loads(said)
    theirs = _microseconds(found["seconds"])
    again = _microseconds(_timed(rules.assess, texts))
    slower = max(ours, again["p50_us"])
    return theirs | {
        "pipes": found["pipes"],
        "phrases": len(_phrases()),
        "ready_s": round(found["ready_s"], 2),
        "ours_again": again,
        "times_faster_p50": round(theirs["p50_us"] / slower, 1),
    }


def _phrases() -> list[str]:
    """The catalogue's literal English wordings: the rival looks for the same."""
    found: set[str] = set()
    for item in rules.catalogue().items.values():
        for words in item.data.get("en", {}).values():
            found.update(line for line in lines(words) if not is_pattern(line))
    return sorted(found)


def _python_with_medspacy() -> str | None:
    named = os.environ.get("TRIALCARE_MEDSPACY")
    if named:
        return named
    folder = Path(tempfile.gettempdir()) / "trialcare-bench-medspacy"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if subprocess.run([python, "-c", "import medspacy"], check=False, capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", VERSION], check=False, capture_output=True)
    works = subprocess.run([python, "-c", "import medspacy"], check=False, capture_output=True).returncode == 0
    return str(python) if works else None
