"""Whether what a text names is there now, denied, long past, only imagined, or somebody else's.

The order of questions matters: somebody else's first, then imagined, then long past, then denied, then over. The ideas
are those of ConText (Harkema et al. 2009), rewritten for two languages and for texts without punctuation.
"""

from __future__ import annotations

from apps.triage.rules.clauses import FIRST_CJK
from apps.triage.rules.denial import AFTER_REACH, COMMAS, is_denied, is_taken_back
from apps.triage.rules.lexicon import Hit
from apps.triage.rules.whose import Scene, between, is_somebody_elses

RESOLVED = "resolved"  # inside the rules only; the outside sees "past"
PLANNED = "planned"  # inside the rules only; the outside sees "hypothetical"
# Most texts have no word of these classes, and are then asked no further.
_SUPPOSING = frozenset({"hyp", "general", "hyp_near", "hyp_next", "hyp_around", "hyp_after"})
_NEXT_REACH = 2
_OPENING = 8  # tokens at the beginning of a question in which an "if" is for all of it
_IF_REACH = 14  # tokens that an "if" or "do people" reaches in a text without commas
_IF_REACH_ZH = 30  # an "if" alone: a Chinese token is one character
_SHORT_SCENE = 16  # tokens of a finding in whose midst an "if" is about the finding
_SHARED = 2  # tokens that an "if" and a finding that goes on may have in common
_SCENE = 3  # tokens of a finding before it comes to a death: then the death is only a part of it
_POINTING = frozenset({"that", "it", "this", "was", "years", "all", "mind"})
_BUT = "but"
_I = frozenset({"i", "my", "mine"})
_TOLD_OF = _I | {"he", "she", "his", "her", "dad", "mom"}
_PARTING = frozenset({",", ".", ";", ":", "?", "and", "but", "because", "cos", "so", "today", "now"})
_ASKING = frozenset({"how", "what", "who", "when", "at"})  # what a question begins with, unlike an "if"
_IS = frozenset({"am", "is", "are", "cant", "wont", "want", "keep", "now", "today", "tonight"})


def state_of(finding: Hit, scene: Scene) -> str:
    """The state of one finding: one of STATES, or RESOLVED."""
    if _is_of_no_participant(finding, scene) or _is_writers_own(finding, scene) or is_somebody_elses(finding, scene):
        return "other_person"
    if _is_imagined(finding, scene):
        return "hypothetical"
    if _is_long_past(finding, scene):
        return "past"
    if finding.denied or is_denied(finding, scene):
        return "negated"
    if is_taken_back(finding, scene):
        return "negated"
    if _is_over(finding, scene):
        return RESOLVED
    return "present"


def _is_writers_own(finding: Hit, scene: Scene) -> bool:
    """Whether a caregiver who says that he writes of himself does so here, and does not name the participant before it."""
    mine = scene.of("i_am_it") if scene.caregiver else []
    if not mine:
        return False
    inside = {at for hit in mine for at in range(hit.start, hit.end)}
    named = [
        (hit.start, name)
        for name in ("self", "kin", "pronoun")
        for hit in scene.of(name)
        if hit.start < finding.end
        and (name == "self" or hit.start not in inside or scene.words[hit.start - 1] in COMMAS)
    ]
    return not named or max(named)[1] == "self"


