"""What becomes of a participant in the moment in which a text to them is written, or their plan, on PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from apps.conversations import routing
from apps.conversations.letters import LAB
from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import QuestionState
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import Lane, WorkRow
from apps.followup import farewell, nudges, planning, reminders, round_trips, rules, search
from apps.followup.models import CheckIn, CheckInState, Farewell, Reminder
from apps.followup.planning import person_of, recompute_plan
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import UNPROMPTED, SendState
from apps.participants import confirmations
from apps.participants import services as participants
from apps.participants.models import Participant, RoundTrip, Visit
from apps.participants.vocabulary import ConsentKind, ContactKind, FollowUp
from apps.trials.services import current_protocol
from tests import people
from tests.at_once import at_once
from tests.followup.days import handled_one, local
from tests.operations import rows
from trialcare import heartbeat

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time"),
]
WAITS = 1.5  # seconds: as long as an act that need not wait would take
TIME = VirtualClock(local("2027-06-18 10:00"))


@pytest.fixture(autouse=True)
def time() -> Iterator[None]:
    TIME.move_to(local("2027-06-18 10:00"))
    with clock.using(TIME):
        people.everybody()
        yield


# --- the texts, each about to be written


def last_text(wang: Participant) -> WorkRow:
    TIME.move_to(local("2028-04-14 16:00"))
    return Farewell.objects.create(participant=wang, planned_at=clock.now(), due_at=clock.now(), lane=Lane.MESSAGES)


def visit_text(wang: Participant, wording: str = "visit_1d") -> WorkRow:
    tomorrow = clock.now() + timedelta(days=1)
    Visit.objects.create(participant=wang, code="W24", planned_on=tomorrow.date(), appointment_at=tomorrow)
    return Reminder.objects.create(
        participant=wang, visit_code="W24", for_day=tomorrow.date(), wording=wording, planned_at=clock.now(),
        due_at=clock.now(), lane=Lane.MESSAGES,
    )  # fmt: skip


def due_test_text(wang: Participant) -> WorkRow:
    return visit_text(wang, LAB)


def number_text(wang: Participant) -> WorkRow:
    point = participants.add_contact_point(
        participant=wang, kind=ContactKind.PARTICIPANT, number=people.PHONES["nobody we know"]
    )
    return RoundTrip.objects.get(contact_point=point)


# What makes the row, whose handler it is, and by which word of it the text is written.
Text = tuple[Callable[[Participant], WorkRow], Any, str]
LAST: Text = (last_text, farewell, "say")
VISIT: Text = (visit_text, reminders, "ask")
TEST: Text = (due_test_text, nudges, "ask")
NUMBER: Text = (number_text, round_trips, "ask")


# --- what comes in that moment


def dies(wang: Participant) -> None:
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)


def withdraws(wang: Participant) -> None:
    today = clock.today(wang.site.timezone)
    participants.withdraw_consent(participant=wang, kind=ConsentKind.SMS, withdrawn_on=today)


def has_another_number(wang: Participant) -> None:
    point = wang.contact_points.get(kind=ContactKind.PARTICIPANT)
    participants.end_contact_point(contact_point=point, person=people.chen())


def stops(wang: Participant) -> None:
    message = rows.inbound("stop", line=rows.line())
    message.body = "STOP"
    message.save(update_fields=["body"])
    with transaction.atomic():
        routing.route(message)


@pytest.mark.parametrize(
    ("text", "what_comes"),
    [
        (LAST, dies), (VISIT, dies), (TEST, dies), (NUMBER, dies),
        (LAST, withdraws), (VISIT, stops), (LAST, has_another_number),
    ],
)  # fmt: skip
def test_a_text_that_is_written_in_that_moment_does_not_leave_and_asks_nothing(
    text: Text, what_comes: Callable[[Participant], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_checked, has_come = threading.Event(), threading.Event()
    make, module, writes = text
    wang = people.wang()
    row = make(wang)
    write = getattr(module, writes)

    def in_the_middle(**given: Any) -> Any:
        is_checked.set()
        has_come.wait(timeout=WAITS)
        return write(**given)

    def come() -> None:
        assert is_checked.wait(timeout=10)
        what_comes(wang)
        has_come.set()

    monkeypatch.setattr(module, writes, in_the_middle)
    assert at_once(lambda: handled_one(_entry(row)), come) == []
    texts = OutboundMessage.objects.filter(purpose__in=UNPROMPTED)
    assert [text.state for text in texts] == [SendState.CANCELLED]
    if what_comes is stops:
        assert not Question.objects.filter(state=QuestionState.OPEN).exists()


@pytest.mark.parametrize("text", [LAST, VISIT, TEST, NUMBER])
def test_the_program_fails_at_a_text_while_a_death_is_told_and_nobody_is_to_phone_the_family_about_it(
    text: Text,
) -> None:
    is_told, is_given_up = threading.Event(), threading.Event()
    wang = people.wang()
    row = text[0](wang)
    type(row)._default_manager.filter(pk=row.pk).update(attempts=work.MAX_ATTEMPTS)

    def die() -> None:
        with transaction.atomic():
            dies(wang)
            is_told.set()
            is_given_up.wait(timeout=WAITS)

    def give_up() -> None:
        assert is_told.wait(timeout=10)
        entry, claimed = _entry(row), work.claim(type(row))
        assert claimed is not None
        work.run(entry, claimed)
        is_given_up.set()

    assert at_once(die, give_up) == []
    row.refresh_from_db()
    assert row.quarantined_at is not None
    assert not Task.objects.filter(participant=wang).exists()


def _entry(row: WorkRow) -> work.Work:
    return next(entry for entry in heartbeat.TABLE if entry.model is type(row))


# --- the plan


@pytest.mark.parametrize("what", ["appointment", "visit"])
def test_a_plan_is_recomputed_while_a_person_records_of_a_visit_that_it_moves_and_neither_waits_for_the_other_for_ever(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = people.wang()
    planned = next(iter(rules.plan_visits(person_of(wang), current_protocol())))
    visit = Visit.objects.create(participant=wang, code=planned.code, planned_on=planned.on + timedelta(days=1))
    between, record = _recompute_while(monkeypatch, planning, "plan_visits")

    def say_so() -> None:
        between.wait(timeout=10)
        if what == "appointment":
            participants.set_appointment(visit=visit, appointment_at=clock.now() + timedelta(days=3))
        else:
            participants.record_visit(visit=visit, done_on=clock.today(wang.site.timezone))

    assert at_once(lambda: recompute_plan(participant=wang), say_so) == []
    assert record.is_set()
    visit.refresh_from_db()
    assert visit.appointment_at or visit.done_on


def test_a_search_begins_while_they_write_and_neither_waits_for_the_other_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wang, long_ago = people.wang(), clock.now() - timedelta(days=14)
    CheckIn.objects.create(
        participant=wang, rule="W", occurrence=long_ago.date(), planned_at=long_ago, sent_at=long_ago,
        state=CheckInState.MISSED,
    )  # fmt: skip
    message = rows.inbound("english", line=rows.line())
    message.body = "EN"
    message.save(update_fields=["body"])
    between, asked = _recompute_while(monkeypatch, search, "begin_search")

    def write() -> None:
        between.wait(timeout=10)
        with transaction.atomic():
            routing.route(message)

    assert at_once(lambda: recompute_plan(participant=wang), write) == []
    assert asked.is_set()
    wang.refresh_from_db()
    assert wang.language == "en"


def _recompute_while(
    monkeypatch: pytest.MonkeyPatch, module: Any, does: str
) -> tuple[threading.Event, threading.Event]:
    """The plan is held and about to do this; just then somebody else is about to ask for it to be recomputed."""
    is_planning, is_asked_for = threading.Event(), threading.Event()
    act, replan = getattr(module, does), participants.replan

    def in_the_middle(**given: Any) -> Any:
        is_planning.set()
        is_asked_for.wait(timeout=WAITS)
        return act(**given)

    def ask_for_it(**given: Any) -> Any:
        is_asked_for.set()
        return replan(**given)

    monkeypatch.setattr(module, does, in_the_middle)
    monkeypatch.setattr(participants, "replan", ask_for_it)
    return is_planning, is_asked_for


def test_a_number_that_is_confirmed_while_the_program_gives_up_on_its_question_waits_in_no_deadlock() -> None:
    is_held, is_given_up = threading.Event(), threading.Event()
    wang = people.wang()
    row = number_text(wang)
    RoundTrip.objects.filter(pk=row.pk).update(attempts=work.MAX_ATTEMPTS)
    claimed = work.claim(RoundTrip)
    assert claimed is not None

    def confirm() -> None:
        with transaction.atomic():
            participants.suspend_texts(participant=wang)
            is_held.set()
            is_given_up.wait(timeout=WAITS)
            confirmations.confirm_by_person(contact_point=claimed.contact_point, person=people.chen())

    def give_up() -> None:
        assert is_held.wait(timeout=10)
        work.run(_entry(row), claimed)
        is_given_up.set()

    assert at_once(confirm, give_up) == []
