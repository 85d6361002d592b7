"""The outcome of a call is unknown: no doubles for a check-in, no delay for a page, and never silence."""

import json
import time as clocks
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.failpoints import FailpointStruck
from apps.messaging import routes, services
from apps.messaging.models import Alarm, Line, OutboundMessage, SendAttempt
from apps.messaging.vocabulary import NOT_REACHED, URGENT, AlarmKind, AttemptState, Purpose, SendState
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import ALICE, after, line_of, post_status, queued, state_of, work_off

pytestmark = pytest.mark.django_db
_NOT_URGENT = [Purpose.CHECKIN, Purpose.REMINDER, Purpose.REPLY, Purpose.NOTICE]
_MANY = 200


def test_a_text_that_was_accepted_unseen_is_found_in_the_log_and_not_sent_again(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    assert state_of(message) == SendState.UNKNOWN
    assert after(time, 59) == 0
    after(time, 2)
    assert state_of(message) == SendState.ACCEPTED
    assert message.send_attempts.get().provider_id == twilio.sent_to(ALICE)[0]["sid"]
    assert twilio.posts() == 1


def test_a_text_beside_another_that_is_found_is_looked_up_until_it_goes_to_a_person(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_BEFORE, times=1)
    lost = queued(line, Purpose.REPLY)
    work_off()
    twilio.fault(Trouble.RESET_AFTER, times=1)
    other = queued(line, Purpose.CHECKIN, key="two", words="Another text.")
    work_off()
    for _ in range(12):
        after(time, 31)
    assert state_of(other) == SendState.ACCEPTED
    assert state_of(lost) == SendState.HELD


@pytest.mark.parametrize("purpose", _NOT_URGENT)
def test_a_text_that_is_twice_not_in_the_log_goes_to_a_person(
    twilio: TwilioServer, line: Line, time: VirtualClock, purpose: Purpose
) -> None:
    twilio.fault(Trouble.RESET_BEFORE)
    message = queued(line, purpose)
    work_off()
    after(time, 61)
    assert state_of(message) == SendState.UNKNOWN
    assert after(time, 30) == 0  # the second look is at least a minute after the first
    after(time, 31)
    assert (state_of(message), message.error_code) == (SendState.HELD, "not_in_log")
    assert message.state in NOT_REACHED
    assert Alarm.objects.get().kind == AlarmKind.HELD
    after(time, 86_400)
    assert twilio.posts() == 1


def test_a_late_callback_heals_even_a_held_text(
    client: Client, twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.exchange.hides_new = True
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    after(time, 61)
    after(time, 61)
    assert state_of(message) == SendState.HELD
    sid = twilio.sent_to(ALICE)[0]["sid"]
    assert post_status(client, message.send_attempts.get().pk, "delivered", sid=sid).status_code == 200
    assert state_of(message) == SendState.DELIVERED


def test_a_callback_heals_before_anybody_looks(
    client: Client, twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    sid = twilio.sent_to(ALICE)[0]["sid"]
    post_status(client, message.send_attempts.get().pk, "sent", sid=sid)
    reads = len(twilio.exchange.requests)
    after(time, 61)
    assert state_of(message) == SendState.SENT
    assert twilio.posts() == 1
    assert message.send_attempts.get().times_listed == 0
    assert len(twilio.exchange.requests) <= reads + 1


def test_a_text_that_shows_late_in_the_log_is_found_at_the_second_look(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.exchange.hides_new = True
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    after(time, 61)
    twilio.exchange.hides_new = False
    after(time, 61)
    assert state_of(message) == SendState.ACCEPTED


def test_a_redacted_body_cannot_be_matched_and_goes_to_a_person(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    twilio.exchange.messages[0]["body"] = ""
    after(time, 61)
    after(time, 61)
    assert state_of(message) == SendState.HELD


def test_a_log_that_cannot_be_read_proves_nothing(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    twilio.fault(Trouble.RESET_BEFORE)
    twilio.fault(Trouble.SERVER_ERROR, of="read", times=None)
    message = queued(line)
    work_off()
    for _ in range(5):
        after(time, 61)
    assert state_of(message) == SendState.UNKNOWN
    assert message.send_attempts.get().times_listed == 0
    message.send_attempts.update(started_at=clock.machine() - timedelta(minutes=31))
    after(time, 61)
    assert (state_of(message), message.error_code) == (SendState.HELD, "cannot_look")


def test_two_equal_texts_to_one_phone_are_told_apart_when_both_are_in_the_log(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER, times=2)
    first, second = queued(line, Purpose.REPLY, key="first"), queued(line, Purpose.REPLY, key="second")
    work_off()
    after(time, 61)
    assert (state_of(first), state_of(second)) == ("accepted", "accepted")
    assert len({each.send_attempts.get().provider_id for each in (first, second)}) == 2


def test_two_equal_texts_of_which_one_is_in_the_log_go_to_a_person(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    twilio.fault(Trouble.RESET_BEFORE)
    first, second = queued(line, Purpose.REPLY, key="first"), queued(line, Purpose.REPLY, key="second")
    work_off()
    after(time, 61)
    assert (state_of(first), state_of(second)) == ("held", "held")
    assert twilio.posts() == 2


def test_an_equal_text_that_is_known_is_not_taken_for_the_lost_one(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    known = queued(line, Purpose.REPLY, key="known")
    work_off()
    twilio.fault(Trouble.RESET_BEFORE)
    lost = queued(line, Purpose.REPLY, key="lost")
    work_off()
    after(time, 61)
    after(time, 61)
    assert (state_of(known), state_of(lost)) == ("accepted", "held")


def test_an_older_equal_text_is_not_taken_for_the_lost_one(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    old = twilio.exchange.take({"To": ALICE, "From": "+15005550006", "Body": "How are you today?"})
    row = next(row for row in twilio.exchange.messages if row["sid"] == old["sid"])
    row["date_created"] = "Mon, 01 Jan 2024 08:00:00 +0000"
    twilio.fault(Trouble.RESET_BEFORE)
    message = queued(line)
    work_off()
    after(time, 61)
    after(time, 61)
    assert state_of(message) == SendState.HELD


# --- urgent


@pytest.mark.parametrize("purpose", sorted(URGENT))
@pytest.mark.parametrize("trouble", [Trouble.RESET_BEFORE, Trouble.RESET_AFTER, Trouble.SERVER_ERROR, Trouble.HTML_200])
def test_an_urgent_text_of_unknown_outcome_goes_again_at_once(
    twilio: TwilioServer, line: Line, time: VirtualClock, purpose: Purpose, trouble: Trouble
) -> None:
    twilio.fault(trouble)
    message = queued(line, purpose)
    work_off()  # the clock stands still: nothing waits
    assert state_of(message) == SendState.ACCEPTED
    assert twilio.posts() == 2


def test_an_urgent_text_does_not_hammer_a_sick_provider_and_ends_with_a_person(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.SERVER_ERROR, times=None)
    message = queued(line, Purpose.PAGE)
    work_off()
    assert twilio.posts() == 2
    for _ in range(60):
        after(time, 10)
    assert twilio.posts() <= 6
    assert state_of(message) in NOT_REACHED


def test_the_first_callback_of_either_call_counts_and_a_failure_of_one_does_not_end_the_other(
    client: Client, twilio: TwilioServer, line: Line
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line, Purpose.EMERGENCY)
    work_off()
    lost, known = message.send_attempts.order_by("started_at")
    post_status(client, lost.pk, "undelivered", sid=twilio.sent_to(ALICE)[0]["sid"], error_code="30003")
    assert state_of(message) == SendState.ACCEPTED
    post_status(client, known.pk, "delivered", sid=known.provider_id)
    assert state_of(message) == SendState.DELIVERED


def _one_lost_and_one_known(twilio: TwilioServer, line: Line) -> tuple[OutboundMessage, SendAttempt, SendAttempt]:
    """An urgent text called twice: nobody knows of the first call, and the provider took the second."""
    twilio.fault(Trouble.RESET_BEFORE)
    message = queued(line, Purpose.EMERGENCY)
    work_off()
    lost, known = message.send_attempts.order_by("started_at")
    assert (lost.state, known.state) == (AttemptState.UNKNOWN, AttemptState.ACCEPTED)
    return message, lost, known


def test_beside_a_call_of_which_nobody_knows_a_failed_one_counts_at_the_next_look(
    client: Client, twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    message, _, known = _one_lost_and_one_known(twilio, line)
    post_status(client, known.pk, "undelivered", sid=known.provider_id, error_code="30003")
    assert state_of(message) == SendState.ACCEPTED  # the lost one may have gone out: its report has a moment yet
    after(time, 46)
    assert (state_of(message), message.error_code) == (SendState.UNDELIVERED, "30003")
    assert not Alarm.objects.filter(kind=AlarmKind.NO_FINAL_STATE).exists()


def test_so_it_does_when_the_provider_says_so_only_after_the_last_look(
    client: Client, twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    message, lost, known = _one_lost_and_one_known(twilio, line)
    for _ in range(5):
        after(time, 1800)
    assert (state_of(message), message.due_at) == (SendState.ACCEPTED, None)
    post_status(client, known.pk, "undelivered", sid=known.provider_id, error_code="30036")
    assert state_of(message) == SendState.UNDELIVERED
    post_status(client, lost.pk, "delivered", sid="SM" + "e" * 32)
    assert state_of(message) == SendState.DELIVERED


# --- a process dies


def _die_at(settings: Settings, failpoint: str, message: OutboundMessage) -> None:
    """The process dies at the failpoint: an exception that reaches nobody, and a lease that runs out."""
    settings.FAILPOINTS = {failpoint: "raise"}
    row = work.claim(OutboundMessage)
    assert row is not None
    with pytest.raises(FailpointStruck):
        services.deliver(row)
    settings.FAILPOINTS = {}
    OutboundMessage.objects.filter(pk=message.pk).update(lease_until=None)


@pytest.mark.parametrize(
    ("failpoint", "accepted", "ends"), [("attempt_written", 0, "held"), ("provider_accepted", 1, "accepted")]
)
def test_after_a_death_while_calling_the_log_is_read_and_nothing_is_sent_blindly(
    settings: Settings, twilio: TwilioServer, line: Line, time: VirtualClock, failpoint: str, accepted: int, ends: str
) -> None:
    message = queued(line)
    _die_at(settings, failpoint, message)
    assert state_of(message) == SendState.CALLING
    for _ in range(4):
        after(time, 61)
    assert state_of(message) == ends
    assert len(twilio.sent_to(ALICE)) == twilio.posts() == accepted


@pytest.mark.parametrize("failpoint", ["attempt_written", "provider_accepted"])
def test_after_a_death_while_calling_an_urgent_text_goes_at_once(
    settings: Settings, twilio: TwilioServer, line: Line, time: VirtualClock, failpoint: str
) -> None:
    message = queued(line, Purpose.CRISIS)
    _die_at(settings, failpoint, message)
    work_off()
    assert state_of(message) == SendState.ACCEPTED
    assert {attempt.state for attempt in message.send_attempts.all()} == {AttemptState.UNKNOWN, AttemptState.ACCEPTED}


def test_a_death_after_the_claim_costs_nothing(settings: Settings, twilio: TwilioServer, line: Line) -> None:
    settings.FAILPOINTS = {"claimed": "raise"}
    message = queued(line)
    with pytest.raises(FailpointStruck):
        work.claim(OutboundMessage)
    settings.FAILPOINTS = {}
    OutboundMessage.objects.update(lease_until=None)
    work_off()
    assert state_of(message) == SendState.ACCEPTED
    assert twilio.posts() == 1


def test_the_answer_of_a_worker_that_lost_its_lease_is_still_recorded(
    twilio: TwilioServer, line: Line, time: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = routes.gateway("twilio")
    send = gateway.send

    def slow(sms: object) -> object:
        OutboundMessage.objects.update(lease_until=None)
        assert work.claim(OutboundMessage) is not None  # somebody else takes the row while we wait for the answer
        return send(sms)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway, "send", slow)
    message = queued(line)
    row = work.claim(OutboundMessage)
    assert row is not None
    with pytest.raises(work.StaleLease):
        services.deliver(row)
    assert message.send_attempts.get().provider_id == twilio.sent_to(ALICE)[0]["sid"]
    assert state_of(message) == SendState.ACCEPTED


# --- two hundred sends, one in ten reset after acceptance


def test_two_hundred_sends_give_no_doubles_and_lose_none(
    twilio: TwilioServer, db: None, time: VirtualClock, tmp_path: Path
) -> None:
    twilio.fault(Trouble.RESET_AFTER, times=None, share=0.1, seed=7)
    lines = [line_of(f"+1{area}555{100 + number:04d}") for area in (202, 312) for number in range(100)]
    messages = [queued(line, key=f"send:{number}") for number, line in enumerate(lines)]
    started = clocks.monotonic()
    while work_off(most=1000):
        time.advance(timedelta(seconds=61))
        if time.now() > clock.machine() + timedelta(minutes=9):
            break
    accepted = [json.loads(entry)["to"] for entry in (tmp_path / "accepted.jsonl").read_text().splitlines()]
    states = {state_of(message) for message in messages}
    assert len(accepted) == len(set(accepted)) == _MANY
    assert states == {SendState.ACCEPTED}
    assert twilio.exchange.faults[0].struck > 5
    assert clocks.monotonic() - started < 60


def test_a_hundred_sends_reset_at_random_leave_every_unknown_with_a_person(
    twilio: TwilioServer, db: None, time: VirtualClock
) -> None:
    before = twilio.fault(Trouble.RESET_BEFORE, times=None, share=0.05, seed=3)
    twilio.fault(Trouble.RESET_AFTER, times=None, share=0.05, seed=4)
    lines = [line_of(f"+1202555{100 + number:04d}") for number in range(100)]
    messages = [queued(line, key=f"send:{number}") for number, line in enumerate(lines)]
    for _ in range(5):
        work_off(most=1000)
        time.advance(timedelta(seconds=61))
    held = [message for message in messages if state_of(message) == SendState.HELD]
    assert len(held) == before.struck > 0
    assert Alarm.objects.filter(kind=AlarmKind.HELD).count() == len(held)
    assert {state_of(message) for message in messages} == {SendState.ACCEPTED, SendState.HELD}
    assert len(twilio.exchange.messages) == 100 - before.struck
