"""Whether a finding is denied ("no fever, no blood", "Fever: nil", a "none of it" behind a row) or taken back ("false alarm")."""

from __future__ import annotations

from itertools import islice

from apps.triage.rules.clauses import FIRST_CJK, LISTING
from apps.triage.rules.lexicon import Hit
from apps.triage.rules.whose import Scene, between

REACH = {"neg": 7, "neg_mid": 4, "neg_zh": 3, "neg_near": 2}  # tokens, by the class of the denial
_FURTHEST = max(REACH.values())
_DENYING = frozenset({*REACH, "neg_after"})  # most texts have no word of these classes, and are then asked no further
AFTER_REACH = 5  # tokens behind a finding at which its denial or its end may stand
COMMAS = frozenset(",，")
_COLONS = frozenset(":：")
_BRACKETS = frozenset("(（-")
_ALL_OF_IT = frozenset(",，均都皆俱全统一")  # what a denial of a whole row begins with
_QUESTION_MARKS = frozenset("?？")
_BARE_NO = frozenset({"no", "nope", "nah", "nil", "none"})


def is_denied(finding: Hit, scene: Scene) -> bool:
    """Whether a "no" before the finding reaches it, or one behind it is about it."""
    if _DENYING.isdisjoint(scene.triggers):
        return _is_answered_no(finding.end, scene.words)
    sentence = scene.layout.sentences[finding.start]
    # "no blood in it but black": the black is not denied
    chinese = scene.words[finding.start] >= FIRST_CJK  # there 就是 is said of what is left
    turned = (
        not chinese
        and scene.layout.sentences[finding.end - 1] == sentence
        and between(scene.of("barrier"), finding.start + 1, finding.end)
    )
    for name, reach in REACH.items():
        for hit in scene.of(name) if not turned else ():
            if hit.end > finding.start or scene.layout.sentences[hit.start] != sentence or hit.start in scene.inside:
                continue
            if _cost(hit.end, finding.start, scene.inside, scene) <= reach and not _is_new_since(hit, finding, scene):
                return True
    clause = scene.layout.clauses[finding.start]
    if _is_answered_no(finding.end, scene.words):
        return True
    listed = finding.end < len(scene.words) and scene.words[finding.end] in _COLONS  # "Fever: nil"
    return any(
        (0 <= hit.start - finding.end <= AFTER_REACH and scene.layout.clauses[hit.start] == clause)
        or (listed and hit.start == finding.end + 1)
        or (hit.start == finding.end and scene.layout.clauses[hit.start] == scene.layout.clauses[finding.end - 1])
        or _denies_the_list(hit, finding, scene.inside, scene)
        for hit in scene.of("neg_after")
    )


def _denies_the_list(no: Hit, finding: Hit, inside: set[int], scene: Scene) -> bool:
    """Whether a Chinese "none of it" ends the row of findings that this one stands in; or a "(-)" stands in the finding."""
    word = scene.words[no.start]
    if word in _BRACKETS:
        return finding.start < no.start and no.end <= finding.end
    if (
        word not in _ALL_OF_IT
        or no.start < finding.end
        or scene.layout.sentences[no.start] != scene.layout.sentences[finding.start]
    ):
        return False
    others = (at for at in range(finding.end, no.start) if at not in inside and scene.words[at] not in LISTING)
    return len(list(islice(others, 2))) < 2


def _is_new_since(no: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a comma without "or" parts a dated finding from the "no": "no fever, vomiting blood since four"."""
    parting = {scene.words[at] for at in range(no.end, finding.start)}
    return (
        scene.words[finding.start] < FIRST_CJK
        and not parting.isdisjoint(COMMAS)
        and parting.isdisjoint(LISTING)
        and any(finding.end <= hit.start <= finding.end + 1 for hit in scene.of("now"))
    )


def _is_answered_no(at: int, words: list[str]) -> bool:
    """ "Fever no, confused? No": a bare "no" behind the finding and nothing behind the "no"."""
    if at + 1 < len(words) and words[at] in _QUESTION_MARKS:
        at += 1
    if at >= len(words) or words[at] not in _BARE_NO:
        return False
    return at + 1 == len(words) or not words[at + 1][0].isalnum()


def _cost(start: int, end: int, inside: set[int], scene: Scene) -> int:
    """How far a denial has to reach: words of other findings and list words are free, a comma outside a list is a wall."""
    cost = 0
    for at in range(start, end):
        text = scene.words[at]
        if text in COMMAS:
            listed = at - 1 in inside and any(step in inside for step in (at + 1, at + 2))
            if not listed:
                return 99
        elif at not in inside and text not in LISTING:
            cost += 1
            if cost > _FURTHEST:  # farther than any denial reaches: a long text costs no more than its length
                return 99
        if at > start and _is_wall(at, inside, scene):
            return 99
    if end > start and _is_wall(end, inside, scene):
        return 99
    turned = any(hit.start == start for hit in scene.of("barrier"))  # "nothing but pain"
    return 99 if turned or between(scene.of("wall"), start, end + 1) else cost


def _is_wall(at: int, inside: set[int], scene: Scene) -> bool:
    """Whether a clause ends before token `at` so that no denial passes; a row of findings with blanks is no wall."""
    clauses = scene.layout.clauses
    if clauses[at] == clauses[at - 1] or scene.words[at - 1] in COMMAS:
        return False
    return at not in scene.layout.spaced or not (at - 1 in inside and at in inside)


def is_taken_back(finding: Hit, scene: Scene) -> bool:
    """ "False alarm" and the like: said before, with no "but" between, or in the same or the next sentence."""
    retracting = scene.of("retract")
    if not retracting:
        return False
    sentence = scene.layout.sentences[finding.start]
    return any(
        not between(scene.of("barrier"), hit.end, finding.start)
        if hit.start < finding.start
        else scene.layout.sentences[hit.start] <= sentence + 1
        for hit in retracting
    )
