"""The port between a data cut and the shape in which the sponsor takes it. One format is one file in `formats/`.

A format gets a cut that is blinded, masked and sorted already, and gives bytes. It reads no database, no clock and no settings, so that
the same cut gives the same bytes on any day.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from apps.core.registry import Folder

Cell = str | int | bool | date | datetime | None


class CannotRender(Exception):
    """A value does not fit this format, and nothing is ever cut off silently. The message names case and column."""


@dataclass(frozen=True)
class Listing:
    """The line listing: one row an event, sorted, columns from the allow-list alone."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class CutContent:
    """All that a format may use. Times are aware UTC."""

    study: str
    as_of: datetime
    listing: Listing


@dataclass(frozen=True)
class Rendered:
    """One file: its path in the cut, its bytes, how many records, and how many cells had to be made safe for a spreadsheet."""

    path: str
    content: bytes = field(repr=False)
    rows: int
    made_safe: int = 0


class Format(ABC):
    """`name` is the contract's; `version` changes whenever the same cut would give other bytes."""

    name: ClassVar[str]
    label: ClassVar[Any]
    content_type: ClassVar[str]
    version: ClassVar[str]

    @abstractmethod
    def render(self, cut: CutContent) -> Sequence[Rendered]:
        """The files of this format. Raises CannotRender."""


FORMATS: Folder[Format] = Folder("apps.exports.formats", base=Format)  # type: ignore[type-abstract]
