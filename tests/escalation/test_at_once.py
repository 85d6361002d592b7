"""Two processes at one escalation in the same moment, on PostgreSQL: neither waits for the other for ever, and nothing is half done."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.core import clock, work
from apps.core.work import Lane, Work
from apps.escalation import paging, rota, taking
from apps.escalation import services as escalation
from apps.escalation.channels.sms import SmsChannel
from apps.escalation.models import Escalation, HandOver, Incident, Page, Route, Shift
from apps.escalation.rota import RotaRefused
from apps.escalation.vocabulary import (
    BY_NAME,
    Duty,
    EscalationState,
    HandOverState,
    IncidentKind,
    PageState,
    RotaRule,
    Via,
)
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.operations import engine
from tests.at_once import at_once
from tests.escalation.stage import Stage, set_up

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time"),
]
ROUNDS = 20
PAGES = Work(Page, escalation.send_page, escalation.could_not_page)


def paged(stage: Stage) -> Escalation:
    """A new escalation whose first step is taken and whose texts have arrived, all of its pages due; nothing else is."""
    Page.objects.update(due_at=None)
    Escalation.objects.update(due_at=None)
    running = stage.start()
    engine.run_one(lane=Lane.SAFETY)
    now = clock.now()
    OutboundMessage.objects.filter(state=SendState.PLANNED).update(
        state=SendState.DELIVERED, handed_over_at=now, delivered_at=now, due_at=None
    )
    running.pages.filter(due_at__isnull=False).update(due_at=now)
    return running


def look_after_pages() -> None:
    while (row := work.claim(Page)) is not None:
        work.run(PAGES, row)


@pytest.mark.parametrize("progress", ["arrived", "failed"])
def test_an_acknowledgement_while_pages_are_looked_after_waits_for_no_deadlock(progress: str) -> None:
    with set_up() as stage:
        for _ in range(ROUNDS):
            running = paged(stage)
            if progress == "failed":
                OutboundMessage.objects.update(state=SendState.FAILED)
            page = running.pages.select_related("person").filter(channel="sms").get()

            def take(running: Escalation = running, page: Page = page) -> None:
                escalation.acknowledge(escalation=running, person=page.person, via=Via.ADMIN)

            assert at_once(look_after_pages, take) == []
            running.refresh_from_db()
            assert running.state == EscalationState.ACKNOWLEDGED
            assert not running.pages.exclude(last_error="").exclude(last_error__contains="failed").exists()


def test_a_pin_and_a_texted_code_in_the_same_moment_are_both_kept(monkeypatch: pytest.MonkeyPatch, bob: Any) -> None:
    monkeypatch.setattr(taking, "is_voice_pin", lambda **_given: True)
    with set_up() as stage:
        for _ in range(ROUNDS):
            running = paged(stage)
            page = running.pages.select_related("person", "escalation").filter(channel="sms").get()

            def by_pin(page: Page = page) -> None:
                if escalation.use_keys(page=page, keys="1234"):
                    escalation.acknowledge(escalation=page.escalation, person=page.person, via=Via.VOICE)

            def by_text(running: Escalation = running) -> None:
                escalation.acknowledge(escalation=running, person=bob, via=Via.SMS)

            assert at_once(by_pin, by_text) == []
            assert running.acknowledgements.count() == 2


def test_no_text_leaves_for_a_page_that_an_acknowledgement_cancels_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step could not hand it over; the page's row does so while somebody who takes the escalation is cancelling its pages."""
    is_read, is_handed = threading.Event(), threading.Event()
    cancel = SmsChannel.cancel

    def in_the_middle(channel: SmsChannel, page: Page) -> None:
        is_read.set()
        is_handed.wait(timeout=1.5)  # as long as a hand-over that need not wait would take
        cancel(channel, page)

    with set_up() as stage:
        running = paged(stage)
        page = running.pages.select_related("person").filter(channel="sms").get()
        Page.objects.filter(pk=page.pk).update(message=None, state=PageState.PLANNED)
        OutboundMessage.objects.filter(key=f"page:{page.pk}").delete()
        row = work.claim(Page)
        while row is not None and row.pk != page.pk:
            row = work.claim(Page)
        assert row is not None
        monkeypatch.setattr(SmsChannel, "cancel", in_the_middle)

        def hand_over(row: Page = row) -> None:
            is_read.wait(timeout=10)
            work.run(PAGES, row)
            is_handed.set()

        def take() -> None:
            escalation.acknowledge(escalation=running, person=page.person, via=Via.ADMIN)

        assert at_once(hand_over, take) == []
        assert not OutboundMessage.objects.filter(key=f"page:{page.pk}", state=SendState.PLANNED).exists()
        page.refresh_from_db()
        assert page.state == PageState.CANCELLED


