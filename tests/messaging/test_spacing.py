"""Clinical rule 3: nobody gets two automatic texts within a minute, but for answers and what is urgent."""

from datetime import timedelta

import pytest

from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import Work
from apps.messaging import services
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import TO_PARTICIPANTS, UNPROMPTED, URGENT, Purpose, SendState
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import ALICE, BOB, after, line_of, queued, state_of, work_off

pytestmark = pytest.mark.django_db
WORK = Work(
    OutboundMessage, services.deliver, services.could_not_deliver, at_once=8, together=services.deliver_together
)


@pytest.mark.parametrize("second", sorted(UNPROMPTED))
@pytest.mark.parametrize("first", sorted(TO_PARTICIPANTS))
def test_what_nobody_asked_for_waits_a_minute_after_any_other_text(
    twilio: TwilioServer, line: Line, time: VirtualClock, first: Purpose, second: Purpose
) -> None:
    queued(line, first, key="one", words="first")
    work_off()
    after(time, 20)
    waiting = queued(line, second, key="two", words="second")
    work_off()
    assert state_of(waiting) == SendState.PLANNED
    after(time, 39)
    assert [sms["body"] for sms in twilio.sent_to(ALICE)] == ["first"]
    after(time, 2)
    assert [sms["body"] for sms in twilio.sent_to(ALICE)] == ["first", "second"]


@pytest.mark.parametrize("purpose", sorted({*URGENT, Purpose.REPLY, Purpose.NOTICE}))
def test_an_answer_and_what_is_urgent_wait_for_nothing(
    twilio: TwilioServer, line: Line, time: VirtualClock, purpose: Purpose
) -> None:
    queued(line, Purpose.CHECKIN, key="one")
    work_off()
    other = queued(line, purpose, key="two", words="at once")
    work_off()
    assert state_of(other) == SendState.ACCEPTED


def test_what_goes_to_staff_holds_up_no_participant(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    queued(line, Purpose.PAGE, key="one")
    work_off()
    checkin = queued(line, Purpose.CHECKIN, key="two")
    work_off()
    assert state_of(checkin) == SendState.ACCEPTED


def test_three_due_at_once_leave_a_minute_apart_also_when_read_together(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    due = clock.now()
    for each in ("a", "b", "c"):
        queued(line, Purpose.REMINDER, key=each, words=each, due_at=due)
    elsewhere = queued(line_of(BOB), Purpose.REMINDER, key="bob", words="bob")
    for minute in range(1, 4):
        first = work.claim(OutboundMessage)
        assert first is not None
        work.run_together(WORK, [first, *work.claim_beside(first, most=7)])
        work_off()
        assert len(twilio.sent_to(ALICE)) == minute
        time.advance(timedelta(seconds=61))
    assert state_of(elsewhere) == SendState.ACCEPTED
    assert sorted(sms["body"] for sms in twilio.sent_to(ALICE)) == ["a", "b", "c"]


def test_one_that_waited_long_and_is_leaving_now_is_waited_for_too(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    twilio.fault(Trouble.RESET_AFTER)
    first = queued(line, Purpose.REMINDER, key="one", words="one")
    OutboundMessage.objects.update(planned_at=clock.now() - timedelta(minutes=5))
    work_off()
    assert state_of(first) == SendState.UNKNOWN
    second = queued(line, Purpose.REMINDER, key="two", words="two")
    work_off()
    assert state_of(second) == SendState.PLANNED


def test_a_text_that_was_refused_holds_up_nobody(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    twilio.fault(Trouble.REFUSED, code=21211)
    queued(line, Purpose.REMINDER, key="one")
    work_off()
    second = queued(line, Purpose.REMINDER, key="two")
    work_off()
    assert state_of(second) != SendState.PLANNED


def behind(line: Line, count: int) -> None:
    """So many texts planned before now wait for their minute."""
    for each in range(count):
        earlier = queued(line, Purpose.REMINDER, key=f"ahead{each}", words=f"ahead {each}")
        OutboundMessage.objects.filter(pk=earlier.pk).update(planned_at=clock.now() - timedelta(minutes=5))


def test_a_text_is_not_put_off_beyond_the_time_to_which_it_is_useful(
    twilio: TwilioServer, line: Line, time: VirtualClock
) -> None:
    queued(line, Purpose.CHECKIN, key="one", words="first")
    work_off()
    behind(line, 5)
    hurried = queued(line, Purpose.REMINDER, key="two", words="second", useful_until=clock.now() + timedelta(minutes=2))
    work_off()
    after(time, 61)
    assert state_of(hurried) == SendState.ACCEPTED
    assert len(twilio.sent_to(ALICE)) == 2, "and no other with it"


def test_texts_that_have_become_useless_put_no_other_off(twilio: TwilioServer, line: Line, time: VirtualClock) -> None:
    queued(line, Purpose.CHECKIN, key="one", words="first")
    work_off()
    behind(line, 5)
    OutboundMessage.objects.filter(key__startswith="ahead").update(
        useful_until=clock.now(), due_at=clock.now() + timedelta(minutes=10)
    )
    waiting = queued(line, Purpose.REMINDER, key="two", words="second")
    work_off()
    after(time, 61)
    assert state_of(waiting) == SendState.ACCEPTED
