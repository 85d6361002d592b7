"""The chain goes on at its stored times until a named person has it; empty and failed steps wait for nobody."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.channel import Handed
from apps.escalation.channels.sms import SmsChannel
from apps.escalation.models import Page
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, PageState, Via
from apps.messaging.models import DeliveryEvent, Line, OutboundMessage, SendAttempt
from apps.messaging.vocabulary import SendState
from apps.operations import engine
from apps.staff.models import User
from apps.staff.services import close_account, set_phone
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def test_the_investigator_on_call_is_paged_at_once_and_the_others_at_their_minutes(stage: Stage) -> None:
    running = stage.start()
    stage.minutes(12)
    assert stage.paged(running) == [(0, "Alice"), (5, "Bob"), (10, "Carol"), (10, "Chen")]


def test_a_page_is_a_reference_a_time_and_a_code_in_the_language_of_the_person(
    stage: Stage, alice: User, bob: User
) -> None:
    running = stage.start()
    stage.minutes(6)
    code = stage.code(running, alice)
    assert stage.carrier.texts_to(alice) == [
        f"ALERT {running.ref}: urgent message received 10:00. Reply {code} to take it. "
        "No answer: the next person is paged. Details only in the console."
    ]
    assert stage.carrier.texts_to(bob) == [
        f"警报{running.ref}无人处理，轮到您。回{stage.code(running, bob)}由您处理。详情只在系统内"
    ]


def test_a_page_about_a_phone_that_cannot_be_texted_says_so(stage: Stage, alice: User) -> None:
    stage.start(cannot_text=True)
    stage.drain()
    assert "cannot be texted: phone now" in stage.carrier.texts_to(alice)[0]


def test_a_page_about_an_old_text_says_that_it_is_late(stage: Stage, alice: User) -> None:
    received = clock.now()
    stage.time.advance(timedelta(minutes=11))
    escalation.start(chain=ChainName.R1, site=stage.site, received_at=received)
    stage.drain()
    assert "message of 10:00 received late, at 10:11" in stage.carrier.texts_to(alice)[0]


def test_nobody_is_paged_before_the_morning_list(stage: Stage) -> None:
    running = stage.start(ChainName.R2, not_before=clock.now() + timedelta(hours=5))
    stage.minutes(299)
    assert stage.paged(running) == []
    stage.minutes(1)
    assert stage.paged(running) == [(300, "Alice")]


def test_an_empty_step_is_passed_at_once_and_is_an_incident(stage: Stage, alice: User, bob: User, carol: User) -> None:
    for person in (alice, bob, carol):
        close_account(user=person)
    running = stage.start()
    stage.drain()
    assert stage.paged(running) == [(0, "Chen")]
    gaps = {("rota_gap", who) for who in ("investigator_on_call", "second_on_call", "principal_investigator")}
    assert stage.incidents() == gaps


def test_a_person_without_a_mobile_is_passed_at_once_and_is_an_incident(stage: Stage, alice: User) -> None:
    set_phone(user=alice, number="")
    running = stage.start()
    stage.drain()
    assert stage.paged(running)[0] == (0, "Bob")
    assert stage.paged(running, channel="email")[0] == (0, "Alice")
    assert ("no_route", "investigator_on_call") in stage.incidents()


@pytest.mark.parametrize("state", [SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.HELD])
def test_a_text_that_does_not_arrive_moves_the_chain_on_at_once(stage: Stage, alice: User, state: SendState) -> None:
    index = bytes(alice.phone_index)
    stage.carrier.outcome = lambda message: state if bytes(message.line.index) == index else SendState.DELIVERED
    running = stage.start()
    stage.play(timedelta(seconds=15))
    assert stage.paged(running) == [(0, "Alice"), (0, "Bob")]
    assert Page.objects.get(person=alice, channel="sms").state == PageState.FAILED


def test_no_acceptance_within_a_minute_moves_the_chain_on(stage: Stage) -> None:
    stage.carrier.outcome = lambda _message: None
    running = stage.start()
    stage.play(timedelta(seconds=59))
    assert stage.paged(running) == [(0, "Alice")]
    stage.play(timedelta(seconds=10))
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob"]


@pytest.mark.parametrize("is_named_by_us", [True, False])
def test_news_of_its_delivery_that_still_waits_for_its_turn_is_heard_before_a_page_is_taken_for_lost(
    stage: Stage, alice: User, is_named_by_us: bool
) -> None:
    """The workers were away for two minutes, or a crowd goes first: nobody is woken for that, and no device is blamed."""
    stage.carrier.outcome = lambda _message: SendState.SENT
    running = stage.start()
    stage.drain()
    page, now = running.pages.get(person=alice, channel="sms"), clock.now()
    assert page.message is not None
    call = SendAttempt.objects.create(
        message=page.message, gateway="phone", started_at=now, state=SendState.SENT,
        provider_id="" if is_named_by_us else "SM1",
    )  # fmt: skip
    DeliveryEvent.objects.create(
        gateway="phone", provider_id="SM1", status="delivered", received_at=now, due_at=now, lane=Lane.SAFETY,
        attempt_ref=call.pk if is_named_by_us else None,
    )  # fmt: skip
    stage.play(timedelta(minutes=2))
    page.refresh_from_db()
    assert (page.state, page.error) == (PageState.DELIVERED, "")
    assert "Bob" not in {name for _, name in stage.paged(running)}


def test_no_delivery_within_ninety_seconds_moves_the_chain_on(stage: Stage, alice: User) -> None:
    index = bytes(alice.phone_index)
    stage.carrier.outcome = lambda message: (
        SendState.SENT if bytes(message.line.index) == index else SendState.DELIVERED
    )
    running = stage.start()
    stage.play(timedelta(seconds=89))
    assert stage.paged(running) == [(0, "Alice")]
    stage.play(timedelta(seconds=10))
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob"]


def test_a_step_that_was_brought_forward_draws_the_later_ones_after_it(stage: Stage, alice: User) -> None:
    index = bytes(alice.phone_index)
    stage.carrier.outcome = lambda message: (
        SendState.FAILED if bytes(message.line.index) == index else SendState.DELIVERED
    )
    running = stage.start()
    stage.minutes(6)
    assert stage.paged(running) == [(0, "Alice"), (0, "Bob"), (5, "Carol"), (5, "Chen")]


def test_one_recipient_failing_stops_no_other(stage: Stage, carol: User) -> None:
    index = bytes(carol.phone_index)
    stage.carrier.outcome = lambda message: (
        SendState.FAILED if bytes(message.line.index) == index else SendState.DELIVERED
    )
    running = stage.start()
    stage.minutes(12)
    delivered = running.pages.filter(state=PageState.DELIVERED, channel="sms").values_list("person__name", flat=True)
    assert {"Alice", "Bob", "Chen"} <= {*delivered}


def test_a_fault_of_ours_with_one_recipient_stops_no_other_and_is_not_forgotten(
    stage: Stage, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts are handed over by the step itself: what breaks there for one person is undone alone, and tried again by the page's row."""
    whole = SmsChannel.hand_over

    def broken(channel: SmsChannel, page: Page) -> Handed:
        given = whole(channel, page)
        if page.person == alice:
            raise KeyError("a fault of ours")
        return given

    monkeypatch.setattr(SmsChannel, "hand_over", broken)
    running = stage.start()
    engine.run_one(lane=Lane.SAFETY)
    page = running.pages.get(person=alice, channel="sms")
    assert (page.message, page.state) == (None, PageState.PLANNED)
    assert not OutboundMessage.objects.exists()
    stage.minutes(4)
    assert [name for _, name in stage.paged(running)][:2] == ["Alice", "Bob"]
    assert stage.carrier.texts_to(alice) == []


