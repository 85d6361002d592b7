"""The provider's log against our rows: missed texts come in, unknown outcomes heal, strange texts are named."""

import json
from datetime import timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.messaging import services
from apps.messaging.models import Alarm, InboundMessage, Line, OutboundMessage, Reconciliation
from apps.messaging.services import Reconciled, inbound
from apps.messaging.vocabulary import ROW_UNREADABLE, AlarmKind, SendState
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import NUMBER, TwilioServer
from tests.messaging.conftest import ALICE, BOB, after, line_of, post_text, queued, state_of, work_off

pytestmark = pytest.mark.django_db


def reconciled() -> Reconciled:
    return services.reconcile()[0]


def dated(row: dict[str, Any], **ago: float) -> dict[str, Any]:
    """The same log entry, made longer ago."""
    row["date_created"] = format_datetime(clock.machine() - timedelta(**ago))
    return row


def test_a_text_that_was_never_posted_comes_in_with_the_providers_time(twilio: TwilioServer) -> None:
    row = dated(twilio.exchange.arrived(from_=ALICE, body="black stool"), minutes=7)
    assert reconciled().inserted == 1
    message = InboundMessage.objects.get()
    assert (message.body, message.line, message.reconciled, message.dedupe_key) == (
        "black stool",
        line_of(ALICE),
        True,
        row["sid"],
    )
    assert abs(clock.now() - message.received_at - timedelta(minutes=7)) < timedelta(seconds=2)
    assert message.due_at == message.received_at
    assert Alarm.objects.get().kind == AlarmKind.MISSED_INBOUND


def test_half_a_sign_in_the_log_costs_neither_its_text_nor_the_others(twilio: TwilioServer) -> None:
    """JSON can say half of an emoji, which no database takes."""
    for body in ("\ud83d black stool", "fever"):
        dated(twilio.exchange.arrived(from_=ALICE, body=body), minutes=7)

    assert reconciled().inserted == 2
    assert {row.body for row in InboundMessage.objects.all()} == {"\ufffd black stool", "fever"}


def test_the_providers_time_is_told_in_trial_time(twilio: TwilioServer) -> None:
    dated(twilio.exchange.arrived(from_=ALICE, body="x"), minutes=7)
    with clock.using(clock.ShiftedClock(timedelta(days=200))):
        reconciled()
        assert abs(clock.now() - InboundMessage.objects.get().received_at - timedelta(minutes=7)) < timedelta(seconds=2)


def test_a_text_that_was_posted_is_not_inserted_again_in_either_order(client: Client, twilio: TwilioServer) -> None:
    posted = twilio.exchange.arrived(from_=ALICE, body="hello")
    post_text(client, sid=posted["sid"])
    listed = twilio.exchange.arrived(from_=ALICE, body="hello")
    assert reconciled().inserted == 1
    assert post_text(client, sid=listed["sid"]).status_code == 200
    assert InboundMessage.objects.count() == 2
    assert reconciled().inserted == 0
    assert not Alarm.objects.exists()  # both are young: a callback may still have been on its way


def test_words_that_the_log_does_not_keep_are_read_when_they_are_posted_after_it(
    client: Client, twilio: TwilioServer
) -> None:
    sid = twilio.exchange.arrived(from_=ALICE, body="")["sid"]
    services.reconcile()
    for _ in range(2):
        assert post_text(client, sid=sid, body="I vomit blood").status_code == 200
    rows = InboundMessage.objects.filter(provider_id=sid).order_by("reconciled")
    assert [(row.body, row.due_at is not None) for row in rows] == [("I vomit blood", True), ("", True)]
    assert not Alarm.objects.filter(kind=AlarmKind.CHANGED_REPEAT).exists()


