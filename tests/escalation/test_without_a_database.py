"""What is told or asked while the database is away is told again: the answer is 503, whoever calls, and nothing of it is lost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connections
from django.test import Client

from apps.conversations import views_ack
from apps.escalation.endpoints import set_voice_pin
from apps.escalation.feed import feed_address
from apps.escalation.links import receipt_for
from apps.escalation.models import Page
from apps.escalation.vocabulary import EscalationState
from apps.staff.models import User
from apps.staff.services import set_phone
from tests.escalation.calls import ORIGIN
from tests.escalation.carriers import MAINLAND, TOKEN, rung
from tests.escalation.stage import Stage
from tests.escalation.test_link import mailed
from tests.fakes.paging_server import PagingServer
from tests.fakes.twilio_callbacks import new_sid, sign
from tests.fakes.twilio_exchange import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.django_db
PAGE = "00000000-0000-4000-8000-000000000000"


@contextmanager
def no_database() -> Iterator[None]:
    """Every statement fails, as when the server is gone."""

    def gone(*_given: object) -> None:
        raise OperationalError("gone")

    with connections["default"].execute_wrapper(gone):
        yield


@pytest.mark.parametrize(
    "path", [f"/voice/page/{PAGE}/", f"/voice/page/{PAGE}/keys/?try=1", f"/voice/page/{PAGE}/status/", "/voice/call/"]
)
def test_a_call_that_twilio_asks_about_is_asked_about_again(
    stage: Stage, server: PagingServer, client: Client, path: str
) -> None:
    form = {"AccountSid": ACCOUNT_SID, "CallSid": new_sid("CA"), "CallStatus": "no-answer", "From": MAINLAND}
    signature = sign(AUTH_TOKEN, ORIGIN + path, form)
    with no_database():
        answer = client.post(
            path,
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_report_by_alibaba_cloud_is_sent_again_and_its_keys_then_take_the_page(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    set_phone(user=alice, number=MAINLAND)
    set_voice_pin(person=alice, pin="4826")
    running, _ = rung(stage, alice, "aliyun_voice")
    [call] = server.carriers.by("aliyun")
    report = {
        "call_id": call["CallId"],
        "out_id": call["OutId"],
        "status_code": "200003",
        "duration": "9",
        "dtmf": "4826",
    }

    def posted() -> int:
        body = json.dumps([report])
        return int(client.post(f"/voice/aliyun/{TOKEN}/", body, content_type="application/json").status_code)

    with no_database():
        assert posted() == 503
    assert posted() == 200
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)


def test_a_pagers_receipt_is_sent_again(stage: Stage, client: Client) -> None:
    stage.start()
    path = receipt_for(Page.objects.all()[0]).removeprefix(ORIGIN)
    with no_database():
        assert client.post(path[path.index("/page/") :]).status_code == 503


def test_a_calendar_asks_again(stage: Stage, alice: User, client: Client) -> None:
    address = feed_address(alice)
    with no_database():
        assert client.get(address[address.index("/rota/") :]).status_code == 503


# --- the link in an e-mail


def tells_what_to_do(answer: Any) -> bool:
    """503, nothing that a shared cache keeps or another page learns, and in both languages what stands and what to do."""
    said = answer.content.decode()
    texts = (
        "Nothing was recorded", "没有记录任何内容", "the paging goes on", "呼叫仍在继续",
        "Answer the text message with its code", "请用短信中的代码回复该短信", "Phone your colleague on call", "请致电一同值班的同事",
    )  # fmt: skip
    assert [text for text in texts if text not in said] == []
    assert (answer.status_code, answer["Retry-After"], answer["Referrer-Policy"]) == (503, "60", "no-referrer")
    assert "no-store" in answer["Cache-Control"]
    return True


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_who_opens_the_link_of_a_page_is_told_that_nothing_was_recorded_and_what_to_do(
    stage: Stage, alice: User, client: Client, method: str, is_signed_in: bool
) -> None:
    running, address = mailed(stage, alice)
    if is_signed_in:
        client.force_login(alice)
    with no_database():
        assert tells_what_to_do(client.generic(method, address))

    assert client.generic(method, address).status_code == 200
    running.refresh_from_db()
    assert (running.acknowledged_by == alice) == (method == "POST")


def test_a_link_whose_answer_can_no_longer_be_read_has_taken_nothing(
    stage: Stage, alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_given: object) -> str:
        raise OperationalError("gone")

    running, address = mailed(stage, alice)
    with monkeypatch.context() as patch:
        patch.setattr(views_ack, "local_time", gone)
        assert tells_what_to_do(client.post(address))

    running.refresh_from_db()
    assert (running.state, running.acknowledgements.exists()) == (EscalationState.OPEN, False)
    assert "It is yours" in client.post(address).content.decode()


def test_a_page_of_the_workplace_says_the_same_to_who_is_signed_in(alice: User, client: Client) -> None:
    client.force_login(alice)
    with no_database():
        assert tells_what_to_do(client.get("/admin/"))


def test_without_a_sign_in_nobody_is_looked_up(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/ack/nonsense/").status_code == 410
