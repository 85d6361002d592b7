"""What stands in front of the first text: the folder, the settings, the logs, and which gateways there are."""

import logging
from uuid import uuid4

import pytest
from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import phone
from apps.core.clock import VirtualClock
from apps.messaging import routes
from apps.messaging.gateway import Kind, OutboundSms, RawCallback, SmsGateway
from apps.messaging.models import Line
from apps.messaging.services.alarms import callback_refused
from apps.messaging.vocabulary import Purpose
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, TwilioServer
from tests.messaging.conftest import ALICE, after, post_text, queued, twilio_settings, work_off


def errors() -> list[str]:
    return [
        found.msg for found in run_checks() if isinstance(found, Error) and (found.id or "").startswith("messaging.")
    ]


def test_the_folder_offers_exactly_these_gateways() -> None:
    assert routes.GATEWAYS.names == ["phone", "twilio"]


def test_good_settings_have_no_problem(enabled: None) -> None:
    assert errors() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
        ({"ACCOUNT_SID": "AC123"}, "TWILIO_ACCOUNT_SID"),
        ({"AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
        ({"MESSAGING_SERVICE_SID": "MG1"}, "TWILIO_MESSAGING_SERVICE_SID"),
        ({"API_KEY": "SK1"}, "TWILIO_API_SECRET"),
        ({"FROM_NUMBER": "+1 500 555 0006"}, "TWILIO_FROM_NUMBER"),
        ({"FROM_NUMBER": "15005550006"}, "TWILIO_FROM_NUMBER"),
        ({"API_BASE_URL": "http://api.example.org"}, "TWILIO_API_BASE_URL"),
        ({"API_BASE_URL": "https://me:hunter2@api.example.org"}, "TWILIO_API_BASE_URL"),
    ],
)
def test_a_wrong_setting_stops_the_program_and_is_named_without_its_value(
    settings: Settings, changes: dict[str, str], said: str
) -> None:
    twilio_settings(settings, **changes)
    assert len(errors()) == 1
    assert said in errors()[0]
    assert "hunter2" not in errors()[0]
    with pytest.raises(ImproperlyConfigured):
        routes.gateway("twilio")


def test_a_host_with_an_underscore_is_refused(settings: Settings) -> None:
    twilio_settings(settings)
    settings.PUBLIC_BASE_URL = "https://my_host.example.org"
    assert "21609" in errors()[0]


def test_an_unknown_gateway_stops_the_program(settings: Settings) -> None:
    settings.SMS_GATEWAY = ["vonage"]
    assert errors() == ["SMS_GATEWAY names 'vonage', which is none of phone, twilio"]


def test_a_call_that_could_outlive_its_lease_stops_the_program(enabled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmsGateway, "timeout", 15.0)
    assert len(errors()) == len(routes.GATEWAYS.names)


def test_a_wrong_setting_that_was_not_checked_never_gives_a_good_answer(client: Client, settings: Settings) -> None:
    twilio_settings(settings, AUTH_TOKEN="")
    assert post_text(client).status_code == 503


@pytest.mark.django_db
def test_at_debug_level_no_log_line_has_a_number_a_text_or_a_secret(
    client: Client, twilio: TwilioServer, line: Line, time: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    twilio.fault(Trouble.RESET_AFTER)
    twilio.fault(Trouble.REFUSED, status=400, code=21211)
    words = "confidential words"
    queued(line, key="unknown", words=words)
    queued(line, key="refused", words=words)
    work_off()
    after(time, 61)
    queued(line, Purpose.PAGE, key="page", words=words)
    work_off()
    post_text(client, body=words)
    post_text(client, body=words, token="forged")
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for secret in (ALICE, ALICE[1:], "491570006", words, AUTH_TOKEN, ACCOUNT_SID):
        assert secret not in said


def test_nothing_that_carries_a_number_shows_it(enabled: None) -> None:
    number = phone.normalise(ALICE)
    gateway = routes.gateway("twilio")
    sms = OutboundSms(uuid4(), recipient=ALICE, text=ALICE, wording="checkin_d", language="en", valid_for=900)
    callback = RawCallback(
        Kind.INBOUND, "https://sms.example.org/", "", {"x": ALICE}, ALICE.encode(), {"From": [ALICE]}
    )
    shown = repr([number, sms, callback, gateway.parse_inbound(callback)])
    assert ALICE not in shown


@pytest.mark.django_db
def test_counting_a_refusal_survives_a_dead_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("apps.messaging.services.alarms.sound", gone)
    callback_refused(gateway="twilio", reason="signature")
