"""Who a finding is about: the participant (or a relative who stands for him) or somebody else, and for how long.

Somebody else stays the subject through pronouns, through an onlooking "I" and through whose ("his girlfriend").
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from apps.triage.rules.clauses import FIRST_CJK, Layout
from apps.triage.rules.lexicon import Hit

_NAMED_FIRST = 6  # tokens into its sentence at which somebody else may stand to be meant in the next one as well
_CLAUSES_ON = 3
_LONGEST_NAMED = 12  # tokens of a finding that may stand in a denied list; a longer one, or of two clauses, is a scene
_SHORTEST_ROW = 3  # "bleeding, vomiting" read as one is still a row
_SURNAMED = 2  # tokens of 老 and a surname
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
_WHO_REACH = 4  # tokens from "who" to "me"
_FINDING = frozenset({"find", "see", "hear", "catch"})
_FOUND = (["him"], ["her"], ["dad"], ["mom"])
_TURNING = frozenset({"but", "and"})  # after these the writer goes over to himself
_NAMING = frozenset("是的")
_MY_ZH = frozenset("我俺咱")
_HE = frozenset({"he", "him", "his"})
_SHE = frozenset({"she", "her"})
_THEIRS = frozenset({"his", "her", "their"})  # "my tenant ... his girlfriend": the tenant's


@dataclass(slots=True)
class Scene:
    """One text as the assertion rules see it: words, layout, and the trigger hits by class name.

    What is the same for every finding of a text is worked out once.
    """

    words: list[str]
    layout: Layout
    triggers: dict[str, list[Hit]]
    findings: list[Hit]
    caregiver: bool
    _subjects: list[tuple[Hit, str]] | None = None
    _inside: set[int] | None = None

    def of(self, name: str) -> list[Hit]:
        """The trigger hits of one class."""
        return self.triggers.get(name) or []

    @property
    def subjects(self) -> list[tuple[Hit, str]]:
        """Who is named, in order, and what kind of person it is."""
        if self._subjects is None:
            self._subjects = _subjects(self)
        return self._subjects

    @property
    def inside(self) -> set[int]:
        """Tokens of findings. A "no" inside one that it denies ("he is not confused") still denies the shorter one."""
        if self._inside is None:
            self._inside = _inside(self)
        return self._inside


def between(hits: list[Hit], start: int, end: int) -> bool:
    """Whether one of `hits` begins at a token from `start` up to, without, `end`."""
    return any(start <= hit.start < end for hit in hits)


def is_somebody_elses(finding: Hit, scene: Scene) -> bool:
    """Whether a finding is somebody else's: of the last person before it in its sentence, or of one named right behind it."""
    if not scene.of("other") and not (scene.of("kin") and _is_mine(scene)):
        return False  # most texts name nobody
    sentence = scene.layout.sentences[finding.start]
    if _says_of_me(finding, scene.words) or _is_of_the_writer(finding, scene):
        return False
    subject = "self"
    seen = False
    carried = "self"
    named = -1  # the sentence in which somebody else was named last: there "he" is that one, whatever "I" does
    begun = -1  # the sentence of the person before
    last = finding  # who was named last
    subjects = scene.subjects
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
        if carried == "other" and kind in ("pronoun", "object") and _is_of_other_sex(hit, last, scene):
            carried, named, begun = "self", -1, here
            subject, seen = ("self", True) if here == sentence else (subject, seen)
            continue
        if kind in ("pronoun", "object") or (kind == "kin" and named == here and _is_theirs(hit, scene.words)):
            if here == sentence:
                subject, seen = (
                    ("other" if named == here and scene.words[hit.start] < FIRST_CJK else carried),
                    True,
                )
            begun = here
            continue
        if carried == "other" and (
            (kind in ("self", "kin") and _is_onlooker(hit, finding, scene))
            or (kind == "self" and _is_known_by(hit, scene))
            or (kind == "kin" and _is_known_no_more(hit, finding, scene.words))
        ):
            continue
        if kind == "other" and (_is_inside(hit, finding, scene) or not _still_meant(hit, finding, scene)):
            continue
        if kind != "self":
            named = here if kind == "other" and (named == here or _is_first(hit, begun, here, scene)) else -1
        begun = here
        kind = "self" if kind == "kin" else kind
        carried, last = kind, hit
        if here == sentence or (here == sentence - 1 and kind == "other" and opens):
            subject, seen = kind, True
        else:
            subject, seen = "self", False
    if subject == "other" or (named == sentence and _is_for_them(finding.end, scene.words)):
        return True
    if named >= 0 and not scene.caregiver and _is_with_them(finding.end, scene.words):
        return True
    if _is_vets(finding, subjects, scene):
        return True
    if seen:
        return False
    clause = scene.layout.clauses[finding.start]
    following = next((kind for hit, kind in subjects if finding.end <= hit.start), "self")
    return following == "other" and any(
        finding.end <= hit.start and scene.layout.clauses[hit.start] == clause and _may_follow(hit, scene.words)
        for hit in scene.of("other")
    )


