"""Texts that leave side by side: the calls run at once, each keeps its own answer, and what goes wrong with one stays with that one."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from twilio.http.http_client import TwilioHttpClient

from apps.core import work
from apps.core.work import Work
from apps.messaging import routes, services
from apps.messaging.gateway import DeliveryReport, OutboundSms, SendResult
from apps.messaging.models import OutboundMessage, SendAttempt
from apps.messaging.services import side_by_side
from apps.messaging.vocabulary import AttemptState, Purpose, SendState
from apps.vault.services import shred
from tests.fakes.twilio_faults import Fault, Trouble
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import line_of, post_status, queued, state_of

pytestmark = pytest.mark.django_db
NUMBERS = [f"+614915700{last:02d}" for last in range(6, 12)]
WORK = Work(
    OutboundMessage, services.deliver, services.could_not_deliver, at_once=8, together=services.deliver_together
)


def crowd(purpose: Purpose = Purpose.PAGE) -> list[OutboundMessage]:
    """A text to each of six phones, each with its own words."""
    return [queued(line_of(number), purpose, key=number, words=f"for {number}") for number in NUMBERS]


def claimed() -> list[OutboundMessage]:
    first = work.claim(OutboundMessage)
    assert first is not None
    return [first, *work.claim_beside(first, most=7)]


def deliver() -> None:
    work.run_together(WORK, claimed())


def states(texts: list[OutboundMessage]) -> list[str]:
    found = dict(OutboundMessage.objects.values_list("pk", "state"))
    return [found[text.pk] for text in texts]


def during_call(monkeypatch: pytest.MonkeyPatch, act: Callable[[OutboundSms], None]) -> None:
    """`act` happens in each call, before the provider is asked."""
    gateway = routes.gateway("twilio")
    ask = gateway.send

    def asked(sms: OutboundSms) -> SendResult:
        act(sms)
        return ask(sms)

    monkeypatch.setattr(gateway, "send", asked)


def meet(barrier: threading.Barrier) -> None:
    barrier.wait()


def test_the_calls_are_under_way_at_the_same_time(twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, all_there = crowd(), threading.Barrier(len(NUMBERS), timeout=20)
    during_call(monkeypatch, lambda sms: meet(all_there))
    deliver()
    assert states(texts) == [SendState.ACCEPTED] * 6
    assert not all_there.broken


def slow_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between what the library remembers of an answer and what it gives back, other threads have their turn."""

    def remember(client: TwilioHttpClient, answer: object) -> None:
        vars(client)["answer"] = answer
        if answer is not None:
            time.sleep(0.05)

    kept = property(lambda client: vars(client)["answer"], remember)
    monkeypatch.setattr(TwilioHttpClient, "_test_only_last_response", kept, raising=False)


