"""Runs in an environment of its own with rapidfuzz, jieba and OpenCC: reads the questions from stdin, prints what each says, as JSON.

Nothing of trialcare is here. Seconds are processor time; memory is what the process grew by, in megabytes.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import process_time
from typing import Any


def main() -> None:
    given = json.load(sys.stdin)
    said = {
        "rapidfuzz": _measured(lambda: _rapidfuzz(given["vocabulary"]), given["words"]),
        "opencc": _measured(_opencc, given["chinese"]),
        "jieba": _measured(_jieba, given["chinese"]),
    }
    json.dump(said, sys.stdout)


def _measured(load: Callable[[], Callable[[str], Any]], asked: list[str]) -> dict[str, Any]:
    before, grown = process_time(), _megabytes()
    answer = load()
    answer(asked[0])
    ready = process_time() - before
    answers, taken = [], []
    for one in asked:
        before = process_time()
        answers.append(answer(one))
        taken.append(process_time() - before)
    return {"ready_s": ready, "megabytes": _megabytes() - grown, "seconds": taken, "answers": answers}


def _rapidfuzz(vocabulary: list[str]) -> Callable[[str], str]:
    """The nearest word that is one slip away (optimal string alignment, as the speller counts), else the word itself."""
    process, osa = import_module("rapidfuzz.process"), import_module("rapidfuzz.distance").OSA

    def nearest(word: str) -> str:
        found = process.extractOne(word, vocabulary, scorer=osa.distance, score_cutoff=1)
        return found[0] if found else word

    return nearest


def _opencc() -> Callable[[str], str]:
    convert: Callable[[str], str] = import_module("opencc").OpenCC("t2s").convert
    return convert


def _jieba() -> Callable[[str], list[str]]:
    jieba = import_module("jieba")
    jieba.setLogLevel(60)
    cut: Callable[[str], list[str]] = jieba.lcut
    return cut


def _megabytes() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