def _is_of_other_sex(pronoun: Hit, named: Hit, scene: Scene) -> bool:
    """Whether a pronoun cannot mean the one named last: "my niece says he cannot lie flat" is not about the niece."""
    said = scene.words[pronoun.start]
    others = "man" if said in _SHE else "woman" if said in _HE else ""
    return any(hit.end == named.end for hit in scene.of(others))


def _is_vets(finding: Hit, subjects: list[tuple[Hit, str]], scene: Scene) -> bool:
    """Whether a vet is called in the same or the next sentence and no person stands before the finding in its clause."""
    layout = scene.layout
    sentence, clause = layout.sentences[finding.start], layout.clauses[finding.start]
    people = ("self", "kin")
    return any(0 <= layout.sentences[hit.start] - sentence <= 1 for hit in scene.of("vet")) and not any(
        kind in people and layout.clauses[hit.start] == clause and hit.start < finding.end for hit, kind in subjects
    )


def _is_theirs(person: Hit, words: list[str]) -> bool:
    """Whether a person is said to be his, her or their one ("his girlfriend")."""
    return words[person.start] in _THEIRS or (person.start > 0 and words[person.start - 1] in _THEIRS)


def _is_for_them(at: int, words: list[str]) -> bool:
    """Whether "for him" stands at `at`: "he fell, I called an ambulance for him" is about the one named before."""
    at += words[at - 1] != "for"  # the finding may hold the "for"
    return at < len(words) and words[at - 1] == "for" and words[at] in ("him", "her", "them")


def _is_with_them(at: int, words: list[str]) -> bool:
    """Whether "with him" stands at `at`: whoever is in the trial himself sat in A&E with the one named before."""
    return at + 1 < len(words) and words[at] in ("with", "wi") and words[at + 1] in ("him", "her", "them")


def _is_first(other: Hit, begun: int, here: int, scene: Scene) -> bool:
    """Whether somebody else, and not his or her one, is the first whom a sentence names, but for whose he is ("my student")."""
    before = scene.words[other.start - 1] if other.start > 0 else ""
    owned = before in _OWN or scene.words[other.start] in _OWN
    return (begun != here or owned) and not _is_theirs(other, scene.words)


def _says_of_me(finding: Hit, words: list[str]) -> bool:
    """Whether a finding begins with what somebody says or sees of the writer ("said I went yellow")."""
    following = words[finding.start + 1 : finding.start + 4]
    if words[finding.start] not in _SAYING or _WRITER.isdisjoint(following[:2]):
        return False
    return _THEIRS.isdisjoint(following)  # "thinks I'm her mother" is about her


def _is_of_the_writer(finding: Hit, scene: Scene) -> bool:
    """Whether a finding names its writer: "my wife won't be told but I want to die", "he gave me a lift, they admitted me"."""
    words = scene.words
    if words[finding.start] == "i" and finding.start > 0 and words[finding.start - 1] in _TURNING:
        return True
    if scene.caregiver:  # "Miss Brown found her wandering", "the neighbour did CPR on my husband"
        return words[finding.start] == "cpr" or (
            words[finding.start] in _FINDING and words[finding.start + 1 : finding.start + 2] in _FOUND
        )
    if words[finding.start] == "they" and "me" in words[finding.start : finding.end]:
        return True
    if scene.of("other") or not _is_mine(scene):
        return False
    kin = [
        hit for hit in scene.of("kin") if hit.start < finding.end
    ]  # "my husband called an ambulance for me, cant breathe"
    return bool(kin) and "me" in words[kin[-1].end : finding.end + 2]


