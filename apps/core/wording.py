"""Every text that leaves, and every word that is a command: `templates/wording/<language>.toml`, read once.

The texts are material approved by an ethics committee, so they are plain: a version, an approver, `{placeholders}`, no logic. There
is no fallback to another language: a text that cannot be said is an exception. `problems()` is the start-up check over all files.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from apps.core import segments

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[2] / "templates" / "wording"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_EXPECTED = re.compile(r"[0-9A-Z]|text|date|several|-?\d+\.\.-?\d+|\{code\}(?: [1-9])?")
# A participant who answers a question with one of these commands would have that command obeyed, perhaps by the carrier.
_RESERVED = ("stop", "start", "help", "lang_en", "lang_zh")
_QUESTION_ENDS = re.compile(r"[?？]")
_SENTENCE_ENDS = r"[.。]"
TO = frozenset({"participant", "caregiver", "family", "staff"})
SCHEMES = frozenset({"", "checkin", "progress", "emergency", "letters"})


class WordingError(Exception):
    """A text cannot be said."""


class UnknownLanguage(WordingError):
    """There is no wording file for this language."""


class UnknownText(WordingError):
    """No text has this key."""


class WrongValues(WordingError):
    """Values and placeholders do not agree, or a value is too long. The message names placeholders, never values."""


@dataclass(frozen=True)
class Text:
    """A text ready to send. The sent row keeps all four."""

    key: str
    version: str
    lang: str
    text: str


@dataclass(frozen=True)
class Message:
    """What may be said. `expects` and `scheme` are explained at the head of en.toml; `parts` is the most SMS parts allowed."""

    text: str
    category: str
    to: str
    direct_reply: bool
    expects: tuple[str, ...] = ()
    scheme: str = ""
    parts: int = 1

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(_PLACEHOLDER.findall(self.text))

    @property
    def question(self) -> str:
        """A question without its list: "How bad at its worst?". The whole text when there is no question mark."""
        end = _QUESTION_ENDS.search(self.text)
        return self.text[: end.end()] if end else self.text

    @property
    def choices(self) -> dict[str, str]:
        """What each digit of the list says: {"0": "none", "1": "mild"}. The digits stand in the text in the order of `expects`."""
        rest = self.text.removeprefix(self.question) or self.text
        digits = [each for each in self.expects if each.isdigit()]
        meanings: dict[str, str] = {}
        for digit, following in zip(digits, [*digits[1:], ""], strict=False):
            if (begun := re.search(rf"(?<!\d){digit}(?!\d)", rest)) is None:
                break
            rest = rest[begun.end() :]
            ended = re.search(rf"(?<!\d){following}(?!\d)" if following else _SENTENCE_ENDS, rest)
            if meaning := (rest[: ended.start()] if ended else rest).strip():
                meanings[digit] = meaning
        return meanings

    @property
    def may_leave_at_night(self) -> bool:
        """Quiet hours hold for unprompted texts to participants only: not for a direct reply, not for a page."""
        return self.direct_reply or self.to == "staff"


@dataclass(frozen=True)
class Heard:
    """The words of one command: NFKC, lower case. `exact` = the whole text is the word. The other sets are parts of `words`."""

    words: tuple[str, ...]
    exact: bool
    carrier: tuple[str, ...] = ()
    required_only: tuple[str, ...] = ()
    ask_first: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    disorientation: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """One language, as its file says it. `longest` is the longest value of each placeholder in SMS units."""

    language: str
    name: str
    version: str
    status: str
    approved_by: str
    signature: str
    lint: Mapping[str, str]
    longest: Mapping[str, int]
    say: Mapping[str, Message] = field(default_factory=dict)
    hear: Mapping[str, Heard] = field(default_factory=dict)


def languages() -> tuple[str, ...]:
    """The languages that texts exist in, such as `("en", "zh-Hans")`."""
    return tuple(_all())


def unapproved() -> tuple[str, ...]:
    """The languages whose texts are still a proposal."""
    return tuple(wording.language for wording in _all().values() if wording.status != "approved")


def texts() -> frozenset[str]:
    """The keys of all texts."""
    return frozenset(key for wording in _all().values() for key in wording.say)


def message(key: str, *, lang: str) -> Message:
    """What is known about a text before it is said. Raises UnknownLanguage or UnknownText."""
    wording = _wording(lang)
    if key not in wording.say:
        raise UnknownText(f"no text {key!r} in {lang}")
    return wording.say[key]


def say(key: str, *, lang: str, **values: str) -> Text:
    """Fill a text. Raises UnknownLanguage, UnknownText, or WrongValues for missing, extra, empty or too long values."""
    found, wording = message(key, lang=lang), _wording(lang)
    if missing := found.placeholders - set(values):
        raise WrongValues(f"{key} needs {_named(missing)}")
    if extra := set(values) - found.placeholders:
        raise WrongValues(f"{key} has no place for {_named(extra)}")
    for name, value in values.items():
        _check_value(key, name, value, longest=wording.longest[name])
    # One pass: braces inside a value stay what they are.
    text = _PLACEHOLDER.sub(lambda match: values[match[1]], found.text)
    return Text(key, wording.version, lang, text)


def heard(lang: str) -> Mapping[str, Heard]:
    """One language's commands and their words."""
    return _wording(lang).hear


