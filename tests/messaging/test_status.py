"""Delivery reports: unordered, repeated, early, late, strange. All are kept; the state never goes back."""

import itertools
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import Client

from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.messaging import routes, services
from apps.messaging.gateway import DeliveryReport, OutboundSms, SendResult
from apps.messaging.models import Alarm, DeliveryEvent, InboundMessage, Line, OptOut, OutboundMessage, SendAttempt
from apps.messaging.services import reports
from apps.messaging.vocabulary import AlarmKind, AttemptState, Purpose, SendState
from apps.vault import services as vault
from tests.fakes.twilio_callbacks import CallbackPlan
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import ALICE, FORM, after, form_encoded, post_status, queued, state_of, work_off

pytestmark = pytest.mark.django_db
OTHER = "SM" + "f" * 32


@pytest.fixture
def sent(twilio: TwilioServer, line: Line) -> OutboundMessage:
    """A text that the provider has accepted."""
    message = queued(line)
    work_off()
    message.refresh_from_db()
    return message


def report(client: Client, message: OutboundMessage, status: str, **more: str) -> int:
    attempt = message.send_attempts.latest("started_at")
    values = {"sid": attempt.provider_id or OTHER} | more
    return int(post_status(client, attempt.pk, status, **values).status_code)


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sending", "sent", "delivered"])))
def test_in_any_order_the_highest_rank_stays(client: Client, sent: OutboundMessage, order: tuple[str, ...]) -> None:
    assert {report(client, sent, status) for status in order} == {200}
    assert state_of(sent) == SendState.DELIVERED
    assert sent.delivered_at is not None
    assert DeliveryEvent.objects.count() == 4


def test_the_answer_is_the_empty_response(client: Client, sent: OutboundMessage) -> None:
    attempt = sent.send_attempts.get()
    answer = post_status(client, attempt.pk, "sent", sid=attempt.provider_id)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")


def test_a_repeated_report_is_one_event(client: Client, sent: OutboundMessage) -> None:
    for _ in range(3):
        assert report(client, sent, "delivered") == 200
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", SendState.ACCEPTED),
        ("scheduled", SendState.ACCEPTED),
        ("sent", SendState.SENT),
        ("delivered", SendState.DELIVERED),
        ("read", SendState.DELIVERED),
        ("undelivered", SendState.UNDELIVERED),
        ("failed", SendState.FAILED),
        ("canceled", SendState.FAILED),
        ("partially_delivered", SendState.ACCEPTED),
        ("tomorrows_status", SendState.ACCEPTED),
        ("", SendState.ACCEPTED),
    ],
)
def test_each_status_has_its_state_and_a_strange_one_is_kept(
    client: Client, sent: OutboundMessage, status: str, state: SendState
) -> None:
    assert report(client, sent, status) == 200
    assert state_of(sent) == state
    assert DeliveryEvent.objects.get().status == status


def test_of_two_final_states_the_first_stays_and_an_alarm_rings(client: Client, sent: OutboundMessage) -> None:
    report(client, sent, "undelivered", error_code="30003")
    report(client, sent, "delivered")
    assert state_of(sent) == SendState.UNDELIVERED
    assert DeliveryEvent.objects.count() == 2
    assert Alarm.objects.get().kind == AlarmKind.TWO_FINALS


def test_a_late_sent_does_not_undo_delivered(client: Client, sent: OutboundMessage) -> None:
    report(client, sent, "delivered")
    report(client, sent, "sent")
    assert state_of(sent) == SendState.DELIVERED


