"""The judgement: findings, their states, modifiers, numbers and composites to one label, one level and one reason."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from apps.triage.rules.assertion import PLANNED, RESOLVED, is_planned, state_of
from apps.triage.rules.baseline import softened
from apps.triage.rules.catalogue import Catalogue
from apps.triage.rules.clauses import FIRST_CJK
from apps.triage.rules.composites import Facts, Verdict, composed, escalated, live_items
from apps.triage.rules.denial import REACH, is_taken_back
from apps.triage.rules.lexicon import Hit
from apps.triage.rules.living import is_of_the_living, means_another_thing
from apps.triage.rules.matching import Reading, read
from apps.triage.rules.net import Net, raised
from apps.triage.rules.normalise import Forms
from apps.triage.rules.quantities import Measure, Quantities
from apps.triage.rules.shapes import Assessment, Context, Finding, more_urgent
from apps.triage.rules.whose import Scene

_LONGEST = 4_000  # characters that are read; an SMS has at most 1,600, and a person reads the rest
_OUTSIDE = {RESOLVED: "past", PLANNED: "hypothetical"}
_UNTIL = frozenset({"until", "till", "til"})  # "never a fit until these pills" denies no fit
_MINDING = frozenset({"think", "want", "know", "feel", "care"})  # what a "not" before these denies is not what follows
_DEATH = "evt_death"
_WEAKER = {"R1": "R2", "R2": "R3", "R3": "R4", "R4": "R4"}


@dataclass(slots=True)
class _Judged:
    """One finding with its state and the label and level that it brings."""

    item: str
    grade: str
    start: int
    end: int
    state: str
    label: str
    level: str
    night_page: bool


@dataclass(frozen=True, slots=True)
class Engine:
    """A catalogue made ready. `assess` is deterministic: same text, same version, same answer."""

    cat: Catalogue
    forms: Forms
    quantities: Quantities
    net: Net

    def assess(self, text: str, *, sender: str, context: Context) -> Assessment:
        """What the text means."""
        folded, where = self.cat.normaliser.fold(text[:_LONGEST])
        reading = read(self.cat, self.forms, folded, where, text)
        measures = self.quantities.read(folded)
        judged: list[_Judged] = []
        if reading.findings or measures:
            scene = self._scene(reading, sender)
            judged = self._judge(text, reading, scene)
            self._add_measures(judged, measures, reading, where, scene)
            self._modify(judged, reading)
        live = [one for one in judged if one.state == "present"]
        facts: Facts | None = None
        verdicts: list[Verdict] = []
        if live or context.recent_items:
            facts = self._facts(live, reading, measures, folded, sender, context)
            facts.undenied = _without_denied(folded, where, judged, reading)
            verdicts = [*escalated(facts), *composed(facts)]
        by_rules = self._conclude(text, judged, verdicts, reading)
        if facts and context.baselines:
            by_rules = softened(by_rules, facts, verdicts, frozenset(one.grade for one in judged))
        found = by_rules if by_rules.label == "serious" else raised(by_rules, *self.net.raises(reading))
        return found if len(text) <= _LONGEST else _half_read(found)

    def read(self, text: str) -> Reading:
        """What is read in a text before any judgement."""
        folded, where = self.cat.normaliser.fold(text[:_LONGEST])
        return read(self.cat, self.forms, folded, where, text)

    def without_net(self) -> Engine:
        """The rules alone."""
        return replace(self, net=Net({}))

    def _judge(self, text: str, reading: Reading, scene: Scene) -> list[_Judged]:
        judged = []
        spans = reading.offsets.spans
        for hit, wording in reading.findings:
            state = state_of(hit, scene)
            item = self.cat.items[wording.item]
            if state == "present" and item.id in self.cat.shared["meta"]["plannable"] and is_planned(hit, scene):
                state = PLANNED
            start, end = spans[hit.start][0], spans[hit.end - 1][1]
            one = _Judged(item.id, wording.grade, start, end, state, wording.label, wording.level, item.night_page)
            if item.id == _DEATH and means_another_thing(text, start, end):
                one.label, one.level = "unclear", "R3"  # whatever it is ("gone a funny colour"), a person reads it
            if state == RESOLVED and one.label == "serious" and item.id not in self.cat.shared["meta"]["lasting"]:
                one.label = "nonserious"
            judged.append(one)
        others = [one for one in judged if one.state == "other_person"]
        for one in judged if others else ():
            if one.state == "present" and any(_is_core(two, one) for two in others):
                one.state = "other_person"
        return [one for one in judged if one.item != "unwell" or not _is_said_exactly(one, judged)]

    def _scene(self, reading: Reading, sender: str) -> Scene:
        findings = [hit for hit, _ in reading.findings]
        triggers = reading.classes
        neutral = {
            at
            for hit in reading.classes.get("neutral", ())
            if not _is_plain_denial(hit, findings, triggers.get("neg", ()), reading.words)
            for at in range(hit.start, hit.end)
        }
        if neutral:
            triggers = {
                name: [
                    hit
                    for hit in hits
                    if name == "neutral" or not neutral.issuperset(range(_head(name, hit, reading.words), hit.end))
                ]
                for name, hits in triggers.items()
                if name in self.cat.triggers
            }
        return Scene(reading.words, reading.layout, triggers, findings, sender == "caregiver")

    def _add_measures(
        self, judged: list[_Judged], measures: list[Measure], reading: Reading, where: Sequence[int], scene: Scene
    ) -> None:
        for measure in measures:
            if not measure.item:
                continue
            start, end = where[measure.start], where[measure.end - 1] + 1
            inside = [at for at, (begun, ended) in enumerate(reading.offsets.spans) if begun < end and ended > start]
            state = "present"
            if inside:
                # A value is only doubted when it is somebody else's, long past or imagined: "not 39" is still 39.
                value = Hit(inside[-1], inside[-1] + 1, -1)
                said = state_of(value, scene)
                state = said if said in ("past", "hypothetical", "other_person") else "present"
                if state == "present" and is_taken_back(value, scene):
                    state = "negated"
            judged.append(
                _Judged(measure.item, measure.rule, start, end, state, measure.label, measure.level, measure.night_page)
            )

    def _modify(self, judged: list[_Judged], reading: Reading) -> None:
        """Words of degree near a finding: "unbearable" raises a belly pain, "a bit" softens breathlessness."""
        for one in judged:
            for rule in self.cat.modifiers.get(one.item, ()):
                if one.grade not in rule.get("grades", ("plain",)):
                    continue
                if not any(
                    self._near(one, hit, reading) for name in rule["with"] for hit in reading.classes.get(name, [])
                ):
                    continue
                if any(
                    self._near(one, hit, reading) or self._within(one, hit, reading)
                    for name in rule.get("unless", ())
                    for hit in reading.classes.get(name, [])
                ):
                    continue
                one.label = rule["label"]
                one.level = rule.get("level", one.level)
                one.grade = rule.get("becomes", one.grade)
                break

    def _near(self, one: _Judged, hit: Hit, reading: Reading) -> bool:
        spans = reading.offsets.spans
        at = bisect_right(spans, one.start, key=lambda span: span[1])  # the token in which the finding begins
        if at < len(spans) and spans[at][0] <= one.start:
            if reading.layout.clauses[hit.start] == reading.layout.clauses[at]:
                return True
            return abs(hit.start - at) <= 8 and reading.layout.sentences[hit.start] == reading.layout.sentences[at]
        return spans[hit.start][0] <= one.end and spans[hit.end - 1][1] >= one.start

    def _within(self, one: _Judged, hit: Hit, reading: Reading) -> bool:
        spans = reading.offsets.spans
        return one.start <= spans[hit.start][0] and spans[hit.end - 1][1] <= one.end

    def _facts(
        self, live: list[_Judged], reading: Reading, measures: list[Measure], folded: str, sender: str, context: Context
    ) -> Facts:
        heat = [measure.value for measure in measures if measure.item == "fever" and measure.value < 50]
        items = frozenset([one.item for one in live])
        return Facts(
            items=items,
            grades=frozenset([f"{one.item}.{one.grade}" for one in live]),
            modifiers=frozenset(reading.classes),
            sender=sender,
            text=folded,
            temperature=max(heat) if heat else None,
            context=context,
            cat=self.cat,
            live=live_items(items, context, self.cat),
        )

    def _conclude(self, text: str, judged: list[_Judged], verdicts: list[Verdict], reading: Reading) -> Assessment:
        live = [one for one in judged if one.state == "present"]
        over = [one for one in judged if one.state == RESOLVED]
        label = _label(live, over, verdicts)
        level: str | None = None
        for one in live:
            level = more_urgent(level, one.level)
        for one in over:
            level = more_urgent(level, one.level if one.label == "serious" else _WEAKER[one.level])
        for verdict in verdicts:
            level = more_urgent(level, verdict.level)
        if label == "serious":
            level = more_urgent(level, "R2")
        if "serious" in [one.label for one in judged if one.state != "present"]:
            level = more_urgent(level, "R3")  # a denied red flag is still seen by a person
        health = bool(judged) or "health" in reading.classes
        if label == "unclear":
            level = more_urgent(level, "R3")
        night = level == "R1" or (
            level == "R2" and (any(one.night_page for one in live) or any(verdict.night_page for verdict in verdicts))
        )
        return Assessment(
            label=label,
            level=level,
            findings=tuple([Finding(o.item, o.start, o.end, _OUTSIDE.get(o.state, o.state)) for o in judged]),
            reason=_reason(judged, verdicts),
            rules_version=self.cat.version,
            night_page=night,
            path=_path(live, text),
            needs_person=level in ("R1", "R2", "R3") or label == "unclear",
            health_word=health,
            input_sha256=digest(text),
        )


def _half_read(found: Assessment) -> Assessment:
    """Of a text too long to be read whole: nobody knows what the rest says, so a person reads it."""
    if found.label in ("serious", "unclear"):
        return found
    return replace(
        found,
        label="unclear",
        level=more_urgent(found.level, "R3"),
        needs_person=True,
        reason=f"read up to [{_LONGEST}]; {found.reason}",
    )


def _head(name: str, hit: Hit, words: list[str]) -> int:
    """Where a trigger begins to count: in English somebody else is his last word ("my neighbour" of "neighbour found me")."""
    return hit.end - 1 if name == "other" and words[hit.start] < FIRST_CJK else hit.start


def _is_plain_denial(neutral: Hit, findings: list[Hit], denials: Iterable[Hit], words: list[str]) -> bool:
    """Whether a fixed "not see" only denies the finding that begins in it: "not seeing things" is no "not seeing well"."""
    return (
        words[neutral.start] < FIRST_CJK
        and any(
            neutral.start < hit.start < neutral.end < hit.end and words[hit.start] not in _MINDING for hit in findings
        )
        and any(hit.start == neutral.start for hit in denials)
        and _UNTIL.isdisjoint(words[neutral.start : neutral.end])
        and not any(neutral.start - 1 <= hit.start <= neutral.start for hit in findings)
    )


def _is_core(two: _Judged, one: _Judged) -> bool:
    """Whether somebody else's finding stands in a longer one that began before him ("yesterday in a film he coughed blood")."""
    return two.item == one.item and one.start < two.start <= one.end


