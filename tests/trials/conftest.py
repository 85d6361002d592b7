"""The project's own protocol file, and ways to spoil it."""

from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "apps" / "trials" / "protocols" / "nct06884904.toml"


@pytest.fixture(scope="session")
def text() -> str:
    return FILE.read_text(encoding="utf-8")


def changed(text: str, old: str, new: str) -> str:
    """The text with one place changed: a test whose place is gone fails instead of testing nothing."""
    assert old in text, f"not in the protocol file: {old!r}"
    return text.replace(old, new, 1)


def line(text: str, wanted: str) -> int:
    """The line on which `wanted` first stands, counted from 1."""
    assert wanted in text, f"not in the changed file: {wanted!r}"
    return text[: text.index(wanted)].count("\n") + 1