def test_each_text_keeps_the_answer_to_its_own_call(twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_to_give_back(monkeypatch)
    texts, all_there = crowd(), threading.Barrier(len(NUMBERS), timeout=20)
    during_call(monkeypatch, lambda sms: meet(all_there))
    deliver()
    for text in texts:
        [sent] = twilio.sent_to(str(text.line.number))
        assert (sent["body"], sent["sid"]) == (text.text, text.send_attempts.get().provider_id)


def test_they_end_as_texts_sent_one_by_one_do(twilio: TwilioServer) -> None:
    together = crowd()
    deliver()
    alone = queued(line_of("+61491570110"), Purpose.PAGE, key="alone")
    services.deliver(claimed()[0])
    alone.refresh_from_db()
    names = ("state", "error_code", "lease_until", "attempts", "last_error", "fence", "quarantined_at")
    for text in together:
        text.refresh_from_db()
        assert [getattr(text, name) for name in names] == [getattr(alone, name) for name in names]
        assert text.handed_over_at is not None
        assert text.due_at is not None
        attempt, other = text.send_attempts.get(), alone.send_attempts.get()
        assert (attempt.state, attempt.error_code) == (other.state, other.error_code)
        assert attempt.ended_at is not None


def test_a_number_that_is_refused_holds_up_no_other(twilio: TwilioServer) -> None:
    twilio.exchange.refused_numbers = {NUMBERS[2]: 21211}
    texts = crowd()
    deliver()
    assert states(texts) == [SendState.REFUSED if n == 2 else SendState.ACCEPTED for n in range(6)]


def test_an_answer_that_never_comes_holds_up_no_other(twilio: TwilioServer, impatient: None) -> None:
    twilio.exchange.faults = [Fault(trouble=Trouble.RESET_AFTER, to=NUMBERS[3])]
    texts = crowd(Purpose.CHECKIN)
    deliver()
    assert states(texts) == [SendState.UNKNOWN if n == 3 else SendState.ACCEPTED for n in range(6)]


def test_a_call_that_breaks_the_program_is_found_out_about_later(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = crowd(Purpose.CHECKIN)

    def act(sms: OutboundSms) -> None:
        if sms.recipient == NUMBERS[1]:
            raise RuntimeError

    during_call(monkeypatch, act)
    deliver()
    assert states(texts) == [SendState.CALLING if n == 1 else SendState.ACCEPTED for n in range(6)]
    texts[1].refresh_from_db()
    assert texts[1].due_at is not None
    assert texts[1].last_error == "RuntimeError"
    assert texts[1].lease_until is None


def test_one_that_cannot_even_be_begun_holds_up_no_other(twilio: TwilioServer) -> None:
    texts = crowd()
    shred(keys=[texts[4].data_key])
    deliver()
    assert [state for n, state in enumerate(states(texts)) if n != 4] == [SendState.ACCEPTED] * 5
    assert twilio.posts() == 5


def test_beside_one_that_cannot_be_begun_the_others_still_go_at_the_same_time(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, each with a time-out of ten seconds, they would outlive their leases in an outage."""
    texts, others_there = crowd(), threading.Barrier(len(NUMBERS) - 1, timeout=5)
    shred(keys=[texts[4].data_key])
    during_call(monkeypatch, lambda sms: meet(others_there))
    deliver()
    assert not others_there.broken


def test_who_wrote_stop_is_left_out(twilio: TwilioServer) -> None:
    texts = crowd(Purpose.CHECKIN)
    services.opt_out(line=texts[0].line)
    OutboundMessage.objects.filter(pk=texts[0].pk).update(state=SendState.PLANNED, due_at=texts[0].due_at, fence=0)
    deliver()
    assert states(texts) == [SendState.CANCELLED, *[SendState.ACCEPTED] * 5]
    assert twilio.sent_to(NUMBERS[0]) == []


def test_one_cancelled_after_the_claim_is_not_sent(twilio: TwilioServer) -> None:
    texts = crowd()
    rows = claimed()
    services.cancel(messages=[texts[5]])
    work.run_together(WORK, rows)
    assert states(texts) == [*[SendState.ACCEPTED] * 5, SendState.CANCELLED]
    assert twilio.sent_to(NUMBERS[5]) == []


def test_a_report_that_overtakes_the_answer_is_not_undone(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    texts = crowd()
    write = side_by_side._write_all_down

    def first_the_report(ended: Any) -> None:
        for each in ended:
            post_status(client, each.started.attempt.pk, "delivered", sid=each.result.provider_id)
        write(ended)

    monkeypatch.setattr(side_by_side, "_write_all_down", first_the_report)
    deliver()
    assert states(texts) == [SendState.DELIVERED] * 6


def test_one_that_the_provider_names_only_by_its_own_id_is_found(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its report names no attempt of ours and comes before the answer that says whose it is."""
    texts = crowd()
    write = side_by_side._write_all_down

    def first_the_report(ended: Any) -> None:
        for each in ended:
            gateway = each.started.gateway
            event = DeliveryReport(each.result.provider_id, "delivered", AttemptState.DELIVERED)
            services.record_delivery(gateway=gateway, attempt_id=None, event=event)
        write(ended)

    monkeypatch.setattr(side_by_side, "_write_all_down", first_the_report)
    deliver()
    assert states(texts) == [SendState.DELIVERED] * 6


def test_outcomes_that_cannot_be_written_together_are_written_one_by_one(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Any) -> frozenset[Any]:
        raise RuntimeError

    monkeypatch.setattr(side_by_side, "_accepted", breaks)
    texts = crowd()
    deliver()
    assert states(texts) == [SendState.ACCEPTED] * 6


def test_a_text_that_another_process_took_meanwhile_is_not_written_over(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = crowd()
    write = side_by_side._write_all_down

    def first_another(ended: Any) -> None:
        work.set_due(OutboundMessage.objects.filter(pk=texts[0].pk), due_at=texts[0].due_at)
        write(ended)

    monkeypatch.setattr(side_by_side, "_write_all_down", first_another)
    deliver()
    texts[0].refresh_from_db()
    assert texts[0].due_at is not None
    assert texts[0].send_attempts.get().state == AttemptState.ACCEPTED  # what the provider said is true all the same


@pytest.mark.parametrize("place", ["attempt_written", "provider_accepted"])
def test_after_a_fault_in_the_middle_every_urgent_one_goes_again(
    twilio: TwilioServer, settings: Settings, place: str
) -> None:
    texts = crowd()
    settings.FAILPOINTS = {place: "raise"}
    deliver()
    settings.FAILPOINTS = {}
    assert set(states(texts)) == {SendState.CALLING}
    OutboundMessage.objects.update(due_at=texts[0].planned_at)
    while (row := work.claim(OutboundMessage)) is not None and state_of(row) == SendState.CALLING:
        row.refresh_from_db()
        work.run(WORK, row)
    assert set(states(texts)) == {SendState.ACCEPTED}


def test_others_are_not_sent_twice_but_looked_up(twilio: TwilioServer, settings: Settings) -> None:
    texts = crowd(Purpose.CHECKIN)
    settings.FAILPOINTS = {"provider_accepted": "raise"}
    deliver()
    settings.FAILPOINTS = {}
    OutboundMessage.objects.update(due_at=texts[0].planned_at)
    while (row := work.claim(OutboundMessage)) is not None:
        work.run(WORK, row)
    assert [len(twilio.sent_to(number)) for number in NUMBERS] == [1] * 6


def test_a_text_tried_before_is_taken_alone(twilio: TwilioServer) -> None:
    texts = crowd()
    OutboundMessage.objects.filter(pk=texts[0].pk).update(attempts=1, fence=1)
    first = work.claim(OutboundMessage)
    assert first is not None
    assert first.pk == texts[0].pk
    assert work.claim_beside(first, most=7) == []
    second = work.claim(OutboundMessage)
    assert second is not None
    assert {row.pk for row in work.claim_beside(second, most=7)} == {text.pk for text in texts[1:]} - {second.pk}


def test_a_text_that_goes_again_is_taken_alone_since_it_is_called_alone(twilio: TwilioServer) -> None:
    """Eight calls one after the other in an outage: their leases end, and nothing else has its turn, for eighty seconds."""
    twilio.exchange.faults = [Fault(trouble=Trouble.RATE_LIMITED, times=None)]
    texts = crowd()
    deliver()
    assert set(states(texts)) == {SendState.PLANNED}
    OutboundMessage.objects.update(due_at=texts[0].planned_at)
    assert len(claimed()) == 1


def test_no_more_are_taken_than_asked_for_and_none_of_another_lane(twilio: TwilioServer) -> None:
    crowd()
    crowd_of_others = [queued(line_of(number), Purpose.CHECKIN, key=f"later {number}") for number in NUMBERS]
    first = work.claim(OutboundMessage)
    assert first is not None
    beside = work.claim_beside(first, most=2)
    assert len(beside) == 2
    assert {row.purpose for row in [first, *beside]} == {Purpose.PAGE}
    assert all(
        row.lease_until is None for row in OutboundMessage.objects.filter(pk__in=[t.pk for t in crowd_of_others])
    )


def test_attempts_of_all_of_them_are_there_before_the_first_call(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash during the calls leaves a row for each that says what is known."""
    crowd()
    begun: list[int] = []
    made = side_by_side._ended

    def look(calls: Any, texts: Any) -> Any:
        begun.append(SendAttempt.objects.filter(state=AttemptState.CALLING).count())
        return made(calls, texts)

    monkeypatch.setattr(side_by_side, "_ended", look)
    deliver()
    assert begun == [6]
