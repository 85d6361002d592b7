"""Fault 24, a row that raises: five attempts, quarantine with the reason, people told, and everybody else's texts flow. In this process."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from apps.conversations import services as conversations
from apps.conversations.models import Task, Turn
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.escalation import stepping
from apps.escalation.models import Escalation, Incident, Page
from apps.escalation.vocabulary import IncidentKind, PageState
from apps.messaging.gateway import OutboundSms, SendResult
from apps.messaging.gateways.twilio import TwilioGateway
from apps.messaging.models import Alarm, InboundMessage, OutboundMessage
from apps.messaging.vocabulary import AlarmKind, Disposition, SendState
from apps.operations.sentinel import Sentinel
from apps.triage import services as triage
from tests import people
from tests.faults.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.fault]
POISON = "a text that breaks the program"


class Poisoned(Exception):
    """What the program did not expect; its message must reach no row, log or mail."""


@pytest.fixture(autouse=True)
def _poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading one certain text breaks the program."""
    read = triage.triage

    def broken(*, message: InboundMessage, **given: Any) -> Any:
        if message.body == POISON:
            raise Poisoned(message.body)
        return read(message=message, **given)

    monkeypatch.setattr(triage, "triage", broken)


def parked(world: World) -> InboundMessage:
    """The poisonous text after its five attempts: 5, 15, 45 and 120 seconds apart."""
    sid = world.text("wang", POISON)
    world.minutes(5)
    return InboundMessage.objects.get(dedupe_key=sid)


def test_fault_24_a_text_that_raises_is_quarantined_with_the_reason_after_five_attempts(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    row = parked(world)
    assert row.quarantined_at is not None
    assert (row.last_error, row.attempts, row.fence) == ("Poisoned", work.MAX_ATTEMPTS, work.MAX_ATTEMPTS)
    assert POISON not in caplog.text
    world.promises_hold(logs=caplog.text)


def test_fault_24_the_case_is_escalated_as_not_processed_automatically(world: World) -> None:
    """Nobody knows what it says, so it counts as an emergency: the on-call is paged, and a person reads the text itself."""
    row = parked(world)
    running = Escalation.objects.get()
    assert (running.chain, running.received_at) == ("R1", row.received_at)
    assert len(world.received_by("alice")) == 1
    task = Task.objects.get(kind=TaskKind.NOT_PROCESSED)
    assert (task.message, task.participant, task.site) == (row, people.wang(), people.wang().site)
    assert row.disposition == Disposition.PERSON
    assert Turn.objects.get(message=row).escalation == running


def test_fault_24_the_operator_is_told_and_the_heartbeat_falls_silent(world: World, settings: Any) -> None:
    settings.OPERATOR_EMAIL, settings.EMAIL_BACKEND = (
        "operator@example.org",
        "django.core.mail.backends.locmem.EmailBackend",
    )
    parked(world)
    found = {problem.code for problem in Sentinel().look()}
    assert "quarantined_inboundmessage" in found
    [told] = [each for each in mail.outbox if each.to == ["operator@example.org"]]
    assert "1 quarantined rows" in told.body
    assert POISON not in told.body


def test_fault_24_others_flow_on_while_one_text_fails_again_and_again(world: World) -> None:
    poison = world.text("wang", POISON)
    for minute in range(5):
        world.text("jones", "1" if minute else "black stool since last night")
        world.text("li", "1")
        world.work()
        assert not InboundMessage.objects.filter(disposition=Disposition.WAITING).exclude(dedupe_key=poison).exists()
        world.minutes(1)
    assert "emergency" in world.texts_to("jones")
    assert world.texts_to("li").count("checkin_ok") == 5
    world.promises_hold()


def test_fault_24_later_texts_of_the_same_phone_are_read_too(world: World) -> None:
    """A red flag behind a poisonous text raises its alarm at once. The other is an alarm of its own: nobody knows what it says."""
    world.text("wang", POISON)
    world.text("wang", "吐血了")
    world.work()
    assert "emergency" in world.texts_to("wang")
    world.minutes(5)
    assert Escalation.objects.count() == 2
    world.promises_hold()


def test_fault_24_an_unknown_number_goes_to_the_duty_desk(world: World) -> None:
    sid = world.text("nobody we know", POISON)
    world.minutes(5)
    assert InboundMessage.objects.get(dedupe_key=sid).quarantined_at is not None
    assert Escalation.objects.get().chain == "unmatched"
    assert len(world.received_by("dan")) >= 1
    world.promises_hold()


def test_fault_24_a_page_whose_text_breaks_the_gateway_goes_to_the_next_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The safety page itself is the poison: it is never only parked."""
    send, number = TwilioGateway.send, people.PHONES["alice"]

    def broken(self: TwilioGateway, sms: OutboundSms) -> SendResult:
        if sms.recipient == number:
            raise Poisoned(number)
        return send(self, sms)

    monkeypatch.setattr(TwilioGateway, "send", broken)
    world.text("wang", "吐血了")
    world.minutes(1.5)
    assert len(world.received_by("bob")) == 1
    world.minutes(4)
    page = Page.objects.filter(person=people.alice(), channel="sms").earliest("created_at")
    assert page.state == PageState.FAILED
    assert OutboundMessage.objects.get(line=world.line("alice"), key__contains=str(page.pk)).state == SendState.HELD
    assert AlarmKind.QUARANTINED in Alarm.objects.values_list("kind", flat=True)
    world.promises_hold()


def test_fault_24_a_chain_whose_step_breaks_goes_on_with_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escalations are never left in quarantine: the step is passed, people are told, paging continues."""
    world.text("wang", "吐血了")
    world.work()
    step = stepping.take_due_steps
    broken_until = clock.now() + timedelta(minutes=10)

    def broken(running: Escalation) -> Any:
        if clock.now() < broken_until:
            raise Poisoned
        return step(running)

    monkeypatch.setattr("apps.escalation.services.take_due_steps", broken)
    world.minutes(30)
    running = Escalation.objects.get()
    assert running.quarantined_at is None
    assert Incident.objects.filter(kind=IncidentKind.COULD_NOT_ADVANCE, escalation=running).exists()
    assert len(world.received_by("carol")) >= 1
    world.promises_hold()


def test_fault_24_an_answer_that_fails_leaves_a_task_and_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The courtesy answer is the poison: the text itself was handled, and the next one is answered."""
    monkeypatch.setattr(conversations, "_say_reply", _breaks)
    world.text("jones", "1")
    world.minutes(5)
    assert Turn.objects.get().quarantined_at is not None
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).count() == 1
    monkeypatch.undo()
    world.text("jones", "1")
    world.work()
    assert world.texts_to("jones") == ["checkin_ok"]
    world.promises_hold()


def _breaks(_: object) -> None:
    raise Poisoned
