"""The first page: what needs this person now, and nothing else."""

from datetime import timedelta

import pytest

from apps.conversations import services as conversations
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import Alarm
from apps.messaging.vocabulary import AlarmKind
from apps.staff.vocabulary import Role
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, page, press, signed_in


def test_a_red_flag_that_nobody_has_taken_stands_first_with_its_words_and_one_button(scene: Scene) -> None:
    body = page(people.alice(), "/admin/")

    assert body.index("Nobody has taken this") < body.index(scenes.BEIJING)
    assert "Take it" in body
    assert scene.beijing.case_number in body


def test_the_list_counts_as_shown_and_not_as_read(scene: Scene) -> None:
    page(people.alice(), "/admin/")

    scene.beijing.refresh_from_db()
    assert scene.beijing.first_shown_at is not None
    assert scene.beijing.first_read_at is None


def test_taking_it_from_the_list_leads_to_the_case_and_names_the_person(scene: Scene) -> None:
    running = scene.beijing.escalation
    assert running is not None
    case = scenes.change_url(scene.beijing)

    answer = signed_in(people.alice()).post(scenes.change_url(running), {"act": "take", "next": case})

    assert (answer.status_code, answer["Location"]) == (303, case)
    body = page(people.bob(), "/admin/")
    assert "Alice" in body
    assert "我来处理" not in body


def test_a_next_page_elsewhere_is_not_followed(scene: Scene) -> None:
    running = scene.beijing.escalation
    assert running is not None

    answer = signed_in(people.alice()).post(
        scenes.change_url(running), {"act": "take", "next": "https://evil.example.org/"}
    )

    assert answer["Location"] == scenes.change_url(running)


def test_a_recorded_contact_takes_it_off_the_list(scene: Scene) -> None:
    running = scene.beijing.escalation
    assert running is not None
    conversations.take(running=running, person=people.alice(), via=Via.ADMIN)
    conversations.record_contact(running=running, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)

    body = page(people.alice(), "/admin/")

    assert running.ref not in body
    assert "Urgent adverse events that nobody has read" in body


def test_an_event_that_was_read_is_no_longer_among_the_unread(scene: Scene) -> None:
    test_a_recorded_contact_takes_it_off_the_list(scene)

    page(people.alice(), scenes.change_url(scene.beijing))

    assert "Urgent adverse events that nobody has read" not in page(people.alice(), "/admin/")


def test_an_empty_list_says_so_in_words(everybody: None) -> None:
    assert "Nothing needs you now." in page(people.alice(), "/admin/")
    assert "Nothing to do here for your role." in page(people.ada(), "/admin/")


def test_tasks_stand_by_deadline_and_an_overdue_one_says_so(everybody: None) -> None:
    now = clock.now()
    for hours, kind in ((5, TaskKind.APPOINTMENT), (-3, TaskKind.CALL_BACK)):
        deadline = now + timedelta(hours=hours)
        Task.objects.create(
            key=kind, kind=kind, participant=people.wang(), site=people.site("BJ01"), deadline=deadline, created_at=now
        )

    body = page(people.chen(), "/admin/")

    assert body.index("请致电：受试者要求回电") < body.index("请设置预约时间")
    assert "逾期" in body


def test_the_duty_desk_sees_the_unknown_number_and_may_take_it(scene: Scene) -> None:
    body = page(people.dan(), "/admin/")

    assert scenes.UNKNOWN in body
    assert "Take it" in body
    assert scenes.BEIJING not in body


def test_the_operator_is_told_of_transport_alarms_without_any_text(everybody: None) -> None:
    now = clock.now()
    Alarm.objects.create(kind=AlarmKind.CALLBACK_REFUSED, gateway="phone", code="", times=3, first_at=now, last_at=now)

    assert "1 alarm in the last 24 hours" in page(people.ada(), "/admin/")
    assert "alarm in the last" not in page(people.alice(), "/admin/")


def test_the_sponsor_is_led_to_the_data_cuts(everybody: None) -> None:
    assert "Make or fetch a blinded data cut" in page(people.sam(), "/admin/")


def test_the_list_that_a_page_fetches_is_the_same_list_alone(scene: Scene) -> None:
    body = page(people.alice(), "/admin/now/")

    assert scenes.BEIJING in body
    assert "<html" not in body


@pytest.mark.parametrize(
    ("person", "act"), [("dora", "take"), ("sam", "take"), ("ada", "take"), ("dan", "take"), ("mona", "take")]
)
def test_nobody_else_takes_it(scene: Scene, person: str, act: str) -> None:
    running = scene.beijing.escalation
    assert running is not None
    who = people._member("Mona", Role.MONITOR, at="BJ01") if person == "mona" else getattr(people, person)()

    assert press(who, running, act).status_code in (403, 404)

    running.refresh_from_db()
    assert running.acknowledged_by is None
