"""Faults 16 to 18 and 20: a provider that refuses, repeats, shuffles, and strangers who pretend to be it. On the database of the run."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import PageState
from apps.messaging.models import Alarm, DeliveryEvent, InboundMessage, OutboundMessage, SendAttempt
from apps.messaging.services import alarms
from apps.messaging.vocabulary import RANK, AlarmKind, Disposition, Purpose, SendState
from tests import people
from tests.faults import world as worlds
from tests.faults.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.fault]


# --- 16: a permanent refusal


@pytest.mark.parametrize(
    ("code", "task"),
    [(21610, TaskKind.OPTED_OUT), (21211, TaskKind.UNDELIVERED), (21614, TaskKind.UNDELIVERED)],
)
def test_fault_16_permanent_refusal_of_a_participants_number(evening: World, code: int, task: TaskKind) -> None:
    """The check-in is called for once, nothing is texted to that number any more for days, and a person phones."""
    number = people.PHONES["wang"]
    evening.twilio.exchange.refused_numbers[number] = code
    evening.play(timedelta(hours=36))
    checkins = OutboundMessage.objects.filter(line=evening.line("wang"), purpose=Purpose.CHECKIN)
    assert [(row.state, row.error_code) for row in checkins] == [(SendState.REFUSED, str(code))]
    assert SendAttempt.objects.filter(message__line=evening.line("wang")).count() == 1
    assert (evening.line("wang").carrier_blocked_at is not None) is (code == 21610)
    assert Task.objects.filter(participant=people.wang(), kind=task).count() == 1
    evening.promises_hold()


@pytest.mark.parametrize("code", ["30005", "30006"])
def test_fault_16_a_number_that_cannot_be_reached_is_reported_so(evening: World, code: str) -> None:
    """Accepted, then undelivered for good: not texted again, a person phones."""
    plan = evening.twilio.exchange.callbacks.plan
    plan.by_number, plan.error_code = {people.PHONES["wang"]: ("sent", "undelivered")}, code
    evening.play(timedelta(hours=36))
    rows = OutboundMessage.objects.filter(line=evening.line("wang"), purpose=Purpose.CHECKIN)
    assert [(row.state, row.error_code) for row in rows] == [(SendState.UNDELIVERED, code)]
    assert len(evening.received_by("wang")) == 1
    assert Task.objects.filter(participant=people.wang(), kind=TaskKind.UNDELIVERED).count() == 1
    evening.promises_hold()


@pytest.mark.parametrize("code", [21211, 21610, 21614])
def test_fault_16_permanent_refusal_of_an_investigators_number(world: World, code: int) -> None:
    """The next person at once: no time passes between the refusal and the second page."""
    world.twilio.exchange.refused_numbers[people.PHONES["alice"]] = code
    world.text("wang", "今天早上吐血了")
    world.work()
    world.minutes(0.5)
    refused = Page.objects.get(person=people.alice(), channel="sms")
    assert (refused.state, refused.error) == (PageState.FAILED, f"refused {code}")
    assert len(world.received_by("bob")) == 1
    world.promises_hold()


# --- 17: posted twice, or ten times at once


@pytest.fixture
def shared(on_disk: None, tmp_path: Path) -> Iterator[World]:
    """A world whose database several threads may use."""
    with worlds.at(worlds.WEDNESDAY, tmp_path) as made:
        yield made


@pytest.mark.django_db(transaction=True)
def test_fault_17_one_text_posted_ten_times_at_once(shared: World) -> None:
    """One row, all answered 200, handled once: one case, one emergency text."""
    sid = str(shared.twilio.exchange.arrived(from_=people.PHONES["wang"], body="今天早上吐血了")["sid"])
    form = shared.form(sid, people.PHONES["wang"], "今天早上吐血了")
    answers: list[int] = []

    def call() -> None:
        try:
            answers.append(World(shared.time, shared.twilio, shared.log, Client()).post(form))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    shared.accepted.append(sid)
    shared.work()
    assert InboundMessage.objects.filter(dedupe_key=sid).count() == 1
    assert shared.texts_to("wang") == ["emergency"]
    assert Escalation.objects.count() == 1
    shared.promises_hold()


def test_fault_17_posted_again_after_it_was_handled(world: World) -> None:
    sid = world.text("wang", "1")
    world.work()
    assert world.post(world.form(sid, people.PHONES["wang"], "1")) == 200
    world.work()
    assert InboundMessage.objects.count() == 1
    assert world.texts_to("wang") == ["checkin_ok"]
    world.promises_hold()


# --- 18: delivery reports in any order

_STATUSES = ["queued", "sending", "sent", "delivered", "undelivered", "failed", "read", "tomorrows_word", ""]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.sampled_from(_STATUSES), min_size=1, max_size=8))
def test_fault_18_status_callbacks_out_of_order(world: World, order: list[str]) -> None:
    """Whatever comes, how often and in which order: every report is answered 200 and kept once, and the rank only rises."""
    attempt = _a_call(world)
    ranks = []
    for status in order:
        form = {"MessageSid": attempt.provider_id, "MessageStatus": status, "AccountSid": "AC" + "1" * 32}
        assert world.post(form, path=f"/sms/twilio/status/{attempt.pk}/") == 200
        attempt.refresh_from_db()
        ranks.append(RANK[attempt.state])
    assert ranks == sorted(ranks)
    assert ranks[-1] == max([RANK["accepted"], *(RANK.get(_as_state(status), 0) for status in order)])
    assert DeliveryEvent.objects.filter(attempt=attempt).count() == len(set(order))
    world.promises_hold()


def _as_state(status: str) -> str:
    return {"queued": "accepted", "sending": "accepted", "read": "delivered"}.get(status, status)


def _a_call(world: World) -> SendAttempt:
    """The call for the answer to one more text; the provider has taken it and has reported nothing yet."""
    world.twilio.exchange.callbacks.plan.statuses = ()
    sid = world.text("wang", "1")
    world.work()
    return SendAttempt.objects.get(message__key=f"turn:{InboundMessage.objects.get(dedupe_key=sid).turn.pk}")


# --- 20: forged, replayed


def test_fault_20_a_forged_text_is_refused_and_rings_an_alarm(world: World, caplog: pytest.LogCaptureFixture) -> None:
    form = world.form("SM" + "a" * 32, people.PHONES["wang"], "今天早上吐血了")
    assert world.post(form, token="somebody else's") == 403
    world.work()
    assert not InboundMessage.objects.exists()
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.code) == (AlarmKind.CALLBACK_REFUSED, "signature")
    world.promises_hold(logs=caplog.text)


def test_fault_20_a_captured_text_that_is_replayed_has_no_effect(world: World) -> None:
    """A signature has no time in it: the copy verifies for ever, and changes nothing."""
    sid = world.text("jones", "STOP")
    world.work()
    world.text("jones", "START")
    world.work()
    world.minutes(60)
    before = world.texts_to("jones")
    assert world.post(world.form(sid, people.PHONES["jones"], "STOP")) == 200
    world.work()
    assert world.line("jones").opted_out_at is None
    assert world.texts_to("jones") == before
    world.promises_hold()


def test_fault_20_the_same_id_with_other_words_keeps_the_first_and_rings_an_alarm(world: World) -> None:
    sid = world.text("wang", "今天早上吐血了")
    assert world.post(world.form(sid, people.PHONES["wang"], "一切正常")) == 200
    world.work()
    row = InboundMessage.objects.get()
    assert (row.body, row.disposition) == ("今天早上吐血了", Disposition.SYMPTOM)
    assert Alarm.objects.get().kind == AlarmKind.CHANGED_REPEAT
    world.promises_hold()


def test_fault_20_a_forged_delivery_report_stops_no_page(world: World) -> None:
    """Whoever could report a page as delivered could silence the chain."""
    world.twilio.exchange.callbacks.plan.statuses = ()
    world.text("wang", "今天早上吐血了")
    world.work()
    page = OutboundMessage.objects.get(line=world.line("alice"), purpose=Purpose.PAGE)
    attempt = page.send_attempts.get()
    form = {"MessageSid": attempt.provider_id, "MessageStatus": "delivered", "AccountSid": "AC" + "1" * 32}
    alarms._written.clear()
    assert world.post(form, path=f"/sms/twilio/status/{attempt.pk}/", token="") == 403
    page.refresh_from_db()
    assert page.state == SendState.ACCEPTED
    assert Alarm.objects.get().kind == AlarmKind.CALLBACK_REFUSED
    world.minutes(2)
    assert len(world.received_by("bob")) == 1
    world.promises_hold()


def test_fault_20_a_report_about_another_text_moves_only_that_one(world: World) -> None:
    """A genuine report posted to the address of another attempt: kept, with an alarm, since two ids cannot both be right."""
    world.text("wang", "1")
    world.text("jones", "1")
    world.twilio.exchange.callbacks.plan.statuses = ()
    world.work()
    mine, other = (world.line(who).outbound.get().send_attempts.get() for who in ("wang", "jones"))
    form = {"MessageSid": other.provider_id, "MessageStatus": "sent", "AccountSid": "AC" + "1" * 32}
    assert world.post(form, path=f"/sms/twilio/status/{mine.pk}/") == 200
    assert Alarm.objects.get().kind == AlarmKind.ID_MISMATCH
    world.promises_hold()
