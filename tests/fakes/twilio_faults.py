"""What the stand-in can be told to do wrong, and to which calls."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Trouble(StrEnum):
    """BEFORE: nothing is accepted. AFTER: the text is accepted, stored and logged, and the answer is spoiled."""

    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    RATE_LIMITED = "rate_limited"  # 429 with Retry-After, and the body of the API
    RATE_LIMITED_HTML = "rate_limited_html"  # 429 of a load balancer
    SERVER_ERROR = "server_error"  # a 5xx that accepted nothing
    SERVER_ERROR_AFTER = "server_error_after"
    CUT_JSON = "cut_json"
    HTML_200 = "html_200"
    NULL_200 = "null_200"
    NO_SID = "no_sid"
    REFUSED = "refused"  # 4xx with `code`


AFTER = frozenset(
    {
        Trouble.RESET_AFTER,
        Trouble.HANG_AFTER,
        Trouble.SERVER_ERROR_AFTER,
        Trouble.CUT_JSON,
        Trouble.HTML_200,
        Trouble.NULL_200,
        Trouble.NO_SID,
    }
)


@dataclass
class Fault:
    """Applies to POSTs of texts (`of="send"`), to questions about them (`of="read"`), or to `all`; `times` None means for ever."""

    trouble: Trouble
    times: int | None = 1
    to: str = ""
    of: str = "send"
    share: float = 1.0
    seed: int = 0
    status: int = 503
    code: int = 0
    seconds: float = 30.0
    retry_after: int = 1
    struck: int = 0
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.trouble)
        self._dice = random.Random(self.seed)

    def strikes(self, *, kind: str, to: str) -> bool:
        if (
            self.of not in (kind, "all")
            or (self.to and self.to != to)
            or (self.times is not None and self.struck >= self.times)
        ):
            return False
        if self._dice.random() >= self.share:
            return False
        self.struck += 1
        return True


# Twilio's own test numbers (twilio.com/docs/iam/test-credentials).
REFUSED_NUMBERS: Mapping[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


def from_json(table: Mapping[str, Any]) -> Fault:
    return Fault(**table)