def _is_said_exactly(vague: _Judged, judged: list[_Judged]) -> bool:
    """Whether a more exact finding covers the vague one: "no chest pain" leaves no pain without a place behind."""
    return any(one.item != "unwell" and one.start <= vague.start and vague.end <= one.end for one in judged)


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8; lone surrogates are kept apart from other text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _without_denied(folded: str, where: Sequence[int], judged: list[_Judged], reading: Reading) -> str:
    """The text with blanks for what a word of denial stands before, in the same clause and in a denied finding.

    As it is where something serious is present: its words may lie among these.
    """
    denied = [(one.start, one.end) for one in judged if one.state == "negated"]
    if not denied or any(one.state == "present" and one.label == "serious" for one in judged):
        return folded
    clauses = reading.layout.clauses
    blank: set[int] = set()
    for name, reach in REACH.items():
        for hit in reading.classes.get(name, ()):
            for at in range(hit.end, min(hit.end + reach, len(clauses))):
                start, end = reading.offsets.spans[at]
                is_denied = any(begins <= start and end <= ends for begins, ends in denied)
                if is_denied and clauses[at] == clauses[hit.start]:
                    blank.update(range(start, end))
    signs = []
    for place, sign in enumerate(folded):
        signs.append(" " if where[place] in blank else sign)
    return "".join(signs)


