"""Who a finding is about: the participant (or a relative who stands for him) or somebody else, and for how long.

Somebody else stays the subject through pronouns, through an onlooking "I" and through whose ("his girlfriend").
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.triage.rules.clauses import FIRST_CJK, Layout
from apps.triage.rules.lexicon import Hit
from apps.triage.rules.normalise import Token

_NAMED_FIRST = 6  # tokens into its sentence at which somebody else may stand to be meant in the next one as well
_CLAUSES_ON = 3
_DETERMINERS = frozenset({"the", "a", "an", "my", "our", "his", "her", "your", "their", "that", "this", "some"})
_OWN = frozenset({"my", "mine", "me"})  # "a woman in my group" is about the woman
_SAYING = frozenset(
    {"say", "said", "tell", "told", "think", "reckon", "find", "found", "see", "saw", "notic", "caught"}
)
_WRITER = frozenset({"i", "im", "me"})
_SOME_ONE = frozenset(
    {
        "bloke",
        "man",
        "lad",
        "guy",
        "lady",
        "girl",
        "boy",
        "chap",
        "fella",
        "dude",
        "someone",
        "somebody",
        "woman",
        "kid",
    }
)
_THEIRS = frozenset({"his", "her", "their"})  # "my tenant ... his girlfriend": the tenant's


@dataclass(frozen=True, slots=True)
class Scene:
    """One text as the assertion rules see it: tokens, layout, and the trigger hits by class name."""

    tokens: list[Token]
    layout: Layout
    triggers: dict[str, list[Hit]]
    findings: list[Hit]
    caregiver: bool

    def of(self, name: str) -> list[Hit]:
        """The trigger hits of one class."""
        return self.triggers.get(name, [])


def is_somebody_elses(finding: Hit, scene: Scene) -> bool:
    """Whether a finding is somebody else's: of the last person before it in its sentence, or of one named right behind it."""
    sentence = scene.layout.sentences[finding.start]
    if _says_of_me(finding, scene.tokens):
        return False
    subject = "self"
    seen = False
    carried = "self"
    named = -1  # the sentence in which somebody else was named last: there "he" is that one, whatever "I" does
    begun = -1  # the sentence of the person before
    subjects = _subjects(scene)
    opens = finding.start <= 1 or scene.layout.sentences[finding.start - 2] < sentence
    for hit, kind in subjects:
        if hit.start >= finding.end:
            break
        here = scene.layout.sentences[hit.start]
        if kind == "object" and carried == "other" and here == sentence and (scene.caregiver or scene.of("kin")):
            subject, seen, named = (
                "self",
                True,
                -1,
            )  # a relative writes "the neighbour drove him": him is the participant
            continue
        if kind in ("pronoun", "object") or (kind == "kin" and named == here and _is_theirs(hit, scene.tokens)):
            if here == sentence:
                subject, seen = (
                    ("other" if named == here and scene.tokens[hit.start].text < FIRST_CJK else carried),
                    True,
                )
            begun = here
            continue
        if kind == "self" and carried == "other" and (_is_onlooker(hit, finding, scene) or _is_known_by(hit, scene)):
            continue
        if kind == "other" and (_is_inside(hit, finding, scene) or not _still_meant(hit, finding, scene)):
            continue
        if kind != "self":
            named = here if kind == "other" and (named == here or _is_first(hit, begun, here, scene)) else -1
        begun = here
        kind = "self" if kind == "kin" else kind
        carried = kind
        if here == sentence or (here == sentence - 1 and kind == "other" and opens):
            subject, seen = kind, True
        else:
            subject, seen = "self", False
    if subject == "other" or (named == sentence and _is_for_them(finding.end, scene.tokens)):
        return True
    if named >= 0 and not scene.caregiver and _is_with_them(finding.end, scene.tokens):
        return True
    if _is_vets(finding, subjects, scene):
        return True
    if seen:
        return False
    clause = scene.layout.clauses[finding.start]
    following = next((kind for hit, kind in subjects if finding.end <= hit.start), "self")
    return following == "other" and any(
        finding.end <= hit.start and scene.layout.clauses[hit.start] == clause and _may_follow(hit, scene.tokens)
        for hit in scene.of("other")
    )


def _is_vets(finding: Hit, subjects: list[tuple[Hit, str]], scene: Scene) -> bool:
    """Whether a vet is called in the same or the next sentence and no person stands before the finding in its clause."""
    layout = scene.layout
    sentence, clause = layout.sentences[finding.start], layout.clauses[finding.start]
    people = ("self", "kin")
    return any(0 <= layout.sentences[hit.start] - sentence <= 1 for hit in scene.of("vet")) and not any(
        kind in people and layout.clauses[hit.start] == clause and hit.start < finding.end for hit, kind in subjects
    )


def _is_theirs(person: Hit, tokens: list[Token]) -> bool:
    """Whether a person is said to be his, her or their one ("his girlfriend")."""
    return tokens[person.start].text in _THEIRS or (person.start > 0 and tokens[person.start - 1].text in _THEIRS)


def _is_for_them(at: int, tokens: list[Token]) -> bool:
    """Whether "for him" stands at `at`: "he fell, I called an ambulance for him" is about the one named before."""
    at += tokens[at - 1].text != "for"  # the finding may hold the "for"
    return at < len(tokens) and tokens[at - 1].text == "for" and tokens[at].text in ("him", "her", "them")


