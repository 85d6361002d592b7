"""A text on its way out: what holds it back at the moment of sending, and what each outcome leaves behind."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.core import clock, states, work
from apps.core.clock import VirtualClock
from apps.core.work import Lane, StaleLease, Work
from apps.messaging import routes, rules, services
from apps.messaging.models import Alarm, Line, OptOut, OutboundMessage, SendAttempt, Stoppage
from apps.messaging.vocabulary import (
    MOVES,
    NOT_REACHED,
    UNPROMPTED,
    URGENT,
    AlarmKind,
    AttemptState,
    Purpose,
    SendState,
)
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import ALICE, BOB, a_text, after, line_of, post_text, queued, state_of, work_off

pytestmark = pytest.mark.django_db


def test_a_queued_text_is_sent_once_and_remembers_whose_it_is(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    message = queued(line)
    assert work_off() == 1
    attempt = message.send_attempts.get()
    assert state_of(message) == SendState.ACCEPTED
    assert message.handed_over_at == clock.now()
    assert attempt.provider_id == twilio.sent_to(ALICE)[0]["sid"]
    assert after(time, 5) == 0


def test_the_same_key_is_the_same_text(line: Line) -> None:
    first, second = queued(line, key="a", words="one"), queued(line, key="a", words="two")
    assert first.pk == second.pk
    assert second.text == "one"


def test_a_text_waits_for_its_time(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    message = queued(line, due_at=clock.now() + timedelta(hours=1))
    assert work_off() == 0
    assert after(time, 3600) == 1
    assert state_of(message) == SendState.ACCEPTED


@pytest.mark.parametrize("purpose", list(Purpose))
def test_urgent_texts_travel_on_the_safety_lane(line: Line, purpose: Purpose) -> None:
    assert queued(line, purpose).lane == (Lane.SAFETY if purpose in URGENT else Lane.MESSAGES)


def test_parts_are_counted_and_an_empty_text_is_refused(line: Line) -> None:
    assert queued(line, words="中" * 71).segments == 2
    with pytest.raises(ValueError, match="empty"):
        queued(line, key="empty", words="")


# --- held back at the moment of sending


def test_a_stop_that_arrives_while_a_text_is_queued_holds_it_back(twilio: TwilioServer, line: Line) -> None:
    message = queued(line)
    services.opt_out(line=line)
    assert work_off() == 0
    assert state_of(message) == SendState.CANCELLED
    assert twilio.posts() == 0


def test_a_stop_that_arrives_after_the_claim_still_holds_it_back(twilio: TwilioServer, line: Line) -> None:
    message = queued(line)
    claimed = work.claim(OutboundMessage)
    assert claimed is not None
    services.opt_out(line=line)
    with pytest.raises(StaleLease):
        services.deliver(claimed)
    assert state_of(message) == SendState.CANCELLED
    assert twilio.posts() == 0


def _began_elsewhere(line: Line, purpose: Purpose) -> OutboundMessage:
    """A text as this process read it, while another that held it before wrote down its call, and has not come back."""
    queued(line, purpose=purpose)
    claimed = work.claim(OutboundMessage)
    assert claimed is not None
    SendAttempt.objects.create(message=claimed, gateway="twilio", started_at=clock.machine())
    OutboundMessage.objects.filter(pk=claimed.pk).update(state=SendState.CALLING)
    assert claimed.state == SendState.PLANNED
    return claimed


def test_a_call_that_another_process_began_meanwhile_is_looked_up_and_not_made_again(
    twilio: TwilioServer, line: Line
) -> None:
    claimed = _began_elsewhere(line, Purpose.CHECKIN)
    services.deliver(claimed)
    assert twilio.posts() == 0
    assert OutboundMessage.objects.get(pk=claimed.pk).due_at is not None


def test_an_urgent_one_is_made_again(twilio: TwilioServer, line: Line) -> None:
    claimed = _began_elsewhere(line, Purpose.PAGE)
    services.deliver(claimed)
    assert twilio.posts() == 1


@pytest.mark.parametrize(
    ("purpose", "wording", "is_sent"),
    [
        (Purpose.CHECKIN, "checkin_d", False),
        (Purpose.REMINDER, "visit", False),
        (Purpose.REPLY, "thanks", False),
        (Purpose.REPLY, "stop_confirm", True),
        (Purpose.EMERGENCY, "emergency", True),
        (Purpose.CRISIS, "crisis", True),
        (Purpose.PAGE, "page", True),
        (Purpose.NOTICE, "notice", True),
    ],
)
def test_who_obeys_a_stop(twilio: TwilioServer, line: Line, purpose: Purpose, wording: str, is_sent: bool) -> None:
    services.opt_out(line=line)
    message = services.queue(key="after", line=line, purpose=purpose, text=a_text(key=wording))
    work_off(most=1)
    assert state_of(message) == (SendState.ACCEPTED if is_sent else SendState.CANCELLED)
    assert message.error_code == ("" if is_sent else "opted_out")
    assert twilio.posts() == int(is_sent)


def test_start_lets_texts_through_again(twilio: TwilioServer, line: Line) -> None:
    services.opt_out(line=line, source="carrier")
    services.opt_in(line=line)
    message = queued(line)
    work_off()
    assert state_of(message) == SendState.ACCEPTED
    assert [row.is_out for row in OptOut.objects.order_by("at")] == [True, False]


def test_staff_cannot_lift_what_the_carrier_blocks(line: Line) -> None:
    services.opt_out(line=line, source="carrier")
    services.opt_in(line=line, source="staff")
    line.refresh_from_db()
    assert line.opted_out_at is None
    assert line.carrier_blocked_at is not None


def test_a_stop_that_the_provider_acted_on_is_known_as_the_carriers(enabled: None, client: Client, line: Line) -> None:
    post_text(client, body="STOP", OptOutType="STOP")
    services.opt_out(line=line, message=line.inbound.get())
    line.refresh_from_db()
    assert line.carrier_blocked_at is not None


def test_a_text_that_is_too_late_is_not_sent(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    message = queued(line, useful_until=clock.now() + timedelta(minutes=10))
    time.advance(timedelta(minutes=10))
    work_off()
    assert state_of(message) == SendState.EXPIRED
    assert twilio.posts() == 0


def test_an_urgent_text_is_never_too_late(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    message = queued(line, Purpose.EMERGENCY, useful_until=clock.now() + timedelta(minutes=10))
    time.advance(timedelta(minutes=20))
    work_off(most=1)
    assert state_of(message) == SendState.ACCEPTED


@pytest.mark.parametrize(
    ("label", "number", "words", "purpose", "code"),
    [
        ("no row", "+33612345678", "hello", Purpose.CHECKIN, "no_route"),
        ("no row, urgent", "+33612345678", "hello", Purpose.EMERGENCY, "no_route"),
        ("mainland China", "+8613800138000", "hello", Purpose.CHECKIN, "no_two_way"),
        ("mainland China, urgent", "+8613800138000", "hello", Purpose.PAGE, "no_two_way"),
        ("a link", ALICE, "see https://example.org", Purpose.CHECKIN, "link"),
        ("a link without scheme", ALICE, "see WWW.example.org", Purpose.PAGE, "link"),
        ("nine parts", ALICE, "a" * 1300, Purpose.CHECKIN, "too_many_parts"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_any_request_and_seen(
    twilio: TwilioServer, label: str, number: str, words: str, purpose: Purpose, code: str
) -> None:
    message = queued(line_of(number), purpose, words=words)
    work_off()
    assert (state_of(message), message.error_code, message.due_at) == (SendState.REFUSED, code, None)
    assert message.state in NOT_REACHED
    assert Alarm.objects.get().kind == AlarmKind.UNSENDABLE
    assert twilio.posts() == 0


def test_no_limit_of_parts_holds_an_urgent_text_back(twilio: TwilioServer, line: Line) -> None:
    message = queued(line, Purpose.EMERGENCY, words="a" * 1300)
    work_off(most=1)
    assert state_of(message) == SendState.ACCEPTED


@pytest.mark.parametrize("number", ["+61491570006", "+61491570159", "+12025550123", "+13125550199"])
def test_demo_numbers_can_be_sent_to(twilio: TwilioServer, number: str) -> None:
    message = queued(line_of(number))
    work_off()
    assert state_of(message) == SendState.ACCEPTED


def test_cancelling_takes_only_what_waits(twilio: TwilioServer, line: Line) -> None:
    sent = queued(line, key="sent")
    work_off()
    checkin, reply, page = (
        queued(line, purpose, key=purpose) for purpose in (Purpose.CHECKIN, Purpose.REPLY, Purpose.PAGE)
    )
    assert services.cancel_queued(line=line, purposes=UNPROMPTED) == 1
    assert services.cancel(messages=[sent, page]) == 1
    assert [state_of(each) for each in (sent, checkin, reply, page)] == [
        "accepted",
        "cancelled",
        "planned",
        "cancelled",
    ]


# --- outcomes


def test_a_certain_failure_is_tried_again_with_growing_waits(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RATE_LIMITED, times=2)
    message = queued(line)
    assert work_off() == 1
    assert state_of(message) == SendState.PLANNED
    assert 4 <= (message.due_at - clock.now()).total_seconds() <= 6  # type: ignore[operator]
    assert after(time, 3) == 0
    assert after(time, 4) == 1
    message.refresh_from_db()
    assert 12 <= (message.due_at - clock.now()).total_seconds() <= 18  # type: ignore[operator]
    after(time, 20)
    assert state_of(message) == SendState.ACCEPTED
    assert len(twilio.sent_to(ALICE)) == 1
    assert message.attempts == 0


def test_the_wait_that_the_provider_asks_for_is_kept(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    twilio.fault(Trouble.RATE_LIMITED, retry_after=90)
    queued(line)
    work_off()
    assert after(time, 80) == 0
    assert after(time, 11) == 1


def test_an_urgent_text_is_not_put_off_for_an_hour(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    twilio.fault(Trouble.RATE_LIMITED, times=1, retry_after=3600)
    message = queued(line, Purpose.EMERGENCY)
    work_off()
    after(time, 61)
    assert state_of(message) == SendState.ACCEPTED


def test_an_outage_of_hours_quarantines_nothing_and_loses_nothing(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    fault = twilio.fault(Trouble.RATE_LIMITED, times=None)
    message = queued(line)
    for _ in range(40):
        after(time, 300)
    fault.times = 0
    after(time, 400)
    assert state_of(message) == SendState.ACCEPTED
    assert message.quarantined_at is None


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        (21211, []),
        (21614, []),
        (21610, []),
        (30007, ["provider_error"]),
        (21602, ["provider_error"]),
        (12345, ["provider_error"]),
    ],
)
def test_a_refusal_is_final_and_alarms_by_its_class(
    twilio: TwilioServer, line: Line, time: VirtualClock, code: int, kinds: list[str]
) -> None:
    twilio.fault(Trouble.REFUSED, status=400, code=code)
    message = queued(line)
    work_off()
    assert (state_of(message), message.error_code, message.due_at) == (SendState.REFUSED, str(code), None)
    assert [alarm.kind for alarm in Alarm.objects.all()] == kinds
    after(time, 86_400)
    assert twilio.posts() == 1


def test_the_carriers_stop_is_remembered_and_the_rest_is_held_back(twilio: TwilioServer, line: Line) -> None:
    twilio.fault(Trouble.REFUSED, status=400, code=21610, to=ALICE)
    queued(line, key="first")
    later = queued(line, key="later", due_at=clock.now() + timedelta(days=1))
    work_off()
    line.refresh_from_db()
    assert line.opted_out_at
    assert line.carrier_blocked_at
    assert OptOut.objects.get().source == "carrier"
    assert state_of(later) == SendState.CANCELLED


def test_a_wrong_configuration_stops_the_queue_but_no_urgent_text(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    fault = twilio.fault(Trouble.REFUSED, status=401, code=20003, times=None)
    first = queued(line, key="first")
    work_off()
    second = queued(line_of(BOB), key="second")
    work_off()
    page = queued(line_of(BOB), Purpose.PAGE, key="page")
    work_off()
    assert twilio.posts() == 2  # the first and the page; the second waits without asking
    assert (state_of(first), state_of(second), state_of(page)) == ("planned", "planned", "refused")
    assert Stoppage.objects.get().error_code == "20003"
    assert Alarm.objects.get().kind == AlarmKind.PROVIDER_ERROR
    fault.times = 0
    after(time, 301)
    assert (state_of(first), state_of(second)) == ("accepted", "accepted")


def test_a_country_that_the_account_may_not_send_to_stops_that_country_alone(twilio: TwilioServer, line: Line) -> None:
    twilio.fault(Trouble.REFUSED, status=400, code=21408, to=ALICE)
    queued(line, key="au")
    work_off()
    other = queued(line_of(BOB), key="us")
    work_off()
    assert Stoppage.objects.get().country == "AU"
    assert state_of(other) == SendState.ACCEPTED


def test_a_row_that_a_program_error_quarantined_is_held_and_seen(
    twilio: TwilioServer, line: Line, time: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, sms: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.messaging.gateways.twilio.TwilioGateway.send", broken)
    message = queued(line, Purpose.CHECKIN)
    entry = Work(OutboundMessage, services.deliver, services.could_not_deliver)
    for _ in range(12):
        if (row := work.claim(OutboundMessage)) is not None:
            work.run(entry, row)
        time.advance(timedelta(minutes=10))
    assert state_of(message) in NOT_REACHED
    assert Alarm.objects.filter(message=message).exists()
    assert SendAttempt.objects.filter(message=message).count() == 1


# --- a person decides


def test_a_person_releases_a_held_text_or_writes_it_off(twilio: TwilioServer, line: Line) -> None:
    first, second = queued(line, key="first"), queued(line, key="second")
    OutboundMessage.objects.update(state=SendState.HELD, due_at=None)
    services.release(message=first)
    services.write_off(message=second)
    work_off()
    assert (state_of(first), state_of(second)) == ("accepted", "cancelled")
    for decide in (services.release, services.write_off):
        with pytest.raises(states.IllegalMove):
            decide(message=first)


# --- the tables themselves


def test_every_state_has_its_moves_and_no_final_state_becomes_planned_by_itself() -> None:
    assert set(MOVES) == set(SendState.values)
    assert all(
        SendState.PLANNED not in MOVES[state]
        for state in SendState.values
        if state not in ("calling", "unknown", "held")
    )


@pytest.mark.parametrize(("polls", "waits"), [((45, 120, 600), [45, 75, 480, None]), ((1.0,), [1, None]), ((), [None])])
def test_polls_are_counted_from_the_acceptance(polls: tuple[float, ...], waits: list[float | None]) -> None:
    assert [rules.next_poll(polls, done=done) for done in range(len(polls) + 1)] == waits


def test_attempts_start_as_calling() -> None:
    assert SendAttempt._meta.get_field("state").default == AttemptState.CALLING


def test_a_country_without_a_row_has_no_route(enabled: None) -> None:
    route = routes.to_country("AU")
    assert route is not None
    assert route.gateway.name == "twilio"
    assert routes.to_country("FR") is None
