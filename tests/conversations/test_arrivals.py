"""An answer that does not reach the phone is no answer: people hear of it, and those who are paged are told to phone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from apps.conversations.models import Arrival, Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.operations import engine
from apps.participants.contacts import add_contact_point
from apps.participants.vocabulary import ContactKind
from tests import people
from tests.fakes.twilio_callbacks import CallbackPlan
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import ACCOUNT_SID
from tests.faults import world as worlds
from tests.faults.world import World

pytestmark = pytest.mark.django_db
BLACK = "black stool since last night"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with worlds.at(worlds.WEDNESDAY - timedelta(days=1), tmp_path) as made:  # without a check-in
        yield made


def refuse(world: World, who: str, code: int) -> None:
    world.twilio.fault(Trouble.REFUSED, to=people.PHONES[who], times=None, code=code, status=400)


def calls() -> list[tuple[str, str]]:
    kinds = (TaskKind.CANNOT_TEXT, TaskKind.UNDELIVERED, TaskKind.UNCERTAIN)
    rows = Task.objects.filter(kind__in=kinds).order_by("participant__code", "created_at")
    return list(rows.values_list("kind", "participant__code"))


@pytest.mark.parametrize(
    ("code", "kind"), [(21610, TaskKind.CANNOT_TEXT), (30007, TaskKind.UNDELIVERED), (21211, TaskKind.UNDELIVERED)]
)
def test_an_emergency_text_that_is_refused_is_told_with_the_next_page(world: World, code: int, kind: TaskKind) -> None:
    refuse(world, "jones", code)
    world.text("jones", BLACK)
    world.minutes(6)
    assert Escalation.objects.get().cannot_text
    assert Page.objects.get(person=people.bob(), channel="sms").wording == "staff_cannot_text"
    assert calls() == [(kind, "BJ01-002")]
    assert Task.objects.get(kind=kind).deadline <= clock.now() + timedelta(minutes=15)


def test_an_answer_that_fails_after_it_was_accepted_is_noticed_too(world: World) -> None:
    world.text("jones", BLACK)
    while not (sent := SendAttempt.objects.filter(message__wording="emergency", state="accepted")).exists():
        assert any(engine.run_one(lane=lane) for lane in (Lane.SAFETY, Lane.MESSAGES))
    world.twilio.exchange.callbacks.waiting.clear()
    attempt = sent.get()
    form = {"AccountSid": ACCOUNT_SID, "MessageSid": attempt.provider_id, "MessageStatus": "undelivered"}
    assert world.post(form | {"ErrorCode": "30003"}, path=f"/sms/twilio/status/{attempt.pk}/") == 200
    world.minutes(2)
    assert Escalation.objects.get().cannot_text


@pytest.mark.parametrize("body", ["1", "STOP it please, I have a cold"])
def test_the_first_sign_of_a_stop_at_the_carrier_is_a_call_the_same_day(world: World, body: str) -> None:
    refuse(world, "jones", 21610)
    world.text("jones", body)
    world.minutes(5)
    assert calls() == [(TaskKind.CANNOT_TEXT, "BJ01-002")]
    assert Task.objects.get(kind=TaskKind.CANNOT_TEXT).deadline <= clock.now() + timedelta(hours=12)


def test_ten_answers_that_do_not_arrive_are_one_call(world: World) -> None:
    refuse(world, "jones", 30007)
    for _ in range(3):
        world.text("jones", "1")
        world.minutes(3)
    assert calls() == [(TaskKind.UNDELIVERED, "BJ01-002")]


def test_of_a_shared_phone_everybody_is_called(world: World) -> None:
    add_contact_point(participant=people.li(), kind=ContactKind.PARTICIPANT, number=people.PHONES["jones"])
    refuse(world, "jones", 30007)
    world.text("jones", BLACK)
    world.minutes(3)
    assert calls() == [(TaskKind.UNDELIVERED, "BJ01-002"), (TaskKind.UNDELIVERED, "SH02-001")]
    assert all(running.cannot_text for running in Escalation.objects.filter(events__isnull=False))


@pytest.mark.parametrize("body", ["1", BLACK])
def test_what_arrives_is_looked_at_once_and_is_nobodys_work(world: World, body: str) -> None:
    world.text("jones", body)
    world.minutes(2)
    assert Arrival.objects.get().due_at is None
    assert calls() == []
    assert not Escalation.objects.filter(cannot_text=True).exists()


def test_whoever_wished_for_no_texts_is_not_called_about_the_answer_that_was_kept_back(world: World) -> None:
    world.text("jones", "STOP")
    world.minutes(1)
    world.text("jones", "1")
    world.minutes(60)
    assert OutboundMessage.objects.get(wording="checkin_ok").state == "cancelled"
    assert calls() == []


# --- news that comes late, or never


def never_reported(world: World, who: str) -> None:
    """The network takes the texts to this phone, and says nothing more of them."""
    world.twilio.exchange.callbacks.plan = CallbackPlan(
        automatic=False, delay=0, by_number={people.PHONES[who]: ("sent",)}
    )


def fails_at_last(world: World, wording: str) -> None:
    attempt = SendAttempt.objects.get(message__wording=wording)
    form = {"AccountSid": ACCOUNT_SID, "MessageSid": attempt.provider_id, "MessageStatus": "undelivered"}
    assert world.post(form | {"ErrorCode": "30003"}, path=f"/sms/twilio/status/{attempt.pk}/") == 200


def reached(running: Escalation) -> None:
    escalation.record_contact(escalation=running, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)


def test_an_emergency_text_of_which_nobody_knows_whether_it_arrived_is_a_call(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", BLACK)
    world.minutes(29)
    assert calls() == []
    world.minutes(3)
    assert calls() == [(TaskKind.UNCERTAIN, "BJ01-002")]
    task = Task.objects.get(kind=TaskKind.UNCERTAIN)
    assert task.deadline <= clock.now() + timedelta(minutes=15)
    assert not Escalation.objects.get().cannot_text  # nobody knows that


def test_nobody_is_called_for_that_who_has_been_spoken_with_since(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", BLACK)
    world.minutes(3)
    reached(Escalation.objects.get())
    world.minutes(60 * 3)
    assert calls() == []


def test_an_answer_of_which_nobody_knows_whether_it_arrived_is_no_call_by_itself(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", "1")
    world.minutes(60 * 7)
    assert calls() == []


def test_the_call_stands_until_somebody_has_spoken_with_them_and_then_is_theirs(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", BLACK)
    world.minutes(40)
    task = Task.objects.get(kind=TaskKind.UNCERTAIN)
    assert task.done_at is None
    reached(Escalation.objects.get())
    world.minutes(20)
    task.refresh_from_db()
    assert task.done_by == people.alice()
    assert Escalation.objects.count() == 1  # a call that was made pages nobody


def test_nobody_forgets_it_when_the_paging_has_ended_without_a_contact(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", BLACK)
    world.minutes(5)
    closed = Escalation.objects.get()
    escalation.acknowledge(escalation=closed, person=people.alice(), via=Via.ADMIN)
    escalation.record_contact(escalation=closed, person=people.alice(), result=ContactResult.CLOSED, via=Via.ADMIN)
    world.minutes(45)
    assert calls() == [(TaskKind.UNCERTAIN, "BJ01-002")]
    assert Escalation.objects.filter(state="open", chain="R2", tasks__kind=TaskKind.UNCERTAIN).exists()


@pytest.mark.parametrize("hours", [1.1, 30])
def test_an_answer_that_failed_hours_or_days_later_is_a_call_however_late_the_news(world: World, hours: float) -> None:
    never_reported(world, "jones")
    world.text("jones", "1")
    world.minutes(60 * hours)
    assert calls() == []
    fails_at_last(world, "checkin_ok")
    world.minutes(60 * 6)
    assert calls() == [(TaskKind.UNDELIVERED, "BJ01-002")]


def test_bad_news_of_an_emergency_text_that_comes_late_is_told_with_every_later_page(world: World) -> None:
    never_reported(world, "jones")
    world.text("jones", BLACK)
    world.minutes(33)
    fails_at_last(world, "emergency")
    world.minutes(30)
    assert Escalation.objects.get().cannot_text
    assert calls() == [(TaskKind.UNCERTAIN, "BJ01-002")]  # which stands already


def test_a_second_emergency_text_that_fails_the_same_day_is_a_new_call(world: World) -> None:
    refuse(world, "jones", 30007)
    world.text("jones", BLACK)
    world.minutes(6)
    reached(Escalation.objects.get())
    world.minutes(31)
    world.text("jones", "I vomit blood")
    world.minutes(6)
    assert calls() == [(TaskKind.UNDELIVERED, "BJ01-002")] * 2
    assert Task.objects.filter(kind=TaskKind.UNDELIVERED, done_at__isnull=True).count() == 1


def test_an_emergency_text_is_looked_after_also_when_its_answer_broke_the_program(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise ValueError

    monkeypatch.setattr("apps.conversations.enrolment.spare", broken)
    refuse(world, "jones", 30007)
    world.text("jones", BLACK)
    world.minutes(20)
    assert calls() == [(TaskKind.UNDELIVERED, "BJ01-002")]
