"""Serious texts in the same moment as each other, or as the end of what they would join, on PostgreSQL."""

import threading
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction

from apps.conversations import by_phone, routing
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ContactResult, EscalationState, Via
from apps.messaging.models import InboundMessage
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import Teller
from tests import people
from tests.at_once import at_once
from tests.escalation.stage import START
from tests.operations import rows

pytestmark = [
    pytest.mark.usefixtures("real_transactions"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time"),
]
WAITS = 1.5  # seconds: as long as a text that need not wait would take


@pytest.fixture(autouse=True)
def time() -> Iterator[None]:
    with clock.using(VirtualClock(START)):
        people.everybody()
        yield


def text(key: str) -> InboundMessage:
    """She has vomited blood this morning."""
    people.wang()
    return rows.inbound(key, line=rows.line())


def read(message: InboundMessage) -> None:
    with transaction.atomic():
        routing.route(message)


def test_two_serious_texts_in_the_same_moment_are_one_case_with_one_chain() -> None:
    one, two = text("one"), text("two")
    assert at_once(lambda: read(one), lambda: read(two)) == []
    assert (Escalation.objects.count(), AdverseEvent.objects.count()) == (1, 1)
    assert AdverseEvent.objects.get().reports.count() == 2


def test_a_telling_that_is_sent_twice_in_the_same_moment_is_one() -> None:
    said = Telling(teller=Teller.FAMILY, told_at=START, words="he vomited blood", item="hematemesis")
    wang, chen = people.wang(), people.chen()

    def tell() -> None:
        by_phone.tell(participant=wang, person=chen, telling=said)

    assert at_once(tell, tell) == []
    assert (Escalation.objects.count(), AdverseEvent.objects.count(), SpokenReport.objects.count()) == (1, 1, 1)


def test_a_telling_and_a_text_in_the_same_moment_are_one_chain() -> None:
    message = text("one")
    said = Telling(teller=Teller.FAMILY, told_at=START, words="he vomited blood", item="hematemesis")
    wang, chen = people.wang(), people.chen()

    assert at_once(lambda: read(message), lambda: by_phone.tell(participant=wang, person=chen, telling=said)) == []
    assert (Escalation.objects.count(), AdverseEvent.objects.count()) == (1, 1)


def test_a_serious_text_while_the_contact_about_an_earlier_one_is_recorded_pages_anew() -> None:
    is_recorded, is_read = threading.Event(), threading.Event()
    read(text("one"))
    first, later = Escalation.objects.get(), text("two")

    def reached() -> None:
        with transaction.atomic():
            escalation.record_contact(
                escalation=first, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN
            )
            is_recorded.set()
            is_read.wait(timeout=WAITS)

    def read_later() -> None:
        is_recorded.wait(timeout=10)
        read(later)
        is_read.set()

    assert at_once(reached, read_later) == []
    first.refresh_from_db()
    assert first.state == EscalationState.CONTACTED
    anew = Escalation.objects.get(state__in=RUNNING)
    assert anew.pages.exists()
    assert AdverseEvent.objects.get().escalation == anew
