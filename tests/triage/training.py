"""`make net`: learns the weights of the net behind the rules from the project's own corpus, and chooses its thresholds.

A linear support vector machine (L2 loss, dual coordinate descent: Hsieh et al., ICML 2008) over features weighed by their rarity and by how
much more often serious texts have them, or others (the idea of Wang and Manning, ACL 2012, at half strength), each text of length one, in
plain Python with a fixed order: the same corpus and catalogue give the same file, byte for byte. What stands in one text alone is left out.
The blind part of the corpus is never read here.

The thresholds come from cross-validation by writer: whoever wrote a text has taught the net nothing about it. They are as low as the
share of texts that go to a person allows. The rules know the training texts too well to count on them, so the share is reckoned as if they
missed as many of the serious texts as they miss in the blind part (`MISSED_UNSEEN`, a figure measured on it; its texts stay unread).
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path

from apps.triage import rules
from apps.triage.rules.decide import Engine
from apps.triage.rules.form import DATA
from apps.triage.rules.net import (
    APART,
    BOTH,
    CLASS,
    KINDS,
    LANGUAGES,
    NEXT,
    SCALE,
    SHARES,
    SURE,
    THRESHOLD,
    UNKNOWN,
    WORD,
    NetError,
    language_of,
    names,
    written,
)

CORPUS = Path(__file__).parent / "corpus"
PARTS = ("tuning", "growth")
TARGET = DATA / "_net.txt"
# Of all texts, read by a person as unclear. Less than the 12 % that are allowed: with more in English, what only asks for a call
# ("call me") or is one plain word ("vomiting") wakes the on-call.
HUMAN_SHARE = {"en": 0.09, "zh": 0.09}
# Of the texts that are not serious, taken for serious by a net that knew nothing of their writers: less where the rules alarm more.
SURE_OF = {"en": 0.007, "zh": 0.01}
# As on the hardest part so far.
MISSED_UNSEEN = {"en": 0.2, "zh": 0.135}
FOLDS = 6
_COST = 2.0
_EPOCHS = 25
_FEWEST = 2  # texts
_OFTEN = 0.1  # of all texts: a class that so many have says nothing beside another one
_TILT = 0.5  # how much the difference between serious texts and others counts
_BIAS = "=bias"
_OF_WORDS = frozenset({WORD, NEXT, APART})


@dataclass(frozen=True)
class Example:
    """One labelled text. `features` by name; `label` as the writer gave it; `by_rules` as the rules alone say."""

    writer: str
    features: tuple[str, ...]
    label: str
    by_rules: str

    @property
    def sign(self) -> int:
        return 1 if self.label == "serious" else -1


def examples(parts: Iterable[str] = PARTS, corpus: Path = CORPUS) -> dict[str, list[Example]]:
    """The labelled texts by the language of their script."""
    found: dict[str, list[Example]] = {language: [] for language in LANGUAGES}
    alone = rules.engine().without_net()
    for path in sorted(path for part in parts for path in (corpus / part).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                language, example = _example(alone, path.stem, json.loads(line))
                found[language].append(example)
    return found


def _example(alone: Engine, writer: str, row: dict[str, str]) -> tuple[str, Example]:
    reading = alone.read(row["text"])
    found = alone.assess(row["text"], sender=row.get("sender") or "participant", context=rules.Context())
    return language_of(reading.words), Example(writer, tuple(names(reading)), row["label"], found.label)


@dataclass(frozen=True)
class Model:
    """`weights` (times the share) and `shares` of a text's length by feature, of `texts` texts, and what is added to every margin."""

    weights: dict[str, float]
    shares: dict[str, float]
    unknown: float
    bias: float
    texts: int

    def margin(self, example: Example) -> float:
        length = _length(example, self.shares, self.unknown)
        return sum(self.weights.get(name, 0.0) for name in example.features) / length + self.bias


def _length(example: Example, shares: dict[str, float], unknown: float) -> float:
    """Of a text as a vector. A word or two that the corpus does not have count as rare; classes are the project's own, and known."""
    values = [shares.get(name, unknown if name[0] in _OF_WORDS else 0.0) for name in example.features]
    return sqrt(sum([value * value for value in values])) or 1.0


def _shares(known: Sequence[Example]) -> tuple[dict[str, float], float]:
    """What each feature counts for in a text: its rarity, tilted by how unevenly it is spread; and what one counts for that is not here."""
    serious = Counter(name for example in known if example.sign > 0 for name in example.features)
    others = Counter(name for example in known if example.sign < 0 for name in example.features)
    counts = serious + others
    often = {name for name, count in counts.items() if count > _OFTEN * len(known)}
    names_ = [name for name, count in counts.items() if count >= _FEWEST and often.isdisjoint(_classes_of(name))]
    all_serious, all_others = (sum(1 + part[name] for name in names_) for part in (serious, others))

    def share(name: str) -> float:
        ratio = ((1 + serious[name]) / all_serious) / ((1 + others[name]) / all_others)
        return float((1 + log((1 + len(known)) / (1 + counts[name]))) * abs(log(ratio)) ** _TILT)

    unknown = share("") if known else 0.0  # a name that nothing has
    return {name: share(name) for name in names_}, unknown


def _classes_of(name: str) -> list[str]:
    """The two classes of a pair of classes, as features of their own."""
    kind, _, rest = name.partition(":")
    return [written(CLASS, one) for one in rest.split(" ")] if kind == BOTH else []