def test_a_second_round_begins_and_is_wider(stage: Stage, dan: User) -> None:
    """Nobody stands for the sponsor here, so what would come after minute 30 comes a quarter of an hour earlier."""
    running = stage.start()
    stage.minutes(60)
    again = [name for minute, name in stage.paged(running) if minute == 60]
    assert {*again} == {"Alice", "Bob", "Carol", "Chen", "Dan"}
    running.refresh_from_db()
    assert (running.state, running.round) == (EscalationState.OPEN, 2)


def test_a_round_that_reached_somebody_is_no_incident_though_its_last_step_reached_nobody(
    stage: Stage, carol: User
) -> None:
    close_account(user=carol)
    stage.start()
    stage.minutes(61)
    assert ("rota_gap", "principal_investigator") in stage.incidents()
    assert ("nobody", "R1") not in stage.incidents()


@pytest.mark.parametrize("before", [0, 70])
def test_a_whole_round_that_reached_nobody_is_an_incident_the_first_or_a_later_one(stage: Stage, before: int) -> None:
    if before:
        stage.start()
        stage.minutes(before)
    for person in User.objects.all():
        close_account(user=person)
    assert ("nobody", "R1") not in stage.incidents()
    if not before:
        stage.start()
    stage.minutes(16 if before else 1)  # the round under way had reached somebody
    assert ("nobody", "R1") in stage.incidents()


