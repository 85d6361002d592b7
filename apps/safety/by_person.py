"""A case told to a person of the site: the draft that it opens, or the open one that it joins. The words are a source record."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING
from apps.participants import arm_told
from apps.participants.models import Participant
from apps.participants.vocabulary import ConsentKind
from apps.safety import items
from apps.safety.judgement import OnsetImpossible, SafetyError, check_days
from apps.safety.models import AdverseEvent
from apps.safety.models_spoken import SpokenReport
from apps.safety.services import NotAllowedHere, fresh_case_number, rise, running_draft, still_a_draft
from apps.safety.vocabulary import CRITERIA, EventState, Teller
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.triage import rules
from apps.vault.services import text_marks

DEATH, ADMITTED, HOME, TRANSPLANT = "evt_death", "evt_admitted", "evt_discharged", "evt_transplant"
_AT_ONCE = frozenset({"death", "life_threatening", "hospitalisation"})
_SAYS_ITSELF = {DEATH: "death", ADMITTED: "hospitalisation"}
_URGENT = ("R1", "R2")
_UNNAMED = "R3"  # an item that the catalogue does not have
_MINUTE = timedelta(minutes=1)  # the hour of a call is written without seconds


class NothingSaid(SafetyError):
    """What was told stands in words."""


class NotToldThen(SafetyError):
    """It was told between the consent to the trial and now."""


class CaseIsLater(SafetyError):
    """The case was received after it was told, or is judged already: its clock would begin too late for this."""


class NotAnInvestigator(SafetyError):
    """Only an investigator of the site says that a case is dealt with, or milder than its words read."""


@dataclass(frozen=True)
class Telling:
    """What a person was told, as they enter it. `item` is of the catalogue, empty for anything else.

    `heard` is how the rules read the words. Where that is more serious than what was entered, it counts like a text's, unless an
    investigator judges it milder: nothing else lowers a level.
    """

    teller: Teller
    told_at: datetime
    words: str
    item: str = ""
    ticked: frozenset[str] = frozenset()
    onset_on: date | None = None
    is_dealt_with: bool = False
    is_judged_milder: bool = False
    heard: rules.Assessment | None = None
    is_home_again: bool = False  # the words say nothing but that, and the stay is known

    @property
    def criteria(self) -> list[str]:
        """As ticked, and what the item says by itself."""
        said = self.ticked | {_SAYS_ITSELF.get(self.item, "")}
        return [name for name in CRITERIA if name in said]

    @property
    def is_death(self) -> bool:
        return "death" in self.criteria or (self._words_count and self._heard_death)

    @property
    def level(self) -> str:
        """As entered, or as the words read where that counts."""
        return min(self._entered, self._heard_level) if self._words_count else self._entered

    @property
    def reads_worse(self) -> bool:
        """The words are more serious than what was entered beside them."""
        is_more_urgent = bool(self._heard_level) and self._heard_level < self._entered
        return is_more_urgent or (self._heard_death and "death" not in self.criteria)

    @property
    def _words_count(self) -> bool:
        return self.reads_worse and not self.is_judged_milder

    @property
    def _heard_level(self) -> str:
        """Only an urgent one: what a text would leave to a person has been heard by one."""
        if self.heard is None or self.is_home_again or self.heard.level not in _URGENT:
            return ""
        return self.heard.level

    @property
    def _heard_death(self) -> bool:
        return self.heard is not None and self.heard.path in items.NEVER

    @property
    def _entered(self) -> str:
        """The strictest of the catalogue's and of what the criteria ask for."""
        level = rules.catalogue().items[self.item].level if self.item else _UNNAMED
        by_criteria = "R1" if _AT_ONCE & {*self.criteria} else "R2" if self.criteria else level
        return min(level, by_criteria)

    @property
    def pages(self) -> bool:
        return self.level in _URGENT

    @property
    def pages_at_night(self) -> bool:
        """What a person calls serious waits for no morning (decision 30)."""
        if self.level == "R1" or bool(self.criteria):
            return True
        by_words = self._words_count and self.heard is not None and self.heard.night_page
        return by_words or (bool(self.item) and rules.catalogue().items[self.item].night_page)

    def marks(self, participant: Participant, person: User) -> list[bytes]:
        """By which the same telling is known again, under every index key, the newest first."""
        said = (
            str(participant.pk), str(person.pk), self.told_at.isoformat(), self.teller, self.item, *sorted(self.ticked),
            str(self.onset_on), str(self.is_dealt_with), *(["milder"] if self.is_judged_milder else []), self.words.strip(),
        )  # fmt: skip
        return text_marks("\n".join(said))


def known(*, participant: Participant, person: User, telling: Telling) -> SpokenReport | None:
    """The row of the same telling, when it was sent before."""
    return SpokenReport.objects.filter(mark__in=telling.marks(participant, person)).select_related("event").first()


