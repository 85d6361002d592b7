"""The holder hands a case to a colleague by name: that one is paged first, the chain goes on, and nobody is ever without it."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.escalation import rota
from apps.escalation import services as escalation
from apps.escalation.handing import colleagues
from apps.escalation.models import ContactRecord, Escalation, Page
from apps.escalation.timeline import timeline
from apps.escalation.vocabulary import BY_NAME, ChainName, Duty, EscalationState, MilestoneKind, PageState, Via
from apps.messaging.vocabulary import SendState
from apps.staff.models import User
from apps.staff.services import close_account, set_phone
from apps.staff.vocabulary import Role
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def taken(stage: Stage, by: User, chain: ChainName = ChainName.R1) -> Escalation:
    running = stage.start(chain)
    stage.minutes(1)
    escalation.acknowledge(escalation=running, person=by, via=Via.ADMIN)
    stage.drain()
    running.refresh_from_db()
    return running


def hand_to(running: Escalation, giver: User, to: User) -> None:
    escalation.hand_to(escalation=running, person=giver, to=to, via=Via.ADMIN)
    running.refresh_from_db()


def paged_after(stage: Stage, running: Escalation, minutes: float) -> list[tuple[int, str]]:
    """Whom texts paged since now, and after how many minutes."""
    since, known = clock.now(), {*running.pages.values_list("pk", flat=True)}
    stage.minutes(minutes)
    pages = running.pages.filter(kind="page", channel="sms").exclude(pk__in=known).select_related("person")
    return [
        (round((each.created_at - since).total_seconds() / 60), each.person.name)
        for each in pages.order_by("created_at")
    ]


def test_the_named_one_is_paged_at_once_and_told_by_whom(stage: Stage, alice: User, carol: User) -> None:
    running = taken(stage, alice)

    hand_to(running, alice, carol)
    stage.drain()

    assert stage.carrier.texts_to(carol)[-1].startswith(
        f"ALERT {running.ref}: Alice, Sub-investigator hands it over to you. Phone now."
    )
    assert {page.channel for page in running.pages.filter(person=carol)} == {"sms"}
    assert running.state == EscalationState.OPEN


def test_one_who_reads_chinese_is_told_in_chinese(stage: Stage, alice: User, bob: User) -> None:
    running = taken(stage, alice)
    hand_to(running, alice, bob)
    stage.drain()
    assert f"警报{running.ref}由Alice" in stage.carrier.texts_to(bob)[-1]


def test_the_chain_goes_on_when_the_named_one_does_not_answer_and_not_before(
    stage: Stage, alice: User, carol: User
) -> None:
    running = taken(stage, alice)
    escalation.hand_to(escalation=running, person=alice, to=carol, via=Via.ADMIN)
    stage.drain()

    later = paged_after(stage, running, 11)

    assert min(minute for minute, _name in later) == 5  # what the chain leaves to its own first person
    assert (5, "Bob") in later
    assert "Alice" not in {name for _minute, name in later}


def test_a_chain_that_pages_all_at_once_leaves_the_named_one_five_minutes(
    stage: Stage, alice: User, carol: User
) -> None:
    snapshot = stage.start().snapshot
    together = [step | {"after_minutes": 0} for step in snapshot["steps"]]
    running = taken(stage, alice)
    Escalation.objects.filter(pk=running.pk).update(snapshot=snapshot | {"steps": together, "repeat_minutes": 60})
    escalation.hand_to(escalation=running, person=alice, to=carol, via=Via.ADMIN)
    stage.drain()
    assert min(minute for minute, _name in paged_after(stage, running, 6)) == 5


def test_handed_over_a_case_rests_no_longer_than_its_holder_could_have_kept_it(
    stage: Stage, alice: User, carol: User
) -> None:
    snapshot = stage.start().snapshot
    apart = [step | {"after_minutes": 100 * place} for place, step in enumerate(snapshot["steps"])]
    running = taken(stage, alice)
    Escalation.objects.filter(pk=running.pk).update(snapshot=snapshot | {"steps": apart, "repeat_minutes": 2000})
    escalation.hand_to(escalation=running, person=alice, to=carol, via=Via.ADMIN)
    stage.drain()
    assert min(minute for minute, _name in paged_after(stage, running, 31)) == 30


def begins_again(stage: Stage, running: Escalation, giver: User, to: User) -> float:
    """After how many minutes the chain goes on past the named one."""
    stage.drain()
    since = clock.now()
    hand_to(running, giver, to)
    assert running.next_step_at is not None
    return (running.next_step_at - since) / timedelta(minutes=1)


def test_an_r3_case_is_the_named_ones_alone_for_the_protocols_four_hours_to_the_lead_coordinator(
    stage: Stage, chen: User, carol: User
) -> None:
    """And they are woken for it, where the chain itself wakes nobody."""
    running = taken(stage, chen, ChainName.R3)
    assert begins_again(stage, running, chen, carol) == pytest.approx(240)
    stage.drain()
    assert "hands it over to you" in stage.carrier.texts_to(carol)[-1]


@pytest.mark.parametrize(
    ("chain", "kept", "alone"),
    [
        (ChainName.R3, 470, 10),
        (ChainName.R3, 479, 5),  # never less than it takes to answer
        (ChainName.R2, 50, 10),
        (ChainName.R1, 29, 5),  # what R1 leaves its first person, however late
    ],
)
def test_handed_over_at_the_end_of_the_givers_time_it_rests_no_longer_than_that(
    stage: Stage, alice: User, carol: User, chain: ChainName, kept: int, alone: int
) -> None:
    running = taken(stage, alice, chain)
    stage.minutes(kept)
    running.refresh_from_db()
    assert begins_again(stage, running, alice, carol) == pytest.approx(alone, abs=0.1)


def test_it_stays_the_givers_until_the_named_one_has_taken_it(stage: Stage, alice: User, carol: User) -> None:
    running = taken(stage, alice)
    hand_to(running, alice, carol)
    assert running.acknowledged_by == alice

    stage.drain()
    stage.text(carol, stage.code(running, carol))

    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, carol)
    assert paged_after(stage, running, 10) == []


def test_a_page_by_name_that_does_not_arrive_begins_the_round_at_once(stage: Stage, alice: User, carol: User) -> None:
    index = bytes(carol.phone_index)
    stage.carrier.outcome = lambda message: (
        SendState.UNDELIVERED if bytes(message.line.index) == index else SendState.DELIVERED
    )
    running = taken(stage, alice)
    escalation.hand_to(escalation=running, person=alice, to=carol, via=Via.ADMIN)

    since = clock.now()
    stage.minutes(1)

    assert Page.objects.get(who=BY_NAME).state == PageState.FAILED
    bob = running.pages.filter(person__name="Bob", kind="page").order_by("created_at").first()
    assert bob is not None
    assert bob.created_at - since < timedelta(seconds=30)


def test_one_that_is_handed_on_untried_pages_the_chain_beside_the_named_one(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    """Two who pass a case to and fro, each taking it in time, would else keep everybody else from it for ever."""
    running = taken(stage, alice)
    hand_to(running, alice, bob)
    stage.text(bob, stage.code(running, bob))

    running.refresh_from_db()
    escalation.hand_to(escalation=running, person=bob, to=alice, via=Via.ADMIN)

    assert {name for _minute, name in paged_after(stage, running, 0)} >= {"Carol", "Dan"}
    assert running.pages.filter(who=BY_NAME, person=alice).exists()


def test_one_whose_holder_has_tried_is_handed_on_as_quietly_as_the_first_time(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    running = taken(stage, alice)
    hand_to(running, alice, bob)
    stage.text(bob, stage.code(running, bob))
    stage.text(bob, f"{stage.code(running, bob)} 2")

    running.refresh_from_db()
    hand_to(running, bob, carol)

    assert paged_after(stage, running, 4) == []


def test_the_story_tells_to_whom(stage: Stage, alice: User, carol: User) -> None:
    running = taken(stage, alice)
    hand_to(running, alice, carol)
    [turn] = running.milestones.filter(kind=MilestoneKind.HANDED_OVER)
    assert (turn.person, turn.to) == (alice, carol)
    assert (alice, carol) in [(moment.person, moment.to) for moment in timeline(running)]
    assert ContactRecord.objects.get().result == "4"


def test_clinicians_of_the_site_and_the_people_of_the_chain_may_be_named(stage: Stage, alice: User, dora: User) -> None:
    running = taken(stage, alice)
    people.sam()
    # The sponsor's desk and the duty desk are in the chain, but could not open the case.
    assert [person.name for person in colleagues(running)] == ["Bob", "Carol", "Chen"]


def test_only_the_duty_desk_may_be_named_for_an_unknown_number(stage: Stage, alice: User, dan: User) -> None:
    other = people._member("Dee", Role.DUTY_DESK, at=None, position=2)
    set_phone(user=other, number="+12025550118")
    running = taken(stage, dan, ChainName.UNMATCHED)
    assert colleagues(running) == [other]
    with pytest.raises(escalation.CannotBeNamed):
        hand_to(running, dan, alice)


@pytest.mark.parametrize("why", ["another site", "the duty desk", "away", "no mobile", "account ended", "oneself"])
def test_nobody_is_named_who_could_not_take_it(stage: Stage, alice: User, bob: User, dora: User, why: str) -> None:
    running, to = taken(stage, alice), bob
    if why == "another site":
        to = dora
    elif why == "the duty desk":
        to = people.dan()
    elif why == "oneself":
        to = alice
    elif why == "away":
        rota.add_leave(person=bob, starts_at=clock.now() - HOUR, ends_at=clock.now() + HOUR)
    elif why == "no mobile":
        set_phone(user=bob, number="")
    else:
        close_account(user=bob)

    with pytest.raises(escalation.CannotBeNamed):
        hand_to(running, alice, to)

    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)
    assert not running.milestones.exists()


def test_only_the_holder_hands_it_to_somebody(stage: Stage, alice: User, bob: User, carol: User) -> None:
    running = taken(stage, alice)
    with pytest.raises(escalation.NotYours):
        hand_to(running, bob, carol)
    hand_to(running, alice, carol)
    with pytest.raises(escalation.NotYours):
        hand_to(running, alice, bob)  # it is on its way to Carol already


def test_a_case_that_becomes_more_urgent_before_the_page_leaves_still_says_who_gave_it(
    stage: Stage, alice: User, carol: User
) -> None:
    running = taken(stage, alice, ChainName.R2)
    hand_to(running, alice, carol)
    page = running.pages.get(person=carol)
    escalation.raise_chain(escalation=running, chain=ChainName.R1)
    stage.minutes(1)
    assert "Alice" in stage.carrier.texts_to(carol)[0]
    page.refresh_from_db()
    assert page.state == PageState.DELIVERED


def test_a_later_step_reaches_whoever_is_on_duty_then(stage: Stage, alice: User, bob: User, carol: User) -> None:
    """What runs keeps whom it has paged; the rota of the moment decides whom it pages next."""
    now = clock.now()
    for duty in (Duty.FIRST, Duty.SECOND):
        rota.add_shift(
            site=stage.site, duty=duty, person=alice if duty == Duty.FIRST else bob, starts_at=now,
            ends_at=now + 8 * HOUR, by=None,
        )  # fmt: skip
    running = stage.start()
    stage.minutes(1)
    rota.add_shift(
        site=stage.site, duty=Duty.SECOND, person=carol, starts_at=clock.now(), ends_at=now + 8 * HOUR, by=None,
        is_override=True,
    )  # fmt: skip
    stage.minutes(5)
    assert stage.paged(running) == [(0, "Alice"), (5, "Carol")]
