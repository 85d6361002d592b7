"""A shift passes to a colleague when they accept, and not a moment earlier: nobody's hours are ever nobody's."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.escalation import feed, handover, rota
from apps.escalation import services as escalation
from apps.escalation.models import HandOver, Route, Shift
from apps.escalation.vocabulary import Duty, HandOverState, RotaRule
from apps.staff.models import SiteAssignment, User
from apps.staff.services import close_account, end_assignment, set_phone
from apps.staff.vocabulary import Role
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _tested(stage: Stage) -> None:
    """Everybody of BJ01 and of the duty desk has answered a page of late."""
    for person in User.objects.all():
        answered(person)


def answered(person: User) -> None:
    now = clock.now()
    Route.objects.create(person=person, channel="sms", delivered_at=now, answered_at=now)


def shift(stage: Stage, person: User, begins: float, ends: float, **given: object) -> Shift:
    now = clock.now()
    values: dict[str, object] = {"site": stage.site, "duty": Duty.FIRST, "by": None} | given
    return rota.add_shift(person=person, starts_at=now + begins * HOUR, ends_at=now + ends * HOUR, **values)  # type: ignore[arg-type]


def first_paged(stage: Stage) -> str:
    running = stage.start()
    stage.drain()
    return stage.paged(running)[0][1]


def refused(act: object, **given: object) -> list[RotaRule]:
    with pytest.raises(rota.RotaRefused) as caught:
        act(**given)  # type: ignore[operator]
    return caught.value.rules


def test_the_giver_is_paged_until_the_colleague_has_accepted(stage: Stage, alice: User, bob: User) -> None:
    planned = shift(stage, alice, 0, 8)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    stage.play(HOUR)
    assert first_paged(stage) == "Alice"

    escalation.accept_hand_over(hand_over=offer, by=bob)

    assert first_paged(stage) == "Bob"
    given = Shift.objects.get(person=bob)
    assert (given.starts_at, given.ends_at, given.is_override) == (clock.now(), planned.ends_at, True)
    stage.play(8 * HOUR)
    assert Shift.objects.count() == 2  # nothing else was made


def test_a_coming_shift_passes_whole(stage: Stage, alice: User, bob: User) -> None:
    planned = shift(stage, alice, 4, 12)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=planned, to=bob, by=alice), by=bob)
    given = Shift.objects.get(person=bob)
    assert (given.starts_at, given.ends_at) == (planned.starts_at, planned.ends_at)


@pytest.mark.parametrize("end", ["refused", "taken back", "never answered"])
def test_what_is_not_accepted_changes_nothing(stage: Stage, alice: User, bob: User, end: str) -> None:
    offer = escalation.offer_shift(shift=shift(stage, alice, 0, 8), to=bob, by=alice)
    if end == "refused":
        escalation.refuse_hand_over(hand_over=offer, by=bob)
    if end == "taken back":
        escalation.withdraw_hand_over(hand_over=offer, by=alice)
    assert first_paged(stage) == "Alice"
    assert [each.person for each in Shift.objects.all()] == [alice]
    if end == "never answered":
        assert handover.waiting_for(bob) == [offer]
        stage.play(9 * HOUR)
        assert refused(escalation.accept_hand_over, hand_over=offer, by=bob) == [RotaRule.NOTHING_LEFT]
    assert handover.waiting_for(bob) == []


def test_whoever_plans_the_rota_hands_over_at_once_and_in_place_of_an_offer(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    planned = shift(stage, alice, 0, 8)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    escalation.give_shift(shift=planned, to=carol, by=carol, reason="Alice is ill")
    offer.refresh_from_db()
    assert (offer.state, offer.answered_by) == (HandOverState.WITHDRAWN, carol)
    assert first_paged(stage) == "Carol"
    assert Shift.objects.get(person=carol).reason == "Alice is ill"


def test_only_the_givers_own_hours_pass(stage: Stage, alice: User, bob: User, carol: User) -> None:
    """In the middle of Alice's shift Carol stands in for two hours: these stay Carol's."""
    planned = shift(stage, alice, 0, 8)
    middle = shift(stage, carol, 2, 4, is_override=True)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=planned, to=bob, by=alice), by=bob)
    parts = [(each.starts_at, each.ends_at) for each in Shift.objects.filter(person=bob).order_by("starts_at")]
    assert parts == [(clock.now(), middle.starts_at), (middle.ends_at, planned.ends_at)]
    assert rota.own_parts(middle) == [(middle.starts_at, middle.ends_at)]


def test_what_was_handed_over_is_handed_on_and_the_first_giver_has_nothing_left_to_give(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    planned = shift(stage, alice, 0, 8)
    stage.play(HOUR)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=planned, to=bob, by=alice), by=bob)
    stage.play(HOUR)
    own = Shift.objects.get(person=bob)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=own, to=carol, by=bob), by=carol)
    assert first_paged(stage) == "Carol"
    assert refused(escalation.offer_shift, shift=planned, to=carol, by=alice) == [RotaRule.NOTHING_LEFT]


def test_it_counts_though_the_clock_was_set_back_since_the_givers_override_was_entered(
    stage: Stage, alice: User, bob: User
) -> None:
    given = shift(stage, alice, 0, 8, is_override=True)
    Shift.objects.filter(pk=given.pk).update(made_at=clock.now() + timedelta(minutes=3))
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=given, to=bob, by=alice), by=bob)
    assert first_paged(stage) == "Bob"


@pytest.mark.parametrize(
    ("why", "rule"),
    [
        ("never tested", RotaRule.NOT_TESTED),
        ("away then", RotaRule.ON_LEAVE),
        ("another role", RotaRule.WRONG_ROLE),
        ("another site", RotaRule.WRONG_ROLE),
        ("no mobile", RotaRule.NO_MOBILE),
        ("left", RotaRule.WRONG_ROLE),
        ("the giver", RotaRule.SAME_PERSON),
        ("cancelled", RotaRule.NOTHING_LEFT),
    ],
)
def test_it_is_offered_to_nobody_who_could_not_be_relied_upon_nor_accepted_by_one_who_no_longer_can(
    stage: Stage, alice: User, bob: User, chen: User, dora: User, why: str, rule: RotaRule
) -> None:
    planned = shift(stage, alice, 2, 8)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    to = {"another role": chen, "another site": dora, "the giver": alice}.get(why, bob)
    if why == "never tested":
        Route.objects.filter(person=bob).delete()
    if why == "away then":
        rota.add_leave(person=bob, starts_at=clock.now() + 7 * HOUR, ends_at=clock.now() + 20 * HOUR)
    if why == "no mobile":
        set_phone(user=bob, number="")
    if why == "left":
        close_account(user=bob)
    if why == "cancelled":
        rota.cancel_shift(shift=planned)

    if to == bob:
        assert rule in refused(escalation.accept_hand_over, hand_over=offer, by=bob)
    bob.refresh_from_db()
    escalation.withdraw_hand_over(hand_over=offer, by=alice)
    assert rule in refused(escalation.offer_shift, shift=planned, to=to, by=alice)
    assert [each.person for each in Shift.objects.all()] == [alice]


@pytest.mark.parametrize("what", ["account", "assignment"])
def test_nobody_takes_a_shift_that_lasts_longer_than_their_role(
    stage: Stage, alice: User, bob: User, what: str
) -> None:
    planned = shift(stage, alice, 24, 72)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    last = (clock.now() + 48 * HOUR).date()
    if what == "account":
        User.objects.filter(pk=bob.pk).update(expires_on=last)
    else:
        end_assignment(assignment=SiteAssignment.objects.get(user=bob), ends_on=last)
    assert refused(escalation.accept_hand_over, hand_over=offer, by=bob) == [RotaRule.WRONG_ROLE]
    bob.refresh_from_db()
    escalation.withdraw_hand_over(hand_over=offer, by=alice)
    assert refused(escalation.offer_shift, shift=planned, to=bob, by=alice) == [RotaRule.WRONG_ROLE]
    short = shift(stage, alice, 26, 40, is_override=True)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=short, to=bob, by=alice), by=bob)


def test_a_shift_is_offered_to_one_colleague_at_a_time(stage: Stage, alice: User, bob: User, carol: User) -> None:
    planned = shift(stage, alice, 0, 8)
    first = escalation.offer_shift(shift=planned, to=bob, by=alice)
    assert refused(escalation.offer_shift, shift=planned, to=carol, by=alice) == [RotaRule.OFFERED_ALREADY]
    escalation.refuse_hand_over(hand_over=first, by=bob)
    escalation.offer_shift(shift=planned, to=carol, by=alice)
    with pytest.raises(IntegrityError):  # the database keeps it too
        HandOver.objects.create(shift=planned, to=bob, offered_at=clock.now(), offered_by=alice)


@pytest.mark.parametrize("again", ["accept", "refuse", "withdraw"])
def test_what_has_been_answered_is_not_answered_again(stage: Stage, alice: User, bob: User, again: str) -> None:
    offer = escalation.offer_shift(shift=shift(stage, alice, 0, 8), to=bob, by=alice)
    escalation.accept_hand_over(hand_over=offer, by=bob)
    act = getattr(escalation, f"{again}_hand_over")
    assert refused(act, hand_over=offer, by=bob) == [RotaRule.ANSWERED_ALREADY]
    assert Shift.objects.filter(person=bob).count() == 1


def test_a_leave_of_the_giver_is_no_gap_any_more_after_the_hand_over(stage: Stage, alice: User, bob: User) -> None:
    planned = shift(stage, alice, 0, 72)
    rota.add_leave(person=alice, starts_at=clock.now() + 4 * HOUR, ends_at=clock.now() + 24 * HOUR)
    assert rota.gaps(site=stage.site, duties=[Duty.FIRST]) != []
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=planned, to=bob, by=alice), by=bob)
    assert rota.gaps(site=stage.site, duties=[Duty.FIRST]) == []


def test_both_calendars_follow_when_it_is_accepted(stage: Stage, alice: User, bob: User) -> None:
    planned = shift(stage, alice, 0, 8)
    offer = escalation.offer_shift(shift=planned, to=bob, by=alice)
    stage.play(2 * HOUR)
    assert "DTSTART:20270512T020000Z\r\nDTEND:20270512T100000Z" in feed.calendar(alice)
    assert "BEGIN:VEVENT" not in feed.calendar(bob)
    escalation.accept_hand_over(hand_over=offer, by=bob)
    text = feed.calendar(alice)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "DTSTART:20270512T020000Z\r\nDTEND:20270512T040000Z" in text
    assert "DTSTART:20270512T040000Z" not in text
    assert "DTSTART:20270512T040000Z\r\nDTEND:20270512T100000Z" in feed.calendar(bob)
    assert all(len(line.encode()) <= 75 for line in feed.calendar(bob).split("\r\n"))


def test_a_running_escalation_keeps_whom_it_paged_and_its_next_step_reaches_the_new_one(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    shift(stage, alice, 0, 8)
    second = shift(stage, bob, 0, 8, duty=Duty.SECOND)
    running = stage.start()
    stage.minutes(1)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=second, to=carol, by=bob), by=carol)
    stage.minutes(5)
    assert stage.paged(running) == [(0, "Alice"), (5, "Carol")]


def test_whoever_was_second_and_takes_the_first_call_is_not_also_the_second(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    """Two steps of the chain would else wake one phone twice, and nobody else for ten minutes."""
    first = shift(stage, alice, 2, 8)
    shift(stage, bob, 0, 8, duty=Duty.SECOND)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=first, to=bob, by=alice), by=bob)
    [gap] = rota.gaps(site=stage.site, ahead=8 * HOUR, duties=[Duty.SECOND])
    assert (gap.starts_at, gap.ends_at) == (first.starts_at, first.ends_at)
    stage.play(3 * HOUR)
    running = stage.start()
    stage.minutes(6)
    assert stage.paged(running) == [(0, "Bob"), (5, "Alice")]


def test_the_duty_desk_hands_over_its_own_shifts(stage: Stage, dan: User) -> None:
    dee = people._member("Dee", Role.DUTY_DESK, at=None, position=2)
    set_phone(user=dee, number="+12025550118")
    answered(dee)
    planned = shift(stage, dan, 0, 8, site=None, duty=Duty.DESK)
    escalation.accept_hand_over(hand_over=escalation.offer_shift(shift=planned, to=dee, by=dan), by=dee)
    assert rota.gaps(site=None, ahead=8 * HOUR, duties=[Duty.DESK]) == []
    assert Shift.objects.get(person=dee).site is None


def test_the_trail_has_every_answer_with_its_person(stage: Stage, alice: User, bob: User) -> None:
    offer = escalation.offer_shift(shift=shift(stage, alice, 0, 8), to=bob, by=alice)
    escalation.accept_hand_over(hand_over=offer, by=bob)
    made, answer = AuditEvent.objects.filter(table="escalation_handover").order_by("sequence")
    assert alice.pk.hex in str(made.new).replace("-", "")
    assert bob.pk.hex in str(answer.new).replace("-", "")
    assert "accepted" in str(answer.new)