def check(*, participant: Participant, person: User, telling: Telling, case: AdverseEvent | None = None) -> None:
    """Before anybody is paged about it. Raises any SafetyError; an item or criterion that does not exist is a programming error."""
    if (telling.item and telling.item not in rules.catalogue().items) or not telling.ticked <= {*CRITERIA}:
        raise ValueError("no such item or criterion")
    if case is not None and case.participant_id != participant.pk:
        raise ValueError("a case of somebody else")
    if not scope(person).may(Action.DRAFT_EVENTS, site=participant.site_id):
        raise NotAllowedHere
    if (telling.is_dealt_with or telling.is_judged_milder) and not is_investigator(person, participant):
        raise NotAnInvestigator
    if not telling.words.strip():
        raise NothingSaid
    if telling.told_at > clock.now() or telling.told_at.astimezone(participant.zone).date() < _enrolled_on(participant):
        raise NotToldThen
    if case is not None and (case.state != EventState.DRAFT or not _was_there(case, telling)):
        raise CaseIsLater
    if telling.onset_on is not None:
        check_days(AdverseEvent(participant=participant, onset_on=telling.onset_on))
        if telling.onset_on > telling.told_at.astimezone(participant.zone).date():
            raise OnsetImpossible


def is_investigator(person: User, participant: Participant) -> bool:
    """Of this participant's site: their knowledge is the investigator's awareness."""
    return scope(person).may(Action.CONFIRM_EVENTS, site=participant.site_id)


@transaction.atomic(savepoint=False)
def open_told_case(
    *,
    participant: Participant,
    person: User,
    telling: Telling,
    escalation: Escalation | None,
    case: AdverseEvent | None = None,
    is_asked_about: bool = True,
) -> SpokenReport:
    """The draft of a telling, its own or the open one that it is about. The caller holds the participant and has called `check`."""
    event = still_a_draft(case) or still_a_draft(_open_about(participant, telling))
    is_first = event is None
    if event is None:
        event = _draft(participant, person, telling)
    for name in telling.criteria:
        setattr(event, name, True)
    event.onset_on = event.onset_on or telling.onset_on
    if event.investigator_aware_at is None and is_investigator(person, participant):
        event.investigator_aware_at = telling.told_at
    if event.first_read_at is None and telling.is_dealt_with:
        event.first_read_at, event.first_read_by = clock.now(), person
    rise(event, telling.level, escalation, joins=not is_first)
    event.save()
    if is_asked_about:
        items.expect(event, path=items.NEVER[0] if telling.is_death else "")
    if not is_first:
        items.told_again(event, at=clock.now())
    return _report(event, person, telling, is_first=is_first)


def _draft(participant: Participant, person: User, telling: Telling) -> AdverseEvent:
    now = clock.now()
    return AdverseEvent(
        case_number=fresh_case_number(participant), participant=participant, data_key=participant.data_key,
        verbatim=telling.words.strip(), verbatim_language=person.language, reporter=telling.teller,
        received_at=telling.told_at, classified_at=now, changed_at=now,
    )  # fmt: skip


def _report(event: AdverseEvent, person: User, telling: Telling, *, is_first: bool) -> SpokenReport:
    participant = event.participant
    report = SpokenReport.objects.create(
        event=event, mark=telling.marks(participant, person)[0], is_first=is_first, teller=telling.teller, person=person,
        told_at=telling.told_at, recorded_at=clock.now(), item=telling.item, level=telling.level, criteria=telling.criteria,
        onset_on=telling.onset_on, is_dealt_with=telling.is_dealt_with, data_key=participant.data_key,
        words=telling.words.strip(), reading=_kept(telling.heard), is_judged_milder=telling.is_judged_milder and telling.reads_worse,
    )  # fmt: skip
    arm_told.note(row=report, field="words", text=report.words, participant=participant, said_by=person)
    return report


def _kept(heard: rules.Assessment | None) -> dict[str, Any]:
    """The decision as it is kept: why, where in the words, and by which version of the rules."""
    if heard is None:
        return {}
    return {
        "label": heard.label, "level": heard.level or "", "findings": [asdict(each) for each in heard.findings],
        "path": heard.path or "", "reason": heard.reason[:300], "rules_version": heard.rules_version,
    }  # fmt: skip


def _open_about(participant: Participant, telling: Telling) -> AdverseEvent | None:
    """The draft that a further text would join; else the one that people are being paged about now, and phone because of."""
    storm = running_draft(participant, received_at=telling.told_at)
    paged = participant.events.filter(state=EventState.DRAFT, escalation__state__in=RUNNING).order_by("-received_at")
    return next((event for event in _named([storm, *paged]) if _was_there(event, telling)), None)


def _named(events: Iterable[AdverseEvent | None]) -> Iterable[AdverseEvent]:
    return (event for event in events if event is not None)


def _was_there(event: AdverseEvent, telling: Telling) -> bool:
    """A case that was received later would count its clock from too late a moment, and only a signed reason moves one (decision 13)."""
    return event.received_at < telling.told_at + _MINUTE


def _enrolled_on(participant: Participant) -> date:
    given = participant.consents.filter(kind=ConsentKind.TRIAL).order_by("given_on").values_list("given_on", flat=True)
    return min(given.first() or participant.day_zero, participant.day_zero)
