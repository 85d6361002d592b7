"""Reading a protocol file: whole and right, or refused with every mistake and its line."""

import re
import tomllib
from dataclasses import dataclass
from inspect import signature

from apps.trials import checks
from apps.trials.lines import Path, line_index, line_of, written
from apps.trials.protocol import Protocol
from apps.trials.reading import read_fields

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


@dataclass(frozen=True, order=True)
class Mistake:
    """`line` counts from 1; `path` is such as `chains.R1.steps[0].who`, empty for the file as a whole."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), self.path, self.reason)))


class ProtocolErrors(Exception):
    """The protocol file is refused. `mistakes` has every reason, in the order of lines."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = mistakes


def read_protocol(text: str, *, is_checked: bool = False) -> Protocol:
    """A protocol file as values. Raises ProtocolErrors.

    `is_checked` is for a stored version, which was checked when it was loaded: a check that is added later must not stop
    paging under a protocol that was accepted before.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolErrors((_syntax_mistake(str(error), text),)) from error
    found: list[tuple[Path, str]] = []
    good = read_fields(Protocol, table, (), found)
    if not is_checked:
        for check in checks.ALL:
            # A check runs when all sections that it names were read, so that one bad section does not hide mistakes in others.
            if all(name in good for name in signature(check).parameters):
                found += check(**{name: good[name] for name in signature(check).parameters})
    if found:
        raise refusal(text, found)
    return Protocol(**good)


def refusal(text: str, found: list[tuple[Path, str]]) -> ProtocolErrors:
    """The error for a text that is TOML, from paths and reasons."""
    index = line_index(text)
    return ProtocolErrors(
        tuple(sorted({Mistake(line_of(index, path), written(path), reason) for path, reason in found}))
    )


def _syntax_mistake(message: str, text: str) -> Mistake:
    place = _PLACE.fullmatch(message)
    if place is None:
        return Mistake(1, "", message)
    line = int(place[2]) if place[2] else text.count("\n") + 1
    return Mistake(line, "", f"not TOML: {place[1]}")
