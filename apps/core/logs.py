"""Log lines as events with ids. A last net: whatever looks like a phone number is masked, addresses are cut, since ours and those of
pagers hold keys, and no traceback carries local values."""

import logging
import re
from datetime import UTC, datetime

_FIELDS = (
    "model",
    "row",
    "error",
    "lane",
    "lag",
    "state",
    "gateway",
    "code",
    "attempt",
    "count",
    "status",
    "site",
)
_DIGITS = re.compile(r"(?<![0-9a-fA-F-])\+?\d[\d ().-]{6,}\d(?![0-9a-fA-F-])")
# An address of a path, as far as its first part and beyond. "HTTP/1.1", "and/or" and a broker's address are none.
_ADDRESS = re.compile(r"(?<![\w.:/])((?:https?://[^/?\s\"']+)?/[^/?\s\"']*)[/?][^\s\"']*")


class EventFormatter(logging.Formatter):
    """`time level logger: event key=value …` with allow-listed keys only."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        extra = "".join(f" {name}={getattr(record, name)}" for name in _FIELDS if hasattr(record, name))
        trouble = f" exception={record.exc_info[0].__name__}" if record.exc_info and record.exc_info[0] else ""
        message = _DIGITS.sub("[digits]", _said(record))
        return f"{stamp} {record.levelname} {record.name}: {message}{extra}{trouble}"


def _said(record: logging.LogRecord) -> str:
    """The message in one line. What Django finds suspicious it quotes: a stranger's words, so its kind alone is told."""
    if record.name.startswith("django.security"):
        return "refused as suspicious"
    return _without_keys(" ".join(record.getMessage().split()), record)


def _without_keys(message: str, record: logging.LogRecord) -> str:
    """Of a request the pattern of its address, of any other address the first part."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    if match is None:
        return _ADDRESS.sub(r"\1/...", message)
    return _ADDRESS.sub(lambda _address: f"/{match.route}", message)
