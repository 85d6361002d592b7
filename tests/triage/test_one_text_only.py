"""No rule exists for one text only: a long wording that nothing varies and that one text of the corpus has is that text, not a rule."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from apps.triage import rules
from apps.triage.rules.catalogue import GRADES, lines
from apps.triage.rules.lexicon import Lexicon
from apps.triage.rules.net import LANGUAGES, language_of
from apps.triage.rules.normalise import raw_words
from apps.triage.rules.patterns import is_pattern
from tests.triage import training

LONG = {"en": 6, "zh": 8}  # words, signs
# What stood when the guard came. Lower it with every one that is said more generally; it never rises.
CEILING = 10


class Wording(NamedTuple):
    """One literal line of the catalogue and the class that it stands for."""

    kind: str
    line: str


def catalogue_wordings() -> Iterator[Wording]:
    """Every line of every file that is no pattern: what a pattern leaves open, it leaves open to other texts."""
    cat = rules.catalogue()
    blocks = [
        (name, words)
        for source, classes in cat.shared.items()
        if source.startswith(("classes", "assertion"))
        for name, words in classes.items()
    ]
    for item in cat.items.values():
        for grade in GRADES:
            words = {language: item.data.get(language, {}).get(grade, "") for language in LANGUAGES}
            blocks.append((f"{item.id}.{grade}", words))
    for kind, words in blocks:
        for language in LANGUAGES:
            yield from (Wording(kind, line) for line in lines(words.get(language, "")) if not is_pattern(line))


def learnt_texts() -> list[str]:
    """The tuning and growth parts of the corpus; the blind part is never read here."""
    files = sorted(path for part in training.PARTS for path in (training.CORPUS / part).glob("*.jsonl"))
    return [
        json.loads(line)["text"] for path in files for line in path.read_text(encoding="utf-8").splitlines() if line
    ]


def transcripts(wordings: Iterable[Wording], texts: Iterable[str]) -> list[Wording]:
    """The long wordings that exactly one text has and that no other wording of their class repeats with one word changed."""
    normaliser = rules.catalogue().normaliser
    words = {wording: tuple(normaliser.words(wording.line)) for wording in wordings}
    alike = Counter(frame for wording, said in words.items() for frame in _frames(wording.kind, said))
    lonely = [
        wording
        for wording, said in words.items()
        if len(said) >= LONG[language_of(list(said))]
        and all(alike[frame] == 1 for frame in _frames(wording.kind, said))
    ]
    found_in = _texts_with({wording.line for wording in lonely}, texts)
    return sorted(wording for wording in lonely if found_in[wording.line] == 1)


def _frames(kind: str, said: tuple[str, ...]) -> set[tuple[str, int, tuple[str, ...]]]:
    return {(kind, at, said[:at] + said[at + 1 :]) for at in range(len(said))}


def _texts_with(phrases: set[str], texts: Iterable[str]) -> Counter[str]:
    engine = rules.engine()
    lexicon = Lexicon(engine.cat.normaliser, engine.cat.lexicon.fillers)
    for phrase in phrases:
        lexicon.add(lexicon.kind(phrase), [phrase])
    found: defaultdict[str, int] = defaultdict(int)
    for text in set(texts):
        spans = lexicon.scan(engine.forms.words(raw_words(engine.cat.normaliser.fold(text)[0])))
        for kind in {kind for _, _, ending in spans for kind in ending.named}:
            found[lexicon.names[kind]] += 1
    return Counter(found)


def test_hardly_a_long_wording_is_the_transcript_of_one_text() -> None:
    found = transcripts(catalogue_wordings(), learnt_texts())

    listed = "\n".join(f"[{kind}] {line}" for kind, line in found)
    assert len(found) <= CEILING, f"say it shorter, or with slots that other texts can fill:\n{listed}"


def test_a_transcript_is_found_and_a_family_of_wordings_is_none() -> None:
    text = "the plumber says my pipes sound like a haunted organ at night"
    copied = Wording("fatigue.plain", "my pipes sound like a haunted organ")
    family = [Wording("mask", f"pipes {verb} like a haunted organ at night") for verb in ("sound", "groan")]
    short = Wording("fatigue.plain", "haunted organ")

    assert transcripts([copied, *family, short], [text, "hello"]) == [copied]
    assert transcripts([copied], [text, f"{text} again"]) == []
    assert transcripts([copied], ["hello"]) == []


def test_chinese_is_counted_by_its_signs() -> None:
    copied = Wording("fatigue.plain", "像隔壁老王家的旧风箱")

    assert transcripts([copied], ["他说话像隔壁老王家的旧风箱一样"]) == [copied]