def _label(live: list[_Judged], over: list[_Judged], verdicts: list[Verdict]) -> str:
    labels = [one.label for one in (*live, *over)] + [verdict.label for verdict in verdicts if verdict.label]
    if not labels:
        return "none"
    if "serious" in labels:
        return "serious"
    if any(one.label == "unclear" and one.item != "unwell" for one in live):
        return "unclear"
    if "nonserious" in labels:
        return "nonserious"
    return "unclear" if "unclear" in [one.label for one in live] else "none"


def _path(live: list[_Judged], text: str) -> str | None:
    """Of somebody who lives no death is told: "she says she wants to die" is a crisis, and nobody's loss."""
    told = [one for one in live if one.item == _DEATH and not means_another_thing(text, one.start, one.end)]
    deaths = [one for one in told if not is_of_the_living(text, one.start, one.end)]
    if deaths:
        return "death" if any(one.label == "serious" for one in deaths) else "death_hold"
    return "crisis" if any(one.item == "suicidal" for one in live) else None


def _reason(judged: list[_Judged], verdicts: list[Verdict]) -> str:
    parts = [
        f"{one.item}[{one.start}:{one.end}] {_OUTSIDE.get(one.state, one.state)}"
        + (f" {one.level} {one.label} ({one.grade})" if one.state in ("present", RESOLVED) else "")
        for one in judged
    ]
    parts += [f"rule {verdict.rule} {verdict.level or ''} {verdict.label or ''}".rstrip() for verdict in verdicts]
    return "; ".join(parts) or "nothing found"
