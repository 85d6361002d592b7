"""Composed wordings: a small language for "this, then that, not far apart".

One line is one wording. Without signs it is a literal phrase. Otherwise it is a row of slots:

    word            a literal word or phrase (neighbouring plain words join into one phrase)
    one|other       any of these (an underscore stands for a space inside one of them; a class may be one of them)
    <name>          any word of the class `name` in `_classes.toml`
    ..              up to four tokens may stand between;  ...  up to nine
    left + right    both, in any order, at most nine tokens apart
    one & two & ..  all of them, in any order, within 24 tokens, in one sentence or two neighbouring ones;
                    between two "&" may stand a row of slots: "keep|hold .. down & cant|nothing"

Only "&" crosses a sentence end (or line break): people text "Brief dry at noon. Dry at 6." "+" and "&" never stand in one line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from apps.triage.rules.lexicon import LITERAL, NO_SIGNS, Hit, Lexicon, Sign, Span, order

_NEAR, _FAR, _ADJACENT = 4, 9, 1
_PART = -1  # in place of a distance: here a new part of an "&" pattern begins
_WINDOW = 24  # tokens that the parts of an "&" pattern span at most


class PatternError(ValueError):
    """A wording that the pattern language does not allow."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Slots in order, the most that may stand before each, and the class the whole stands for."""

    slots: tuple[Sign, ...]
    gaps: tuple[int, ...]
    kind: Sign
    any_order: bool
    together: bool = False  # an "&" pattern


_Signs = frozenset[Sign]
_Candidate = tuple[tuple[_Signs, ...], Pattern]  # a pattern, and what must be there besides, slot by slot


def is_pattern(line: str) -> bool:
    """Whether a wording needs the pattern language."""
    return "<" in line or "|" in line or ".." in line or " + " in line or " & " in line


def variants(line: str) -> list[str]:
    """The line once for each class that stands among alternatives: "hurt|<pain>" is hurt, or any word of the class."""
    if "<" not in line or "|" not in line:
        return [line]
    choices: list[list[str]] = []
    for piece in line.split():
        options = piece.split("|")
        classes = [option for option in options if option.startswith("<")]
        words = "|".join(option for option in options if not option.startswith("<"))
        choices.append([*classes, words] if words else classes)
    return [" ".join(chosen) for chosen in product(*choices)]


def parse(line: str, kind: Sign, lexicon: Lexicon) -> Pattern:
    """One wording as a pattern; new literal words are added to the lexicon. Raises PatternError."""
    any_order = " + " in line
    together = " & " in line
    slots: list[Sign] = []
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
            gap = _NEAR if piece == ".." else _PART if piece == "&" else _FAR
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
            plain.append(piece.replace("_", " "))
    close()
    if not slots or (any_order and len(slots) != 2):
        raise PatternError(f"a pattern needs a slot, and exactly two with +: {line}")
    if together and (len(slots) < 2 or any_order):
        raise PatternError(f"& joins two slots or more and does not stand with +: {line}")
    return Pattern(tuple(slots), tuple(gaps), kind, any_order, together)


def _literal(lexicon: Lexicon, options: list[str]) -> Sign:
    name = LITERAL + "|".join(sorted(options))
    if lexicon.has(name):
        return lexicon.kind(name)
    kind = lexicon.kind(name)
    lexicon.add(kind, options)
    return kind


@dataclass(slots=True)
class Ground:
    """What a pattern must not step over: sentence ends, turns of thought ("but"), and, unless it means no, denials."""

    sentences: list[int]
    barriers: frozenset[int]
    denials: frozenset[int]

    def steps(self, last: int, following: int) -> bool | None:
        """Whether the way from token `last` to token `following` steps over a denial; None: there is no way."""
        if self.sentences[last] != self.sentences[following]:
            return None
        if not self.barriers and not self.denials:
            return False
        denied = False
        for at in range(last + 1, following):
            if at in self.barriers:
                return None
            denied = denied or at in self.denials
        return None if following in self.barriers else denied