def test_a_report_that_overtakes_the_answer_is_matched_by_our_id(
    client: Client, twilio: TwilioServer, line: Line
) -> None:
    message = queued(line)
    taken = twilio.exchange.take

    def take(form: dict[str, str]) -> dict[str, object]:
        accepted = taken(form)
        early.append((form["StatusCallback"], str(accepted["sid"])))
        return accepted

    early: list[tuple[str, str]] = []
    twilio.exchange.take = take  # type: ignore[method-assign, assignment]
    gateway = routes.gateway("twilio")
    send = gateway.send

    def answered_late(sms: object) -> object:
        result = send(sms)  # type: ignore[arg-type]
        attempt = SendAttempt.objects.get()
        assert attempt.state == AttemptState.CALLING
        assert post_status(client, attempt.pk, "delivered", sid=early[0][1]).status_code == 200
        return result

    gateway.send = answered_late  # type: ignore[method-assign, assignment]
    work_off()
    assert state_of(message) == SendState.DELIVERED
    assert message.due_at is None
    assert len(twilio.sent_to(ALICE)) == 1


def test_a_report_for_an_unknown_attempt_is_kept(client: Client, enabled: None) -> None:
    attempt = uuid4()
    assert post_status(client, attempt, "delivered", sid=OTHER).status_code == 200
    event = DeliveryEvent.objects.get()
    assert (event.attempt, event.attempt_ref, event.provider_id) == (None, attempt, OTHER)


def test_a_report_that_names_only_the_provider_id_finds_its_text(sent: OutboundMessage) -> None:
    gateway = routes.gateway("twilio")
    event = DeliveryReport(sent.send_attempts.get().provider_id, "delivered", AttemptState.DELIVERED)
    services.record_delivery(gateway=gateway, attempt_id=None, event=event)
    assert state_of(sent) == SendState.DELIVERED


def test_a_report_by_provider_id_before_we_know_that_id_is_applied_later(twilio: TwilioServer, line: Line) -> None:
    gateway = routes.gateway("twilio")
    message = queued(line)
    send = gateway.send

    def reported_first(sms: object) -> object:
        result = send(sms)  # type: ignore[arg-type]
        event = DeliveryReport(result.provider_id, "delivered", AttemptState.DELIVERED)
        services.record_delivery(gateway=gateway, attempt_id=None, event=event)
        return result

    gateway.send = reported_first  # type: ignore[method-assign, assignment]
    work_off()
    assert state_of(message) == SendState.DELIVERED
    assert DeliveryEvent.objects.get().attempt == message.send_attempts.get()


def test_another_provider_id_for_the_same_attempt_rings_an_alarm(client: Client, sent: OutboundMessage) -> None:
    report(client, sent, "sent", sid=OTHER)
    assert Alarm.objects.get().kind == AlarmKind.ID_MISMATCH


@pytest.mark.parametrize("token", ["other", ""])
def test_a_forged_report_is_refused(client: Client, sent: OutboundMessage, token: str) -> None:
    attempt = sent.send_attempts.get()
    assert post_status(client, attempt.pk, "delivered", sid=attempt.provider_id, token=token).status_code == 403
    assert state_of(sent) == SendState.ACCEPTED


def test_a_report_of_another_account_is_refused(client: Client, sent: OutboundMessage) -> None:
    assert report(client, sent, "delivered", AccountSid="AC" + "2" * 32) == 403


@pytest.mark.parametrize(
    ("code", "kinds", "is_opted_out"),
    [
        ("30003", [], False),
        ("30006", [], False),
        ("21610", [], True),
        ("30007", ["provider_error"], False),
        ("77777", ["provider_error"], False),
    ],
)
def test_a_failure_acts_by_its_class(
    client: Client, sent: OutboundMessage, code: str, kinds: list[str], is_opted_out: bool
) -> None:
    report(client, sent, "undelivered", error_code=code)
    assert (state_of(sent), sent.error_code) == (SendState.UNDELIVERED, code)
    assert [alarm.kind for alarm in Alarm.objects.all()] == kinds
    assert OptOut.objects.exists() is is_opted_out


# --- nobody reports


