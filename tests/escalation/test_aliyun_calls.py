"""Calls to mainland mobiles, by Alibaba Cloud: who is called by it, and what its reports do."""

import json

import pytest
from django.test import Client

from apps.escalation.channels.aliyun_voice import out_id
from apps.escalation.endpoints import set_voice_pin
from apps.escalation.vocabulary import EscalationState, PageState
from apps.staff.models import User
from apps.staff.services import set_phone
from tests.escalation.carriers import MAINLAND, TOKEN, rung
from tests.escalation.stage import Stage
from tests.fakes.paging_server import PagingServer

pytestmark = pytest.mark.django_db


def test_a_mainland_mobile_is_called_by_the_mainland_provider_and_its_keys_take_it(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    set_phone(user=alice, number=MAINLAND)
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice, "aliyun_voice")
    [call] = server.carriers.by("aliyun")
    assert server.carriers.refused == []
    assert (call["CalledNumber"], call["OutId"]) == (MAINLAND[3:], out_id(page))
    assert json.loads(call["StartTtsParams"]) == {"ref": ", ".join(running.ref)}
    report = {
        "call_id": call["CallId"],
        "out_id": call["OutId"],
        "status_code": "200003",
        "duration": "12",
        "dtmf": "4826",
    }
    answer = client.post(f"/voice/aliyun/{TOKEN}/", json.dumps([report]), content_type="application/json")
    running.refresh_from_db()
    assert (answer.status_code, answer.json()["code"]) == (200, 0)
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)


@pytest.mark.parametrize(
    ("status", "duration", "dtmf", "state"),
    [
        ("200003", "9", "1", PageState.DELIVERED),
        ("200003", "9", "", PageState.DELIVERED),
        ("200002", "0", "", PageState.FAILED),
        ("200005", "0", "", PageState.FAILED),
    ],
)
def test_one_key_or_none_wakes_and_takes_nothing(
    stage: Stage,
    alice: User,
    server: PagingServer,
    client: Client,
    status: str,
    duration: str,
    dtmf: str,
    state: PageState,
) -> None:
    set_phone(user=alice, number=MAINLAND)
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice, "aliyun_voice")
    [call] = server.carriers.by("aliyun")
    report = {
        "call_id": call["CallId"],
        "out_id": call["OutId"],
        "status_code": status,
        "duration": duration,
        "dtmf": dtmf,
    }
    client.post(f"/voice/aliyun/{TOKEN}/", json.dumps([report]), content_type="application/json")
    page.refresh_from_db()
    running.refresh_from_db()
    assert (page.state, running.state) == (state, EscalationState.OPEN)


@pytest.mark.parametrize(("pin", "is_hurried"), [("4826", True), ("", False)])
def test_a_call_that_voicemail_took_hurries_the_next_person_where_a_pin_could_have_taken_it(
    stage: Stage, alice: User, server: PagingServer, client: Client, pin: str, is_hurried: bool
) -> None:
    set_phone(user=alice, number=MAINLAND)
    if pin:
        set_voice_pin(person=alice, pin=pin)
    running, _ = rung(stage, alice, "aliyun_voice")
    [call] = server.carriers.by("aliyun")
    running.refresh_from_db()
    planned = running.next_step_at
    report = {"call_id": call["CallId"], "out_id": call["OutId"], "status_code": "200003", "duration": "9", "dtmf": ""}
    client.post(f"/voice/aliyun/{TOKEN}/", json.dumps([report]), content_type="application/json")
    running.refresh_from_db()
    assert planned is not None
    assert running.next_step_at is not None
    assert (running.next_step_at < planned) == is_hurried


def test_a_report_with_a_wrong_secret_or_about_another_call_changes_nothing(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    set_phone(user=alice, number=MAINLAND)
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice, "aliyun_voice")
    report = {"call_id": "1^1", "out_id": out_id(page), "status_code": "200003", "duration": "9", "dtmf": "4826"}
    wrong = client.post("/voice/aliyun/guessed/", json.dumps([report]), content_type="application/json")
    client.post(f"/voice/aliyun/{TOKEN}/", json.dumps([report]), content_type="application/json")
    running.refresh_from_db()
    assert (wrong.status_code, running.state) == (404, EscalationState.OPEN)


@pytest.mark.parametrize("strange", ["\0", "\ud800", "9" * 5000])
def test_a_strange_report_keeps_no_other_from_taking_its_page(
    stage: Stage, alice: User, server: PagingServer, client: Client, strange: str
) -> None:
    set_phone(user=alice, number=MAINLAND)
    set_voice_pin(person=alice, pin="4826")
    running, _page = rung(stage, alice, "aliyun_voice")
    [call] = server.carriers.by("aliyun")
    good = {
        "call_id": call["CallId"],
        "out_id": call["OutId"],
        "status_code": "200003",
        "duration": "9",
        "dtmf": "4826",
    }
    reports = [good | {"call_id": f"1{strange}"}, good | {"status_code": strange, "dtmf": strange}, good]

    answer = client.post(f"/voice/aliyun/{TOKEN}/", json.dumps(reports), content_type="application/json")

    running.refresh_from_db()
    assert (answer.status_code, running.acknowledged_by) == (200, alice)


def test_a_report_nested_beyond_reading_is_refused(client: Client, server: PagingServer) -> None:
    answer = client.post(f"/voice/aliyun/{TOKEN}/", "[" * 100_000, content_type="application/json")

    assert answer.status_code == 400
