"""The catalogue: one TOML file a symptom, plus files that begin with an underscore for what all symptoms share.

A long symptom has its wordings of a language in `<id>.<language>.toml`. Read once, when first needed. A wrong file stops
the program with file and reason: a catalogue that half loads is worse than none.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.triage.rules.english import English
from apps.triage.rules.form import DATA
from apps.triage.rules.lexicon import LITERAL, Lexicon, Sign
from apps.triage.rules.normalise import Normaliser
from apps.triage.rules.patterns import Pattern, PatternError, PatternIndex, is_pattern, parse, variants

GRADES = ("plain", "grave", "slight", "vague")
_GRADE_LABEL = {"grave": "serious", "slight": "nonserious", "vague": "unclear"}
_LANGUAGES = ("en", "zh")
_DENIALS = ("neg", "neg_mid", "neg_zh", "neg_near")


class CatalogueError(ValueError):
    """A catalogue file is wrong; the message names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One class of the lexicon that stands for an item in one of its grades, with the label and level it brings."""

    item: str
    grade: str
    label: str
    level: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """When any condition holds, the item has at least level `to`."""

    to: str
    with_any: frozenset[str]
    keywords: tuple[str, ...]
    days_since_infusion_lte: int | None
    reporter: str | None
    worsening: bool
    no_open_admission: bool
    temp_gte_c: float | None
    severity_gte: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """What the rules need of one symptom or event; the rest of its file (questions, codes) stays in `data`."""

    id: str
    level: str
    label: str
    night_page: bool
    escalations: tuple[Escalation, ...]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The lexicon's numbers of the classes by which a text is read before any other."""

    mask: Sign
    masks: frozenset[Sign | None]  # the numbers of its phrases
    barrier: Sign
    neutral: Sign
    denials: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the rules read."""

    version: str
    normaliser: Normaliser
    lexicon: Lexicon
    patterns: PatternIndex
    items: dict[str, Item]
    wordings: dict[Sign, Wording]
    classes: dict[Sign, str]  # the lexicon's numbers of the named classes
    landmarks: Landmarks
    triggers: frozenset[str]
    shared: dict[str, dict[str, Any]]
    composites: tuple[tuple[frozenset[str], dict[str, Any]], ...]  # each rule with the items of which it needs one
    modifiers: dict[str, list[dict[str, Any]]]  # by item its rules of `_modifiers.toml`


def load(folder: Path = DATA) -> Catalogue:
    """The catalogue in `folder`. Raises CatalogueError."""
    shared = {path.stem[1:]: _read(path) for path in sorted(folder.glob("_*.toml"))}
    files = [path for path in sorted(folder.glob("*.toml")) if path.name[0] != "_" and "." not in path.stem]
    normaliser = normaliser_of(shared)
    lexicon = Lexicon(normaliser, frozenset(shared["meta"]["fillers"].split()))
    patterns: list[Pattern] = []
    sources = [name for name in shared if name.startswith(("classes", "assertion"))]
    for source in sources:
        for name in shared[source]:
            lexicon.kind(name)
    for source in sources:
        for name, words in shared[source].items():
            _add(f"_{source}.toml [{name}]", words, lexicon.kind(name), lexicon, patterns)
    items: dict[str, Item] = {}
    wordings: dict[Sign, Wording] = {}
    for path in files:
        data = _with_more_wordings(path, _read(path))
        item = _item(path, data)
        items[item.id] = item
        for grade in GRADES:
            kind = lexicon.kind(f"{item.id}.{grade}")
            wordings[kind] = _wording(item, grade)
            words = {language: data.get(language, {}).get(grade, "") for language in _LANGUAGES}
            _add(path.name, words, kind, lexicon, patterns)
    return Catalogue(
        version=f"{shared['meta']['version']}+{_fingerprint(folder)}",
        normaliser=normaliser,
        lexicon=lexicon,
        patterns=PatternIndex(patterns, lexicon),
        items=items,
        wordings=wordings,
        classes={kind: name for kind, name in lexicon.names.items() if kind not in wordings and name[0] != LITERAL},
        landmarks=_landmarks(lexicon),
        triggers=frozenset(name for source in sources if source.startswith("assertion") for name in shared[source]),
        shared=shared,
        composites=tuple(
            (frozenset(rule["when"].get("any") or rule["when"].get("of") or ()), rule)
            for rule in shared["composites"]["rule"]
        ),
        modifiers={
            item: [rule for rule in shared["modifiers"]["rule"] if item in rule["items"]]
            for item in {item for rule in shared["modifiers"]["rule"] for item in rule["items"]}
        },
    )


def normaliser_of(shared: dict[str, dict[str, Any]]) -> Normaliser:
    """What folds texts and wordings, from the shared files: dialect, traditional signs, words of the same sound, English forms."""
    dialect = shared["dialect_zh"]["map"]
    simplified = {char: dialect.get(plain, plain) for char, plain in shared["traditional"]["pairs"].split()}
    slips = dict(pair.split("=") for pair in shared["slips_zh"]["pairs"].split())
    return Normaliser({**dialect, **simplified}, English(shared["english"]), slips)


def _landmarks(lexicon: Lexicon) -> Landmarks:
    mask = lexicon.kind("mask")
    return Landmarks(
        mask=mask,
        masks=frozenset([phrase.number for phrase in lexicon.endings_of[mask]]),
        barrier=lexicon.kind("barrier"),
        neutral=lexicon.kind("neutral"),
        denials=tuple([lexicon.kind(name) for name in _DENIALS]),
    )


def _fingerprint(folder: Path) -> str:
    """Eight hex digits that change with any data file: the same version always gives the same answer."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def lines(words: str) -> list[str]:
    """The wordings of a block: one a line or separated by semicolons; "#" begins a comment."""
    found: list[str] = []
    for line in words.splitlines():
        text = line.partition("#")[0].strip()
        if ";" in text:
            found.extend([part.strip() for part in text.split(";") if part.strip()])
        elif text:
            found.append(text)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name}: {error}") from error


