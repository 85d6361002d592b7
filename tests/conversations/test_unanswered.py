"""A call that nobody answered: logged by the person who called, told to the participant, promised again.

A Thursday in the window; at 14:00 in Shanghai unless a test says otherwise.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet

from apps.conversations.models import CallAttempt, Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import FollowUp
from tests import due, people
from tests.conversations.test_story import sent_to, text
from tests.times import beginning_at
from tests.workplace.scenes import change_url, page, press

pytestmark = pytest.mark.django_db
AFTERNOON = datetime(2027, 5, 13, 6, 0, tzinfo=UTC)
NIGHT = datetime(2027, 5, 13, 19, 0, tzinfo=UTC)  # 03:00 on Friday
BLACK = "black stool since last night"
time = beginning_at(AFTERNOON)


def asks_for_a_call(who: str = "jones") -> Task:
    text(who, "3")
    return Task.objects.get(kind=TaskKind.CALL_BACK, done_at__isnull=True)


def in_vain(task: Task, again: str = "two_hours", *, by: str = "chen") -> int:
    status = int(press(getattr(people, by)(), task, "unanswered", again=again).status_code)
    due.work()
    return status


def told(who: str) -> str:
    return str(OutboundMessage.objects.get(line__contact_points__participant__code=who, wording="call_missed").text)


def calls() -> "QuerySet[Task]":
    """What is to do, apart from setting appointments."""
    return Task.objects.filter(done_at__isnull=True).exclude(kind=TaskKind.APPOINTMENT)


def open_tasks() -> list[tuple[str, datetime]]:
    rows = calls().order_by("created_at")
    return list(rows.values_list("kind", "deadline"))


# --- a task


def test_one_touch_logs_the_call_tells_the_participant_and_makes_the_promise_a_task() -> None:
    task = asks_for_a_call()

    assert in_vain(task) == 303

    attempt = CallAttempt.objects.get()
    assert (attempt.person, attempt.task, attempt.participant.code) == (people.chen(), task, "BJ01-002")
    assert sent_to("jones").count("call_missed") == 1
    assert "will try again at 16:00" in told("BJ01-002")
    assert open_tasks() == [(TaskKind.CALL_BACK, AFTERNOON + timedelta(hours=2))]
    task.refresh_from_db()
    assert (task.done_by, task.result) == (people.chen(), "无人接听")


def test_the_text_is_in_the_participant_s_language() -> None:
    in_vain(asks_for_a_call("wang"), "evening")

    assert "19:00会再打" in told("BJ01-001")


def test_a_second_press_changes_nothing() -> None:
    task = asks_for_a_call()
    in_vain(task)

    in_vain(task, "next_day")

    assert CallAttempt.objects.count() == 1
    assert len(open_tasks()) == 1
    assert sent_to("jones").count("call_missed") == 1


def test_the_next_card_says_who_has_called_in_vain_and_when() -> None:
    in_vain(asks_for_a_call())

    body = page(people.alice(), change_url(calls().get()))

    assert "Called in vain" in body
    assert "Chen" in body


def test_a_call_again_that_is_late_pages_like_any_promise(time: VirtualClock) -> None:
    in_vain(asks_for_a_call())
    time.move_to(AFTERNOON + timedelta(hours=2, minutes=1))

    due.work()

    assert Escalation.objects.get().tasks.get().promised_by.participant.code == "BJ01-002"


def test_whoever_is_paged_for_a_late_call_logs_it_in_vain_and_the_paging_stays_with_the_next_one(
    time: VirtualClock,
) -> None:
    task = asks_for_a_call()
    time.move_to(task.deadline + timedelta(minutes=1))
    due.work()
    task.refresh_from_db()
    late = task.escalation
    assert late is not None
    time.move_to(datetime(2027, 5, 14, 3, 0, tzinfo=UTC))

    in_vain(task)

    late.refresh_from_db()
    assert late.state == "acknowledged"
    following = calls().get()
    assert following.escalation == late
    press(people.chen(), following, "close", result="spoke with her")
    late.refresh_from_db()
    assert late.state == "contacted"


def test_the_next_working_day_is_named_only_when_its_hour_cannot_be_mistaken() -> None:
    in_vain(asks_for_a_call(), "next_day")
    assert "will try again at 10:00" in told("BJ01-002")


def test_over_a_weekend_the_task_is_for_monday_and_no_hour_is_texted(time: VirtualClock) -> None:
    time.move_to(AFTERNOON + timedelta(days=1))

    in_vain(asks_for_a_call(), "next_day")

    assert "call_missed" not in sent_to("jones")
    assert open_tasks() == [(TaskKind.CALL_BACK, datetime(2027, 5, 17, 2, 0, tzinfo=UTC))]


def test_a_choice_that_is_too_late_by_now_becomes_the_next_time_that_can_be_kept(time: VirtualClock) -> None:
    task = asks_for_a_call()
    time.move_to(AFTERNOON + timedelta(hours=7))  # 21:00

    in_vain(task, "evening")

    assert "call_missed" not in sent_to("jones"), "nothing unprompted at night"
    assert open_tasks() == [(TaskKind.CALL_BACK, datetime(2027, 5, 14, 2, 0, tzinfo=UTC))]


def discreet(participant: Participant) -> None:
    participants.change_preferences(participant=participant, is_discreet=True)


def frozen(participant: Participant) -> None:
    participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)


def suspended(participant: Participant) -> None:
    participants.suspend_texts(participant=participant)


def stopped(participant: Participant) -> None:
    Line.objects.filter(contact_points__participant=participant).update(opted_out_at=clock.now())


@pytest.mark.parametrize("happens", [discreet, frozen, suspended, stopped])
def test_who_may_not_be_texted_is_called_again_all_the_same(happens: object) -> None:
    task = asks_for_a_call()
    assert callable(happens)
    happens(people.jones())

    in_vain(task)

    assert "call_missed" not in sent_to("jones")
    assert len(open_tasks()) == 1


def test_before_and_after_the_window_no_text_goes_with_it(time: VirtualClock) -> None:
    time.move_to(datetime(2028, 4, 20, 6, 0, tzinfo=UTC))

    in_vain(asks_for_a_call())

    assert "call_missed" not in sent_to("jones")
    assert [kind for kind, _ in open_tasks() if kind != TaskKind.FAREWELL] == [TaskKind.CALL_BACK]


def test_another_site_s_people_and_who_may_not_close_tasks_cannot_log_it() -> None:
    task = asks_for_a_call()

    assert press(people.dora(), task, "unanswered", again="two_hours").status_code == 404
    assert press(people.ada(), task, "unanswered", again="two_hours").status_code in (403, 404)
    assert not CallAttempt.objects.exists()


def test_a_task_that_is_no_call_has_no_such_button() -> None:
    text("jones", "qwxz unreadable")
    task = Task.objects.get(kind=TaskKind.READ)

    in_vain(task)

    assert 'value="unanswered"' not in page(people.chen(), change_url(task))
    assert not CallAttempt.objects.exists()


# --- an escalation


def bleeds(who: str = "jones") -> Escalation:
    text(who, BLACK)
    return Escalation.objects.get()


def test_an_emergency_call_in_vain_is_told_at_once_and_promised_within_a_quarter_of_an_hour() -> None:
    running = bleeds()
    press(people.alice(), running, "take")

    press(people.alice(), running, "contact", result="2")
    due.work()

    assert sent_to("jones").count("call_missed") == 1
    assert "will try again at 14:15" in told("BJ01-002")
    assert open_tasks() == [(TaskKind.CALL_AGAIN, AFTERNOON + timedelta(minutes=15))]


def test_a_result_by_text_does_the_same_as_the_button() -> None:
    bleeds()
    code = Page.objects.filter(person=people.alice(), channel="sms").earliest("created_at").code

    text("alice", f"{code} 2")

    assert CallAttempt.objects.get().person == people.alice()
    assert sent_to("jones").count("call_missed") == 1


def test_after_a_quarter_of_an_hour_nobody_reached_is_told_where_a_contact_person_has_agreed(
    time: VirtualClock,
) -> None:
    running = bleeds()
    press(people.alice(), running, "take")
    press(people.alice(), running, "contact", result="2")
    due.work()
    time.move_to(AFTERNOON + timedelta(minutes=15, seconds=1))

    due.work()

    assert sent_to("jones").count("emergency_noreach") == 1


def test_without_an_agreed_contact_person_it_is_never_said(time: VirtualClock) -> None:
    ContactPoint.objects.filter(kind="caregiver").update(standing="waiting")
    running = bleeds()
    press(people.alice(), running, "take")
    press(people.alice(), running, "contact", result="2")
    due.work()
    time.move_to(AFTERNOON + timedelta(minutes=20))

    due.work()

    assert "call_missed" in sent_to("jones")
    assert "emergency_noreach" not in sent_to("jones")


@pytest.mark.parametrize(("happens", "is_told"), [(discreet, True), (suspended, False)])
def test_it_is_told_in_discreet_mode_as_all_about_an_emergency_is_and_never_to_a_phone_that_may_be_a_stranger_s(
    time: VirtualClock, happens: object, is_told: bool
) -> None:
    running = bleeds()
    press(people.alice(), running, "take")
    press(people.alice(), running, "contact", result="2")
    assert callable(happens)
    happens(people.jones())
    due.work()
    time.move_to(AFTERNOON + timedelta(minutes=20))

    due.work()

    assert ("emergency_noreach" in sent_to("jones")) == is_told


def test_without_a_logged_call_it_is_never_said(time: VirtualClock) -> None:
    press(people.alice(), bleeds(), "take")
    time.move_to(AFTERNOON + timedelta(minutes=20))

    due.work()

    assert "emergency_noreach" not in sent_to("jones")


def test_whoever_was_reached_or_has_written_is_not_told_that_nobody_could_reach_them(time: VirtualClock) -> None:
    running = bleeds()
    press(people.alice(), running, "take")
    press(people.alice(), running, "contact", result="2")
    due.work()
    press(people.alice(), running, "contact", result="1")
    time.move_to(AFTERNOON + timedelta(minutes=16))

    due.work()

    assert "emergency_noreach" not in sent_to("jones")
    again = Task.objects.get(kind=TaskKind.CALL_AGAIN)
    assert (again.done_by, again.result) == (people.alice(), "reached"), (
        "the promise is kept, and nobody is paged for it"
    )
    assert Escalation.objects.count() == 1


def test_at_night_only_a_call_about_something_urgent_is_told(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    running = bleeds()
    press(people.alice(), running, "take")

    press(people.alice(), running, "contact", result="2")
    due.work()

    assert sent_to("jones").count("call_missed") == 1
    assert "at 03:15" in told("BJ01-002")


def test_calls_in_vain_in_a_row_are_each_on_record_and_told_once_in_half_an_hour(time: VirtualClock) -> None:
    ContactPoint.objects.filter(kind="caregiver").update(standing="waiting")
    running = bleeds()
    press(people.alice(), running, "take")
    for minute in (1, 6, 11):
        time.move_to(AFTERNOON + timedelta(minutes=minute))
        press(people.alice(), running, "contact", result="2")
        due.work()

    assert CallAttempt.objects.exclude(contact=None).count() + CallAttempt.objects.exclude(task=None).count() == 3
    assert sent_to("jones").count("call_missed") == 1
    assert open_tasks() == [(TaskKind.CALL_AGAIN, AFTERNOON + timedelta(minutes=26))]


# --- the caregiver's answer


@pytest.mark.parametrize(("digit", "brings"), [("1", "checkin_ok"), ("2", "sym_which"), ("3", "checkin_call")])
def test_a_caregiver_answers_with_the_digits_of_a_checkin(digit: str, brings: str) -> None:
    line = people.jones().contact_points.get(kind="caregiver").line
    ask(participant=people.jones(), wording_key="caregiver_missed", key="x", purpose=Purpose.CHECKIN, line=line)

    text("jones's husband", digit)

    assert brings in sent_to("jones's husband")
