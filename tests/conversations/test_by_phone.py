"""What is told to a person on the phone has the care of a text: the case, the page, the stop of texts, and the end of the call's task."""

from datetime import timedelta
from typing import Any

import pytest

from apps.conversations import by_phone
from apps.conversations import services as conversations
from apps.conversations.board import NotYourTask, open_task
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import ContactRecord, Escalation, Page
from apps.escalation.vocabulary import ContactResult, EscalationState, PageState, Via
from apps.messaging.models import OutboundMessage
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp, PauseEnded
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import Teller
from apps.staff.models import User
from tests import people
from tests.conversations.test_story import sent_to, text
from tests.due import work
from tests.times import MORNING, NIGHT, beginning_at

pytestmark = pytest.mark.django_db
TO_STAFF = ("page", "notice")
time = beginning_at(MORNING)


def telling(words: str = "he vomited blood last night", **said: Any) -> Telling:
    values: dict[str, Any] = {"teller": Teller.FAMILY, "told_at": clock.now() - timedelta(minutes=5), "words": words}
    return Telling(**(values | {"item": "hematemesis"} | said))


def told(person: User, who: Participant | None = None, *, task: Task | None = None, **said: Any) -> SpokenReport:
    report = by_phone.tell(participant=who or people.wang(), person=person, telling=telling(**said), task=task)
    work()
    return report


def call_task(kind: TaskKind = TaskKind.CALL_BACK) -> Task:
    wang = people.wang()
    return open_task(
        key=f"call:{kind}", kind=kind, site=wang.site, participant=wang, deadline=clock.now() + timedelta(hours=2)
    )


def test_what_a_coordinator_is_told_on_the_phone_pages_the_investigator_like_a_text() -> None:
    report = told(people.chen(), ticked=frozenset({"hospitalisation"}))

    running = Escalation.objects.get()
    assert (running.chain, running.state, running.received_at) == ("R1", EscalationState.OPEN, report.told_at)
    assert report.event.escalation == running
    assert Page.objects.filter(person=people.alice()).exists()
    assert sent_to("wang") == []  # they were spoken with: no emergency text


@pytest.mark.parametrize("item", ["nausea", ""])
def test_what_is_not_urgent_opens_a_case_and_pages_nobody(item: str) -> None:
    report = told(people.chen(), item=item, words="a little sick")

    assert report.event.level in ("R3", "R4")
    assert not Escalation.objects.exists()


def test_what_the_catalogue_calls_mild_is_paged_about_when_it_is_ticked_as_serious(time: VirtualClock) -> None:
    time.advance(NIGHT - MORNING)
    told(people.chen(), item="nausea", words="so sick, the doctor fears for him", ticked=frozenset({"disability"}))

    assert Escalation.objects.get().chain == "R2"
    assert Page.objects.filter(person=people.alice()).exists()  # at night too


def test_the_same_telling_sent_twice_is_one() -> None:
    same = telling()
    first = by_phone.tell(participant=people.wang(), person=people.chen(), telling=same)
    again = by_phone.tell(participant=people.wang(), person=people.chen(), telling=same)
    work()

    assert first == again
    assert (AdverseEvent.objects.count(), Escalation.objects.count(), SpokenReport.objects.count()) == (1, 1, 1)


def test_it_joins_the_case_that_a_text_opened_and_its_chain() -> None:
    text("wang", "吐血了")
    event = AdverseEvent.objects.get()

    report = told(people.chen(), ticked=frozenset({"hospitalisation"}), told_at=clock.now())

    assert report.event == event
    assert not report.is_first
    assert Escalation.objects.count() == 1


def test_a_case_that_was_read_is_joined_while_people_are_paged_about_it() -> None:
    text("wang", "吐血了")
    event = AdverseEvent.objects.get()
    AdverseEvent.objects.update(first_read_at=clock.now(), first_read_by=people.alice())

    assert told(people.chen(), told_at=clock.now()).event == event


def test_more_urgent_news_by_phone_pages_anew_whoever_has_it() -> None:
    text("wang", "发烧38.5")
    running = Escalation.objects.get()
    assert running.chain == "R2"
    conversations.take(running=running, person=people.alice(), via=Via.ADMIN)

    told(people.chen(), told_at=clock.now())

    running.refresh_from_db()
    assert (running.chain, running.state) == ("R1", EscalationState.OPEN)


