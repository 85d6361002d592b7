"""A text that reached the program late is told to be late by every page about it, not by the first alone; no other ever is."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.vocabulary import ChainName, Via
from apps.staff.models import User
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def test_every_page_about_a_text_that_came_late_tells_when_it_was_sent(stage: Stage, alice: User, bob: User) -> None:
    """10:00 here; the provider held the text for three hours."""
    sent = clock.now() - timedelta(hours=3)
    running = escalation.start(chain=ChainName.R1, site=stage.site, received_at=sent)
    stage.minutes(6)
    assert stage.carrier.texts_to(alice)[0].startswith(
        f"ALERT {running.ref}: message of 07:00 received late, at 10:00."
    )
    assert "07:00" in stage.carrier.texts_to(bob)[0]
    assert "10:00" in stage.carrier.texts_to(bob)[0]  # when it was received, not when Bob's turn came


def test_a_text_that_waited_for_a_dead_worker_is_late_for_everybody(stage: Stage, alice: User, bob: User) -> None:
    running = stage.start(not_before=clock.now() + timedelta(minutes=1))
    stage.time.advance(timedelta(minutes=12))
    stage.minutes(6)
    for person in (alice, bob):
        assert stage.carrier.texts_to(person)[0].startswith(
            f"ALERT {running.ref}: message of 10:00 received late, at 10:12."
            if person == alice
            else f"警报{running.ref}：10:00的消息迟至10:12才收到"
        )


def test_what_a_rule_held_for_the_morning_list_is_not_late(stage: Stage, alice: User) -> None:
    running = stage.start(ChainName.R2, not_before=clock.now() + timedelta(hours=5))
    stage.minutes(5 * 60 + 21)
    assert stage.carrier.texts_to(alice)[0].startswith(f"NOTICE {running.ref}: message received 10:00, call back soon.")
    assert not running.pages.filter(wording="staff_delayed").exists()


@pytest.mark.parametrize("raised", [True, False])
def test_nor_is_what_a_further_text_calls_out_of_the_list_unless_it_is_paged_late_after_that(
    stage: Stage, alice: User, raised: bool
) -> None:
    for delay, is_late in ((0, False), (12, True)):
        running = stage.start(ChainName.R2, not_before=clock.now() + timedelta(hours=5))
        stage.minutes(60)
        if raised:
            escalation.raise_chain(escalation=running, chain=ChainName.R1)
        else:
            escalation.hurry(escalation=running)
        stage.time.advance(timedelta(minutes=delay))
        stage.drain()
        assert running.pages.filter(person=alice, kind="page").exists()
        assert running.pages.filter(wording="staff_delayed").exists() == is_late


def test_a_case_that_becomes_more_urgent_is_not_late_for_that(stage: Stage, alice: User) -> None:
    running = stage.start(ChainName.R2)
    stage.minutes(14)
    escalation.raise_chain(escalation=running, chain=ChainName.R1)
    stage.minutes(6)
    assert not running.pages.filter(wording="staff_delayed").exists()
    assert stage.carrier.texts_to(alice)[-1].startswith(f"ALERT {running.ref}: urgent message received 10:00.")


def test_the_next_round_tells_it_too(stage: Stage, alice: User) -> None:
    running = escalation.start(chain=ChainName.R1, site=stage.site, received_at=clock.now() - timedelta(hours=3))
    stage.minutes(61)
    assert len(stage.carrier.texts_to(alice)) > 1
    assert {*running.pages.filter(kind="page").values_list("wording", flat=True)} == {"staff_delayed"}


def test_a_text_that_came_in_time_is_not_late_because_nobody_has_answered(stage: Stage, carol: User) -> None:
    running = stage.start()
    stage.minutes(61)
    assert {*running.pages.filter(kind="page").values_list("wording", flat=True)} == {"staff_r1", "staff_escalate"}
    assert "nobody has taken it yet" in stage.carrier.texts_to(carol)[0]


def test_the_second_person_whom_a_rule_wants_is_not_told_of_a_delay_that_was_none(stage: Stage, alice: User) -> None:
    running = stage.start()
    snapshot = running.snapshot | {"second_acknowledgement": True}
    type(running).objects.filter(pk=running.pk).update(snapshot=snapshot)
    stage.minutes(1)
    escalation.acknowledge(escalation=running, person=alice, via=Via.ADMIN)
    stage.minutes(20)
    assert running.pages.filter(kind="page", created_at__gt=running.opened_at + timedelta(minutes=11)).exists()
    assert not running.pages.filter(wording="staff_delayed").exists()