def _is_imagined(finding: Hit, scene: Scene) -> bool:
    if _SUPPOSING.isdisjoint(scene.triggers) or _undenied("came_true", scene):
        return False
    layout = scene.layout
    sentence, clause = layout.sentences[finding.start], layout.clauses[finding.start]
    far = _IF_REACH if scene.words[finding.start] < FIRST_CJK else _IF_REACH_ZH
    supposed = [(hit, far, False) for hit in scene.of("hyp")] + [(hit, _IF_REACH, True) for hit in scene.of("general")]
    for hit, _, _ in supposed:
        if finding.start < hit.start and hit.end < finding.end <= finding.start + _SHORT_SCENE:
            return True  # "in case the eyes should be swollen", the if between the two
    supposed = [one for one in supposed if layout.sentences[one[0].start] == sentence]
    if scene.words[finding.start] < FIRST_CJK:
        supposed = [one for one in supposed if not _is_told_after(one[0], one[2], finding, scene)]
    # "If I faint, who ... the ambulance?" is all "if"
    asked = sentence in layout.questions and any(
        hit.start < _OPENING or layout.sentences[hit.start - _OPENING] < sentence for hit, _, _ in supposed
    )
    for hit, reach, _ in supposed:
        overlap = hit.end - finding.start  # "Should he go yellow": the "he go" is in both
        begun = overlap == _SHARED and hit.start < finding.start and hit.end < finding.end
        if (overlap > 1 and not begun) or (1 - overlap > reach and not asked):
            continue
        ended = between(scene.of("barrier"), hit.end, finding.start)
        if ended or between(scene.of("hyp_wall"), hit.end, finding.start) or _is_now_after(hit, finding, scene):
            continue
        return True
    for hit in scene.of("hyp_near"):
        if layout.clauses[hit.start] == clause and 0 <= finding.start - hit.end <= 6:
            return True
    for hit in scene.of("hyp_next"):
        if layout.clauses[hit.start] == clause and 0 <= finding.start - hit.end <= _NEXT_REACH:
            return True
    for hit in scene.of("hyp_around"):
        around = hit.start <= finding.start and finding.end <= hit.end
        if around and not between(scene.of("woken"), hit.start, finding.start):
            return all(so.start < hit.end for so in _undenied("so_it_is", scene))
    for hit in scene.of("hyp_after"):
        if any(hit.end <= so.start for so in scene.of("so_it_is")):
            continue
        if layout.sentences[hit.start] == sentence and finding.end <= hit.start + 1 and hit.start - finding.end <= 6:
            return True
    return False


def _is_of_no_participant(finding: Hit, scene: Scene) -> bool:
    """Whether the text says that the ill one is not the participant, and does not go on about him: "not me, it is for my
    husband, he threw up blood", "she has not caught it from me, but she is delirious"."""
    hits = scene.of("not_participant")
    if not hits:
        return False
    if scene.words[finding.start] >= FIRST_CJK:
        return True
    told = _told_from(hits[-1].end, finding, scene)
    if told < 0:
        return True
    if scene.words[told] in _I:
        return scene.words[told - 1] != _BUT
    return any(hit.start >= hits[-1].end for hit in scene.of("other"))


def _is_told_after(asked: Hit, general: bool, finding: Hit, scene: Scene) -> bool:
    """Whether a later clause tells what is, after a question or what a book says: "how soon should he come, he is vomiting blood",
    "the leaflet speaks of sleepiness, he will not wake"."""
    aside = scene.words[asked.end - 1] == "case" and scene.words[asked.end : asked.end + 1] == [
        ","
    ]  # "just in case, he fell"
    if not general and not aside and scene.words[asked.start] not in _ASKING:
        return False
    if _told_from(asked.end, finding, scene) >= 0:
        return True
    if any(hit.start >= finding.end - 1 for hit in _undenied("so_it_is", scene)):
        return True
    words = scene.words
    within = range(max(finding.start, asked.end) + 1, finding.end)  # "does iron blacken stools? Mine are black"
    return general and any(words[at] in _TOLD_OF and words[at - 1] in _PARTING for at in within)


def _undenied(name: str, scene: Scene) -> list[Hit]:
    """What confirms, without what a "not" before its last word takes back: "well I have", but not "well I haven't had"."""
    hits = scene.of(name)
    if not hits:
        return hits
    denials = {no.end for no in scene.of("neg")}
    return [hit for hit in hits if hit.end - 1 not in denials]


def _told_from(start: int, finding: Hit, scene: Scene) -> int:
    """Where behind a comma or "and" the one begins of whom the finding is told ("i", "he", "my"), or -1."""
    words = scene.words
    for at in range(min(finding.start + 1, len(words) - 1), start, -1):
        if words[at] in _TOLD_OF and words[at - 1] in _PARTING:
            return at
    return -1


