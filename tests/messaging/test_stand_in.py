"""The stand-in as other processes use it: a program with a log file, steered over HTTP."""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from tests.messaging.conftest import ALICE

pytestmark = pytest.mark.processes
_TO_NOBODY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TEXT = {"To": ALICE, "From": NUMBER, "Body": "hello"}


@pytest.fixture
def program(tmp_path: Path) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "tests.fakes.twilio_server",
        "--port",
        "0",
        "--log",
        str(tmp_path / "accepted.jsonl"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def called(url: str, body: bytes, token: str = AUTH_TOKEN) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{token}".encode()).decode())
    try:
        with _TO_NOBODY.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_accepts_refuses_and_logs_what_a_phone_would_have_received(program: str, tmp_path: Path) -> None:
    messages = f"{program}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    status, accepted = called(messages, urlencode(TEXT).encode())
    assert (status, accepted["status"]) == (201, "queued")
    assert called(messages, urlencode(TEXT).encode(), token="wrong")[0] == 401
    assert called(messages, urlencode(TEXT | {"To": "banana"}).encode())[1]["code"] == 21211
    assert (
        called(f"{program}/__control__/faults", b'{"faults": [{"trouble": "server_error", "status": 503}]}')[0] == 200
    )
    assert called(messages, urlencode(TEXT).encode())[0] == 503
    logged = [json.loads(entry) for entry in (tmp_path / "accepted.jsonl").read_text().splitlines()]
    assert [(entry["sid"], entry["to"], entry["body"]) for entry in logged] == [(accepted["sid"], ALICE, "hello")]


def test_it_posts_a_text_to_a_webhook_and_says_how_that_was_answered(program: str) -> None:
    wish = {"url": "http://127.0.0.1:9/sms/twilio/inbound/", "from_": ALICE, "body": "hello"}
    status, answer = called(f"{program}/__control__/text", json.dumps(wish).encode())
    assert (status, answer["answers"]) == (200, [0])  # nobody listens there
    lost = wish | {"lose": True}
    assert called(f"{program}/__control__/text", json.dumps(lost).encode())[1]["answers"] == []