def test_a_coordinator_who_has_the_page_and_is_told_more_hands_it_on() -> None:
    text("wang", "吐血了")
    running = Escalation.objects.get()
    conversations.take(running=running, person=people.chen(), via=Via.ADMIN)

    told(people.chen(), ticked=frozenset({"hospitalisation"}), told_at=clock.now())

    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_an_investigator_who_has_dealt_with_it_is_the_contact_and_nobody_is_paged() -> None:
    report = told(people.alice(), is_dealt_with=True)

    running = Escalation.objects.get()
    record = ContactRecord.objects.get()
    assert (running.state, record.person, record.result) == ("contacted", people.alice(), ContactResult.REACHED)
    assert not Page.objects.exclude(state=PageState.CANCELLED).exists()
    assert not OutboundMessage.objects.filter(purpose__in=TO_STAFF).exclude(state="cancelled").exists()
    assert (report.event.investigator_aware_at, report.event.first_read_by) == (report.told_at, people.alice())


def test_an_investigator_who_has_not_said_so_is_no_contact_and_people_are_paged() -> None:
    told(people.alice())

    assert Escalation.objects.get().state == EscalationState.OPEN
    assert not ContactRecord.objects.exists()


def test_dealt_with_ends_the_chain_that_a_text_started() -> None:
    text("wang", "吐血了")

    told(people.alice(), is_dealt_with=True, told_at=clock.now())

    assert Escalation.objects.get().state == EscalationState.CONTACTED


@pytest.mark.parametrize("said", [{"item": "evt_death"}, {"item": "", "ticked": frozenset({"death"})}])
def test_a_death_that_is_told_stops_all_texts_and_is_read_at_once(said: dict[str, Any]) -> None:
    report = told(people.chen(), words="he died on Tuesday", **said)

    assert Participant.objects.get(pk=people.wang().pk).follow_up == FollowUp.FROZEN
    assert report.event.death
    assert Escalation.objects.get().chain == "R2"
    task = Task.objects.get(kind=TaskKind.DEATH)
    assert (task.event, task.deadline) == (report.event, clock.now() + by_phone.READ_WITHIN)
    work()
    assert sent_to("wang") == []


def test_a_death_of_somebody_who_had_left_is_kept_and_freezes_them() -> None:
    participants.set_follow_up(participant=people.wang(), wanted=FollowUp.WITHDRAWN, person=people.carol())

    told(people.chen(), item="evt_death", words="his son says he died")

    assert Participant.objects.get(pk=people.wang().pk).follow_up == FollowUp.FROZEN


@pytest.mark.parametrize(("item", "pause"), [("evt_transplant", "transplant"), ("evt_admitted", "in_hospital")])
def test_a_transplant_or_a_stay_that_is_told_pauses_the_check_ins(item: str, pause: str) -> None:
    told(people.chen(), item=item, words="as his wife says")

    assert people.wang().pauses.get(ended_at__isnull=True).code == pause


def test_home_from_hospital_ends_the_stay() -> None:
    told(people.chen(), item="evt_admitted", words="in hospital")

    told(people.chen(), item="evt_discharged", words="home since noon", told_at=clock.now())

    assert people.wang().pauses.get().ended_because == PauseEnded.BACK_HOME


def test_who_was_lost_and_is_heard_of_is_called() -> None:
    Participant.objects.filter(pk=people.wang().pk).update(follow_up=FollowUp.LOST)

    told(people.chen(), item="nausea", words="she is well but sick")

    assert Task.objects.filter(kind=TaskKind.RETURNED).exists()


def test_the_call_in_which_it_was_told_is_done_as_reached() -> None:
    task = call_task()

    report = told(people.chen(), task=task)

    task.refresh_from_db()
    assert task.done_by == people.chen()
    assert task.result.startswith("reached")
    assert report.event.case_number in task.result


def test_a_call_that_was_to_settle_something_else_stays() -> None:
    task = call_task(TaskKind.CHECK_NUMBER)

    told(people.chen(), task=task)

    task.refresh_from_db()
    assert task.done_at is None


def test_a_late_call_ends_and_the_case_that_was_told_in_it_still_pages(time: VirtualClock) -> None:
    task = call_task()
    time.advance(timedelta(hours=3))
    work()

    report = told(people.chen(), item="fever", task=task)

    task.refresh_from_db()
    assert task.done_by == people.chen()
    assert report.event.escalation is not None
    assert report.event.escalation.state == EscalationState.OPEN


def test_a_task_of_another_participant_is_a_mistake_and_nothing_is_written() -> None:
    task = call_task()

    with pytest.raises(NotYourTask):
        by_phone.tell(participant=people.jones(), person=people.chen(), telling=telling(), task=task)

    assert not AdverseEvent.objects.exists()