def _with_more_wordings(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """A symptom's file with the languages whose wordings stand beside it, in a file of their own."""
    for language in _LANGUAGES:
        beside = path.with_suffix(f".{language}.toml")
        if not beside.exists():
            continue
        words = _read(beside)
        if set(words) != {language} or language in data:
            raise CatalogueError(f"{beside.name}: holds [{language}] alone, and {path.name} then does not")
        data[language] = words[language]
    return data


def _add(where: str, words: dict[str, Any], kind: Sign, lexicon: Lexicon, patterns: list[Pattern]) -> None:
    for language in _LANGUAGES:
        plain: list[str] = []
        composed: list[str] = []
        for line in lines(words.get(language, "")):
            (composed if is_pattern(line) else plain).append(line)
        lexicon.add(kind, plain)
        try:
            patterns.extend([parse(variant, kind, lexicon) for line in composed for variant in variants(line)])
        except PatternError as error:
            raise CatalogueError(f"{where}: {error}") from error


def _item(path: Path, data: dict[str, Any]) -> Item:
    try:
        if data["id"] != path.stem:
            raise CatalogueError(f"{path.name}: id is {data['id']!r}, the file name says {path.stem!r}")
        unknown = {grade for language in _LANGUAGES for grade in data.get(language, {})} - set(GRADES)
        if unknown:
            raise CatalogueError(f"{path.name}: unknown grade {sorted(unknown)}, known are {GRADES}")
        return Item(
            id=data["id"],
            level=data["level"],
            label=data["label"],
            night_page=data["night_page"],
            escalations=tuple(_escalation(block) for block in data.get("escalate", [])),
            data=data,
        )
    except KeyError as error:
        raise CatalogueError(f"{path.name}: {error} is missing") from error


def _escalation(block: dict[str, Any]) -> Escalation:
    return Escalation(
        to=block["to"],
        with_any=frozenset(block.get("with_any", ())),
        keywords=tuple(block.get("keywords_en", ())) + tuple(block.get("keywords_zh", ())),
        days_since_infusion_lte=block.get("days_since_infusion_lte"),
        reporter="caregiver" if block.get("reporter") == "family" else None,
        worsening=block.get("worsening", False),
        no_open_admission=block.get("no_open_admission", False),
        temp_gte_c=block.get("temp_gte_c"),
        severity_gte=block.get("severity_gte"),
    )


def _wording(item: Item, grade: str) -> Wording:
    label = _GRADE_LABEL.get(grade, item.label)
    level = item.data.get(f"{grade}_level", item.level)
    if label == "serious":
        level = min(level, "R2")  # the stricter source drives action
    return Wording(item=item.id, grade=grade, label=label, level=level)