def learn(known: Sequence[Example], *, epochs: int = _EPOCHS) -> Model:
    """Weights by feature."""
    shares, unknown = _shares(known)
    rows = [_row(example, shares, unknown) for example in known]
    weights = dict.fromkeys([*shares, _BIAS], 0.0)
    lengths = [sum(value * value for _, value in row) + 0.5 / _COST for row in rows]
    alphas = [0.0] * len(rows)
    order = list(range(len(rows)))
    dice = random.Random(1)
    for _ in range(epochs):
        dice.shuffle(order)
        for at in order:
            row, sign, alpha = rows[at], known[at].sign, alphas[at]
            gradient = sign * sum([weights[name] * value for name, value in row]) - 1 + alpha * 0.5 / _COST
            alphas[at] = max(alpha - gradient / lengths[at], 0.0)
            step = (alphas[at] - alpha) * sign
            if step:
                for name, value in row:
                    weights[name] += step * value
    bias = weights.pop(_BIAS)
    return Model({name: weight * shares[name] for name, weight in weights.items()}, shares, unknown, bias, len(known))


def _row(example: Example, shares: dict[str, float], unknown: float) -> list[tuple[str, float]]:
    """Its features with their values, of length one, and the bias."""
    length = _length(example, shares, unknown)
    return [*((name, shares[name] / length) for name in example.features if name in shares), (_BIAS, 1.0)]


def margins_unseen(known: Sequence[Example]) -> list[float]:
    """The margin of each text by a net that has seen nothing of its writer."""
    writers = sorted({example.writer for example in known})
    found = [0.0] * len(known)
    for fold in range(FOLDS):
        left_out = set(writers[fold::FOLDS])
        model = learn([example for example in known if example.writer not in left_out])
        for at, example in enumerate(known):
            if example.writer in left_out:
                found[at] = model.margin(example)
    return found


def human_share(
    known: Sequence[Example], margins: Sequence[float], threshold: float, sure: float, missed: float
) -> float:
    """The share of texts that a person would read as unclear when the rules miss the share `missed` of serious texts."""
    total = 0.0
    for example, value in zip(known, margins, strict=True):
        if value >= sure or (value < threshold and example.by_rules != "unclear"):
            continue  # serious by the net, or raised by nobody
        if example.label == "serious":
            total += missed
        elif example.by_rules != "serious":
            total += 1
    return total / len(known)


def choose(known: Sequence[Example], margins: Sequence[float], sure: float, missed: float, share: float) -> float:
    """The lowest threshold that keeps the human share."""
    for step in range(-2 * SCALE, int(sure * SCALE), 5):
        if human_share(known, margins, step / SCALE, sure, missed) <= share:
            return step / SCALE
    return sure


def choose_sure(known: Sequence[Example], margins: Sequence[float], share: float) -> float:
    """The lowest threshold from which on a text is taken for serious."""
    others = sorted(value for example, value in zip(known, margins, strict=True) if example.label != "serious")
    beyond = int(share * len(others))
    return others[-beyond - 1] + 1 / SCALE


def report(language: str, known: Sequence[Example], margins: Sequence[float], threshold: float, sure: float) -> str:
    """What the net adds and costs by cross-validation, in one line."""
    serious = [(example, value) for example, value in zip(known, margins, strict=True) if example.label == "serious"]
    others = [(example, value) for example, value in zip(known, margins, strict=True) if example.label != "serious"]
    seen, surely = (sum(value >= least for _, value in serious) / len(serious) for least in (threshold, sure))
    raised = sum(value >= threshold and example.by_rules in ("none", "nonserious") for example, value in others)
    return (
        f"{language}: {len(known)} texts of {len({example.writer for example in known})} writers, threshold {threshold:.3f}, "
        f"sure {sure:.3f}; of unseen writers' serious texts {seen:.3f} would be raised, {surely:.3f} to serious, "
        f"of {len(others)} others {raised}; "
        f"human share {HUMAN_SHARE[language]} as reckoned"
    )


def render(models: dict[str, Model], limits: dict[str, tuple[float, float]]) -> str:
    """The file of weights: plain text, sorted, whole numbers."""
    texts = sum(model.texts for model in models.values())
    lines = [
        f"# The net behind the rules, made by `make net` from {texts} texts of the project's own corpus. A section a language",
        "# and kind (w: a word, b: two neighbours, s: two with one between, k: a class of words, p: two classes in one text);",
        "# a line is weight in thousandths, squared share in hundredths, names, with tabs between. What is not here counts for nothing.",
    ]
    for language in LANGUAGES:
        model = models[language]
        lines.append(f"[{language} =]")
        for name, limit in zip((THRESHOLD, SURE), limits[language], strict=True):
            lines.append(_line(limit - model.bias, 0.0, name))
        lines.append(_line(0.0, model.unknown, UNKNOWN))
        features = sorted(model.weights)
        for kind in KINDS:
            lines.append(f"[{language} {kind}]")
            begins = f"{kind}:"
            for name in features:
                if name.startswith(begins):
                    lines.append(_line(model.weights[name], model.shares[name], name[len(begins) :].replace(" ", "\t")))
    return "\n".join(lines) + "\n"


def _line(weight: float, share: float, names_: str) -> str:
    return f"{round(weight * SCALE)}\t{round(share * share * SHARES)}\t{names_}"


def main() -> None:
    try:
        found = examples()
    except NetError:  # the present file is of another form: it must not stop the making of the next
        TARGET.unlink()
        found = examples()
    models: dict[str, Model] = {}
    limits: dict[str, tuple[float, float]] = {}
    for language, known in found.items():
        margins = margins_unseen(known)
        sure = choose_sure(known, margins, SURE_OF[language])
        threshold = choose(known, margins, sure, MISSED_UNSEEN[language], HUMAN_SHARE[language])
        limits[language] = threshold, sure
        models[language] = learn(known)
        sys.stdout.write(report(language, known, margins, threshold, sure) + "\n")
        sys.stdout.flush()
    TARGET.write_text(render(models, limits), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
