"""The promises after every step of any story: texts, workers that freeze or die, providers that fail, STOP, codes, and time that passes.

One process plays everybody; a death is an exception that nothing in the program may catch. The database is the one that the run uses.
"""

import random
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.core import failpoints, work
from apps.core.work import Lane, Work, WorkRow
from apps.escalation import services as escalation
from apps.escalation.handing import colleagues
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import EscalationState, Via
from apps.messaging import services as messaging
from apps.messaging.models import SendAttempt
from apps.messaging.vocabulary import AttemptState
from apps.operations import engine
from tests import people
from tests.fakes.twilio_faults import Trouble
from tests.faults import promises
from tests.faults.promises import History
from tests.faults.world import WEDNESDAY, World

pytestmark = [pytest.mark.django_db, pytest.mark.fault, pytest.mark.timeout(900)]
WRITERS = ("wang", "jones", "wang's daughter", "li", "nobody we know")
WORDS = ("1", "2", "3", "7", "吐血了", "black stool since last night", "谢谢", "qwrt zzx", "HELP", "")
TROUBLES = (
    Trouble.RESET_BEFORE,
    Trouble.RESET_AFTER,
    Trouble.SERVER_ERROR,
    Trouble.SERVER_ERROR_AFTER,
    Trouble.RATE_LIMITED,
    Trouble.CUT_JSON,
)
WHERE_WORKERS_DIE = ("claimed", "attempt_written", "provider_accepted", "before_finish")
WHERE_THE_WEB_DIES = ("inbound_before_commit", "inbound_after_commit")


class Killed(BaseException):
    """kill -9: no handler of the program may see it."""


