"""How good the triage is on labelled texts: the figures of the labelling guideline, by language, by reason, by look-alike.

sensitivity     of the serious texts, those labelled serious
read            of the serious texts, those labelled serious or unclear: a person reads them
specificity     of the texts labelled none or nonserious, those not called serious
look-alikes     the same, of those that the writers made to look like a red flag (note "hard:...")
human share     of all texts, those called unclear

Intervals are Wilson's (1927), 95 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

_Z = 1.959964  # 97.5 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled text with what was said of it. `reason` and `look_alike` are "" where there is none."""

    id: str
    language: str
    gold: str
    said: str
    reason: str = ""
    look_alike: str = ""

    @property
    def is_quiet(self) -> bool:
        return self.gold in ("none", "nonserious")

    @property
    def is_missed(self) -> bool:
        """A serious text that no person would read."""
        return self.gold == "serious" and self.said in ("none", "nonserious")


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `count`."""

    hits: int
    count: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1; None of nothing."""
        return self.hits / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's, 95 %."""
        if not self.count:
            return None
        share, count = self.hits / self.count, self.count
        middle = share + _Z * _Z / (2 * count)
        reach = _Z * sqrt(share * (1 - share) / count + _Z * _Z / (4 * count * count))
        scale = 1 + _Z * _Z / count
        return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)

    def __str__(self) -> str:
        if self.value is None or self.interval is None:
            return "-"
        return f"{self.value:.3f} [{self.interval[0]:.3f}, {self.interval[1]:.3f}] {self.hits}/{self.count}"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of texts."""

    count: int
    sensitivity: Share
    read: Share
    specificity: Share
    look_alikes: Share
    human_share: Share
    by_reason: dict[str, tuple[int, int, int]]  # alarmed, read as unclear, all
    by_look_alike: dict[str, tuple[int, int]]  # false alarms, all


def of(judged: Sequence[Judged]) -> Figures:
    """All figures of these texts."""
    serious = [one for one in judged if one.gold == "serious"]
    quiet = [one for one in judged if one.is_quiet]
    hard = [one for one in quiet if one.look_alike]
    alarmed = sum(one.said == "serious" for one in serious)
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in serious:
        by_reason[one.reason or "?"].append(one.said)
    by_look_alike: dict[str, list[str]] = defaultdict(list)
    for one in hard:
        by_look_alike[one.look_alike].append(one.said)
    return Figures(
        count=len(judged),
        sensitivity=Share(alarmed, len(serious)),
        read=Share(alarmed + sum(one.said == "unclear" for one in serious), len(serious)),
        specificity=Share(sum(one.said != "serious" for one in quiet), len(quiet)),
        look_alikes=Share(sum(one.said != "serious" for one in hard), len(hard)),
        human_share=Share(sum(one.said == "unclear" for one in judged), len(judged)),
        by_reason={
            reason: (said.count("serious"), said.count("unclear"), len(said))
            for reason, said in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        },
        by_look_alike={kind: (said.count("serious"), len(said)) for kind, said in sorted(by_look_alike.items())},
    )


def look_alike_of(note: str) -> str:
    """The kind in a note such as "style:caps;hard:hist"; "" when there is none."""
    return next((part[len("hard:") :] for part in note.split(";") if part.startswith("hard:")), "")
