"""Twilio's stand-in as the enabled gateway, a clock that stands still, a line, and the worker's loop by hand."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock, phone, work
from apps.core.wording import Text
from apps.messaging import routes, services
from apps.messaging.gateway import SmsGateway
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.services import alarms
from apps.messaging.vocabulary import Purpose
from tests.fakes.twilio_callbacks import sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, CallbackPlan, TwilioServer, inbound_form

ORIGIN = "https://sms.example.org"
ALICE = "+61491570006"
BOB = "+12025550123"


@pytest.fixture(autouse=True)
def _made_afresh() -> Iterator[None]:
    routes.forget()
    alarms._written.clear()
    yield
    routes.forget()


@pytest.fixture
def time() -> Iterator[clock.VirtualClock]:
    """Trial time stands still until a test moves it."""
    with clock.using(clock.VirtualClock(clock.machine())) as virtual:
        yield virtual


def twilio_settings(settings: Settings, **changes: str) -> None:
    """Twilio as the only gateway, with a number of its own."""
    settings.SMS_GATEWAY = ["twilio"]
    settings.PUBLIC_BASE_URL = ORIGIN
    values = dict.fromkeys(settings.TWILIO, "")
    settings.TWILIO = {**values, "ACCOUNT_SID": ACCOUNT_SID, "AUTH_TOKEN": AUTH_TOKEN, "FROM_NUMBER": NUMBER, **changes}
    routes.forget()


@pytest.fixture
def enabled(settings: Settings) -> None:
    """Twilio is enabled, and nobody listens at its address: for tests of callbacks."""
    twilio_settings(settings, API_BASE_URL="http://127.0.0.1:9")


@pytest.fixture
def twilio(settings: Settings, tmp_path: Path) -> Iterator[TwilioServer]:
    """The stand-in, running; callbacks wait until a test flushes them."""
    with TwilioServer(log=tmp_path / "accepted.jsonl", plan=CallbackPlan(automatic=False)) as server:
        twilio_settings(settings, API_BASE_URL=server.base_url)
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider's time-out of half a second instead of ten."""
    monkeypatch.setattr(SmsGateway, "timeout", 0.5)


@pytest.fixture
def line(db: None) -> Line:
    return line_of(ALICE)


def line_of(number: str) -> Line:
    parsed = phone.normalise(number)
    assert parsed is not None
    return services.line_for(number=parsed)


def a_text(words: str = "How are you today?", *, key: str = "checkin_d") -> Text:
    return Text(key=key, version="0.1", lang="en", text=words)


def queued(
    line: Line, purpose: Purpose = Purpose.CHECKIN, *, key: str = "one", words: str = "How are you today?", **more: Any
) -> OutboundMessage:
    return services.queue(key=key, line=line, purpose=purpose, text=a_text(words), **more)


def work_off(*, most: int = 50) -> int:
    """What the worker does, until nothing is due: claim, handle. An exception is the test's."""
    done = 0
    while done < most and (row := work.claim(OutboundMessage)) is not None:
        services.deliver(row)
        done += 1
    return done


def after(time: clock.VirtualClock, seconds: float) -> int:
    """Move the clock on and do what is due then."""
    time.advance(timedelta(seconds=seconds))
    return work_off()


def state_of(message: OutboundMessage) -> str:
    message.refresh_from_db()
    return message.state


Post = Callable[..., Any]


def post_text(
    client: Client,
    *,
    body: str = "hello",
    sender: str = ALICE,
    to: str = NUMBER,
    sid: str = "SM" + "a" * 32,
    token: str = AUTH_TOKEN,
    path: str = "/sms/twilio/inbound/",
    origin: str = ORIGIN,
    drop: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
    **extra: str,
) -> Any:
    """A text as Twilio posts it, signed for the public URL. An `extra` of None leaves a field out."""
    form = inbound_form(ACCOUNT_SID, sid=sid, from_=sender, to=to, body=body) | extra
    form = {name: value for name, value in form.items() if name not in drop}
    signature = sign(token, origin + path, form)
    return client.post(
        path, form_encoded(form), content_type=FORM, headers={"X-Twilio-Signature": signature, **(headers or {})}
    )


FORM = "application/x-www-form-urlencoded"


def form_encoded(form: dict[str, str]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(form).encode()


def post_status(
    client: Client,
    attempt: object,
    status: str,
    *,
    sid: str = "",
    error_code: str = "",
    token: str = AUTH_TOKEN,
    **extra: str,
) -> Any:
    """A delivery report as Twilio posts it, signed over the URL with our attempt's id."""
    path = f"/sms/twilio/status/{attempt}/"
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": ALICE,
        "From": NUMBER,
        "AccountSid": ACCOUNT_SID,
    } | extra
    if error_code:
        form["ErrorCode"] = error_code
    signature = sign(token, ORIGIN + path, form)
    return client.post(path, form_encoded(form), content_type=FORM, headers={"X-Twilio-Signature": signature})


@pytest.fixture
def on_disk(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """The test database as a file. SQLite's shared memory refuses a second writer at once; a file makes it wait, as in service."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    with contextlib.closing(sqlite3.connect(tmp_path / "test.sqlite3")) as file:
        memory.backup(file)
    connection.connection = None
    connection.settings_dict["NAME"] = str(tmp_path / "test.sqlite3")
    yield
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.connection = memory
