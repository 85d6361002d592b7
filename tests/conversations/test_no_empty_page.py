"""Whoever is paged finds whom it is about, the words and the number; and what is paged about is paged about once."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task, Turn
from apps.conversations.services import record_contact
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import RUNNING, ContactResult, Via
from apps.messaging.models import InboundMessage
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from tests import people
from tests.conversations.test_story import text
from tests.due import work
from tests.operations import rows
from tests.times import MORNING, NIGHT, beginning_at
from tests.workplace.scenes import change_url, page

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)


def later(time: VirtualClock, minutes: float) -> None:
    time.advance(timedelta(minutes=minutes))
    work()


def reached(running: Escalation, person: User) -> None:
    record_contact(running=running, person=person, result=ContactResult.REACHED, via=Via.ADMIN)


def running_now() -> Escalation:
    return Escalation.objects.get(state__in=RUNNING)


def breaks(_: InboundMessage) -> None:
    raise RuntimeError


def test_help_asked_for_after_a_contact_was_recorded_is_a_page_about_the_case(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    reached(Escalation.objects.get(), people.alice())

    answer = text("wang", "2")

    anew = running_now()
    assert Turn.objects.get(message=answer).escalation == anew
    assert Task.objects.get(key__startswith="emergency-help:").escalation == anew
    assert AdverseEvent.objects.get().escalation == anew
    text("wang", "3")
    later(time, 6)
    assert Escalation.objects.count() == 2, "what was started about the first text, and this one"


def test_help_asked_for_about_a_case_that_was_judged_is_a_case_of_its_own() -> None:
    text("wang", "今天早上吐血了")
    reached(Escalation.objects.get(), people.alice())
    AdverseEvent.objects.update(state=EventState.DISMISSED, first_read_at=clock.now())

    text("wang", "2")

    case = AdverseEvent.objects.get(state=EventState.DRAFT)
    assert (case.level, case.escalation, case.verbatim) == ("R1", running_now(), "2")


def test_a_text_that_breaks_the_program_is_one_alarm_of_its_own_and_its_words_stand_on_the_page(
    monkeypatch: pytest.MonkeyPatch, time: VirtualClock
) -> None:
    text("wang", "今天早上吐血了")
    monkeypatch.setattr("apps.conversations.services.routing.route", breaks)

    broken = text("wang", "又来了 canary")
    for _ in range(6):
        later(time, 5)

    running = Escalation.objects.get(events__isnull=True)
    assert Task.objects.get(message=broken).escalation == running
    assert Escalation.objects.count() == 2
    shown = page(people.alice(), change_url(running))
    assert "canary" in shown
    assert "BJ01-001" in shown


def test_a_serious_text_joins_what_runs_about_one_that_broke_the_program(
    monkeypatch: pytest.MonkeyPatch, time: VirtualClock
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("apps.conversations.services.routing.route", breaks)
        text("wang", "1")
        for _ in range(6):
            later(time, 5)

    text("wang", "今天早上吐血了")

    assert AdverseEvent.objects.get().escalation == Escalation.objects.get()


def test_silence_about_a_case_that_was_judged_meanwhile_pages_with_name_words_and_number(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    asked = text("wang", "2")
    judged = rows.event(level="R3", state=EventState.DISMISSED, first_read_at=clock.now())
    Question.objects.update(event=judged)

    later(time, 11)

    running = Escalation.objects.get()
    task = Task.objects.get(key__startswith="silence:")
    assert (task.escalation, task.message, task.participant) == (running, asked, people.wang())
    escalation.acknowledge(escalation=running, person=people.alice(), via=Via.ADMIN)
    shown = page(people.alice(), change_url(running))
    assert "BJ01-001" in shown
    assert "Show the number to call" in shown


def test_an_unknown_number_that_was_phoned_is_not_paged_about_again_by_its_task(time: VirtualClock) -> None:
    message = text("nobody we know", "help my father is unconscious")
    later(time, 5)
    reached(Escalation.objects.get(), people.dan())

    later(time, 30)

    assert Escalation.objects.count() == 1
    task = Task.objects.get(message=message)
    assert (task.escalation, task.done_by) == (Escalation.objects.get(), people.dan())


def test_a_text_of_an_unknown_number_that_nobody_phoned_goes_on_in_one_chain(time: VirtualClock) -> None:
    text("nobody we know", "help my father is unconscious")
    later(time, 30)
    assert Escalation.objects.get().chain == "unmatched"