def _is_now_after(hyp: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a later clause than the "if" says now: "in case you ask, he has been vomiting since last night"."""
    clauses = scene.layout.clauses
    return any(
        hyp.end <= hit.start < finding.start and clauses[hit.start] != clauses[hyp.start] for hit in scene.of("now")
    )


def _is_long_past(finding: Hit, scene: Scene) -> bool:
    if not (scene.of("past") or scene.of("past_here")) or _is_dated_now(finding, scene):
        return False
    layout = scene.layout
    sentence, clause = layout.sentences[finding.start], layout.clauses[finding.start]
    for hit in scene.of("past_here"):
        if layout.clauses[hit.start] == clause and hit.start <= finding.start:
            return True
    for hit in scene.of("past"):
        if _is_of_the_dead(hit, finding, scene):
            continue
        if layout.sentences[hit.start] == sentence + 1 and _points_back(hit, finding, scene):
            return True
        if layout.sentences[hit.start] != sentence:
            continue
        if _is_present_after(hit, finding, scene):
            continue
        if layout.clauses[hit.start] == clause:
            return True
        if hit.end <= finding.start and not between(scene.of("now"), hit.end, finding.start):
            return True
        if (
            hit.start >= finding.end
            and not between(scene.of("now"), finding.end, hit.start)
            and hit.start - finding.end <= 8
        ):
            return True
    return False


def _is_present_after(past: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a later clause says what is or is wanted now: "in my prime I ran, I can't breathe"; "she died in 2019, I want to
    be with her"."""
    if scene.words[finding.start] >= FIRST_CJK:
        return False
    words = scene.words
    told = _told_from(past.end, finding, scene)
    within = (at for at in range(past.end + 1, finding.end) if words[at] in _TOLD_OF and words[at - 1] in _PARTING)
    told = next(within, -1) if told < 0 else told
    return told >= 0 and not _IS.isdisjoint(words[told : finding.end])


def _is_of_the_dead(past: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a "years ago" dates only a death or a parting within what is told ("laid a place for his mother, dead ten years")."""
    return any(
        finding.start + _SCENE <= hit.start < finding.end and hit.start <= past.start and past.end <= hit.end
        for hit in scene.of("parted_then")
    )


def _is_dated_now(finding: Hit, scene: Scene) -> bool:
    """Whether the time word that belongs to the finding says now: the last one before it in its clause, else one after
    it that no other finding claims ("gut bleed years ago, now fine": "now" is not the bleed's)."""
    clauses, clause = scene.layout.clauses, scene.layout.clauses[finding.start]
    now = [hit for hit in scene.of("now") if clauses[hit.start] == clause]
    if not now:
        return False
    past = [hit for name in ("past", "past_here") for hit in scene.of(name) if clauses[hit.start] == clause]
    if not past:
        return True
    latest = max((hit.start for hit in now if hit.start < finding.end), default=-1)
    if latest >= 0:
        return latest > max((hit.start for hit in past if hit.start < finding.end), default=-1)
    if any(0 <= hit.start - finding.end <= 1 and hit.start < now[0].start for hit in past):
        return False  # "left hospital last year, not been back since": the past stands at the finding
    return not any(
        hit.start > now[0].start and clauses[hit.start] == clause for hit in scene.findings if hit.start >= finding.end
    )


def _points_back(past: Hit, finding: Hit, scene: Scene) -> bool:
    """ "Puked blood at a party. That was 2018": the second sentence dates the first."""
    sentences = scene.layout.sentences
    first = past.start
    while first > 0 and sentences[first - 1] == sentences[past.start]:
        first -= 1
    nothing_new = not between(scene.findings, finding.end, past.start) and not between(scene.of("now"), first, past.end)
    return scene.words[first] in _POINTING and nothing_new


def _is_over(finding: Hit, scene: Scene) -> bool:
    resolving = scene.of("resolved")
    if not resolving:
        return False
    layout = scene.layout
    clause, sentence = layout.clauses[finding.end - 1], layout.sentences[finding.start]
    for hit in resolving:
        if layout.clauses[hit.start] == clause and 0 <= hit.start - finding.end <= AFTER_REACH:
            return True
        following = (
            layout.clauses[hit.start] in (clause + 1, clause + 2) and layout.sentences[hit.start] <= sentence + 1
        )
        if following and hit.start >= finding.end and hit.start - finding.end <= AFTER_REACH + 4:
            return not between(scene.findings, finding.end, hit.start)
    return False


def is_planned(finding: Hit, scene: Scene) -> bool:
    """Whether an admission or operation is arranged for later or long agreed, said in the same or a neighbouring sentence.

    "It was to be a check-up but they kept me in" is no plan.
    """
    sentence = scene.layout.sentences[finding.start]
    return any(
        abs(scene.layout.sentences[hit.start] - sentence) <= 1
        and not between(scene.of("barrier"), hit.end, finding.start)
        for hit in scene.of("planned")
    )