def broken_page(running: Escalation) -> Page:
    """The text to the first person, claimed for the sixth time: whoever runs it now takes it out of the flow."""
    page = running.pages.select_related("person").filter(channel="sms").get()
    Page.objects.exclude(pk=page.pk).update(due_at=None)
    Page.objects.filter(pk=page.pk).update(attempts=work.MAX_ATTEMPTS, state=PageState.PLANNED, due_at=clock.now())
    row = work.claim(Page)
    assert row is not None
    assert row.pk == page.pk
    return row


def test_a_page_that_broke_five_times_waits_in_no_deadlock_for_an_acknowledgement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is marked and about to move the chain on; just then somebody takes the escalation and is about to cancel its pages."""
    is_marked, is_taken = threading.Event(), threading.Event()
    locked = paging.locked

    def hold(escalation_id: Any) -> Escalation:
        running = locked(escalation_id)
        is_taken.set()
        return running

    def give_up(row: Page) -> None:
        is_marked.set()
        is_taken.wait(timeout=1.5)  # as long as an acknowledgement that need not wait would take
        escalation.could_not_page(row)

    monkeypatch.setattr(taking, "locked", hold)
    with set_up() as stage:
        running = paged(stage)
        row = broken_page(running)

        def look_after() -> None:
            work.run(Work(Page, escalation.send_page, give_up), row)

        def take() -> None:
            is_marked.wait(timeout=10)
            escalation.acknowledge(escalation=running, person=row.person, via=Via.ADMIN)

        assert at_once(look_after, take) == []
        running.refresh_from_db()
        row.refresh_from_db()
        assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, row.person)
        assert (row.state, row.error, row.due_at) == (PageState.FAILED, "could_not_page", None)
        assert Incident.objects.filter(kind=IncidentKind.COULD_NOT_PAGE, escalation=running).count() == 1


def test_a_page_that_breaks_while_somebody_takes_the_escalation_is_either_an_incident_or_cancelled() -> None:
    """Whichever comes first: never half of both."""
    with set_up() as stage:
        for _ in range(ROUNDS):
            running = paged(stage)
            row = broken_page(running)

            def take(running: Escalation = running, person: Any = row.person) -> None:
                escalation.acknowledge(escalation=running, person=person, via=Via.ADMIN)

            def look_after(row: Page = row) -> None:
                work.run(PAGES, row)

            assert at_once(look_after, take) == []
            running.refresh_from_db()
            row.refresh_from_db()
            broke = Incident.objects.filter(kind=IncidentKind.COULD_NOT_PAGE, escalation=running).exists()
            assert running.state == EscalationState.ACKNOWLEDGED
            assert row.state == (PageState.FAILED if broke else PageState.CANCELLED)
            assert (row.quarantined_at is not None) == broke


# --- shifts and cases handed over


def an_offered_shift(stage: Stage, giver: Any, to: Any) -> HandOver:
    now = clock.now()
    shift = rota.add_shift(
        site=stage.site, duty=Duty.FIRST, person=giver, starts_at=now, ends_at=now + timedelta(hours=8), by=None,
        is_override=True,
    )  # fmt: skip
    return escalation.offer_shift(shift=shift, to=to, by=giver)


def tested(*people: Any) -> None:
    for person in people:
        Route.objects.update_or_create(
            person=person, channel="sms", defaults={"delivered_at": clock.now(), "answered_at": clock.now()}
        )


def tried(act: Any, refusals: list[RotaRule], **given: Any) -> Any:
    """The act as one of two at once; what the rota refuses is kept."""

    def perform() -> None:
        try:
            act(**given)
        except RotaRefused as error:
            refusals.extend(error.rules)

    return perform


@pytest.mark.parametrize("other", ["accept", "refuse", "withdraw"])
def test_of_two_answers_to_a_hand_over_in_the_same_moment_one_counts(
    alice: Any, bob: Any, carol: Any, other: str
) -> None:
    with set_up() as stage:
        tested(bob)
        for _ in range(ROUNDS):
            Shift.objects.update(cancelled_at=clock.now())
            offer = an_offered_shift(stage, alice, bob)
            refusals: list[RotaRule] = []
            second = getattr(escalation, f"{other}_hand_over")
            acts = [
                tried(escalation.accept_hand_over, refusals, hand_over=offer, by=bob),
                tried(second, refusals, hand_over=offer, by=carol),
            ]
            assert at_once(*acts) == []
            assert refusals == [RotaRule.ANSWERED_ALREADY]
            offer.refresh_from_db()
            given = Shift.objects.filter(person=bob, cancelled_at__isnull=True).count()
            assert given == (offer.state == HandOverState.ACCEPTED)


def test_of_two_offers_of_a_shift_in_the_same_moment_one_stands(alice: Any, bob: Any, carol: Any) -> None:
    with set_up() as stage:
        tested(bob, carol)
        for _ in range(ROUNDS):
            Shift.objects.update(cancelled_at=clock.now())
            offer = an_offered_shift(stage, alice, bob)
            escalation.withdraw_hand_over(hand_over=offer, by=alice)
            refusals: list[RotaRule] = []
            acts = [tried(escalation.offer_shift, refusals, shift=offer.shift, to=to, by=alice) for to in (bob, carol)]
            assert at_once(*acts) == []
            assert refusals == [RotaRule.OFFERED_ALREADY]
            assert HandOver.objects.filter(shift=offer.shift, state=HandOverState.OFFERED).count() == 1


def test_a_planner_who_gives_the_shift_away_while_it_is_accepted_leaves_no_gap_and_no_two(
    alice: Any, bob: Any, carol: Any
) -> None:
    with set_up() as stage:
        tested(bob, carol)
        for _ in range(ROUNDS):
            Shift.objects.update(cancelled_at=clock.now())
            offer = an_offered_shift(stage, alice, bob)
            refusals: list[RotaRule] = []
            acts = [
                tried(escalation.accept_hand_over, refusals, hand_over=offer, by=bob),
                tried(escalation.give_shift, refusals, shift=offer.shift, to=carol, by=carol),
            ]
            assert at_once(*acts) == []
            assert refusals in ([RotaRule.ANSWERED_ALREADY], [RotaRule.NOTHING_LEFT])
            taken = Shift.objects.filter(person__in=(bob, carol), cancelled_at__isnull=True)
            assert taken.count() == 1


@pytest.mark.parametrize("duty", [Duty.FIRST, Duty.DESK])
def test_a_rotation_planned_twice_in_the_same_moment_is_written_once(alice: Any, dan: Any, duty: Duty) -> None:
    """A button pressed twice, or two planners: else two stand for the same hours and everybody is told twice."""
    with set_up() as stage:
        person, site = (alice, stage.site) if duty == Duty.FIRST else (dan, None)
        tested(person)
        for _ in range(ROUNDS):
            Shift.objects.update(cancelled_at=clock.now())
            refusals: list[RotaRule] = []
            turns = {"people": [person], "starts_at": clock.now(), "until": clock.now() + timedelta(days=3), "days": 1}
            plan = tried(escalation.plan_rotation, refusals, site=site, duty=duty, by=person, **turns)
            assert at_once(plan, plan) == []
            assert refusals == [RotaRule.OVERLAP]
            assert Shift.objects.filter(cancelled_at__isnull=True).count() == 3


def test_a_case_handed_over_twice_in_the_same_moment_pages_one_colleague(alice: Any, bob: Any, carol: Any) -> None:
    with set_up() as stage:
        for _ in range(ROUNDS):
            running = paged(stage)
            escalation.acknowledge(escalation=running, person=alice, via=Via.ADMIN)
            refused: list[str] = []

            def give(to: Any, running: Escalation = running, refused: list[str] = refused) -> None:
                try:
                    escalation.hand_to(escalation=running, person=alice, to=to, via=Via.ADMIN)
                except escalation.NotYours:
                    refused.append(to.name)

            assert at_once(lambda: give(bob), lambda: give(carol)) == []
            assert len(refused) == 1
            assert running.pages.filter(who=BY_NAME).count() == 1
