"""Cells that a spreadsheet program reads as what they are. Pure."""

import re
from datetime import UTC, date, datetime

from apps.exports.format import Cell

# Spreadsheet programs take a cell that begins so for a formula, also behind blanks and in full width.
_FORMULA = re.compile(r"[\s\u00a0\u3000\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
# XML 1.0, and so a workbook, has no place for these; a text file would carry them unseen.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def shown(value: Cell) -> str | int | None:
    """Yes and no as Y and N, days as ISO dates, times as ISO UTC with Z, texts without control characters."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", value)
    return value


def is_formula(text: str) -> bool:
    return _FORMULA.match(text) is not None


def made_safe(value: Cell) -> str | int | None:
    """As `shown`; a text that a spreadsheet program would run gets an apostrophe in front. Numbers and dates stay as they are."""
    text = shown(value)
    return f"'{text}" if isinstance(value, str) and isinstance(text, str) and is_formula(text) else text