def test_without_a_report_the_provider_is_asked(
    twilio: TwilioServer, sent: OutboundMessage, time: VirtualClock
) -> None:
    twilio.exchange.messages[0]["status"] = "delivered"
    after(time, 601)
    assert state_of(sent) == SendState.DELIVERED
    assert sent.due_at is None


def test_a_text_that_never_ends_is_asked_for_thrice_and_then_rings_an_alarm(
    twilio: TwilioServer, sent: OutboundMessage, time: VirtualClock
) -> None:
    twilio.exchange.messages[0]["status"] = "sent"
    for _ in range(40):
        after(time, 300)
    assert state_of(sent) == SendState.SENT
    assert sent.send_attempts.get().times_polled == 3
    assert sent.due_at is None
    assert Alarm.objects.get().kind == AlarmKind.NO_FINAL_STATE
    assert twilio.posts() == 1


def test_a_provider_that_cannot_be_asked_changes_nothing(
    twilio: TwilioServer, sent: OutboundMessage, time: VirtualClock
) -> None:
    twilio.fault(Trouble.SERVER_ERROR, of="read", times=None)
    after(time, 601)
    assert state_of(sent) == SendState.ACCEPTED
    assert sent.due_at is not None


def test_an_urgent_text_is_asked_for_before_ninety_seconds_are_over(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    page = queued(line, Purpose.PAGE)
    work_off()
    twilio.exchange.messages[0] |= {"status": "undelivered", "error_code": 30003}
    after(time, 46)
    assert state_of(page) == SendState.UNDELIVERED


def test_signed_callbacks_of_the_stand_in_arrive_in_any_order(client: Client, twilio: TwilioServer, line: Line) -> None:
    callbacks = twilio.exchange.callbacks
    callbacks.plan = CallbackPlan(automatic=False, shuffle=True, duplicate=True, seed=3)

    callbacks.post = lambda url, form, signature: (
        client.post(
            url.removeprefix("https://sms.example.org"),
            form_encoded(dict(form)),
            content_type=FORM,
            headers={"X-Twilio-Signature": signature},
        ).status_code
    )
    message = queued(line)
    work_off()
    assert callbacks.flush() == [200] * 4
    assert state_of(message) == SendState.DELIVERED


def test_a_report_about_a_provider_id_that_two_calls_have_is_kept(
    client: Client, twilio: TwilioServer, line: Line
) -> None:
    message = queued(line)
    work_off()
    first = message.send_attempts.get()
    message.send_attempts.create(
        gateway="twilio", provider_id=first.provider_id, state=AttemptState.ACCEPTED, started_at=clock.machine()
    )

    answer = post_status(client, uuid4(), "delivered", sid=first.provider_id)

    assert answer.status_code == 200
    assert DeliveryEvent.objects.filter(status="delivered").count() == 1


def test_a_text_is_queued_once_also_when_its_line_has_been_shredded_since(line: Line) -> None:
    message = queued(line)
    vault.shred(keys=[line.data_key])

    assert queued(Line.objects.get(pk=line.pk)).pk == message.pk


# --- while urgent texts wait


def an_unread_text(line: Line) -> InboundMessage:
    return InboundMessage.objects.create(
        gateway="twilio", dedupe_key="unread", line=line, data_key=line.data_key, body="吐血了", raw="raw",
        received_at=clock.now(), due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip


def apply_what_waits() -> int:
    applied = 0
    while (row := work.claim(DeliveryEvent)) is not None:
        services.apply_delivery(row)
        applied += 1
    return applied


def test_news_of_texts_that_have_left_waits_for_urgent_texts_and_is_then_applied(
    client: Client, sent: OutboundMessage, line: Line
) -> None:
    an_unread_text(line)
    assert [report(client, sent, status) for status in ("sent", "delivered")] == [200, 200]
    assert (state_of(sent), DeliveryEvent.objects.filter(due_at__isnull=False).count()) == (SendState.ACCEPTED, 2)
    assert apply_what_waits() == 2
    assert state_of(sent) == SendState.DELIVERED
    assert set(DeliveryEvent.objects.values_list("attempt", "due_at")) == {(sent.send_attempts.get().pk, None)}


def test_once_nothing_urgent_waits_news_is_applied_as_it_comes(
    client: Client, sent: OutboundMessage, line: Line
) -> None:
    unread = an_unread_text(line)
    work.set_due(InboundMessage.objects.filter(pk=unread.pk), due_at=None)
    report(client, sent, "delivered")
    assert state_of(sent) == SendState.DELIVERED
    assert not DeliveryEvent.objects.filter(due_at__isnull=False).exists()


def test_in_a_crowd_the_database_is_not_asked_for_each_piece_of_news_but_soon_again(
    client: Client, sent: OutboundMessage, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr(reports, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    unread = an_unread_text(line)
    report(client, sent, "sent")
    work.set_due(InboundMessage.objects.filter(pk=unread.pk), due_at=None)
    report(client, sent, "delivered")  # still believed to be a crowd
    assert DeliveryEvent.objects.filter(due_at__isnull=False).count() == 2
    seconds[0] += 0.3
    report(client, sent, "read")
    assert DeliveryEvent.objects.filter(due_at__isnull=False).count() == 2
    assert apply_what_waits() == 2
    assert state_of(sent) == SendState.DELIVERED


def test_news_that_waits_is_kept_once_and_does_not_go_back_behind_what_came_after(
    client: Client, sent: OutboundMessage, line: Line
) -> None:
    unread = an_unread_text(line)
    assert [report(client, sent, "sent") for _ in range(3)] == [200, 200, 200]
    work.set_due(InboundMessage.objects.filter(pk=unread.pk), due_at=None)
    report(client, sent, "delivered")
    assert DeliveryEvent.objects.count() == 2
    apply_what_waits()
    assert state_of(sent) == SendState.DELIVERED


def test_news_of_the_call_that_is_under_way_is_taken_up_by_the_call_itself(
    client: Client, twilio: TwilioServer, line: Line
) -> None:
    """Kept because another text waits, and found when the provider's answer names the id."""
    gateway, message = routes.gateway("twilio"), queued(line)
    an_unread_text(line)
    send = gateway.send

    def reported_first(sms: OutboundSms) -> SendResult:
        result = send(sms)
        post_status(client, sms.attempt_id, "delivered", sid=result.provider_id)
        return result

    gateway.send = reported_first  # type: ignore[method-assign]
    work_off()
    assert state_of(message) == SendState.DELIVERED
    assert apply_what_waits() == 1
    assert state_of(message) == SendState.DELIVERED


def test_news_that_breaks_the_program_rings_and_leaves_the_text_as_it_is(
    client: Client, sent: OutboundMessage, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_unread_text(line)
    report(client, sent, "delivered")
    row = work.claim(DeliveryEvent)
    assert row is not None
    row.attempts = work.MAX_ATTEMPTS + 1
    work.run(work.Work(DeliveryEvent, services.apply_delivery, services.could_not_apply), row)
    assert Alarm.objects.filter(kind=AlarmKind.QUARANTINED).exists()
    assert state_of(sent) == SendState.ACCEPTED


def test_news_that_found_no_text_when_it_first_came_is_applied_when_it_is_said_again_while_urgent_texts_wait(
    client: Client, sent: OutboundMessage, line: Line
) -> None:
    attempt = sent.send_attempts.get()
    sid, attempt.provider_id = attempt.provider_id, ""
    attempt.save()
    assert post_status(client, uuid4(), "delivered", sid=sid).status_code == 200
    attempt.provider_id = sid
    attempt.save()  # by a process that did not see the news yet

    an_unread_text(line)
    assert report(client, sent, "delivered") == 200

    assert apply_what_waits() == 1
    assert state_of(sent) == SendState.DELIVERED
    assert DeliveryEvent.objects.get().attempt == attempt
