"""Where each key of a TOML text stands, because `tomllib` gives values without places. Only for texts that `tomllib` reads."""

import re

Path = tuple[str | int, ...]

_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_\-\"'.]|[ \t])+?)\s*=")


def line_index(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every table and key: `("chains", "R1", "steps", 0, "who")` -> 612."""
    index: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    depth = 0
    for number, line in enumerate(_STRING.sub(_masked, text).split("\n"), start=1):
        if depth == 0 and (header := _HEADER.match(line)):
            table = _table(_parts(header[2]), is_array=header[1] == "[[", counts=counts)
            index.setdefault(table, number)
            index.setdefault(table[:-1] if isinstance(table[-1], int) else table, number)
            continue
        if depth == 0 and (key := _KEY.match(line)):
            index.setdefault(table + _parts(key[1]), number)
        depth += len(re.findall(r"[\[{]", line)) - len(re.findall(r"[\]}]", line))
    return index


def line_of(index: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest table above it (for what is missing)."""
    while path not in index:
        path = path[:-1]
    return index[path]


def written(path: Path) -> str:
    """`chains.R1.steps[0].who`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def _masked(match: re.Match[str]) -> str:
    # A bracket, an equals sign or a line break inside a string or a comment is not structure.
    found = match[0]
    if found.startswith("#"):
        return ""
    return re.sub(r"[\[\]{}=#]", "_", found) if "\n" not in found else re.sub(r"[^\n]", " ", found)


def _parts(key: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in key.split("."))


def _table(names: Path, *, is_array: bool, counts: dict[Path, int]) -> Path:
    path: Path = ()
    for position, name in enumerate(names):
        path += (name,)
        if is_array and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path
