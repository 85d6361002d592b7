"""rapidfuzz, OpenCC and jieba against what the triage does by itself, on the learnt corpus: agreement, what it would change, time, memory.

They are no dependencies: they are installed into an environment of its own under the system's temporary folder.
"""

import json
import subprocess
import tempfile
import venv
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

from apps.triage import figures, rules
from apps.triage.figures import Judged
from apps.triage.rules.normalise import Forms, raw_words
from tests.bench import _histories
from tests.bench._figures import quantile
from tests.bench.layers import learnt

RIVALS = Path(__file__).with_name("_libraries.py")
VERSIONS = ("rapidfuzz==3.14.6", "jieba==0.42.1", "OpenCC==1.4.2")
_SHOWN = 12

Row = dict[str, str]


def run() -> dict[str, Any]:
    python = _python()
    if python is None:
        return {"absent": f"{', '.join(VERSIONS)} could not be installed into an environment of their own"}
    rows = learnt()
    chinese = [row for row in rows if row["lang"] == "zh"]
    asked = _unknown_words(rows)
    given = {
        "vocabulary": sorted(
            word for word in rules.catalogue().lexicon.vocabulary if word.isascii() and word.isalpha()
        ),
        "words": [stem for stem, _ in asked],
        "chinese": [row["text"] for row in chinese],
    }
    done = subprocess.run([python, str(RIVALS)], input=json.dumps(given), check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    return {
        "rapidfuzz": _paid(said["rapidfuzz"]) | _spelling(rows, asked, said["rapidfuzz"]["answers"]),
        "opencc": _paid(said["opencc"]) | _folding(chinese, said["opencc"]["answers"]),
        "jieba": _paid(said["jieba"]) | _segments(chinese, said["jieba"]["answers"]),
    }


def _paid(said: dict[str, Any]) -> dict[str, float]:
    return {
        "ready_s": round(said["ready_s"], 3),
        "megabytes": round(said["megabytes"], 1),
        "p50_us": round(1e6 * quantile(said["seconds"], 0.5), 1),
    }


# --- the speller


def _unknown_words(rows: list[Row]) -> list[tuple[str, str]]:
    """The stems, with the words as written, that neither the catalogue nor the list of English words knows."""
    cat, speller = rules.catalogue(), rules.speller_of(rules.catalogue())
    found = {
        (stem, raw)
        for row in rows
        for raw in raw_words(cat.normaliser.fold(row["text"])[0])
        for stem in cat.normaliser.stem(raw).split(" ")
        if len(stem) >= 5 and stem.isascii() and stem.isalpha()
    }
    known = speller.vocabulary | speller.english
    return sorted((stem, raw) for stem, raw in found if stem not in known and raw not in speller.english)


def _spelling(rows: list[Row], asked: list[tuple[str, str]], theirs: list[str]) -> dict[str, Any]:
    speller = rules.speller_of(rules.catalogue())
    speller.mend("vomitted", "vomitted")
    ours, taken = [], []
    for stem, raw in asked:
        before = process_time()
        ours.append(speller.mend(stem, raw))
        taken.append(process_time() - before)
    pairs = [(stem, one, other) for (stem, _), one, other in zip(asked, ours, theirs, strict=True)]
    only_theirs = [f"{stem}>{other}" for stem, one, other in pairs if one == stem != other]
    mended = {stem: other for stem, _, other in pairs}
    engine = rules.engine()
    forms = Forms(engine.cat.normaliser, lambda word, raw: mended.get(word, word))
    return {
        "ours_p50_us": round(1e6 * quantile(taken, 0.5), 1),
        "unknown_words": len(asked),
        "the_same": sum(one == other for _, one, other in pairs),
        "mended_by_both_alike": sum(one == other != stem for stem, one, other in pairs),
        "mended_by_us_alone": sum(other == stem != one for stem, one, other in pairs),
        "mended_by_them_alone": len(only_theirs),
        "for_instance": only_theirs[:: max(1, len(only_theirs) // _SHOWN)][:_SHOWN],
        "english_with_ours": _shares(engine, rows),
        "english_with_theirs": _shares(replace(engine, forms=forms), rows),
    }


def _shares(engine: Any, rows: list[Row]) -> dict[str, str]:
    english = [row for row in rows if row["lang"] == "en"]
    found = figures.of([Judged(row["id"], "en", row["label"], _histories.read(engine, row).label) for row in english])
    return {"sensitivity": str(found.sensitivity), "specificity": str(found.specificity)}


# --- Chinese


def _folding(rows: list[Row], theirs: list[str]) -> dict[str, Any]:
    """Our folding of what OpenCC has simplified beside our folding alone: where they differ, OpenCC knows a sign that we do not."""
    fold = rules.catalogue().normaliser.fold
    taken, differing, labels = [], [], 0
    for row, text in zip(rows, theirs, strict=True):
        before = process_time()
        folded = fold(row["text"])[0]
        taken.append(process_time() - before)
        if fold(text)[0] != folded:
            differing.append((row, text))
    for row, text in differing:
        engine = rules.engine()
        labels += _histories.read(engine, row).label != _histories.read(engine, {**row, "text": text}).label
    signs = sorted(
        {
            f"{one}>{other}"
            for row, text in differing
            for one, other in zip(fold(row["text"])[0], fold(text)[0], strict=False)
            if one != other and len(fold(row["text"])[0]) == len(fold(text)[0])
        }
    )
    return {
        "ours_p50_us": round(1e6 * quantile(taken, 0.5), 1),
        "texts": len(rows),
        "texts_that_they_change": sum(row["text"] != text for row, text in zip(rows, theirs, strict=True)),
        "texts_folded_otherwise": len(differing),
        "labels_otherwise": labels,
        "signs": signs[:40],
    }


def _segments(rows: list[Row], theirs: list[list[str]]) -> dict[str, Any]:
    """Whether what the rules found begins and ends where words do: what does not would be lost in a text of jieba's words."""
    found = kept = 0
    for row, words in zip(rows, theirs, strict=True):
        borders, at = {0}, 0
        for word in words:
            at += len(word)
            borders.add(at)
        for one in _histories.read(rules.engine(), row).findings:
            found += 1
            kept += one.start in borders and one.end in borders
    return {"findings": found, "that_begin_and_end_with_a_word": kept}


def _python() -> str | None:
    folder = Path(tempfile.gettempdir()) / "trialcare-bench-libraries"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    asks = [str(python), "-c", "import rapidfuzz, jieba, opencc"]
    if subprocess.run(asks, check=False, capture_output=True).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *VERSIONS], check=False, capture_output=True)
    return str(python) if subprocess.run(asks, check=False, capture_output=True).returncode == 0 else None
