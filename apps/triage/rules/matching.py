"""From tokens to the findings that stand in the text: scan, patterns, idioms out, longest match first."""

from __future__ import annotations

from dataclasses import dataclass

from apps.triage.rules.catalogue import Catalogue, Wording
from apps.triage.rules.clauses import Layout, lay_out
from apps.triage.rules.lexicon import Ending, Hit, Span
from apps.triage.rules.normalise import Token
from apps.triage.rules.patterns import Ground, Places
from apps.triage.rules.spelling import Speller

_DENIALS = ("neg", "neg_mid", "neg_zh", "neg_near")
_NO_PHRASE = 0  # no phrase has this number
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
    places = Places(_unmasked(cat.lexicon.scan(tokens), cat.lexicon.kind("mask")), cat.patterns.slots)
    barriers = frozenset([hit.start for hit in places.of(cat.lexicon.kind("barrier"))])
    layout = lay_out(tokens, text, barriers)
    ground = Ground(layout.sentences, barriers, _denials(places, cat))
    literal = [hit for kind in places.named & cat.wordings.keys() for hit in places[kind]]
    named = {kind: places[kind].copy() for kind in places.named - cat.wordings.keys()}
    composed = cat.patterns.match(places, ground)
    # A class may itself be composed ("two <time_unit> ago"), and wordings may build on it: one second round.
    again = [hit for hit in composed if hit.kind not in cat.wordings]
    if again:
        fresh = places.add(again)
        known = set(composed)
        composed += [hit for hit in cat.patterns.match(places, ground, fresh) if hit not in known]
    built = []
    for hit in composed:
        if hit.kind in cat.wordings:
            built.append(hit)
        else:
            named.setdefault(hit.kind, []).append(hit)
    classes = _classes(cat, named, literal)
    return Reading(tokens, layout, _kept(cat, literal, built, classes.get("idiom", [])), classes)


def _denials(places: Places, cat: Catalogue) -> frozenset[int]:
    """The tokens of a "no" that means no."""
    denials = _tokens([hit for name in _DENIALS for hit in places.of(cat.lexicon.kind(name))])
    return frozenset(denials.difference(_tokens(places.of(cat.lexicon.kind("neutral")))) if denials else ())


def _tokens(hits: list[Hit]) -> set[int]:
    return {at for hit in hits for at in range(hit.start, hit.end)}


def _classes(cat: Catalogue, named: dict[int, list[Hit]], literal: list[Hit]) -> dict[str, list[Hit]]:
    """The hits of the named classes in order of start, without denials and the like that are part of a wording."""
    classes: dict[str, list[Hit]] = {}
    for kind, hits in named.items():
        name = cat.classes[kind]
        if literal and name in cat.triggers:
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


def _unmasked(spans: list[Span], mask: int) -> list[Span]:
    """Without what stands inside a fixed expression ("blood test", 血压) and is shorter than it."""
    ends: dict[int, int] = {}  # the furthest end of a mask that begins at a token
    starts: dict[int, int] = {}  # the first start of a mask that ends before a token
    for start, end, (_, named) in spans:
        if mask in named:
            ends[start] = end  # in order of end
            starts.setdefault(end, start)  # in order of start
    if not ends:
        return spans
    kept: list[Span] = []
    reach = 0
    for span in spans:
        start, end, (_, named) = span
        reach = max(reach, ends.get(start, 0))
        if reach < end or (reach == end and starts[reach] >= start):
            kept.append(span)
        elif mask in named:
            kept.append((start, end, Ending(_NO_PHRASE, [mask])))
    return kept


def _kept(cat: Catalogue, literal: list[Hit], built: list[Hit], idioms: list[Hit]) -> list[tuple[Hit, Wording]]:
    everything = [hit for hit in (*literal, *built) if not any(_touches(hit, idiom) for idiom in idioms)]
    if not everything:
        return []
    shadow_ok = cat.shared["meta"]["shadow_ok"]
    as_written = frozenset(literal)
    found: list[tuple[Hit, Wording]] = []
    # A hit can only be shadowed by one that covers its first token: few, even in a long text.
    covering: dict[int, list[Hit]] = {}
    for hit in dict.fromkeys(everything):
        for at in range(hit.start, hit.end):
            covering.setdefault(at, []).append(hit)
    for hit in everything:
        wording = cat.wordings[hit.kind]
        if any(_shadows(cat, longer, hit, wording, longer in as_written, shadow_ok) for longer in covering[hit.start]):
            continue
        found.append((hit, wording))
    return sorted(
        set(found), key=lambda pair: (pair[0].start, pair[0].end, pair[1].item, pair[1].grade, pair[0].denied)
    )


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