def test_so_are_they_when_the_log_comes_in_between_the_look_and_the_write(
    client: Client, twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = twilio.exchange.arrived(from_=ALICE, body="")["sid"]
    services.reconcile()
    look, looked = inbound._find, iter([True])
    monkeypatch.setattr(inbound, "_find", lambda *given: None if next(looked, False) else look(*given))
    assert post_text(client, sid=sid, body="I vomit blood").status_code == 200
    assert {row.body for row in InboundMessage.objects.filter(provider_id=sid)} == {"", "I vomit blood"}


def test_texts_to_a_number_that_is_not_ours_stay_out(twilio: TwilioServer) -> None:
    twilio.exchange.arrived(from_=ALICE, body="for somebody else", to="+15005550007")
    assert reconciled() == Reconciled("twilio", listed=0, inserted=0, healed=0, updated=0, strange=0, complete=True)


def test_only_the_window_is_read_and_a_longer_one_where_asked(twilio: TwilioServer) -> None:
    dated(twilio.exchange.arrived(from_=ALICE, body="old"), hours=30)
    assert reconciled().inserted == 0
    assert services.reconcile(since=clock.machine() - timedelta(hours=48))[0].inserted == 1


def test_a_log_of_many_pages_is_read_whole(twilio: TwilioServer) -> None:
    for number in range(1203):
        twilio.exchange.arrived(from_="12345", body=str(number))
    assert reconciled().listed == 1203


def test_of_a_log_that_breaks_off_what_was_read_counts(twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1101):
        twilio.exchange.arrived(from_="12345", body=str(number))
    listed = twilio.exchange.listed
    monkeypatch.setattr(twilio.exchange, "listed", lambda query: {} if query.get("Page") == "1" else listed(query))
    done = reconciled()
    assert (done.inserted, done.complete) == (1000, False)


@pytest.mark.parametrize("date", ["no time", None, "", 7, "Thu, 45 Nov 2026 10:00:00 +0000"])
def test_a_row_without_a_time_comes_in_and_hides_none_behind_it(twilio: TwilioServer, date: object) -> None:
    dated(twilio.exchange.arrived(from_=ALICE, body="older"), minutes=9)
    undated = twilio.exchange.arrived(from_=ALICE, body="black stool")
    undated |= {"date_created": date}
    dated(twilio.exchange.arrived(from_=ALICE, body="newer"), minutes=5)

    done = reconciled()

    assert (done.inserted, done.unreadable, done.complete) == (3, 1, True)
    rows = {row.body: row for row in InboundMessage.objects.all()}
    assert rows.keys() == {"older", "black stool", "newer"}
    # The log is newest first: it is no younger than the one before it, and nobody says that the provider said so.
    assert abs(rows["black stool"].received_at - rows["newer"].received_at) < timedelta(seconds=1)
    assert rows["black stool"].provider_at is None
    assert reconciled().inserted == 0


def test_where_only_one_of_its_times_cannot_be_read_another_serves(twilio: TwilioServer) -> None:
    row = dated(twilio.exchange.arrived(from_=ALICE, body="black stool"), minutes=9)
    row |= {"date_sent": row["date_created"], "date_created": "no time"}
    assert reconciled().inserted == 1
    assert abs(clock.now() - InboundMessage.objects.get().received_at - timedelta(minutes=9)) < timedelta(seconds=2)


@pytest.mark.parametrize(
    "row", [None, 7, {}, {"direction": "inbound", "sid": None}, {"direction": "inbound", "from": 7}]
)
def test_a_row_of_which_nothing_can_be_read_hides_none_behind_it_and_is_counted(
    twilio: TwilioServer, caplog: pytest.LogCaptureFixture, row: Any
) -> None:
    twilio.exchange.arrived(from_=ALICE, body="older")
    twilio.exchange.messages.append(row)
    twilio.exchange.arrived(from_=ALICE, body="newer")

    done = reconciled()

    assert (done.inserted, done.unreadable, done.complete) == (2, 1, True)
    assert [vars(record)["count"] for record in caplog.records if record.msg.startswith("rows of a message log")] == [1]


def test_rows_that_cannot_be_read_ring_once_each_and_not_at_every_look(twilio: TwilioServer) -> None:
    for body in ("one", "two"):
        twilio.exchange.arrived(from_=ALICE, body=body)["date_created"] = "no time"
    for _ in range(3):
        assert reconciled().unreadable == 2
    alarms = Alarm.objects.filter(kind=AlarmKind.LOG_INCOMPLETE, code=ROW_UNREADABLE)
    assert [alarm.times for alarm in alarms] == [1, 1]


def test_a_lost_answer_is_found_in_a_row_without_a_time(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    twilio.exchange.messages[0]["date_created"] = "no time"
    after(time, 61)
    assert state_of(message) == SendState.ACCEPTED


def test_a_picture_without_words_comes_in_with_its_count(twilio: TwilioServer) -> None:
    twilio.exchange.arrived(from_=ALICE, body="", media=2)
    reconciled()
    assert InboundMessage.objects.get().media_count == 2


# --- our own texts


def test_an_unknown_outcome_heals(twilio: TwilioServer, line: Line) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    dated(twilio.exchange.messages[0], minutes=5)
    message.send_attempts.update(started_at=clock.machine() - timedelta(minutes=5))
    result = reconciled()
    assert (result.healed, result.strange) == (1, 0)
    assert state_of(message) == SendState.ACCEPTED


def test_a_held_text_heals_too(twilio: TwilioServer, line: Line) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    OutboundMessage.objects.update(state=SendState.HELD, due_at=None)
    dated(twilio.exchange.messages[0], minutes=5)
    message.send_attempts.update(started_at=clock.machine() - timedelta(minutes=5))
    reconciled()
    assert state_of(message) == SendState.ACCEPTED


def test_a_call_that_has_not_ended_yet_is_left_alone(twilio: TwilioServer, line: Line) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    message = queued(line)
    work_off()
    result = reconciled()
    assert (result.healed, result.strange) == (0, 0)
    assert state_of(message) == SendState.UNKNOWN


def test_a_report_that_we_missed_is_caught_up(twilio: TwilioServer, line: Line) -> None:
    message = queued(line)
    work_off()
    twilio.exchange.messages[0] |= {"status": "undelivered", "error_code": 30003}
    assert reconciled().updated == 1
    assert (state_of(message), message.error_code) == (SendState.UNDELIVERED, "30003")
    assert reconciled().updated == 0


def test_a_text_of_ours_that_we_never_sent_rings_an_alarm_once(twilio: TwilioServer) -> None:
    dated(twilio.exchange.messages[-1] if _strange(twilio) else {}, minutes=10)
    assert [reconciled().strange for _ in range(3)] == [1, 1, 1]
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.times) == (AlarmKind.STRANGE_OUTBOUND, 1)


def _strange(twilio: TwilioServer) -> bool:
    return bool(twilio.exchange.take({"To": BOB, "From": NUMBER, "Body": "not ours"}))


def test_the_providers_own_answers_are_not_strange(twilio: TwilioServer) -> None:
    _strange(twilio)
    dated(twilio.exchange.messages[-1], minutes=10)["direction"] = "outbound-reply"
    assert reconciled().strange == 0


# --- the work row and the command


def reconcile_once() -> Reconciliation:
    row = work.claim(Reconciliation)
    assert row is not None
    services.reconcile_due(row)
    row.refresh_from_db()
    return row


def test_every_gateway_has_a_row_that_is_due_every_five_minutes(twilio: TwilioServer, time: VirtualClock) -> None:
    services.ensure_reconciliation()
    services.ensure_reconciliation()
    row = reconcile_once()
    assert row.due_at == clock.now() + timedelta(minutes=5)
    assert row.completed_at is not None
    assert Reconciliation.objects.count() == 1


@pytest.mark.parametrize("trouble", [Trouble.SERVER_ERROR, Trouble.RESET_BEFORE, Trouble.HTML_200, Trouble.REFUSED])
def test_a_log_that_cannot_be_read_is_not_called_complete(
    twilio: TwilioServer, time: VirtualClock, trouble: Trouble
) -> None:
    services.ensure_reconciliation()
    twilio.fault(trouble, of="read", times=None, status=400, code=20003)
    row = reconcile_once()
    assert row.completed_at is None
    assert row.due_at == clock.now() + timedelta(minutes=5)
    assert Alarm.objects.get().kind == AlarmKind.LOG_INCOMPLETE


def test_after_a_long_silence_the_window_reaches_back_to_the_last_whole_reading(
    twilio: TwilioServer, time: VirtualClock
) -> None:
    services.ensure_reconciliation()
    Reconciliation.objects.update(completed_at=clock.machine() - timedelta(days=3))
    dated(twilio.exchange.arrived(from_=ALICE, body="two days ago"), days=2)
    reconcile_once()
    assert InboundMessage.objects.get().body == "two days ago"


def test_the_row_of_a_gateway_that_no_longer_runs_rests(twilio: TwilioServer, settings: Settings) -> None:
    services.ensure_reconciliation()
    settings.SMS_GATEWAY = ["phone"]
    assert reconcile_once().due_at is None


def test_a_gateway_that_is_switched_on_again_is_compared_again(
    twilio: TwilioServer, settings: Settings, time: VirtualClock
) -> None:
    services.ensure_reconciliation()
    settings.SMS_GATEWAY = ["phone"]
    reconcile_once()
    settings.SMS_GATEWAY = ["twilio"]
    services.ensure_reconciliation()
    assert reconcile_once().due_at == clock.now() + timedelta(minutes=5)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("reconcile", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_did(twilio: TwilioServer) -> None:
    dated(twilio.exchange.arrived(from_=ALICE, body="old"), hours=30)
    assert "twilio: 0 listed" in command()
    assert json.loads(command("--since", "2d", "--json"))["inserted"] == 1
    since = (clock.machine() - timedelta(hours=40)).isoformat()
    assert "1 listed, 0 missed" in command("--since", since)


def test_the_command_fails_when_the_log_could_not_be_read(twilio: TwilioServer) -> None:
    twilio.fault(Trouble.SERVER_ERROR, of="read", times=None)
    with pytest.raises(CommandError, match="could not be read whole: twilio"):
        command()


@pytest.mark.parametrize("since", ["yesterday", "2026-13-45", "24", "-3h", ""])
def test_the_command_refuses_a_time_that_is_none(twilio: TwilioServer, since: str) -> None:
    if not since:
        assert command("--since", since)  # an empty value is the default window
        return
    with pytest.raises(CommandError, match="--since"):
        command(f"--since={since}")
