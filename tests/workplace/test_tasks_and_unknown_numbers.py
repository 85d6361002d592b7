"""Tasks stay until a named person says what came of them; unknown numbers are the duty desk's."""

from typing import Any

import pytest

from apps.conversations.models import Task
from apps.messaging.models import NumberShown
from tests import due, people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, page, press, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def opted_out(everybody: None) -> Task:
    scenes.text(people.PHONES["wang"], "STOP")
    due.work()
    return Task.objects.get(kind="opted_out")


@pytest.fixture
def unread(everybody: None) -> Task:
    scenes.text(people.PHONES["wang"], "qwxz canarygibberish")
    due.work()
    return Task.objects.get(kind="read")


def test_a_text_that_nobody_could_parse_stands_on_its_task_in_full(unread: Task) -> None:
    body = page(people.alice(), change_url(unread))

    assert "qwxz canarygibberish" in body
    assert "Read this text: the program could not" in body


def test_a_task_is_done_by_a_named_person_with_a_result(opted_out: Task) -> None:
    refused = press(people.chen(), opted_out, "close", result="")
    assert refused.status_code == 422

    assert press(people.chen(), opted_out, "close", result="calls on Mondays agreed").status_code == 303

    opted_out.refresh_from_db()
    assert (opted_out.done_by, opted_out.result) == (people.chen(), "calls on Mondays agreed")
    body = page(people.alice(), change_url(opted_out))
    assert "calls on Mondays agreed" in body
    assert 'value="close"' not in body


def test_a_result_of_blanks_is_refused(opted_out: Task) -> None:
    assert press(people.chen(), opted_out, "close", result="   ").status_code == 422


def test_a_task_to_call_shows_the_number_when_asked(opted_out: Task) -> None:
    answer = press(people.chen(), opted_out, "call")

    assert f"tel:{people.PHONES['wang']}" in answer.content.decode()


def test_the_task_list_is_filtered_by_what_is_done(opted_out: Task) -> None:
    listed = "/admin/conversations/task/"

    assert f"/{opted_out.pk}/" in page(people.alice(), f"{listed}?done=no")
    assert f"/{opted_out.pk}/" not in page(people.alice(), f"{listed}?done=yes")


def test_a_task_of_another_site_is_not_found(opted_out: Task) -> None:
    assert press(people.dora(), opted_out, "close", result="x").status_code == 404


def test_the_duty_desk_reads_the_unknown_number_calls_it_and_closes_the_task(scene: Scene) -> None:
    dan = people.dan()
    listed = page(dan, "/admin/messaging/inboundmessage/")
    assert scenes.UNKNOWN in listed
    assert people.PHONES["nobody we know"] not in listed
    assert scenes.UNKNOWN in page(dan, change_url(scene.unknown))

    answer = press(dan, scene.unknown, "call")

    assert f"tel:{people.PHONES['nobody we know']}" in answer.content.decode()
    assert NumberShown.objects.get().person == dan


def test_the_desks_escalation_shows_the_text_and_the_number_to_the_desk_alone(scene: Scene) -> None:
    running: Any = scene.unknown.turn.escalation
    assert scenes.UNKNOWN in page(people.dan(), change_url(running))

    answer = press(people.dan(), running, "call")

    assert f"tel:{people.PHONES['nobody we know']}" in answer.content.decode()
    assert press(people.alice(), running, "call").status_code == 404


def test_an_escalation_of_a_site_shows_whom_to_call_by_code(scene: Scene) -> None:
    assert scene.beijing.escalation is not None

    body = press(people.alice(), scene.beijing.escalation, "call").content.decode()

    assert f"BJ01-001 participant · {people.PHONES['wang']}" in body


def test_a_desks_task_is_the_desks_to_close(scene: Scene) -> None:
    task = Task.objects.create(
        key="x", kind="unknown_number", message=scene.unknown, deadline=scene.unknown.received_at,
        created_at=scene.unknown.received_at,
    )  # fmt: skip

    assert f"tel:{people.PHONES['nobody we know']}" in press(people.dan(), task, "call_unsited").content.decode()
    assert press(people.dan(), task, "close", result="x").status_code == 403
    assert press(people.alice(), task, "close_unsited", result="x").status_code == 404
    assert press(people.dan(), task, "close_unsited", result="a wrong number").status_code == 303

    task.refresh_from_db()
    assert task.done_by == people.dan()


def test_a_participants_text_is_no_text_of_an_unknown_number(scene: Scene) -> None:
    theirs = scene.beijing.participant.contact_points.get(kind="participant").line.inbound.get()

    assert signed_in(people.dan()).get(change_url(theirs)).status_code == 404
