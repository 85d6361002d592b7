"""Composed wordings: a small language for "this, then that, not far apart".

One line is one wording. Without signs it is a literal phrase. Otherwise it is a row of slots:

    word            a literal word or phrase (neighbouring plain words join into one phrase)
    one|other       any of these (an underscore stands for a space inside one of them; a class may be one of them)
    <name>          any word of the class `name` in `_classes.toml`
    ..              up to four tokens may stand between;  ...  up to nine
    left + right    both, in any order, at most nine tokens apart
    one & two & ..  all of them, in any order, within 24 tokens, in one sentence or two neighbouring ones

Only "&" crosses a sentence end (or line break): people text "Brief dry at noon. Dry at 6." A row with "&" has no other sign.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, KeysView, Mapping
from dataclasses import dataclass
from itertools import product

from apps.triage.rules.lexicon import Hit, Lexicon

_NEAR, _FAR, _ADJACENT = 4, 9, 1
_WINDOW = 24  # tokens that the parts of an "&" pattern span at most


class PatternError(ValueError):
    """A wording that the pattern language does not allow."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Slots in order, the most that may stand before each, and the class the whole stands for."""

    slots: tuple[int, ...]
    gaps: tuple[int, ...]
    kind: int
    any_order: bool
    together: bool = False  # an "&" pattern


def is_pattern(line: str) -> bool:
    """Whether a wording needs the pattern language."""
    return any(sign in line for sign in ("<", "|", "..", " + ", " & "))


def variants(line: str) -> list[str]:
    """The line once for each class that stands among alternatives: "hurt|<pain>" is hurt, or any word of the class."""
    choices: list[list[str]] = []
    for piece in line.split():
        options = piece.split("|")
        classes = [option for option in options if option.startswith("<")]
        words = "|".join(option for option in options if not option.startswith("<"))
        choices.append([*classes, words] if words else classes)
    return [" ".join(chosen) for chosen in product(*choices)]


def parse(line: str, kind: int, lexicon: Lexicon) -> Pattern:
    """One wording as a pattern; new literal words are added to the lexicon. Raises PatternError."""
    any_order = " + " in line
    together = " & " in line
    slots: list[int] = []
    gaps: list[int] = []
    plain: list[str] = []
    gap = 0

    def close() -> None:
        nonlocal gap
        if plain:
            slots.append(_literal(lexicon, [" ".join(plain)]))
            gaps.append(gap)
            plain.clear()
            gap = _ADJACENT

    for piece in line.split():
        if piece in ("..", "...", "+", "&"):
            close()
            gap = _NEAR if piece == ".." else _FAR
        elif piece.startswith("<") and piece.endswith(">"):
            close()
            name = piece[1:-1]
            if not lexicon.has(name):
                raise PatternError(f"unknown class <{name}> in: {line}")
            slots.append(lexicon.kind(name))
            gaps.append(gap)
            gap = _ADJACENT
        elif "|" in piece:
            close()
            slots.append(_literal(lexicon, [option.replace("_", " ") for option in piece.split("|") if option]))
            gaps.append(gap)
            gap = _ADJACENT
        elif "<" in piece or ">" in piece:
            raise PatternError(f"stray bracket in: {line}")
        else:
            plain.append(piece)
    close()
    if not slots or (any_order and len(slots) != 2):
        raise PatternError(f"a pattern needs a slot, and exactly two with +: {line}")
    if together and (len(slots) < 2 or {"..", "...", "+"} & set(line.split())):
        raise PatternError(f"& joins two slots or more and stands with no other sign: {line}")
    return Pattern(tuple(slots), tuple(gaps), kind, any_order, together)