@cache
def heard_anywhere() -> Mapping[str, Heard]:
    """Every language's words together: a participant is understood in any of them."""
    commands = dict.fromkeys(command for wording in _all().values() for command in wording.hear)
    return {name: _joined([each.hear[name] for each in _all().values() if name in each.hear]) for name in commands}


def problems(folder: Path = FOLDER) -> list[str]:
    """Every reason why the wording files may not be used, one a line; empty when they may. Never raises on a bad file."""
    wordings, found = _read_folder(folder)
    for wording in wordings.values():
        found += (f"{wording.language}: {problem}" for problem in _problems_alone(wording))
    if not wordings:
        return [*found, "no wording file"]
    first, *others = wordings.values()
    for other in others:
        found += _problems_between(first, other)
    return [*found, *_forbidden_words(list(wordings.values())), *_reserved_answers(list(wordings.values()))]


def _wording(lang: str) -> Wording:
    try:
        return _all()[lang]
    except KeyError:
        raise UnknownLanguage(f"no wording for {lang!r}") from None


@cache
def _all() -> dict[str, Wording]:
    wordings, found = _read_folder(FOLDER)
    if found:
        raise WordingError("; ".join(found))
    return wordings


def _named(names: set[str] | frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def _check_value(key: str, name: str, value: str, *, longest: int) -> None:
    if not value.strip():
        raise WrongValues(f"{key}: the value of {{{name}}} is empty")
    if segments.count(value).units > longest:
        raise WrongValues(f"{key}: the value of {{{name}}} is longer than {longest} units")


def _joined(parts: list[Heard]) -> Heard:
    sets = [entry.name for entry in fields(Heard) if entry.name != "exact"]
    merged = {name: tuple(dict.fromkeys(word for part in parts for word in getattr(part, name))) for name in sets}
    return Heard(exact=parts[0].exact, **merged)


# --- reading


def _read_folder(folder: Path) -> tuple[dict[str, Wording], list[str]]:
    wordings: dict[str, Wording] = {}
    found: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            wording = _read(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, _Malformed) as error:
            found.append(f"{path.name}: {error}")
            continue
        if wording.language in wordings:
            found.append(f"{path.name}: a second file for {wording.language}")
        wordings[wording.language] = wording
        if wording.language != path.stem:
            found.append(f"{path.name}: language is {wording.language!r}")
    return wordings, found


class _Malformed(Exception):
    """A table of a wording file has a wrong shape."""


def _read(table: dict[str, Any]) -> Wording:
    says = {key: _shaped(Message, entry, f"say.{key}") for key, entry in _table(table, "say").items()}
    hears = {key: _shaped(Heard, entry, f"hear.{key}") for key, entry in _table(table, "hear").items()}
    return _shaped(Wording, table | {"say": says, "hear": hears}, "the file")


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    entries = table.get(key, {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise _Malformed(f"{key}: not a table of tables")
    return entries


_KINDS: dict[object, type] = {str: str, bool: bool, int: int, tuple[str, ...]: list}


def _shaped(kind: type[T], entry: dict[str, Any], place: str) -> T:
    known = {item.name: item.type for item in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(entry) - set(known):
        raise _Malformed(f"{place}: unknown key {', '.join(sorted(unknown))}")
    for name, value in entry.items():
        if type(value) is not _KINDS.get(known[name], dict) or not _strings_only(value):
            raise _Malformed(f"{place}.{name}: wrong type")
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})
    except TypeError:
        raise _Malformed(f"{place}: a key is missing") from None


def _strings_only(value: object) -> bool:
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)


# --- checking


def _problems_alone(wording: Wording) -> Iterator[str]:
    if not wording.version or wording.status not in ("proposal", "approved"):
        yield "needs a version, and status proposal or approved"
    if (wording.status == "approved") != bool(wording.approved_by.strip()):
        yield "approved_by and status do not agree"
    if set(wording.lint) != {"participant", "staff"} or not all(map(_is_pattern, wording.lint.values())):
        yield "lint needs a participant and a staff pattern"
    yield from (f"longest.{name}: no positive number" for name, size in wording.longest.items() if not _is_size(size))
    for key, entry in wording.say.items():
        yield from (f"say.{key}: {problem}" for problem in _message_problems(wording, entry))
    for command, heard_words in wording.hear.items():
        yield from (f"hear.{command}: {problem}" for problem in _heard_problems(heard_words))


def _is_size(value: object) -> bool:
    return type(value) is int and value > 0


def _is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(value) and bool(re.compile(value))
    except re.error:
        return False


def _message_problems(wording: Wording, entry: Message) -> Iterator[str]:
    if entry.to not in TO or entry.scheme not in SCHEMES:
        yield f"unknown receiver {entry.to!r} or scheme {entry.scheme!r}"
    yield from (f"{answer!r} is no kind of answer" for answer in entry.expects if not _EXPECTED.fullmatch(answer))
    if unknown := entry.placeholders - set(wording.longest):
        yield f"unknown placeholder {_named(unknown)}"
    elif not entry.text.strip():
        yield "is empty"
    elif re.search(r"[{}]", _PLACEHOLDER.sub("", entry.text)):
        yield "has a stray brace"
    elif (parts := _worst_case(wording, entry)) > entry.parts:
        yield f"takes {parts} parts with its longest values, {entry.parts} allowed"


def _worst_case(wording: Wording, entry: Message) -> int:
    sizes = {name: size for name, size in wording.longest.items() if _is_size(size)}
    filled = _PLACEHOLDER.sub(lambda match: "0" * sizes.get(match[1], 0), entry.text)
    return segments.count(wording.signature + filled).parts


def _heard_problems(entry: Heard) -> Iterator[str]:
    for word in entry.words:
        if word != unicodedata.normalize("NFKC", word).lower().strip() or not word:
            yield f"{word!r} is not in its normal form (NFKC, lower case)"
    for name in ("carrier", "required_only", "ask_first", "wishes", "disorientation"):
        if strange := set(getattr(entry, name)) - set(entry.words):
            yield f"{name} has words that are not in words: {', '.join(sorted(strange))}"


def _problems_between(first: Wording, other: Wording) -> Iterator[str]:
    for kind, mine, theirs in (("say", first.say, other.say), ("hear", first.hear, other.hear)):
        for key in sorted(set(mine) ^ set(theirs)):
            yield f"{kind}.{key}: not in {first.language if key not in mine else other.language}"
    for key in sorted(set(first.say) & set(other.say)):
        if first.say[key].placeholders != other.say[key].placeholders:
            yield f"say.{key}: placeholders differ between {first.language} and {other.language}"
        for name in ("category", "to", "direct_reply", "expects", "scheme"):
            if getattr(first.say[key], name) != getattr(other.say[key], name):
                yield f"say.{key}: {name} differs between {first.language} and {other.language}"
    for command in sorted(set(first.hear) & set(other.hear)):
        if first.hear[command].exact != other.hear[command].exact:
            yield f"hear.{command}: exact differs between {first.language} and {other.language}"


def _forbidden_words(wordings: list[Wording]) -> Iterator[str]:
    # Every language's patterns over every text: a Chinese text may carry an English word, and the other way round.
    for wording in wordings:
        for key, entry in wording.say.items():
            for kind in ("participant", "staff") if entry.to == "staff" else ("participant",):
                patterns = [pattern for each in wordings if _is_pattern(pattern := each.lint.get(kind, ""))]
                found = {match[0] for pattern in patterns for match in re.finditer(pattern, entry.text, re.IGNORECASE)}
                yield from (f"{wording.language}: say.{key}: forbidden word {word!r}" for word in sorted(found))


def _reserved_answers(wordings: list[Wording]) -> Iterator[str]:
    reserved = {word for each in wordings for name in _RESERVED if name in each.hear for word in each.hear[name].words}
    for wording in wordings:
        for key, entry in wording.say.items():
            for answer in entry.expects:
                if answer.lower() in reserved:
                    yield f"{wording.language}: say.{key}: the answer {answer!r} is a reserved word"
