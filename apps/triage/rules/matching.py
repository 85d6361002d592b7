"""From tokens to the findings that stand in the text: scan, patterns, idioms out, longest match first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.triage.rules.catalogue import Catalogue, Wording
from apps.triage.rules.clauses import Layout, lay_out
from apps.triage.rules.lexicon import Ending, Hit, Place, Sign, Span, place
from apps.triage.rules.normalise import Forms, Offsets, raw_words
from apps.triage.rules.patterns import Ground, Places

_GRADE_RANK = {"grave": 0, "slight": 1, "plain": 2, "vague": 3}


@dataclass(slots=True)
class Reading:
    """What was read in one text before any judgement."""

    words: list[str]
    layout: Layout
    findings: list[tuple[Hit, Wording]]
    classes: dict[str, list[Hit]]
    offsets: Offsets


def read(cat: Catalogue, forms: Forms, folded: str, where: Sequence[int], text: str) -> Reading:
    """Every finding and every class of one folded text."""
    raw = raw_words(folded)
    words = forms.words(raw)
    offsets = Offsets(forms, folded, where, raw, len(words))
    places = _places(cat, cat.lexicon.scan(words))
    barriers = frozenset([hit.start for hit in places.of(cat.landmarks.barrier)])
    layout = lay_out(words, text, barriers, offsets)
    literal = [
        Hit(hit.start, hit.end, kind) for kind, hits in places.named.items() if kind in cat.wordings for hit in hits
    ]
    built = _built(cat, places, Ground(layout.sentences, barriers, _denials(places, cat)))
    classes = _classes(cat, places, literal)
    findings = _kept(cat, literal, built, classes.get("idiom", []))
    return Reading(words, layout, findings, classes, offsets)


def _places(cat: Catalogue, spans: list[Span]) -> Places:
    """Where each class stands, but for what is part of a fixed expression."""
    if not cat.landmarks.masks.isdisjoint([ending.number for _, _, ending in spans]):
        spans = _unmasked(spans, cat.landmarks.mask)
    return Places(spans, cat.patterns.slots)


def _denials(places: Places, cat: Catalogue) -> frozenset[int]:
    """The tokens of a "no" that means no."""
    denials = [hit for kind in cat.landmarks.denials for hit in places.of(kind)]
    return frozenset(_tokens(denials) - _tokens(places.of(cat.landmarks.neutral)) if denials else ())


def _tokens(hits: list[Hit]) -> set[int]:
    return {at for hit in hits for at in range(hit.start, hit.end)}


def _built(cat: Catalogue, places: Places, ground: Ground) -> list[Hit]:
    """The findings that are composed. Classes that are composed are put into `places`."""
    composed = cat.patterns.match(places, ground)
    # A class may itself be composed ("two <time_unit> ago"), and wordings may build on it: one second round.
    again = [hit for hit in composed if hit.kind not in cat.wordings]
    if again:
        known = {place(hit) for hit in composed}
        fresh = places.add(again)
        later = [hit for hit in cat.patterns.match(places, ground, fresh) if place(hit) not in known]
        places.add([hit for hit in later if hit.kind not in cat.wordings])
        composed += later
    return [hit for hit in composed if hit.kind in cat.wordings]


def _classes(cat: Catalogue, places: Places, literal: list[Hit]) -> dict[str, list[Hit]]:
    """The hits of the named classes in order of start, without denials and the like that are part of a wording."""
    longer = [hit for hit in literal if hit.end - hit.start > 1]
    within = _tokens(longer)
    classes: dict[str, list[Hit]] = {}
    for kind, hits in places.named.items():
        name = cat.classes.get(kind)
        if name is None:
            continue
        if within and name in cat.triggers:
            hits = [hit for hit in hits if hit.start not in within or not _is_part(hit, longer)]
        if hits:
            classes[name] = hits
    return classes


def _is_part(trigger: Hit, literal: list[Hit]) -> bool:
    """Whether a longer wording has the trigger as a part of it: the "no" of "no response" denies nothing."""
    return any(
        one.start <= trigger.start and trigger.end <= one.end and trigger.end - trigger.start < one.end - one.start
        for one in literal
    )


def _unmasked(spans: list[Span], mask: Sign) -> list[Span]:
    """Without what stands inside a fixed expression ("blood test", 血压) and is shorter than it."""
    ends: dict[int, int] = {}  # the furthest end of a mask that begins at a token
    starts: dict[int, int] = {}  # the first start of a mask that ends before a token
    for start, end, ending in spans:
        if mask in ending.named:
            ends[start] = end  # in order of end
            starts.setdefault(end, start)  # in order of start
    kept: list[Span] = []
    reach = 0
    for span in spans:
        start, end, ending = span
        reach = max(reach, ends.get(start, 0))
        if reach < end or (reach == end and starts[reach] >= start):
            kept.append(span)
        elif mask in ending.named:
            kept.append((start, end, Ending(None, (mask,))))
    return kept


def _kept(cat: Catalogue, literal: list[Hit], built: list[Hit], idioms: list[Hit]) -> list[tuple[Hit, Wording]]:
    hits = list({place(hit): hit for hit in (*literal, *built)}.values())
    if idioms:
        hits = [hit for hit in hits if not any(_touches(hit, idiom) for idiom in idioms)]
    if len(hits) < 2:
        return [(hit, cat.wordings[hit.kind]) for hit in hits]
    as_written = {place(hit) for hit in literal}
    # A hit can only be shadowed by one that covers its first token: few, even in a long text.
    covering: dict[int, list[Hit]] = {}
    for hit in hits:
        for at in range(hit.start, hit.end):
            covering.setdefault(at, []).append(hit)
    found = []
    for hit in hits:
        others = covering[hit.start]
        if len(others) == 1 or not _is_shadowed(cat, hit, others, as_written):
            found.append((hit, cat.wordings[hit.kind]))
    found.sort(key=lambda pair: (pair[0].start, pair[0].end, pair[1].item, pair[1].grade, pair[0].denied))
    return found


def _is_shadowed(cat: Catalogue, hit: Hit, others: list[Hit], as_written: set[Place]) -> bool:
    wording = cat.wordings[hit.kind]
    return any(
        longer.start <= hit.start
        and longer.end >= hit.end
        and longer is not hit
        and (hit.denied or not longer.denied)
        and _shadows(cat, longer, hit, wording, place(longer) in as_written)
        for longer in others
    )


def _touches(hit: Hit, idiom: Hit) -> bool:
    overlaps = hit.start < idiom.end and idiom.start < hit.end
    contains = hit.start <= idiom.start and idiom.end <= hit.end and hit.end - hit.start > idiom.end - idiom.start
    return overlaps and not contains


def _shadows(cat: Catalogue, longer: Hit, hit: Hit, wording: Wording, literal: bool) -> bool:
    """Whether `longer`, which covers the hit, says the same more exactly, so that the hit is not counted."""
    other = cat.wordings[longer.kind]
    same_span = longer.start == hit.start and longer.end == hit.end
    if other.item == wording.item:
        if same_span:
            return _GRADE_RANK[other.grade] < _GRADE_RANK[wording.grade]
        return literal or _GRADE_RANK[other.grade] <= _GRADE_RANK[wording.grade]
    if same_span or not literal:
        return False
    if wording.item == "evt_death":
        return True  # a death word inside a longer wording is never about a death
    return not (wording.level == "R1" and other.level > "R1" and other.item not in cat.shared["meta"]["shadow_ok"])
