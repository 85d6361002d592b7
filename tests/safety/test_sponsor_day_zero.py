"""Sponsor day 0 is the first moment that anything about a case reached anyone acting for the sponsor, be it a page (decision 13)."""

import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.core import clock, phone
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Page
from apps.escalation.vocabulary import ContactResult, PageState, Via
from apps.exports.listing import COLUMNS, listing
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.safety import services as safety
from apps.safety.figures import case_figures
from apps.safety.models import AdverseEvent
from apps.staff.services import set_phone
from apps.vault.services import create_data_key
from tests import people
from tests.due import work
from tests.times import MORNING, beginning_at
from tests.workplace.scenes import change_url, page

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
time = beginning_at(MORNING)


@pytest.fixture(autouse=True)
def _the_safety_desk_has_a_phone(time: VirtualClock) -> None:
    set_phone(user=people.sam(), number=people.PHONES["nobody we know"])


@pytest.fixture
def event(time: VirtualClock) -> AdverseEvent:
    """A red flag that nobody takes."""
    text("今天早上吐血了")
    return AdverseEvent.objects.get()


def text(body: str) -> None:
    number = phone.normalise(people.PHONES["wang"])
    assert number is not None
    InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=messaging.line_for(number=number), data_key=create_data_key(),
        body=body, received_at=clock.now(), due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip
    work()


def minutes(time: VirtualClock, number: int) -> None:
    for _ in range(number):
        time.advance(MINUTE)
        work()


def to_the_sponsor() -> list[Page]:
    return [*Page.objects.filter(who="sponsor_monitor").order_by("created_at")]


def test_a_page_to_the_sponsors_monitor_sets_it_everywhere(time: VirtualClock, event: AdverseEvent) -> None:
    minutes(time, 29)
    assert (to_the_sponsor(), event.sponsor_day_zero) == ([], None)
    minutes(time, 3)
    paged = to_the_sponsor()[0].created_at
    assert paged == event.received_at + 30 * MINUTE
    day_zero = event.sponsor_day_zero
    assert day_zero is not None
    assert paged <= day_zero <= paged + MINUTE
    [figures] = case_figures(since=MORNING, until=clock.now(), sites=[people.site("BJ01")])
    assert figures.to_sponsor.longest == (day_zero - event.received_at).total_seconds()
    [row] = listing([event], as_of=clock.now(), names=()).rows
    assert row[[*COLUMNS].index("awareness_sponsor")] == day_zero
    shown = page(people.alice(), change_url(event)).partition("Sponsor aware</dt>")[2].partition("</dd>")[0]
    assert f"{day_zero.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" in shown


def test_what_they_read_before_the_page_stands_before_it(time: VirtualClock, event: AdverseEvent) -> None:
    minutes(time, 5)
    read = clock.now()
    safety.note_sponsor_aware(events=[event], at=read)
    minutes(time, 27)
    event.refresh_from_db()
    assert to_the_sponsor()
    assert event.sponsor_day_zero == read


def test_a_page_that_failed_reached_nobody_until_it_is_reported_delivered_all_the_same(
    time: VirtualClock, event: AdverseEvent
) -> None:
    minutes(time, 32)
    Page.objects.filter(who="sponsor_monitor").update(state=PageState.FAILED)
    text = OutboundMessage.objects.filter(pk__in=[each.message_id for each in to_the_sponsor() if each.message_id])
    text.update(state=SendState.SENT, delivered_at=None)
    assert event.sponsor_day_zero is None
    text.update(state=SendState.DELIVERED, delivered_at=clock.now())
    assert event.sponsor_day_zero == text.get().handed_over_at


def test_taken_before_their_turn_it_never_reached_them(time: VirtualClock, event: AdverseEvent) -> None:
    minutes(time, 5)
    assert event.escalation is not None
    escalation.acknowledge(escalation=event.escalation, person=people.alice(), via=Via.ADMIN)
    minutes(time, 27)
    assert (to_the_sponsor(), event.sponsor_day_zero) == ([], None)


def test_a_page_that_left_before_a_case_was_received_told_of_another_one(
    time: VirtualClock, event: AdverseEvent
) -> None:
    minutes(time, 32)
    second = AdverseEvent.objects.create(
        case_number="BJ01-SECOND", participant=event.participant, data_key=event.data_key, verbatim="又吐血了",
        reporter="participant", level="R1", escalation=event.escalation, received_at=clock.now(), changed_at=clock.now(),
    )  # fmt: skip
    assert event.sponsor_day_zero is not None
    assert second.sponsor_day_zero is None


def test_it_stays_when_a_later_text_starts_the_paging_about_the_case_anew(
    time: VirtualClock, event: AdverseEvent
) -> None:
    minutes(time, 32)
    day_zero, first = event.sponsor_day_zero, event.escalation
    assert day_zero is not None
    assert first is not None
    escalation.record_contact(escalation=first, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)
    minutes(time, 20)
    text("又吐血了")
    event.refresh_from_db()
    assert event.escalation not in (None, first)
    assert event.sponsor_day_zero == day_zero
