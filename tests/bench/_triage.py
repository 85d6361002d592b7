"""Runs in a process of its own, in the form that the environment asks for: reads {language: texts} from stdin, prints figures as JSON."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from apps.triage import rules
from tests.bench._figures import quantile


def main() -> None:
    texts: dict[str, list[str]] = json.load(sys.stdin)
    every = [text for found in texts.values() for text in found]
    alone = rules.engine().without_net()
    figures: dict[str, Any] = {
        "form": rules.FORM,
        **{language: microseconds(timed(rules.assess, found)) for language, found in texts.items()},
    }
    if len(texts) > 1:
        nothing = rules.Context()
        quiet = timed(lambda text: alone.assess(text, sender="participant", context=nothing), every)
        figures |= {"without_net": microseconds(quiet), "all": microseconds(timed(rules.assess, every))}
    json.dump(figures, sys.stdout)


def timed(read: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Seconds of processor time of each text, once all have been read."""
    for text in texts:
        read(text)
    taken = []
    for text in texts:
        before = time.process_time()
        read(text)
        taken.append(time.process_time() - before)
    return taken


def microseconds(seconds: Sequence[float]) -> dict[str, float]:
    return {"p50_us": round(1e6 * quantile(seconds, 0.5), 1), "p99_us": round(1e6 * quantile(seconds, 0.99), 1)}


if __name__ == "__main__":
    main()
