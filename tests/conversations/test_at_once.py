"""Serious texts in the same moment as each other, or as the end of what they would join, on PostgreSQL."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from apps.conversations import by_phone, routing
from apps.conversations.models import Task
from apps.conversations.services import after_silence, ask, open_task, task_due
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.work import StaleLease
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ContactResult, EscalationState, Via
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Purpose
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import Teller
from tests import people
from tests.at_once import at_once
from tests.escalation.stage import START
from tests.operations import rows
from tests.times import beginning_at

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time"),
]
WAITS = 1.5  # seconds: as long as a text that need not wait would take
time = beginning_at(START)


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


def test_a_late_task_and_a_serious_text_in_the_same_moment_are_one_chain() -> None:
    is_read, is_late = threading.Event(), threading.Event()
    wang, message = people.wang(), text("one")
    task = open_task(
        key="late", kind=TaskKind.CALL_BACK, site=wang.site, participant=wang, deadline=clock.now() + timedelta(minutes=15)
    )  # fmt: skip

    def read_it() -> None:
        with transaction.atomic():
            routing.route(message)
            is_read.set()
            is_late.wait(timeout=WAITS)

    def page_about_it() -> None:
        is_read.wait(timeout=10)
        task_due(task)
        is_late.set()

    assert at_once(read_it, page_about_it) == []
    assert Escalation.objects.get(state__in=RUNNING).events.count() == 1


def test_an_answer_and_the_silence_that_it_ends_in_the_same_moment_ask_nobody_to_call() -> None:
    is_answered, is_noticed = threading.Event(), threading.Event()
    people.wang()
    question = ask(participant=people.wang(), wording_key="sym_which", key="which", purpose=Purpose.REPLY)
    answer = rows.inbound("answer", line=rows.line())
    answer.body = "9"
    answer.save(update_fields=["body"])

    def take() -> None:
        with transaction.atomic():
            routing.route(answer)
            is_answered.set()
            is_noticed.wait(timeout=WAITS)

    def notice() -> None:
        is_answered.wait(timeout=10)
        with contextlib.suppress(StaleLease):
            after_silence(question)
        is_noticed.set()

    assert at_once(take, notice) == []
    question.refresh_from_db()
    assert (question.state, question.answer) == (QuestionState.ANSWERED, "9")
    assert not Task.objects.filter(key__startswith="silence:").exists()
