"""Whose turn it is among the kinds of rows that wait.

What stands first in the table, nearest to a phone, comes first: of a hundred texts at once each is brought to its page before the next
is opened. But no kind waits for more rows of others than the table says, or a few seconds: the text that comes in may be the
acknowledgement that ends the pages before it, and calls into a provider's outage take their time.
"""

import time
from collections.abc import Collection, Sequence

from apps.core.work import Work, WorkRow

SECONDS = 2.0  # of others' work, before a kind that waits comes first
LATELY = 5.0  # seconds
KNOWN_FOR = 0.1  # seconds
Kind = type[WorkRow]


class Turns:
    """What one process remembers of one lane, on its own clock. What has nothing in this lane may have waited long in another."""

    def __init__(self) -> None:
        self.all_asked_at = float("-inf")  # when all kinds were last asked, not only those that had something lately
        self._rows = 0
        self._served: dict[Kind, tuple[int, float]] = {}  # rows handled by then, and when
        self._waited: dict[Kind, float] = {}  # when a kind last had something
        self._known: frozenset[Kind] = frozenset()  # what had something when it was last asked …
        self._known_since = float("-inf")  # … and when that was

    def order(self, table: Sequence[Work], waiting: Collection[Kind]) -> list[Work]:
        """The lines of the table that have something, in their turn."""
        now = time.monotonic()
        for entry in table:
            if entry.model in waiting:
                self._waited[entry.model] = now
            else:
                self._served[entry.model] = (self._rows, now)  # its patience begins with its first row
        return sorted((entry for entry in table if entry.model in waiting), key=lambda entry: self._place(entry, now))

    def _place(self, entry: Work, now: float) -> float:
        rows, at = self._served.setdefault(entry.model, (self._rows, now))
        is_impatient = self._rows - rows >= entry.patience or now - at >= SECONDS
        return at if is_impatient else now

    def learn(self, waiting: frozenset[Kind]) -> None:
        self._known, self._known_since = waiting, time.monotonic()

    def known(self) -> frozenset[Kind]:
        """What waits, as far as was asked just now: a storm need not be asked about before each of its rows."""
        return self._known if time.monotonic() - self._known_since < KNOWN_FOR else frozenset()

    def took(self, kind: Kind, *, rows: int) -> None:
        if not rows:
            self._known -= {kind}
        self._rows += rows
        self._served[kind] = (self._rows, time.monotonic())

    def lately(self, table: Sequence[Work]) -> list[Kind]:
        """The kinds that had something a moment ago."""
        since = time.monotonic() - LATELY
        return [entry.model for entry in table if self._waited.get(entry.model, since) > since]