class Places:
    """The hits of each class, in order of start; those of a slot are made when first asked for, since a text needs a handful.

    `named` are the classes with a name that stand in the text and their hits, `seen` are these and the numbers of all its phrases.
    """

    __slots__ = ("_of_phrase", "_of_slot", "_slots", "named", "seen", "spans")

    def __init__(self, spans: list[Span], slots: dict[Sign, _Signs]) -> None:
        self.spans = spans
        self.named: dict[Sign, list[Hit]] = {}
        self._slots = slots
        self._of_phrase: dict[Sign | None, list[Hit]] = {}  # by its number, which is the class of these
        self._of_slot: dict[Sign, list[Hit]] = {}
        named, of_phrase = self.named, self._of_phrase
        for start, end, ending in spans:
            hit = Hit(start, end, ending.number)  # one for all the classes of the phrase
            hits = of_phrase.get(ending.number)
            if hits is None:
                of_phrase[ending.number] = [hit]
            else:
                hits.append(hit)
            for kind in ending.named:
                hits = named.get(kind)
                if hits is None:
                    named[kind] = [hit]
                else:
                    hits.append(hit)
        self.seen: set[Sign] = {*of_phrase, *named}

    def at(self, slot: Sign) -> list[Hit]:
        """The hits of a slot of a pattern, or of a class with a name."""
        hits = self.named.get(slot)
        if hits is None:
            hits = self._of_slot.get(slot)
        if hits is None:
            phrases = [self._of_phrase[number] for number in self.seen & self._slots.get(slot, NO_SIGNS)]
            if len(phrases) == 1:
                hits = phrases[0]
            else:
                hits = [hit for of_one in phrases for hit in of_one]
                hits.sort(key=order)
            self._of_slot[slot] = hits
        return hits

    def of(self, kind: Sign) -> list[Hit]:
        """The hits of a class with a name, none being there most often."""
        return self.named.get(kind) or []

    def add(self, hits: Iterable[Hit]) -> set[Sign]:
        """Let hits that were composed stand beside those that were found. Returns their classes."""
        fresh = set()
        for hit in hits:
            self.named.setdefault(hit.kind, []).append(hit)
            fresh.add(hit.kind)
        for kind in fresh:
            self.named[kind].sort(key=order)
        self.seen |= fresh
        return fresh


class PatternIndex:
    """Finds patterns whose every slot is somewhere in the text, then checks order and distance.

    A slot is there when one of its signs is: the number of a phrase, or, for a class with a name, the class itself.
    """

    def __init__(self, patterns: list[Pattern], lexicon: Lexicon) -> None:
        commonness: dict[Sign, int] = {}
        composed = {pattern.kind for pattern in patterns}
        self.slots: dict[Sign, _Signs] = {}
        self._by_composed = _Table()  # by each slot that patterns themselves can bring
        by_rarest = _Table()
        for pattern in patterns:
            for slot in pattern.slots:
                if slot not in self.slots:
                    is_literal = lexicon.names[slot][0] == LITERAL
                    phrases = lexicon.endings_of[slot]
                    self.slots[slot] = frozenset([one.number for one in phrases]) if is_literal else frozenset((slot,))
                    commonness[slot] = lexicon.commonness(slot)
            slots = set(pattern.slots)
            first, *others = sorted(slots, key=lambda slot: (commonness[slot], slot))
            by_rarest.add(first, [self.slots[other] for other in others or (first,)], pattern)
            for slot in slots & composed:
                self._by_composed.add(slot, [self.slots[other] for other in slots if other != slot], pattern)
        self._hand_out(by_rarest, lexicon)

    def _hand_out(self, by_rarest: _Table, lexicon: Lexicon) -> None:
        """Each phrase and each class with a name learns the patterns whose rarest slot it brings, by the signs of another slot."""
        tried: defaultdict[Sign, defaultdict[Sign, list[_Candidate]]] = defaultdict(lambda: defaultdict(list))
        for slot, table in by_rarest.items():
            for sign in self.slots[slot]:
                partners = tried[sign]
                for signs, candidates in table.items():
                    for partner in signs:
                        partners[partner].extend(candidates)
        found = {
            sign: {partner: tuple(candidates) for partner, candidates in partners.items()}
            for sign, partners in tried.items()
        }
        self._tried = {kind: partners for kind, partners in found.items() if kind in lexicon.names}
        for phrase in lexicon.phrases:
            if phrase.number in found:
                phrase.tried = found[phrase.number]
                phrase.partners = frozenset(phrase.tried)

    def match(self, places: Places, ground: Ground, fresh: set[Sign] | None = None) -> list[Hit]:
        """Pattern occurrences, in no particular order. A hit that had to step over a denial carries `denied`.

        With `fresh`, only patterns that have one of these classes in them: the others were matched before.
        """
        seen = places.seen
        found: list[Hit] = []
        for others, pattern in self._near(places) if fresh is None else self._by_composed.among(fresh, seen):
            for signs in others:
                if signs.isdisjoint(seen):
                    break
            else:
                found.extend(_occurrences(pattern, places, ground))
        return found

    def _near(self, places: Places) -> list[_Candidate]:
        """The patterns of which the rarest slot and another one are there."""
        seen = places.seen
        near: dict[int, _Candidate] = {}  # a pattern may be brought by several words
        for _, _, ending in places.spans:
            if not ending.partners.isdisjoint(seen):
                for partner in ending.partners & seen:
                    for candidate in ending.tried[partner]:
                        near[id(candidate)] = candidate
        for kind in places.named:
            tried = self._tried.get(kind)
            if tried is not None:
                for partner in tried.keys() & seen:
                    for candidate in tried[partner]:
                        near[id(candidate)] = candidate
        return list(near.values())


