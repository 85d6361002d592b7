"""Runs in medspaCy's own environment: reads {"phrases", "texts"} from stdin, prints the seconds of each text as JSON.

The pipeline as medspaCy ships it (PyRuSH sentences, target matcher, ConText) with the phrases as targets. Nothing of trialcare is here.
"""

import json
import sys
import time

import medspacy  # type: ignore[import-not-found]
from medspacy.ner import TargetRule  # type: ignore[import-not-found]


def main() -> None:
    given = json.load(sys.stdin)
    began = time.perf_counter()
    pipeline = medspacy.load()
    pipeline.get_pipe("medspacy_target_matcher").add([TargetRule(phrase, "SYMPTOM") for phrase in given["phrases"]])
    pipeline("warm up")
    ready = time.perf_counter() - began
    for text in given["texts"]:
        pipeline(text)
    taken = []
    found = 0
    for text in given["texts"]:
        before = time.process_time()
        document = pipeline(text)
        taken.append(time.process_time() - before)
        found += len(document.ents)
    json.dump({"seconds": taken, "ready_s": ready, "found": found, "pipes": pipeline.pipe_names}, sys.stdout)


if __name__ == "__main__":
    main()
