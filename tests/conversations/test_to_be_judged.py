"""A serious draft is not over with the call: an investigator is asked to judge it while the sponsor can still be told in time."""

from datetime import timedelta

import pytest

from apps.conversations.models import Task
from apps.conversations.services import close_task
from apps.conversations.vocabulary import TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import EscalationState
from apps.safety.models import AdverseEvent
from tests import due, people
from tests.conversations.test_story import text
from tests.times import MORNING, beginning_at
from tests.workplace.scenes import change_url, page, press

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)
JUDGED = {"term": "Melaena", "severity_grade": "3", "causality_investigator": "possible", "outcome": "3"}
SERIOUS = JUDGED | {"criteria": ["hospitalisation"]}
time = beginning_at(MORNING)


@pytest.fixture
def event() -> AdverseEvent:
    text("jones", "black stool since last night")
    return AdverseEvent.objects.get()


def reached(result: str = "1") -> None:
    press(people.alice(), Escalation.objects.get(state__in=("open", "acknowledged")), "contact", result=result)


def asked() -> list[Task]:
    return list(Task.objects.filter(kind=TaskKind.JUDGE, done_at__isnull=True))


def test_the_first_contact_asks_for_the_judgement_within_the_sponsor_s_hours_of_the_text(
    time: VirtualClock, event: AdverseEvent
) -> None:
    assert asked() == []
    time.advance(timedelta(minutes=20))
    reached()
    [task] = asked()
    assert (task.event, task.participant, task.site) == (event, people.jones(), people.site("BJ01"))
    assert task.deadline == MORNING + DAY


def test_it_stands_on_the_first_page_of_the_site_s_people_and_of_nobody_else(event: AdverseEvent) -> None:
    reached()
    name = str(TaskKind.JUDGE.label)
    assert name in page(people.alice(), "/admin/now/")
    assert name not in page(people.dora(), "/admin/now/")


def test_a_result_texted_with_the_code_asks_for_it_too(event: AdverseEvent) -> None:
    code = Page.objects.get(person=people.alice(), channel="sms").code
    text("alice", f"{code} 3")
    assert [task.event for task in asked()] == [event]


def test_a_call_in_vain_does_not_yet(event: AdverseEvent) -> None:
    reached("2")
    assert asked() == []


def test_a_complaint_that_is_not_serious_asks_for_none() -> None:
    text("jones", "2")
    text("jones", "5")
    close_task(task=Task.objects.get(kind=TaskKind.SYMPTOM), person=people.alice(), result="spoke with her")
    assert asked() == []


def test_another_chain_about_the_same_draft_asks_no_second_time(time: VirtualClock, event: AdverseEvent) -> None:
    reached()
    time.advance(timedelta(minutes=40))
    text("jones", "vomiting blood")
    reached()
    assert all(len([task for task in asked() if task.event == each]) == 1 for each in AdverseEvent.objects.all())


@pytest.mark.parametrize("act", ["confirm", "dismiss"])
def test_the_investigator_s_judgement_ends_it_in_their_name(event: AdverseEvent, act: str) -> None:
    reached()
    [task] = asked()
    event.refresh_from_db()
    said = SERIOUS if act == "confirm" else {"reason": "beetroot"}
    assert press(people.alice(), event, act, **said).status_code == 303
    task.refresh_from_db()
    assert (asked(), task.done_by, task.due_at) == ([], people.alice(), None)
    assert task.result


def test_what_is_kept_as_a_draft_is_not_judged(event: AdverseEvent) -> None:
    reached()
    assert press(people.alice(), event, "assess", **SERIOUS).status_code == 303
    assert len(asked()) == 1


def test_nobody_closes_it_without_judging_the_case(event: AdverseEvent) -> None:
    reached()
    [task] = asked()
    assert press(people.alice(), task, "close", result="later").status_code != 303
    assert change_url(event) in page(people.alice(), change_url(task))
    assert asked() == [task]


def test_a_dismissal_undone_asks_anew_at_once_for_nobody_is_paged(event: AdverseEvent) -> None:
    reached()
    press(people.alice(), event, "dismiss", reason="beetroot")
    assert press(people.alice(), event, "reopen", reason="it was none").status_code == 303
    [task] = asked()
    assert task.deadline == MORNING + DAY


def test_a_draft_that_somebody_judges_serious_without_any_paging_asks_at_once() -> None:
    text("jones", "2")
    text("jones", "5")
    event = AdverseEvent.objects.get()
    press(people.chen(), event, "assess", criteria=["hospitalisation"], outcome="3")
    assert [task.event for task in asked()] == [event]


def test_nobody_is_asked_while_people_are_being_paged(event: AdverseEvent) -> None:
    press(people.chen(), event, "assess", **SERIOUS)
    assert asked() == []


def test_late_it_is_told_like_any_promise_that_wakes_nobody_and_the_judgement_ends_that(
    time: VirtualClock, event: AdverseEvent
) -> None:
    reached()
    time.move_to(MORNING + DAY + timedelta(minutes=1))
    due.work()
    late = Escalation.objects.get(state=EscalationState.OPEN)
    assert (late.chain, [each.kind for each in late.tasks.all()]) == ("R3", [TaskKind.JUDGE])
    event.refresh_from_db()
    assert press(people.alice(), event, "confirm", **SERIOUS).status_code == 303
    late.refresh_from_db()
    assert late.state == EscalationState.CLOSED


def test_a_contact_of_the_last_hour_leaves_a_short_time_and_still_wakes_nobody(
    time: VirtualClock, event: AdverseEvent
) -> None:
    time.move_to(MORNING + DAY - timedelta(minutes=10))
    reached()
    time.advance(timedelta(minutes=11))
    due.work()
    assert Escalation.objects.get(state=EscalationState.OPEN).chain == "R3"


def test_what_becomes_serious_later_has_its_hours_from_the_text_that_said_so(time: VirtualClock) -> None:
    text("jones", "2")
    text("jones", "5")
    time.advance(timedelta(hours=1))
    text("jones", "vomiting blood")
    reached()
    assert {task.deadline for task in asked()} == {MORNING + timedelta(hours=1) + DAY}