def _literal(lexicon: Lexicon, options: list[str]) -> int:
    kind = lexicon.kind("=" + "|".join(sorted(options)))
    lexicon.add(kind, options)
    return kind


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pattern must not step over: sentence ends, turns of thought ("but"), and, unless it means no, denials."""

    sentences: list[int]
    barriers: frozenset[int]
    denials: frozenset[int]

    def steps(self, last: int, following: int) -> bool | None:
        """Whether the way from token `last` to token `following` steps over a denial; None: there is no way."""
        if self.sentences[last] != self.sentences[following]:
            return None
        denied = False
        for at in range(last + 1, following):
            if at in self.barriers:
                return None
            denied = denied or at in self.denials
        return None if following in self.barriers else denied


Places = Mapping[int, list[Hit]]  # the hits of each class, in order of start


def placed(hits: list[Hit]) -> defaultdict[int, list[Hit]]:
    """Hits in order of start, by class."""
    places: defaultdict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        places[hit[2]].append(hit)
    return places


class PatternIndex:
    """Finds patterns whose every slot is somewhere in the text, then checks order and distance."""

    def __init__(self, patterns: list[Pattern]) -> None:
        uses = Counter(slot for pattern in patterns for slot in set(pattern.slots))
        # First class, second class, the rest: two looked up at once leave few patterns to try.
        self._by_anchor: dict[int, dict[int, list[tuple[tuple[int, ...], Pattern]]]] = {}
        self._by_slot: dict[int, list[tuple[tuple[int, ...], Pattern]]] = {}
        for pattern in patterns:
            rarest_first = sorted(set(pattern.slots), key=lambda slot: (uses[slot], slot))
            first, second = rarest_first[0], rarest_first[min(1, len(rarest_first) - 1)]
            self._by_anchor.setdefault(first, {}).setdefault(second, []).append((tuple(rarest_first[2:]), pattern))
            for slot in rarest_first:
                others = tuple(other for other in rarest_first if other != slot)
                self._by_slot.setdefault(slot, []).append((others, pattern))

    def match(self, places: Places, ground: Ground, fresh: frozenset[int] | None = None) -> list[Hit]:
        """Pattern occurrences, in no particular order. A hit that had to step over a denial carries `denied`.

        With `fresh`, only patterns that have one of these classes in them: the others were matched before.
        """
        there = places.keys()
        found: list[Hit] = []
        for others, pattern in self._near(there) if fresh is None else self._with(fresh):
            for slot in others:
                if slot not in there:
                    break
            else:
                found.extend(_occurrences(pattern, places, ground))
        return found

    def _near(self, there: KeysView[int]) -> Iterator[tuple[tuple[int, ...], Pattern]]:
        for first in there & self._by_anchor.keys():
            seconds = self._by_anchor[first]
            for second in there & seconds.keys():
                yield from seconds[second]

    def _with(self, fresh: frozenset[int]) -> Iterator[tuple[tuple[int, ...], Pattern]]:
        for kind in fresh:
            yield from self._by_slot.get(kind, ())


def _occurrences(pattern: Pattern, places: Places, ground: Ground) -> list[Hit]:
    if pattern.together:
        return _gathered(pattern, places, ground)
    found: list[Hit] = []
    for first in places[pattern.slots[0]]:
        end, denied = _follow(pattern, 1, first.end, first.denied, places, ground)
        if end:
            found.append(Hit(first.start, end, pattern.kind, denied))
        elif pattern.any_order:
            for other in places[pattern.slots[1]]:
                if other.end <= first.start <= other.end + pattern.gaps[1]:
                    steps = ground.steps(other.end - 1, first.start)
                    if steps is not None:
                        found.append(Hit(other.start, first.end, pattern.kind, steps or other.denied))
                        break
    return found


def _gathered(pattern: Pattern, places: Places, ground: Ground) -> list[Hit]:
    """The first place where all slots stand together, each on tokens of its own; denied when a denial stands between."""
    for first in places[pattern.slots[0]]:
        chosen = [first]
        for slot in pattern.slots[1:]:
            near = [hit for hit in places[slot] if _fits(hit, chosen, ground.sentences)]
            if not near:
                break
            chosen.append(min(near, key=lambda hit: (abs(hit.start - first.start), hit.start)))
        else:
            start, end = min(hit.start for hit in chosen), max(hit.end for hit in chosen)
            own = {at for hit in chosen for at in range(hit.start, hit.end)}
            denied = any(at in ground.denials and at not in own for at in range(start, end))
            return [Hit(start, end, pattern.kind, denied)]
    return []


def _fits(hit: Hit, chosen: list[Hit], sentences: list[int]) -> bool:
    return all(
        (hit.start >= other.end or hit.end <= other.start)
        and max(hit.end, other.end) - min(hit.start, other.start) <= _WINDOW
        and abs(sentences[hit.start] - sentences[other.start]) <= 1
        for other in chosen
    )


def _follow(pattern: Pattern, slot: int, at: int, denied: bool, places: Places, ground: Ground) -> tuple[int, bool]:
    """The end of the pattern when its slots from `slot` on stand after token `at` (0: they do not), and whether denied."""
    if slot == len(pattern.slots):
        return at, denied
    limit = at + pattern.gaps[slot]
    last_resort = (0, False)
    for hit in places[pattern.slots[slot]]:
        if hit.start > limit:
            break
        if at <= hit.start:
            steps = ground.steps(at - 1, hit.start)
            if steps is None:
                continue
            end, crossed = _follow(pattern, slot + 1, hit.end, denied or steps or hit.denied, places, ground)
            if end and not crossed:
                return end, False
            if end:
                last_resort = (end, True)
    return last_resort
