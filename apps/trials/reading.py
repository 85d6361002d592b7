"""Plain TOML values into the dataclasses of `protocol.py`. Everything wrong is collected; nothing stops at the first mistake."""

import re
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

from apps.trials.lines import Path

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_PLAIN = {str: "a text", int: "a whole number", bool: "true or false", date: "a date such as 2027-04-14"}


class _Bad:
    """Stands for a value that could not be read; its reason is in the list already."""


BAD = _Bad()


def read_fields(kind: type, table: dict[str, Any], path: Path, found: list[tuple[Path, str]]) -> dict[str, Any]:
    """The fields of a dataclass that could be read. What is unknown, missing or of a wrong type is added to `found`."""
    hints = get_type_hints(kind)
    keys = {item.metadata.get("key", item.name): item for item in fields(kind)}
    found += [((*path, name), "unknown key") for name in table if name not in keys]
    good: dict[str, Any] = {}
    for name, item in keys.items():
        if name in table:
            value = read_value(hints[item.name], table[name], (*path, name), found)
            if value is not BAD:
                good[item.name] = value
        elif item.default is MISSING:
            found.append(((*path, name), "is missing"))
    return good


def read_value(kind: Any, value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    """One value as `kind`, or BAD with the reason added to `found`."""
    origin = get_origin(kind)
    if origin is types.UnionType:
        return read_value(get_args(kind)[0], value, path, found)
    if origin is tuple:
        return _many(get_args(kind), value, path, found)
    if origin is dict:
        return _table(get_args(kind)[1], value, path, found)
    if is_dataclass(kind):
        return _shaped(kind, value, path, found)
    return _single(kind, value, path, found)


def _single(kind: Any, value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    if kind is time:
        if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
            return time(int(match[1]), int(match[2]))
        return _bad(path, 'must be a time of day such as "10:00"', found)
    if issubclass(kind, StrEnum):
        if value in list(kind):
            return kind(value)
        return _bad(path, f"{value!r} is none of {', '.join(word for word in kind if word)}", found)
    # `type`, not isinstance: true is no number, and a date with a time is no date.
    return value if type(value) is kind else _bad(path, f"must be {_PLAIN[kind]}", found)


def _many(kinds: tuple[Any, ...], value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    if not isinstance(value, list):
        return _bad(path, "must be a list", found)
    if kinds[-1] is not Ellipsis and len(value) != len(kinds):
        return _bad(path, f"must have {len(kinds)} entries", found)
    items = tuple(read_value(kinds[0], item, (*path, place), found) for place, item in enumerate(value))
    return BAD if BAD in items else items


def _table(kind: Any, value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    if not isinstance(value, dict):
        return _bad(path, "must be a table", found)
    items = {name: read_value(kind, item, (*path, name), found) for name, item in value.items()}
    return BAD if BAD in items.values() else items


def _shaped(kind: Any, value: Any, path: Path, found: list[tuple[Path, str]]) -> Any:
    if not isinstance(value, dict):
        return _bad(path, "must be a table", found)
    before = len(found)
    good = read_fields(kind, value, path, found)
    return kind(**good) if len(found) == before else BAD


def _bad(path: Path, reason: str, found: list[tuple[Path, str]]) -> _Bad:
    found.append((path, reason))
    return BAD
