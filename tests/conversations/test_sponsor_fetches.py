"""A confirmed serious event that the sponsor has not fetched in time is made known, once, and its fetch ends that by itself."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from apps.conversations.models import Task
from apps.conversations.services import close_task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Incident
from apps.escalation.vocabulary import IncidentKind
from apps.exports import services as exports
from apps.exports.models import DataCut
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.models_receipt import SponsorReceipt
from apps.staff.services import set_phone
from tests import people
from tests.conversations.test_story import text
from tests.due import work
from tests.exports import cases
from tests.times import MORNING, beginning_at
from tests.workplace.scenes import page, press

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)
DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)
JUDGED: dict[str, Any] = {"term": "Melaena", "severity_grade": 3, "causality_investigator": "possible"}


@pytest.fixture(autouse=True)
def _the_sponsor_has_a_phone(time: VirtualClock) -> None:
    set_phone(user=people.sam(), number=people.PHONES["nobody we know"])


@pytest.fixture
def event() -> AdverseEvent:
    return cases.confirmed(received_at=MORNING)


def at(time: VirtualClock, moment: datetime) -> None:
    time.move_to(moment)
    work()


def tasks() -> list[Task]:
    return list(Task.objects.filter(kind=TaskKind.UNFETCHED, done_at__isnull=True))


def incidents() -> list[Incident]:
    return list(Incident.objects.filter(kind=IncidentKind.UNFETCHED, mended_at__isnull=True))


def told() -> dict[str, str]:
    """Who is told by text, by handset."""
    rows = OutboundMessage.objects.filter(wording__startswith="staff_unfetched").exclude(state="cancelled")
    return {row.line.number: row.text for row in rows}


def cut() -> DataCut:
    return exports.make_cut(
        formats=["listing_csv"], as_of=clock.now(), made_by="sam", maker=people.sam(), reason="serious case"
    )


def fetch(made: DataCut | None = None) -> None:
    exports.fetch_cut(cut=made or cut(), person=people.sam())
    work()


def test_nothing_is_said_while_there_is_time(time: VirtualClock, event: AdverseEvent) -> None:
    at(time, MORNING + DAY - MINUTE)
    assert (tasks(), incidents(), told()) == ([], [], {})


def test_when_the_hours_are_over_site_and_sponsor_hear_of_it_once(
    time: VirtualClock, event: AdverseEvent, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        at(time, MORNING + DAY + MINUTE)
    [task] = tasks()
    assert (task.event, task.site, task.deadline) == (event, people.site("BJ01"), MORNING + DAY)
    [incident] = incidents()
    assert (incident.site, incident.detail) == (people.site("BJ01"), event.case_number)
    assert set(told()) == {people.PHONES[name] for name in ("carol", "chen", "nobody we know")}
    assert {address for letter in mail.outbox for address in letter.to} == {
        f"{name}@example.org" for name in ("carol", "chen", "sam")
    }
    with django_capture_on_commit_callbacks(execute=True):
        at(time, MORNING + 4 * DAY)
    assert (len(tasks()), len(incidents()), len(told()), len(mail.outbox)) == (1, 1, 3, 3)
    assert not Escalation.objects.exists()  # nobody is woken for it


def test_it_names_the_case_and_nothing_of_the_person_or_the_illness(
    time: VirtualClock, event: AdverseEvent, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        at(time, MORNING + DAY + MINUTE)
    letters = [f"{letter.subject} {letter.body}" for letter in mail.outbox]
    assert len(letters) == len(told()) == 3
    for said in [*told().values(), *letters]:
        assert event.case_number in said
        assert not any(word in said for word in (event.participant.code, event.term, "王小明"))


def test_it_stands_on_the_first_page_of_the_site_and_on_the_page_of_its_duty(
    time: VirtualClock, event: AdverseEvent
) -> None:
    at(time, MORNING + DAY + MINUTE)
    assert str(TaskKind.UNFETCHED.label) in page(people.carol(), "/admin/now/")
    assert str(TaskKind.UNFETCHED.label) not in page(people.dora(), "/admin/now/")
    duty = page(people.carol(), "/admin/duty/")
    assert str(IncidentKind.UNFETCHED.label) in duty
    assert event.case_number in duty


def test_what_was_fetched_in_time_is_never_spoken_of(time: VirtualClock, event: AdverseEvent) -> None:
    time.advance(MINUTE)
    fetch()
    at(time, MORNING + DAY + MINUTE)
    assert (tasks(), incidents(), told()) == ([], [], {})


def test_the_fetch_ends_all_of_it_in_the_name_of_who_fetched(time: VirtualClock, event: AdverseEvent) -> None:
    at(time, MORNING + DAY + MINUTE)
    [task], [incident] = tasks(), incidents()
    fetch()
    task.refresh_from_db()
    incident.refresh_from_db()
    assert (tasks(), incidents()) == ([], [])
    assert (task.done_by, incident.mended_by) == (people.sam(), people.sam())
    assert task.result


def test_a_text_that_waits_for_the_morning_does_not_leave_after_the_fetch(time: VirtualClock) -> None:
    night = MORNING + timedelta(hours=15)  # 01:05
    time.move_to(night)
    cases.confirmed(received_at=night - DAY)
    work()
    assert len(told()) == 3
    assert not OutboundMessage.objects.filter(purpose=Purpose.NOTICE, handed_over_at__isnull=False).exists()
    fetch()
    assert told() == {}


def test_a_cut_as_of_before_the_confirmation_tells_nothing_of_it(time: VirtualClock, event: AdverseEvent) -> None:
    """Of an event that was confirmed as not serious the cut has only that."""
    mild = cases.confirmed(received_at=MORNING, hospitalisation=False)
    time.advance(MINUTE)
    before = cut()
    time.advance(MINUTE)
    safety.correct(event=mild, person=people.alice(), reason="admitted since", hospitalisation=True)
    fetch(before)
    at(time, MORNING + DAY + 3 * MINUTE)
    assert [task.event for task in tasks()] == [mild]


def test_what_a_correction_makes_serious_has_its_hours_from_the_correction(time: VirtualClock) -> None:
    event = cases.confirmed(received_at=MORNING, hospitalisation=False)
    time.move_to(MORNING + 2 * DAY)
    safety.correct(event=event, person=people.alice(), reason="admitted since", hospitalisation=True)
    at(time, MORNING + 3 * DAY - MINUTE)
    assert tasks() == []
    at(time, MORNING + 3 * DAY + MINUTE)
    assert [task.event for task in tasks()] == [event]


def test_what_a_correction_calls_not_serious_is_waited_for_no_more_and_begins_anew(
    time: VirtualClock, event: AdverseEvent
) -> None:
    at(time, MORNING + DAY + MINUTE)
    [task] = tasks()
    safety.correct(event=event, person=people.alice(), reason="an outpatient", hospitalisation=False)
    work()
    task.refresh_from_db()
    assert (tasks(), incidents(), task.done_by) == ([], [], people.alice())
    safety.correct(event=event, person=people.alice(), reason="no, admitted", hospitalisation=True)
    at(time, MORNING + 2 * DAY + 2 * MINUTE)
    assert [each.event for each in tasks()] == [event]


@pytest.mark.parametrize(
    "graver", [{"death": True, "outcome": "5", "severity_grade": 5}, {"causality_investigator": "possible"}]
)
def test_what_became_graver_after_the_fetch_is_waited_for_anew(time: VirtualClock, graver: dict[str, Any]) -> None:
    event = cases.confirmed(received_at=MORNING, causality_investigator="unlikely")
    time.advance(MINUTE)
    fetch()
    time.move_to(MORNING + 2 * DAY)
    safety.correct(event=event, person=people.alice(), reason="the hospital wrote", **graver)
    at(time, MORNING + 3 * DAY - MINUTE)
    assert tasks() == []
    at(time, MORNING + 3 * DAY + MINUTE)
    assert [task.event for task in tasks()] == [event]
    fetch()
    assert (tasks(), incidents()) == ([], [])


def test_a_correction_that_makes_nothing_graver_is_nobody_s_to_fetch_again(time: VirtualClock) -> None:
    event = cases.confirmed(received_at=MORNING)
    fetch()
    time.move_to(MORNING + 2 * DAY)
    milder: dict[str, Any] = {"outcome": "1", "severity_grade": 4, "causality_investigator": "unlikely"}
    safety.correct(event=event, person=people.alice(), reason="the hospital wrote", **milder)
    at(time, MORNING + 4 * DAY)
    assert tasks() == []


def test_a_cut_of_before_it_became_graver_ends_no_waiting_and_its_hours_stay_as_they_ran(time: VirtualClock) -> None:
    event = cases.confirmed(received_at=MORNING)
    time.advance(MINUTE)
    before = cut()
    time.move_to(MORNING + DAY / 2)
    safety.correct(event=event, person=people.alice(), reason="on a ventilator", life_threatening=True)
    fetch(before)
    at(time, MORNING + DAY + MINUTE)
    assert [(task.event, task.deadline) for task in tasks()] == [(event, MORNING + DAY)]
    fetch()
    assert (tasks(), incidents()) == ([], [])


def test_a_text_of_before_it_became_graver_does_not_leave_after_the_fetch(time: VirtualClock) -> None:
    night = MORNING + timedelta(hours=15)
    time.move_to(night)
    event = cases.confirmed(received_at=night - DAY)
    work()
    assert len(told()) == 3
    time.advance(MINUTE)
    safety.correct(event=event, person=people.alice(), reason="on a ventilator", life_threatening=True)
    fetch()
    assert told() == {}


def test_neither_a_page_to_the_monitor_nor_its_look_at_the_case_is_a_fetch(
    time: VirtualClock, event: AdverseEvent
) -> None:
    safety.note_sponsor_aware(events=[event], at=clock.now())
    at(time, MORNING + DAY + MINUTE)
    assert len(tasks()) == 1


def test_a_cut_that_a_command_writes_out_is_a_fetch_without_a_name(
    time: VirtualClock, event: AdverseEvent, tmp_path: Path
) -> None:
    time.advance(MINUTE)
    made = exports.make_cut(formats=["listing_csv"], as_of=clock.now(), made_by="nightly", reason="nightly")
    exports.write_cut(cut=made, out=tmp_path / "cut")
    at(time, MORNING + DAY + MINUTE)
    assert tasks() == []
    assert SponsorReceipt.objects.get().ended_by is None


def test_the_site_that_has_told_the_sponsor_otherwise_says_so_and_the_incident_stays(
    time: VirtualClock, event: AdverseEvent
) -> None:
    at(time, MORNING + DAY + MINUTE)
    [task] = tasks()
    close_task(task=task, person=people.chen(), result="phoned the safety desk, faxed the form")
    at(time, MORNING + 2 * DAY)
    assert (tasks(), len(incidents())) == ([], 1)
    fetch()
    assert incidents() == []


def test_the_number_that_its_task_shows_is_the_sponsors_and_no_participants(
    time: VirtualClock, event: AdverseEvent
) -> None:
    at(time, MORNING + DAY + MINUTE)
    shown = press(people.chen(), tasks()[0], "call").content.decode()
    assert people.sam().name in shown
    assert people.PHONES["nobody we know"] in shown
    assert people.PHONES["wang"] not in shown


def test_what_is_not_serious_or_not_confirmed_is_nobody_s_to_fetch(time: VirtualClock) -> None:
    cases.confirmed(received_at=MORNING, hospitalisation=False)
    cases.draft(received_at=MORNING, hospitalisation=True)
    at(time, MORNING + 2 * DAY)
    assert tasks() == []


def test_a_case_confirmed_too_late_is_spoken_of_at_once(time: VirtualClock) -> None:
    text("jones", "black stool since last night")
    event = AdverseEvent.objects.get()
    Escalation.objects.update(state="contacted", due_at=None)
    time.move_to(MORNING + 2 * DAY)
    safety.confirm(event=event, person=people.alice(), hospitalisation=True, **JUDGED)
    work()
    assert [task.event for task in tasks()] == [event]