def _still_meant(other: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether somebody else is still the subject: three clauses on in Chinese, and in the next sentence only when named
    first ("The neighbour ... . He fell")."""
    sentences, clauses = scene.layout.sentences, scene.layout.clauses
    sentence = sentences[other.start]
    if sentences[finding.start] != sentence:
        return other.start - bisect_left(sentences, sentence) <= _NAMED_FIRST
    if not any(hit.start < other.start for name in ("self", "kin") for hit in scene.of(name)):
        return True  # the text is about somebody else from its beginning
    return scene.words[other.start] < FIRST_CJK or clauses[finding.start] - clauses[other.start] <= _CLAUSES_ON


def _is_inside(other: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a Chinese word for somebody else stands within the finding ("came round, workmates about me")."""
    return other.start > finding.start and scene.words[other.start] >= FIRST_CJK


def _is_onlooker(me: Hit, finding: Hit, scene: Scene) -> bool:
    """Whether a Chinese "I" stands in a later clause of a finding that began with somebody else ("he fell, I ran to see")."""
    clauses = scene.layout.clauses
    return (
        finding.start < me.start and clauses[finding.start] < clauses[me.start] and scene.words[me.start] >= FIRST_CJK
    )


def _is_known_by(me: Hit, scene: Scene) -> bool:
    """Whether "I" only says how one knows the other ("a bloke I used to work with", "Mrs Fox, who drives me")."""
    if scene.words[me.start] in _OWN and "who" in scene.words[max(0, me.start - _WHO_REACH) : me.start]:
        return True
    before = scene.words[me.start - 1] if me.start > 0 else ""
    return before in _SOME_ONE and any(hit.end == me.start for hit in scene.of("other"))


def _is_known_no_more(kin: Hit, finding: Hit, words: list[str]) -> bool:
    """Whether a Chinese relative without "my" stands within the finding ("the driver's father does not know his son")."""
    word = words[kin.start]
    return finding.start <= kin.start < finding.end and word >= FIRST_CJK and word not in _MY_ZH


def _may_follow(other: Hit, words: list[str]) -> bool:
    """Whether somebody else may be named after the finding: in Chinese only after 是 ("the one who fainted is ...") or 的."""
    return words[other.start] < FIRST_CJK or (other.start > 0 and words[other.start - 1] in _NAMING)


def _subjects(scene: Scene) -> list[tuple[Hit, str]]:
    beside = {hit.end for hit in scene.of("beside")}
    found: list[tuple[Hit, str]] = [
        (hit, "other")
        for hit in scene.of("other")
        if not _follows(beside, hit.start, scene.words) and not _is_called_by_surname(hit, scene)
    ]
    covered = {at for hit in scene.of("other") for at in range(hit.start, hit.end)}
    aside = {hit.end for name in ("beside", "belonging") for hit in scene.of(name)}
    mine = _is_mine(scene)
    for name, kind in (("self", "self"), ("kin", "kin"), ("pronoun", "pronoun"), ("object_pronoun", "object")):
        found.extend(
            (hit, _kin_is(hit, mine, covered, scene.words) if kind == "kin" else kind)
            for hit in scene.of(name)
            if hit.start not in covered
            and not (scene.words[hit.start] in _OWN and (hit.start in aside or _is_place(hit, scene.words)))
        )
    return sorted(found, key=lambda pair: (pair[0].start, pair[0].end))


def _is_mine(scene: Scene) -> bool:
    """Whether the writer says that he himself is the participant ("my next visit")."""
    return bool(scene.of("own_visit") or scene.of("i_am_it")) and not scene.caregiver


def _kin_is(hit: Hit, mine: bool, covered: set[int], words: list[str]) -> str:
    """What a relative counts as: somebody else in "my cousin's wife", and where the writer is the participant unless he only
    tells what he saw ("my wife noticed")."""
    if hit.start - 1 in covered:
        return "other"
    tells = hit.end < len(words) and words[hit.end] in _SAYING
    return "other" if mine and not tells else "kin"


def _is_place(own: Hit, words: list[str]) -> bool:
    """Whether a "my" only says where ("passed out in my chair"), although the "in" is part of a finding."""
    return own.start > 0 and words[own.start - 1] == "in"


def _inside(scene: Scene) -> set[int]:
    clauses = scene.layout.clauses
    return {
        at
        for hit in scene.findings
        if not hit.denied
        and hit.end - hit.start <= (_LONGEST_NAMED if clauses[hit.start] == clauses[hit.end - 1] else _SHORTEST_ROW)
        for at in range(hit.start, hit.end)
    }


def _is_called_by_surname(other: Hit, scene: Scene) -> bool:
    """Whether a caregiver who names no relative calls the participant "old Zhou"; of a place ("next door's old Zhou") it is another."""
    return (
        scene.caregiver
        and other.end - other.start == _SURNAMED
        and scene.words[other.start] == "老"
        and not scene.of("kin")
        and other.start == scene.of("other")[0].start
    )


def _follows(ends: set[int], at: int, words: list[str]) -> bool:
    """Whether one of `ends` stands directly before token `at`, or with one determiner between."""
    compared = any(words[back] == "like" for back in range(max(0, at - 4), at))  # "like a bloody puffer fish"
    return compared or at in ends or (at - 1 in ends and words[at - 1] in _DETERMINERS)
