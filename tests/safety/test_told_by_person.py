"""A case told to a person: its clock, its source record, and who is aware of it."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.audit.models import AuditEvent
from apps.conversations import by_phone
from apps.conversations.models import Question, Task
from apps.conversations.services import record_contact
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import InboundMessage
from apps.participants.models import ArmTold
from apps.safety import by_person, items
from apps.safety import services as safety
from apps.safety.by_person import Telling
from apps.safety.judgement import OnsetImpossible
from apps.safety.models import AdverseEvent, OpenItem, SpokenReport
from apps.safety.vocabulary import Causality, Teller
from apps.staff.models import User
from apps.vault.services import create_data_key
from tests import people
from tests.conversations.test_stays import DAY
from tests.conversations.test_story import line_of, text
from tests.due import work
from tests.times import MORNING, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING + 2 * DAY)


def told(person: User, case: AdverseEvent | None = None, **said: Any) -> SpokenReport:
    values: dict[str, Any] = {
        "teller": Teller.CAREGIVER,
        "told_at": clock.now() - timedelta(minutes=20),
        "words": "he vomited blood last night",
        "item": "hematemesis",
    }
    return by_phone.tell(participant=people.wang(), person=person, telling=Telling(**(values | said)), case=case)


def test_the_clock_of_the_case_begins_when_it_was_told() -> None:
    report = told(people.chen(), ticked=frozenset({"hospitalisation"}))

    event = report.event
    assert (event.received_at, event.classified_at) == (clock.now() - timedelta(minutes=20), clock.now())
    assert (event.state, event.level, event.reporter) == ("draft", "R1", "caregiver")
    assert (event.is_serious, event.hospitalisation) == (True, True)
    assert (event.verbatim, report.words) == ("he vomited blood last night",) * 2


def test_a_coordinator_who_was_told_makes_no_investigator_aware_and_an_investigator_is() -> None:
    assert told(people.chen()).event.investigator_aware_at is None

    report = told(people.alice())

    assert report.event.investigator_aware_at == report.told_at


def test_the_words_are_sealed_and_their_entry_is_on_the_trail() -> None:
    report = told(people.chen())

    stored = bytes(SpokenReport.objects.filter(pk=report.pk).values_list("words", flat=True)[0])
    assert b"blood" not in stored
    entry = AuditEvent.objects.get(table="safety_spokenreport")
    assert (entry.operation.lower(), "blood" in str(entry.new)) == ("insert", False)


def test_the_hours_of_the_site_run_from_the_call_and_not_from_the_urgent_text_that_joins_it(time: VirtualClock) -> None:
    """Who was told first knew first (decision 13)."""
    event = told(people.chen(), item="evt_admitted", words="in hospital since last night").event
    time.advance(timedelta(hours=1))
    text("wang", "今天早上吐血了")
    [case] = AdverseEvent.objects.all()
    assert (case, case.reports.count()) == (event, 1)
    assert case.serious_since == event.received_at


def test_a_text_that_reaches_us_late_is_not_joined_to_a_case_that_was_received_after_it(time: VirtualClock) -> None:
    """The provider gave it hours later; what the site knew of then is when it was received."""
    lost_at = clock.now()
    time.advance(timedelta(hours=9))
    text("wang", "今天早上吐血了")
    came_late("wang", "黑便", received_at=lost_at)
    assert [case.received_at for case in AdverseEvent.objects.order_by("received_at")] == [lost_at, clock.now()]


def test_texts_of_one_storm_that_were_handled_in_the_wrong_order_are_one_case(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    came_late("wang", "黑便", received_at=clock.now() - timedelta(seconds=20))
    assert AdverseEvent.objects.count() == 1


def came_late(who: str, body: str, *, received_at: datetime) -> None:
    InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=create_data_key(), body=body,
        received_at=received_at, due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip
    work()


def test_a_report_is_never_changed() -> None:
    report = told(people.chen())
    report.level = "R4"

    with pytest.raises(TypeError):
        report.save()


def test_a_claim_of_an_arm_is_an_incident_of_who_wrote_it() -> None:
    told(people.chen(), words="she says she got the placebo and vomited blood")

    incident = ArmTold.objects.get()
    assert (incident.table, incident.field, incident.said_by) == ("safety_spokenreport", "words", people.chen())


def test_a_case_that_a_text_opened_later_than_it_was_told_is_not_joined() -> None:
    text("wang", "吐血了")

    report = told(people.chen())  # twenty minutes before the text

    assert report.is_first
    assert AdverseEvent.objects.count() == 2


def test_the_case_that_a_person_names_is_joined_however_old(time: VirtualClock) -> None:
    first = told(people.chen(), item="nausea", words="sick").event
    time.advance(5 * DAY)

    report = told(people.chen(), case=first)

    assert report.event == first
    first.refresh_from_db()
    assert (first.level, first.verbatim) == ("R1", "sick")


def test_a_case_that_is_judged_or_was_received_later_cannot_be_named() -> None:
    later = told(people.chen(), told_at=clock.now()).event
    with pytest.raises(by_person.CaseIsLater):
        told(people.chen(), case=later, words="more")

    judged: dict[str, Any] = {"term": "x", "severity_grade": 2, "causality_investigator": Causality.POSSIBLE}
    safety.confirm(event=later, person=people.alice(), **judged)
    later.refresh_from_db()
    with pytest.raises(by_person.CaseIsLater):
        told(people.chen(), case=later, words="more", told_at=clock.now())


def test_a_form_from_before_a_telling_joined_is_refused() -> None:
    event = told(people.chen(), told_at=clock.now()).event
    seen = AdverseEvent.objects.get(pk=event.pk).version
    told(people.chen(), told_at=clock.now(), words="and again")

    with pytest.raises(safety.ChangedMeanwhile), transaction.atomic():
        safety.dismiss(event=event, person=people.alice(), reason="none", started_from=seen)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"words": "  "}, by_person.NothingSaid),
        ({"told_at": MORNING + 2 * DAY + timedelta(minutes=1)}, by_person.NotToldThen),
        ({"told_at": MORNING - 800 * DAY}, by_person.NotToldThen),
        ({"onset_on": date(2027, 5, 15)}, OnsetImpossible),
        ({"onset_on": date(1900, 1, 1)}, OnsetImpossible),
        ({"is_dealt_with": True}, by_person.NotAnInvestigator),
    ],
)
def test_what_cannot_have_been_is_refused_and_nothing_is_kept(said: dict[str, Any], why: type[Exception]) -> None:
    with pytest.raises(why):
        told(people.chen(), **said)

    assert not AdverseEvent.objects.exists()


@pytest.mark.parametrize("who", [people.dora, people.sam, people.ada, people.dan])
def test_nobody_of_another_site_and_no_other_role_writes_one(who: Any) -> None:
    with pytest.raises(safety.NotAllowedHere):
        told(who())

    assert not AdverseEvent.objects.exists()


def test_nobody_is_asked_how_a_death_is_now() -> None:
    report = told(people.chen(), item="evt_death", words="he died")

    assert not OpenItem.objects.filter(event=report.event).exists()
    assert items.asked_about(people.wang()) == []


def test_what_is_open_is_asked_about_like_what_was_texted(time: VirtualClock) -> None:
    report = told(
        people.chen(), item="muscle_joint_pain", words="his back hurts", ticked=frozenset({"other_important"})
    )
    record_contact(running=Escalation.objects.get(), person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)
    item = OpenItem.objects.get(event=report.event)
    assert item.due_at == report.told_at + DAY

    time.advance(DAY)
    work()

    assert Question.objects.get(wording="sym_progress").event == report.event


def test_words_about_suicide_that_were_told_are_not_asked_about_by_text(time: VirtualClock) -> None:
    told(people.alice(), item="suicidal", words="he does not want to live", is_dealt_with=True)

    time.advance(DAY)
    work()

    assert not Question.objects.filter(wording="sym_progress").exists()
    assert Task.objects.filter(kind=TaskKind.PROGRESS).exists()