def _is_with_them(at: int, tokens: list[Token]) -> bool:
    """Whether "with him" stands at `at`: whoever is in the trial himself sat in A&E with the one named before."""
    return (
        at + 1 < len(tokens) and tokens[at].text in ("with", "wi") and tokens[at + 1].text in ("him", "her", "them")
    )


def _is_first(other: Hit, begun: int, here: int, scene: Scene) -> bool:
    """Whether somebody else, and not his or her one, is the first whom a sentence names, but for whose he is ("my student")."""
    before = scene.tokens[other.start - 1].text if other.start > 0 else ""
    owned = before in _OWN or scene.tokens[other.start].text in _OWN
    return (begun != here or owned) and not _is_theirs(other, scene.tokens)


def _says_of_me(finding: Hit, tokens: list[Token]) -> bool:
    """Whether a finding begins with what somebody says or sees of the writer ("said I went yellow")."""
    following = [token.text for token in tokens[finding.start + 1 : finding.start + 4]]
    if tokens[finding.start].text not in _SAYING or _WRITER.isdisjoint(following[:2]):
        return False
    return _THEIRS.isdisjoint(following)  # "thinks I'm her mother" is about her


def _still_meant(other: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether somebody else is still the subject: three clauses on in Chinese, and in the next sentence only when named
    first ("The neighbour ... . He fell")."""
    sentences, clauses = scene.layout.sentences, scene.layout.clauses
    begun = other.start
    while begun > 0 and sentences[begun - 1] == sentences[other.start]:
        begun -= 1
    if sentences[finding.start] != sentences[other.start]:
        return other.start - begun <= _NAMED_FIRST
    if not any(hit.start < other.start for name in ("self", "kin") for hit in scene.of(name)):
        return True  # the text is about somebody else from its beginning
    return scene.tokens[other.start].text < FIRST_CJK or clauses[finding.start] - clauses[other.start] <= _CLAUSES_ON


def _is_inside(other: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a Chinese word for somebody else stands within the finding ("came round, workmates about me")."""
    return other.start > finding.start and scene.tokens[other.start].text >= FIRST_CJK


def _is_onlooker(me: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a Chinese "I" stands in a later clause of a finding that began with somebody else ("he fell, I ran to see")."""
    clauses = scene.layout.clauses
    return (
        finding.start < me.start
        and clauses[finding.start] < clauses[me.start]
        and scene.tokens[me.start].text >= FIRST_CJK
    )


def _is_known_by(me: Hit, scene: Scene) -> bool:
    """Whether "I" only says how one knows the other ("a bloke I used to work with")."""
    before = scene.tokens[me.start - 1].text if me.start > 0 else ""
    return before in _SOME_ONE and any(hit.end == me.start for hit in scene.of("other"))


def _may_follow(other: Hit, tokens: list[Token]) -> bool:
    """Whether somebody else may be named after the finding: in Chinese only after 是 ("the one who fainted is ...")."""
    return tokens[other.start].text < FIRST_CJK or (other.start > 0 and tokens[other.start - 1].text == "是")


def _subjects(scene: Scene) -> list[tuple[Hit, str]]:
    beside = {hit.end for hit in scene.of("beside")}
    found: list[tuple[Hit, str]] = [
        (hit, "other") for hit in scene.of("other") if not _follows(beside, hit.start, scene.tokens)
    ]
    covered = {at for hit in scene.of("other") for at in range(hit.start, hit.end)}
    aside = {hit.end for name in ("beside", "belonging") for hit in scene.of(name)}
    mine = (scene.of("own_visit") or scene.of("i_am_it")) and not scene.caregiver
    for name, kind in (("self", "self"), ("kin", "kin"), ("pronoun", "pronoun"), ("object_pronoun", "object")):
        found.extend(
            (hit, _kin_is(hit, bool(mine), covered, scene.tokens) if kind == "kin" else kind)
            for hit in scene.of(name)
            if hit.start not in covered
            and not (scene.tokens[hit.start].text in _OWN and (hit.start in aside or _is_place(hit, scene.tokens)))
        )
    return sorted(found, key=lambda pair: (pair[0].start, pair[0].end))


def _kin_is(hit: Hit, mine: bool, covered: set[int], tokens: list[Token]) -> str:
    """What a relative counts as: somebody else in "my cousin's wife", and where the writer is the participant unless he only
    tells what he saw ("my wife noticed")."""
    if hit.start - 1 in covered:
        return "other"
    tells = hit.end < len(tokens) and tokens[hit.end].text in _SAYING
    return "other" if mine and not tells else "kin"


def _is_place(own: Hit, tokens: list[Token]) -> bool:
    """Whether a "my" only says where ("passed out in my chair"), although the "in" is part of a finding."""
    return own.start > 0 and tokens[own.start - 1].text == "in"


def _follows(ends: set[int], at: int, tokens: list[Token]) -> bool:
    """Whether one of `ends` stands directly before token `at`, or with one determiner between."""
    compared = any(tokens[back].text == "like" for back in range(max(0, at - 4), at))  # "like a bloody puffer fish"
    return compared or at in ends or (at - 1 in ends and tokens[at - 1].text in _DETERMINERS)