class Story(RuleBasedStateMachine):
    """`doubts`: how many calls had an end that the program could not know, so that an urgent text may have left once more."""

    world: ClassVar[World]

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        exchange = self.world.twilio.exchange
        exchange.messages.clear()
        exchange.faults.clear()
        exchange.callbacks.waiting.clear()
        self.world.log.unlink(missing_ok=True)
        self.world.accepted.clear()
        self.world.time.move_to(WEDNESDAY)
        self.frozen: list[tuple[Work, WorkRow]] = []
        self.doubts = 0

    # --- people

    @rule(who=st.sampled_from(WRITERS), body=st.sampled_from(WORDS))
    def receive(self, who: str, body: str) -> None:
        self.world.text(who, body)

    @rule(who=st.sampled_from(WRITERS[:3]))
    def stop(self, who: str) -> None:
        self.world.text(who, "STOP")

    @rule(who=st.sampled_from(WRITERS[:3]))
    def start(self, who: str) -> None:
        self.world.text(who, "START")

    @rule(who=st.sampled_from(("alice", "bob", "carol", "dan")), result=st.sampled_from(("", " 1", " 2", " 4")))
    def acknowledge(self, who: str, result: str) -> None:
        page = Page.objects.filter(person__username=who).exclude(code="").order_by("-created_at").first()
        self.world.text(who, f"{page.code if page else '0000'}{result}")

    @rule(dice=st.randoms(use_true_random=False))
    def somebody_hands_over_by_name(self, dice: random.Random) -> None:
        for running in Escalation.objects.filter(state=EscalationState.ACKNOWLEDGED):
            if (names := colleagues(running)) and running.acknowledged_by:
                to = dice.choice(names)
                escalation.hand_to(escalation=running, person=running.acknowledged_by, to=to, via=Via.ADMIN)

    @precondition(lambda self: self.world.accepted)
    @rule(dice=st.randoms(use_true_random=False))
    def the_provider_posts_again(self, dice: random.Random) -> None:
        sid = dice.choice(self.world.accepted)
        row = next(row for row in self.world.twilio.exchange.messages if row["sid"] == sid)
        assert self.world.post(self.world.form(sid, str(row["from"]), str(row["body"]))) == 200

    @rule(who=st.sampled_from(WRITERS), where=st.sampled_from(WHERE_THE_WEB_DIES))
    def the_web_dies_with_a_text(self, who: str, where: str) -> None:
        """Nothing was promised: the text stands in the provider's log, which posts it again or lists it."""
        with override_settings(FAILPOINTS={where: "kill"}), pytest.raises(Killed):
            self.world.text(who, "吐血了")

    # --- workers

    @rule(lane=st.sampled_from(Lane))
    def work_one(self, lane: Lane) -> None:
        engine.run_one(lane=lane)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(number=st.integers(0, 20))
    def claim_and_freeze(self, number: int) -> None:
        entry = engine.table()[number % len(engine.table())]
        if (row := work.claim(entry.model)) is not None:
            self.frozen.append((entry, row))

    @precondition(lambda self: self.frozen)
    @rule()
    def a_frozen_worker_goes_on(self) -> None:
        entry, row = self.frozen.pop()
        work.run(entry, row)

    @rule()
    def leases_run_out(self) -> None:
        self.world.the_worker_dies()

    @rule(where=st.sampled_from(WHERE_WORKERS_DIE), lane=st.sampled_from(Lane))
    def a_worker_dies(self, where: str, lane: Lane) -> None:
        before = SendAttempt.objects.count()
        with override_settings(FAILPOINTS={where: "kill"}):
            try:
                engine.run_one(lane=lane)
            except Killed:
                self.doubts += SendAttempt.objects.count() - before

    # --- the provider

    @rule(trouble=st.sampled_from(TROUBLES), times=st.integers(1, 3))
    def the_provider_fails(self, trouble: Trouble, times: int) -> None:
        self.world.twilio.fault(trouble, times=times)

    @rule(trouble=st.sampled_from(TROUBLES), who=st.sampled_from(WRITERS), body=st.sampled_from(("1", "吐血了")))
    def the_provider_fails_at_the_answer(self, trouble: Trouble, who: str, body: str) -> None:
        self.world.twilio.fault(trouble)
        self.world.text(who, body)
        self.world.minutes(0.5)

    @precondition(lambda self: self.world.twilio.exchange.callbacks.waiting)
    @rule(dice=st.randoms(use_true_random=False), are_lost=st.booleans())
    def reports_come(self, dice: random.Random, are_lost: bool) -> None:
        callbacks = self.world.twilio.exchange.callbacks
        dice.shuffle(callbacks.waiting)
        callbacks.plan.lose = 0.5 if are_lost else 0.0
        assert set(self.world.reports()) <= {200}
        callbacks.plan.lose = 0.0

    @rule()
    def the_log_is_compared(self) -> None:
        messaging.reconcile()

    # --- time

    @rule(minutes=st.sampled_from((0.1, 1, 6)))
    def time_passes_and_everybody_works(self, minutes: float) -> None:
        self.world.minutes(minutes)

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.world.time.advance(timedelta(seconds=seconds))

    # --- what must hold

    @invariant()
    def promises_hold(self) -> None:
        if hasattr(self, "frozen"):
            assert promises.broken(self.history(waits=86400)) == []

    def history(self, *, waits: float) -> History:
        return History(self.world.accepted, self.world.taken(), self.doubts + self._unknown(), waits)

    def _unknown(self) -> int:
        """Calls that the program could not know the end of, whatever it has learnt since."""
        return sum(fault.struck for fault in self.world.twilio.exchange.faults)

    def teardown(self) -> None:
        """However the story went: when everybody is well again, nothing is left undone and all promises hold within their times."""
        if not hasattr(self, "frozen"):
            return
        try:
            for fault in self.world.twilio.exchange.faults:
                fault.times = 0
            self.world.the_worker_dies()
            messaging.reconcile()
            self.world.minutes(10)
            assert promises.broken(self.history(waits=60)) == []
            assert not SendAttempt.objects.filter(state=AttemptState.CALLING, message__due_at__isnull=True).exists()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)


@pytest.fixture
def _dies(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(name: str, action: str) -> None:
        raise Killed(name)

    monkeypatch.setattr(failpoints, "_act", die)


@pytest.fixture
def _nothing_is_undone(world: World) -> None:
    """The rows that must always be there, and nothing left undone of the enrolment."""
    messaging.ensure_reconciliation()
    world.work()


@pytest.mark.usefixtures("_dies", "_nothing_is_undone")
def test_the_promises_hold_after_every_step_of_any_story(world: World, caplog: Any) -> None:
    Story.world = world
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            phases=[
                Phase.explicit,
                Phase.reuse,
                Phase.generate,
            ],  # shrinking takes minutes; the story printed is short enough to play
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
    assert not [number for number in people.PHONES.values() if number in caplog.text]