class _Table(dict[Sign, "dict[_Signs, list[_Candidate]]"]):
    """Candidates by one of their slots, then by the signs of another: two looked up at once leave few patterns to try."""

    def add(self, first: Sign, others: list[_Signs], pattern: Pattern) -> None:
        second, rest = (others[0], tuple(others[1:])) if others else (frozenset((first,)), ())
        self.setdefault(first, {}).setdefault(second, []).append((rest, pattern))

    def among(self, firsts: set[Sign], seen: set[Sign]) -> list[_Candidate]:
        """The candidates whose two slots are there."""
        found: list[_Candidate] = []
        for first in firsts:
            if first in self:
                for signs, candidates in self[first].items():
                    if not signs.isdisjoint(seen):
                        found += candidates
        return found


def _occurrences(pattern: Pattern, places: Places, ground: Ground) -> list[Hit]:
    if pattern.together:
        return _gathered(pattern, places, ground)
    found: list[Hit] = []
    for first in places.at(pattern.slots[0]):
        end, denied = _follow(pattern, 1, first.end, first.denied, places, ground)
        if end:
            found.append(Hit(first.start, end, pattern.kind, denied))
        elif pattern.any_order:
            for other in places.at(pattern.slots[1]):
                if other.end <= first.start <= other.end + pattern.gaps[1]:
                    steps = ground.steps(other.end - 1, first.start)
                    if steps is not None:
                        found.append(Hit(other.start, first.end, pattern.kind, steps or other.denied))
                        break
    return found


def _gathered(pattern: Pattern, places: Places, ground: Ground) -> list[Hit]:
    """The first place where all parts stand together, each on tokens of its own; denied when a denial stands between."""
    parts = _parts(pattern, places, ground)
    for first in parts[0]:
        chosen = [first]
        for part in parts[1:]:
            near = [hit for hit in part if _fits(hit, chosen, ground.sentences)]
            if not near:
                break
            nearest = near[0]
            for hit in near:
                if abs(hit.start - first.start) < abs(nearest.start - first.start):
                    nearest = hit  # of two as near the earlier one counts
            chosen.append(nearest)
        else:
            start, end = min([hit.start for hit in chosen]), max([hit.end for hit in chosen])
            between = {at for at in ground.denials if start <= at < end}
            between.difference_update([at for hit in chosen for at in range(hit.start, hit.end)])
            # a "no" before a part, or right behind it (血没有)
            denied = any(hit.denied or _is_reached(hit.start, between, ground) or hit.end in between for hit in chosen)
            return [Hit(start, end, pattern.kind, denied)]
    return []


def _is_reached(part: int, denials: set[int], ground: Ground) -> bool:
    """Whether a "no" stands before a part in its sentence with no comma or "but" between: that denies the part."""
    return any(at < part and ground.steps(at, part) is not None and part - at <= _FAR for at in denials)


def _parts(pattern: Pattern, places: Places, ground: Ground) -> list[list[Hit]]:
    """The hits of what stands between the "&": one slot, or a row of slots of which each follows the one before."""
    parts: list[list[Hit]] = []
    for slot, gap in zip(pattern.slots, pattern.gaps, strict=True):
        if gap == _PART or not parts:
            parts.append(places.at(slot))
            continue
        rows = []
        for one in parts[-1]:
            for hit in places.at(slot):
                if not 0 <= hit.start - one.end <= gap:
                    continue
                steps = ground.steps(one.end - 1, hit.start)
                if steps is not None:
                    rows.append(Hit(one.start, hit.end, hit.kind, one.denied or hit.denied or steps))
        parts[-1] = rows
    return parts


def _fits(hit: Hit, chosen: list[Hit], sentences: list[int]) -> bool:
    start, end = hit.start, hit.end
    sentence = sentences[start]
    for other in chosen:
        if (
            (start < other.end and other.start < end)
            or max(end, other.end) - min(start, other.start) > _WINDOW
            or not -1 <= sentences[other.start] - sentence <= 1
        ):
            return False
    return True


def _follow(pattern: Pattern, slot: int, at: int, denied: bool, places: Places, ground: Ground) -> tuple[int, bool]:
    """The end of the pattern when its slots from `slot` on stand after token `at` (0: they do not), and whether denied."""
    if slot == len(pattern.slots):
        return at, denied
    limit = at + pattern.gaps[slot]
    last_resort = (0, False)
    for hit in places.at(pattern.slots[slot]):
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
