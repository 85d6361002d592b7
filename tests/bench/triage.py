"""Microseconds a text: the triage as written and, where `make compiled` has been run, compiled; a medspaCy ConText pipeline on the same
English texts in the same run; and what the net costs.

Processor time of one process. What else the machine does meanwhile still slows it down, so each form and the rival are measured in turn,
twice; of a form the slower of the two counts, of the rival the faster.

medspaCy is no dependency: the bench installs it from the package index into an environment of its own under the system's temporary
folder and says so when that fails. `TRIALCARE_MEDSPACY` names a Python that has it already.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from apps.triage import rules
from apps.triage.rules import form
from apps.triage.rules.catalogue import lines
from apps.triage.rules.patterns import is_pattern
from tests.bench._triage import microseconds

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
    wanted = {form.PURE} | ({form.COMPILED} if form.compiled().is_dir() else set())
    figures = {each: _start_up(each) | _measured(each, texts) for each in sorted(wanted)}
    theirs = _rival(texts["en"])
    if "p50_us" in theirs:
        for each, ours in figures.items():
            ours["en_again"] = _measured(each, {"en": texts["en"]})["en"]
        theirs["p50_again_us"] = _rival(texts["en"])["p50_us"]
        faster = min(theirs["p50_us"], theirs["p50_again_us"])
        for ours in figures.values():
            slower = max(ours["en"]["p50_us"], ours["en_again"]["p50_us"])
            ours["times_faster_p50"] = round(faster / slower, 1)
    return {
        "texts": {language: len(found) for language, found in texts.items()},
        form.COMPILED: "absent: `make compiled` has not been run for these sources",
        **figures,
        "medspacy": theirs,
    }


def _texts(language: str) -> list[str]:
    files = sorted(path for part in ("tuning", "growth") for path in (CORPUS / part).glob(f"{language}-*.jsonl"))
    return [json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def _measured(each: str, texts: dict[str, list[str]]) -> dict[str, Any]:
    """The figures of one form, in a fresh process."""
    said = _python("-m", "tests.bench._triage", each=each, given=json.dumps(texts))
    figures: dict[str, Any] = json.loads(said)
    assert figures.pop("form") == each, "the form asked for is the one that ran"
    return figures


def _start_up(each: str) -> dict[str, float]:
    """Seconds of the import and of the first text, in a fresh process."""
    imported, loaded = _python("-c", _START_UP, each=each).split()
    return {"import_s": round(float(imported), 3), "load_s": round(float(loaded), 3)}


def _python(*arguments: str, each: str, given: str = "") -> str:
    environment = os.environ | {"TRIALCARE_TRIAGE_FORM": each}
    command = [sys.executable, *arguments]
    return subprocess.run(command, input=given, env=environment, check=True, capture_output=True, text=True).stdout


def _rival(texts: list[str]) -> dict[str, Any]:
    python = _python_with_medspacy()
    if python is None:
        return {"absent": f"{VERSION} could not be installed into an environment of its own"}
    given = json.dumps({"phrases": _phrases(), "texts": texts})
    said = subprocess.run([python, str(RIVAL)], input=given, check=True, capture_output=True, text=True).stdout
    found = json.loads(said)
    return microseconds(found["seconds"]) | {
        "pipes": found["pipes"],
        "phrases": len(_phrases()),
        "ready_s": round(found["ready_s"], 2),
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