def test_nobody_is_missed_in_a_round_that_a_contact_has_ended(stage: Stage, alice: User, carol: User) -> None:
    close_account(user=carol)
    running = stage.start()
    stage.minutes(16)
    escalation.record_contact(escalation=running, person=alice, result=ContactResult.REACHED, via=Via.ADMIN)
    stage.minutes(60)
    assert ("nobody", "R1") not in stage.incidents()


def test_after_a_long_silence_one_round_is_caught_up_not_ten(stage: Stage) -> None:
    running = stage.start()
    stage.drain()
    stage.time.advance(timedelta(hours=12))
    stage.drain()
    names = [name for minute, name in stage.paged(running) if minute == 720]
    assert {*names} == {
        "Bob",
        "Carol",
        "Chen",
        "Dan",
    }  # Alice had her turn before; the second round begins after a rest


def test_an_unknown_number_pages_the_duty_desk(stage: Stage) -> None:
    running = stage.start(ChainName.UNMATCHED)
    stage.drain()
    assert stage.paged(running) == [(0, "Dan")]


def test_a_raised_escalation_begins_the_urgent_chain_at_once(stage: Stage, alice: User) -> None:
    running = stage.start(ChainName.R2)
    stage.minutes(1)
    stage.text(alice, stage.code(running, alice))
    escalation.raise_chain(escalation=running, chain=ChainName.R1)
    stage.drain()
    running.refresh_from_db()
    assert (running.chain, running.state) == ("R1", EscalationState.OPEN)
    assert "urgent message received" in stage.carrier.texts_to(alice)[-1]
    stage.minutes(5)
    assert stage.paged(running)[-1][1] == "Bob"


def test_an_urgent_escalation_is_never_lowered(stage: Stage) -> None:
    running = stage.start()
    escalation.raise_chain(escalation=running, chain=ChainName.R2)
    running.refresh_from_db()
    assert running.chain == "R1"


def test_a_person_blocked_by_the_carrier_is_not_texted_and_the_next_is_paged(stage: Stage, alice: User) -> None:
    stage.start()
    stage.drain()
    Line.objects.filter(index=bytes(alice.phone_index)).update(carrier_blocked_at=clock.now())
    second = stage.start()
    stage.drain()
    assert stage.paged(second)[0] == (0, "Bob")


def test_a_person_who_wrote_stop_is_paged_all_the_same_and_is_an_incident(stage: Stage, alice: User) -> None:
    stage.start()
    stage.drain()
    Line.objects.filter(index=bytes(alice.phone_index)).update(opted_out_at=clock.now())
    second = stage.start()
    stage.drain()
    assert stage.paged(second) == [(0, "Alice")]
    assert ("stopped_texts", "investigator_on_call") in stage.incidents()


def test_a_recorded_contact_ends_everything(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.minutes(1)
    escalation.acknowledge(escalation=running, person=alice, via=Via.ADMIN)
    escalation.record_contact(escalation=running, person=alice, result=ContactResult.REACHED, via=Via.ADMIN)
    running.refresh_from_db()
    assert (running.state, running.due_at) == (EscalationState.CONTACTED, None)
    before = len(stage.carrier.sent)
    stage.minutes(600)
    assert [text.wording for _, text in stage.carrier.sent[before:]] == []


def test_one_that_waits_for_the_morning_is_hurried_by_a_text_that_may_not_wait(stage: Stage) -> None:
    running = stage.start(ChainName.R2, not_before=clock.now() + timedelta(hours=5))
    stage.minutes(60)
    escalation.hurry(escalation=running)
    stage.drain()
    assert stage.paged(running) == [(60, "Alice")]
    escalation.hurry(escalation=running)
    stage.minutes(14)
    assert stage.paged(running) == [(60, "Alice")]


def test_who_has_it_hears_of_a_further_text_once_in_five_minutes(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    escalation.tell_holder(escalation=running)
    stage.text(alice, stage.code(running, alice))
    for _ in range(3):
        escalation.tell_holder(escalation=running)
        stage.drain()
    assert [text for text in stage.carrier.texts_to(alice) if "new message" in text] == [
        f"{running.ref}: a new message has come in, 10:00. Please look in the console."
    ]
