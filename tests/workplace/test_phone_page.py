"""The phone simulator: every handset of the demo, texts on the path of a real one, and closed outside a demo."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.messaging.models import InboundMessage
from tests import due, people

pytestmark = pytest.mark.django_db


def state(client: Client, number: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get("/phone/state/", {"number": number}).content)
    return found


def say(client: Client, number: str, text: str) -> int:
    said = json.dumps({"number": number, "text": text})
    return int(client.post("/phone/texts/", said, content_type="application/json").status_code)


def test_every_handset_stands_once_with_whose_it_is(client: Client, everybody: None) -> None:
    handsets = {each["number"]: each for each in state(client)["handsets"]}

    assert handsets[people.PHONES["wang"]]["name"] == "BJ01-001"
    assert handsets[people.PHONES["wang's daughter"]]["group"] == "caregivers"
    assert handsets[people.PHONES["alice"]]["group"] == "staff"
    assert [each["group"] for each in handsets.values()].count("unknown") == 1


def test_a_shared_phone_carries_both_names(client: Client, everybody: None) -> None:
    from apps.participants.services import add_contact_point
    from apps.participants.vocabulary import ContactKind

    add_contact_point(participant=people.wang(), kind=ContactKind.CAREGIVER, number=people.PHONES["jones"])

    shared = [each["name"] for each in state(client)["handsets"] if each["number"] == people.PHONES["jones"]]
    assert len(shared) == 1
    assert "BJ01-001" in shared[0]
    assert "BJ01-002" in shared[0]


def test_a_text_is_received_on_the_path_of_a_real_one_and_answered_on_the_handset(
    client: Client, everybody: None
) -> None:
    number = people.PHONES["wang"]

    assert say(client, number, "今天早上吐血了") == 201
    due.work()

    assert InboundMessage.objects.get().gateway == "phone"
    texts = state(client, number)["texts"]
    assert (texts[0]["text"], texts[0]["mine"]) == ("今天早上吐血了", True)
    assert any("120" in each["text"] and not each["mine"] for each in texts)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "no json", '{"number": "+12025550100", "text": "x"}', '{"number": "+61491570006", "text": "  "}'],
)
def test_what_is_no_text_of_a_handset_is_refused_and_leaves_no_row(client: Client, everybody: None, body: str) -> None:
    answer = client.post("/phone/texts/", body, content_type="application/json")

    assert answer.status_code == 400
    assert not InboundMessage.objects.exists()


def test_a_text_without_the_pages_token_is_refused(everybody: None) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert say(strict, people.PHONES["wang"], "1") == 403


@pytest.mark.parametrize("setting", [{"SMS_GATEWAY": ["twilio"]}, {"PRODUCTION": True}], ids=str)
def test_outside_a_demo_it_does_not_exist(
    client: Client, everybody: None, settings: Settings, setting: dict[str, Any]
) -> None:
    for name, value in setting.items():
        setattr(settings, name, value)

    codes = [client.get("/phone/").status_code, client.get("/phone/state/").status_code]

    assert [*codes, say(client, people.PHONES["wang"], "1")] == [404, 404, 404]


def test_the_page_speaks_both_languages(client: Client, everybody: None) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/phone/"})

    assert "手机" in client.get("/phone/").content.decode()
