"""From tokens to the findings that stand in the text: scan, patterns, idioms out, longest match first."""

from __future__ import annotations

from dataclasses import dataclass

from apps.triage.rules.catalogue import Catalogue, Wording
from apps.triage.rules.clauses import Layout, lay_out
from apps.triage.rules.lexicon import Hit
from apps.triage.rules.normalise import Token
from apps.triage.rules.patterns import Ground, placed
from apps.triage.rules.spelling import Speller

_DENIALS = frozenset({"neg", "neg_mid", "neg_zh", "neg_near"})
_GRADE_RANK = {"grave": 0, "slight": 1, "plain": 2, "vague": 3}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one text before any judgement."""

    tokens: list[Token]
    layout: Layout
    findings: list[tuple[Hit, Wording]]
    classes: dict[str, list[Hit]]


def read(cat: Catalogue, speller: Speller, folded: str, where: list[int], text: str) -> Reading:
    """Every finding and every class of one folded text."""
    tokens = speller.mend(cat.normaliser.tokens(folded, where))
    hits = _unmasked(cat.lexicon.scan(tokens), cat.lexicon.kind("mask"))
    barrier = cat.lexicon.kind("barrier")
    layout = lay_out(tokens, text, {hit.start for hit in hits if hit.kind == barrier})
    places = placed(hits)
    named = [hit for kind in places.keys() & cat.classes.keys() for hit in places[kind]]
    literal = [hit for kind in places.keys() & cat.wordings.keys() for hit in places[kind]]
    ground = _ground(named, cat.classes, layout)
    composed = cat.patterns.match(places, ground)
    # A class may itself be composed ("two <time_unit> ago"), and wordings may build on it: one second round.
    again = [hit for hit in composed if hit[2] not in cat.wordings]
    if again:
        for hit in again:
            places[hit[2]].append(hit)
        fresh = frozenset(hit[2] for hit in again)
        for kind in fresh:
            places[kind].sort()
        known = set(composed)
        composed += [hit for hit in cat.patterns.match(places, ground, fresh) if hit not in known]
    named += [hit for hit in composed if hit[2] in cat.classes]
    built = [hit for hit in composed if hit[2] in cat.wordings]
    classes = _classes(cat, named, literal)
    return Reading(tokens, layout, _kept(cat, literal, built, classes.get("idiom", [])), classes)


def _classes(cat: Catalogue, named: list[Hit], literal: list[Hit]) -> dict[str, list[Hit]]:
    """The hits of the named classes in order of start, without denials and the like that are part of a wording."""
    classes: dict[str, list[Hit]] = {}
    for kind, hits in placed(named).items():
        name = cat.classes[kind]
        if name in cat.triggers:
            hits = [hit for hit in hits if not _is_part(hit, literal)]
        if hits:
            hits.sort()
            classes[name] = hits
    return classes


def _is_part(trigger: Hit, literal: list[Hit]) -> bool:
    """Whether a longer wording has the trigger as a part of it: the "no" of "no response" denies nothing."""
    return any(
        one.start <= trigger.start and trigger.end <= one.end and trigger.end - trigger.start < one.end - one.start
        for one in literal
    )


def _unmasked(hits: list[Hit], mask: int) -> list[Hit]:
    """Without what stands inside a fixed expression ("blood test", 血压) and is shorter than it."""
    ends: dict[int, int] = {}  # the furthest end of a mask that begins at a token
    starts: dict[int, int] = {}  # the first start of a mask that ends before a token
    for hit in hits:
        if hit.kind == mask:
            ends[hit.start] = max(ends.get(hit.start, 0), hit.end)
            starts[hit.end] = min(starts.get(hit.end, hit.start), hit.start)
    if not ends:
        return hits
    kept: list[Hit] = []
    reach, at = 0, -1
    for hit in hits:  # in order of start
        if hit.start != at:
            at = hit.start
            reach = max(reach, ends.get(at, 0))
        inside = reach > hit.end or (reach == hit.end and starts[reach] < hit.start)
        if hit.kind == mask or not inside:
            kept.append(hit)
    return kept


def _ground(hits: list[Hit], names: dict[int, str], layout: Layout) -> Ground:
    neutral: set[int] = set()
    denials: set[int] = set()
    barriers: set[int] = set()
    for hit in hits:
        name = names[hit.kind]
        if name == "neutral":
            neutral.update(range(hit.start, hit.end))
        elif name in _DENIALS:
            denials.update(range(hit.start, hit.end))
        elif name == "barrier":
            barriers.add(hit.start)
    return Ground(layout.sentences, frozenset(barriers), frozenset(denials - neutral))


def _kept(cat: Catalogue, literal: list[Hit], built: list[Hit], idioms: list[Hit]) -> list[tuple[Hit, Wording]]:
    shadow_ok = cat.shared["meta"]["shadow_ok"]
    found: list[tuple[Hit, Wording]] = []
    everything = [hit for hit in (*literal, *built) if not any(_touches(hit, idiom) for idiom in idioms)]
    for hit in everything:
        wording = cat.wordings[hit.kind]
        if any(_shadows(cat, longer, hit, wording, longer in literal, shadow_ok) for longer in everything):
            continue
        found.append((hit, wording))
    return sorted(set(found), key=lambda pair: (pair[0].start, pair[0].end, pair[1].item, pair[1].grade))


def _touches(hit: Hit, idiom: Hit) -> bool:
    overlaps = hit.start < idiom.end and idiom.start < hit.end
    contains = hit.start <= idiom.start and idiom.end <= hit.end and hit.end - hit.start > idiom.end - idiom.start
    return overlaps and not contains


def _shadows(cat: Catalogue, longer: Hit, hit: Hit, wording: Wording, literal: bool, shadow_ok: list[str]) -> bool:
    """Whether `longer` says the same more exactly, so that `hit` is not counted."""
    if longer.start > hit.start or longer.end < hit.end or longer == hit or (longer.denied and not hit.denied):
        return False
    other = cat.wordings[longer.kind]
    same_span = (longer.start, longer.end) == (hit.start, hit.end)
    if other.item == wording.item:
        if same_span:
            return _GRADE_RANK[other.grade] < _GRADE_RANK[wording.grade]
        return literal or _GRADE_RANK[other.grade] <= _GRADE_RANK[wording.grade]
    if same_span or not literal:
        return False
    if wording.item == "evt_death":
        return True  # a death word inside a longer wording is never about a death
    return not (wording.level == "R1" and other.level > "R1" and other.item not in shadow_ok)
