"""Faults 19 and 21: texts out of order, and clocks that jump. In this process, on the database of the run."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from apps.audit.models import Sealing
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation.models import Escalation, Page
from apps.followup.models import CheckIn
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.operations import watch
from apps.operations.models import SentinelBeat
from apps.safety.models import AdverseEvent
from tests import people
from tests.faults.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.fault]


# --- 19: replies out of order, or two in one second


@pytest.mark.parametrize("pair", [("2", "1"), ("1", "2"), ("1", "3")])
def test_fault_19_two_answers_in_one_second(world: World, pair: tuple[str, str]) -> None:
    """Both are kept and acted on, a person finds out which one is meant, and nobody is thanked for the good half of it."""
    for body in pair:
        world.text("jones", body)
        world.time.advance(timedelta(milliseconds=300))
    world.work()
    assert [row.disposition for row in InboundMessage.objects.all()] == [Disposition.ANSWER] * 2
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).count() == 1
    assert {"sym_which", "checkin_call"} & set(world.texts_to("jones"))
    assert world.texts_to("jones").count("checkin_ok") == (pair[0] == "1")
    world.promises_hold()


def test_fault_19_the_second_of_two_at_once_is_no_answer_to_a_question_that_it_could_not_know(world: World) -> None:
    """`2` asks which symptom; a `1` that was written before that question is not its first item."""
    world.text("jones", "2")
    world.time.advance(timedelta(milliseconds=300))
    late = world.form("SM" + "b" * 32, people.PHONES["jones"], "1")
    assert world.post(late) == 200
    row = InboundMessage.objects.get(dedupe_key="SM" + "b" * 32)
    world.time.advance(timedelta(seconds=2))
    InboundMessage.objects.filter(pk=row.pk).update(due_at=clock.now() + timedelta(seconds=1))
    world.work()
    world.time.advance(timedelta(seconds=2))
    world.work()
    assert world.texts_to("jones") == ["sym_which"]
    assert not AdverseEvent.objects.exists()
    assert Task.objects.filter(kind=TaskKind.READ, message=row).exists()
    world.promises_hold()


def test_fault_19_an_answer_to_the_question_that_was_just_asked_is_one(world: World) -> None:
    """Quick is not ambiguous: the question was there before the text."""
    world.text("jones", "2")
    world.work()
    world.time.advance(timedelta(seconds=5))
    world.text("jones", "2")
    world.work()
    assert AdverseEvent.objects.get().level == "R1"
    assert not Task.objects.filter(kind=TaskKind.READ).exists()
    world.promises_hold()


def test_fault_19_a_good_answer_that_is_found_in_the_log_after_a_worse_one(world: World) -> None:
    """The earlier text was lost on its way and comes by reconciliation: its own time counts, and a person reads both."""
    lost = world.twilio.exchange.arrived(from_=people.PHONES["jones"], body="1")
    lost["date_created"] = format_datetime(clock.machine() - timedelta(minutes=21))
    world.text("jones", "2")
    world.work()
    world.minutes(20)
    messaging.reconcile()
    world.work()
    assert InboundMessage.objects.count() == 2
    assert InboundMessage.objects.get(reconciled=True).disposition == Disposition.ANSWER
    assert "checkin_ok" not in world.texts_to("jones")
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).count() == 1
    world.promises_hold()


def test_fault_19_a_red_flag_does_not_wait_for_an_older_text_that_is_stuck(world: World) -> None:
    stuck = world.text("wang", "1")
    InboundMessage.objects.filter(dedupe_key=stuck).update(lease_until=work.lease_time() + timedelta(seconds=30))
    world.text("wang", "吐血了")
    world.work()
    assert Escalation.objects.get().pages.exists()
    world.the_worker_dies()
    world.work()
    assert not InboundMessage.objects.filter(disposition=Disposition.WAITING).exists()
    world.promises_hold()


# --- 21: the clock jumps

STEPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=3), timedelta(seconds=-3)]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_fault_21_a_clock_that_jumps_loses_no_page_and_sends_none_twice(world: World, step: timedelta) -> None:
    """A step that lies before the jump stays taken, one that lies behind it is still to come; each leaves once."""
    world.text("wang", "吐血了")
    world.minutes(7)
    world.time.advance(step)
    world.minutes(60)
    world.time.advance(-step)
    world.minutes(30)
    pages = Page.objects.filter(kind="page").values_list("occasion", "person", "channel")
    assert len(pages) == len(set(pages))
    taken = OutboundMessage.objects.filter(purpose=Purpose.PAGE)
    assert all(row.send_attempts.count() == 1 for row in taken)
    running = Escalation.objects.get()
    assert running.round >= 2
    assert {page.person.name for page in running.pages.select_related("person")} >= {"Alice", "Bob", "Carol"}
    world.promises_hold()


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_fault_21_a_clock_that_jumps_over_a_checkin_asks_once_all_the_same(evening: World, step: timedelta) -> None:
    evening.play(timedelta(hours=14, minutes=30))  # half past ten on Wednesday: asked half an hour ago
    before = CheckIn.objects.filter(participant=people.wang(), sent_at__isnull=False).count()
    evening.time.advance(step)
    evening.minutes(90)
    asked = [text for text in evening.texts_to("wang") if text == "checkin"]
    assert (before, len(asked)) == (1, 1)
    evening.promises_hold()


def test_fault_21_a_lease_from_before_the_clock_was_set_back_does_not_hold_a_row_for_an_hour(world: World) -> None:
    """Its process died, and the lease ends an hour and a half minute from now: the row is claimed at once."""
    world.text("wang", "吐血了")
    assert work.claim(InboundMessage, lane=Lane.SAFETY) is not None
    InboundMessage.objects.update(lease_until=work.lease_time() + timedelta(hours=1, seconds=30))
    world.work()
    assert Escalation.objects.get().pages.exists()
    world.promises_hold()


def test_fault_21_a_lease_of_its_usual_length_holds(world: World) -> None:
    world.text("wang", "吐血了")
    assert work.claim(InboundMessage, lane=Lane.SAFETY) is not None
    assert work.claim(InboundMessage, lane=Lane.SAFETY) is None


def test_fault_21_a_lease_that_a_jump_ended_early_costs_its_owner_the_finish(world: World) -> None:
    """The machine's clock jumps an hour ahead while a worker is at work: another claims the row, and one of the two finishes."""
    Sealing.objects.create(name="one", due_at=clock.now())
    mine = work.claim(Sealing)
    assert mine is not None
    Sealing.objects.update(lease_until=work.lease_time() - timedelta(hours=1))
    theirs = work.claim(Sealing)
    assert theirs is not None
    with work.finishing(theirs):
        Sealing.objects.create(name="theirs")
    with pytest.raises(work.StaleLease), work.finishing(mine):
        Sealing.objects.create(name="mine")
    assert set(Sealing.objects.values_list("name", flat=True)) == {"one", "theirs"}


def test_fault_21_a_clock_that_was_set_back_is_told_to_the_operator(world: World) -> None:
    SentinelBeat.objects.create(at=clock.machine() + timedelta(minutes=59))
    assert "clock_back" in [problem.code for problem in watch.problems()]
    SentinelBeat.objects.update(at=clock.machine())
    assert "clock_back" not in [problem.code for problem in watch.problems()]


def test_fault_21_clocks_that_differ_are_told_to_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "lease_time", lambda: clock.machine() + timedelta(seconds=90))
    assert [problem.says for problem in watch.clocks_apart()] == [
        "the clocks of the program and the database are 90 s apart"
    ]
