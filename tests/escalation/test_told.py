"""Who is put on call, or is offered a shift, hears of it by text: in their language, with hours, by name, and not at night."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.escalation import rota
from apps.escalation import services as escalation
from apps.escalation.models import Route, Shift
from apps.escalation.vocabulary import Duty
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose, SendState
from apps.staff.models import User
from apps.staff.services import set_phone
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
EVENING = datetime(2027, 5, 12, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai


@pytest.fixture(autouse=True)
def _tested(stage: Stage) -> None:
    for person in User.objects.all():
        Route.objects.create(person=person, channel="sms", delivered_at=clock.now(), answered_at=clock.now())


def shift(stage: Stage, person: User, begins: float, ends: float) -> Shift:
    now = clock.now()
    return rota.add_shift(
        site=stage.site, duty=Duty.FIRST, person=person, starts_at=now + begins * HOUR, ends_at=now + ends * HOUR,
        by=None,
    )  # fmt: skip


def told(stage: Stage, person: User) -> list[str]:
    """What has left for this phone by now."""
    stage.drain()
    return stage.carrier.texts_to(person)


def test_who_is_put_on_call_by_somebody_else_is_told_at_once_when_for_what_and_by_whom(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    now = clock.now()
    for person in (alice, bob, carol):
        escalation.enter_shift(
            site=stage.site, duty=Duty.FIRST, person=person, starts_at=now + 2 * HOUR, ends_at=now + 10 * HOUR,
            by=carol, is_override=True,
        )  # fmt: skip
    assert told(stage, alice) == [
        "You are on call: investigator on call, 05-12 12:00 to 05-12 20:00, entered by Carol. "
        "You are paged then. If you cannot, tell them now."
    ]
    assert told(stage, bob)[0].startswith("Carol")
    assert "已为您排班：值班研究者，05-12 12:00至05-12 20:00" in told(stage, bob)[0]
    assert told(stage, carol) == []  # who enters it for themselves knows it


def test_a_rotation_is_one_text_a_person(stage: Stage, alice: User, bob: User, carol: User) -> None:
    escalation.plan_rotation(
        site=stage.site, duty=Duty.FIRST, people=[alice, bob, carol], starts_at=clock.now() + HOUR,
        until=clock.now() + 200 * HOUR, days=1, by=carol,
    )  # fmt: skip
    assert [len(told(stage, person)) for person in (alice, bob, carol)] == [1, 1, 0]
    assert told(stage, alice)[0].startswith("You are on call in turn: investigator on call, 05-12 11:00 to 05-19 11:00")


def test_an_offer_is_told_to_the_colleague_and_the_answer_to_the_giver(stage: Stage, alice: User, bob: User) -> None:
    planned = shift(stage, alice, 2, 10)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    assert ["请您接班" in text for text in told(stage, bob)] == [True]
    assert told(stage, alice) == []
    escalation.refuse_hand_over(hand_over=offer, by=bob)
    assert told(stage, alice)[-1] == (
        "Bob, Sub-investigator cannot take over: investigator on call, 05-12 12:00 to 05-12 20:00. You stay on call."
    )
    again = escalation.offer_shift(shift=planned, to=bob, by=alice)
    escalation.accept_hand_over(hand_over=again, by=bob)
    assert told(stage, alice)[-1].startswith("Bob, Sub-investigator has taken over from you")
    assert "已为您排班" not in "".join(told(stage, bob))  # who accepts knows it


def test_an_offer_that_was_told_and_is_taken_back_is_told_to_be(stage: Stage, alice: User, bob: User) -> None:
    offer = escalation.offer_shift(shift=shift(stage, alice, 2, 10), to=bob, by=alice)
    told(stage, bob)
    escalation.withdraw_hand_over(hand_over=offer, by=alice)
    assert "已撤回" in told(stage, bob)[-1]


def test_who_gives_somebodys_shift_to_a_colleague_has_both_told(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    planned = shift(stage, alice, 0, 8)
    escalation.offer_shift(shift=planned, to=bob, by=alice)
    told(stage, bob)
    escalation.give_shift(shift=planned, to=bob, by=carol)
    assert told(stage, alice)[-1].startswith("Bob, Sub-investigator has taken over from you")
    assert len(told(stage, bob)) == 2
    assert "已为您排班" in told(stage, bob)[-1]


def test_at_night_a_text_waits_for_the_morning(stage: Stage, alice: User, bob: User) -> None:
    stage.time.move_to(EVENING)
    escalation.offer_shift(shift=shift(stage, alice, 10, 20), to=bob, by=alice)
    assert told(stage, bob) == []
    stage.play(9 * HOUR - timedelta(minutes=1))
    assert told(stage, bob) == []
    stage.play(timedelta(minutes=1))
    assert len(told(stage, bob)) == 1


@pytest.mark.parametrize("begins", [0, 1, 8.9])
def test_for_a_shift_of_this_night_it_leaves_at_night(stage: Stage, alice: User, bob: User, begins: float) -> None:
    stage.time.move_to(EVENING)
    escalation.offer_shift(shift=shift(stage, alice, begins, 20), to=bob, by=alice)
    assert len(told(stage, bob)) == 1


@pytest.mark.parametrize("end", ["accept", "refuse", "withdraw"])
def test_an_offer_answered_before_its_text_has_left_leaves_no_text(
    stage: Stage, alice: User, bob: User, end: str
) -> None:
    stage.time.move_to(EVENING)
    offer = escalation.offer_shift(shift=shift(stage, alice, 12, 20), to=bob, by=alice)
    getattr(escalation, f"{end}_hand_over")(hand_over=offer, by=alice if end == "withdraw" else bob)
    stage.play(10 * HOUR)
    assert told(stage, bob) == []
    assert len(told(stage, alice)) == (0 if end == "withdraw" else 1)


def test_a_text_is_an_outgoing_row_of_the_same_transaction_and_useless_after_the_shift(
    stage: Stage, alice: User, bob: User
) -> None:
    planned = shift(stage, alice, 2, 10)
    escalation.offer_shift(shift=planned, to=bob, by=alice)
    row = OutboundMessage.objects.get()
    assert (row.state, row.purpose, row.useful_until) == (SendState.PLANNED, Purpose.NOTICE, planned.ends_at)
    assert "http" not in row.text


def test_a_refused_act_tells_nobody(stage: Stage, alice: User, bob: User, carol: User) -> None:
    planned = shift(stage, alice, 2, 10)
    escalation.offer_shift(shift=planned, to=bob, by=alice)
    before = OutboundMessage.objects.count()
    with pytest.raises(rota.RotaRefused):
        escalation.offer_shift(shift=planned, to=carol, by=alice)
    assert OutboundMessage.objects.count() == before


def test_a_giver_without_a_mobile_is_told_by_the_page_alone(stage: Stage, alice: User, bob: User) -> None:
    offer = escalation.offer_shift(shift=shift(stage, alice, 2, 10), to=bob, by=alice)
    set_phone(user=alice, number="")
    escalation.accept_hand_over(hand_over=offer, by=bob)
    assert Shift.objects.filter(person=bob).exists()
