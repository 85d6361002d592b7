"""Twilio's `send`: one request at most, ended in time, and the right outcome for whatever comes back. No database."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from apps.messaging import routes
from apps.messaging.gateway import OutboundSms, Outcome, SendResult, SmsGateway
from apps.messaging.gateways.twilio import CAPABILITIES, ERRORS, RebasedTwilioHttpClient
from apps.messaging.vocabulary import ALARMING, ErrorClass
from tests.fakes import twilio_description
from tests.fakes.twilio_faults import Trouble
from tests.fakes.twilio_server import ACCOUNT_SID, NUMBER, TwilioServer
from tests.messaging.conftest import ALICE, ORIGIN, twilio_settings


def an_sms(**changes: Any) -> OutboundSms:
    values: dict[str, Any] = {
        "attempt_id": uuid4(),
        "recipient": ALICE,
        "text": "How are you today?",
        "wording": "checkin_d",
        "language": "en",
        "valid_for": 900,
    }
    return OutboundSms(**values | changes)


def send(**changes: Any) -> SendResult:
    return routes.gateway("twilio").send(an_sms(**changes))


def test_an_accepted_text_gives_the_providers_id(twilio: TwilioServer) -> None:
    result = send()
    assert result.outcome is Outcome.ACCEPTED
    assert result.provider_id == twilio.sent_to(ALICE)[0]["sid"]


def test_the_request_carries_our_attempt_in_the_callback_a_validity_and_the_sender(twilio: TwilioServer) -> None:
    seen: dict[str, str] = {}
    taken = twilio.exchange.take

    def take(form: Any) -> dict[str, Any]:
        seen.update(form)
        return taken(form)

    twilio.exchange.take = take  # type: ignore[method-assign]
    sms = an_sms(valid_for=900)
    routes.gateway("twilio").send(sms)
    assert seen == {
        "To": ALICE,
        "From": NUMBER,
        "Body": sms.text,
        "ValidityPeriod": "900",
        "StatusCallback": f"{ORIGIN}/sms/twilio/status/{sms.attempt_id}/",
    }


@pytest.mark.parametrize(("asked", "sent"), [(-5, "1"), (0, "1"), (1, "1"), (36_000, "36000"), (90_000, "36000")])
def test_the_validity_stays_inside_what_the_provider_takes(twilio: TwilioServer, asked: int, sent: str) -> None:
    validity: list[str] = []
    taken = twilio.exchange.take

    def take(form: Any) -> dict[str, Any]:
        validity.append(form["ValidityPeriod"])
        return taken(form)

    twilio.exchange.take = take  # type: ignore[method-assign]
    send(valid_for=asked)
    assert validity == [sent]


@pytest.mark.parametrize(
    ("trouble", "details", "outcome", "code", "accepted"),
    [
        (Trouble.RESET_BEFORE, {}, Outcome.UNKNOWN, "no_answer", 0),
        (Trouble.RESET_AFTER, {}, Outcome.UNKNOWN, "no_answer", 1),
        (Trouble.HANG_BEFORE, {"seconds": 1.2}, Outcome.UNKNOWN, "read_timeout", 0),
        (Trouble.HANG_AFTER, {"seconds": 1.2}, Outcome.UNKNOWN, "read_timeout", 1),
        (Trouble.SERVER_ERROR, {"status": 500}, Outcome.UNKNOWN, "20500", 0),
        (Trouble.SERVER_ERROR, {"status": 503, "code": 20503}, Outcome.UNKNOWN, "20503", 0),
        (Trouble.SERVER_ERROR_AFTER, {"status": 502}, Outcome.UNKNOWN, "20500", 1),
        (Trouble.CUT_JSON, {}, Outcome.UNKNOWN, "bad_answer", 1),
        (Trouble.HTML_200, {}, Outcome.UNKNOWN, "bad_answer", 1),
        (Trouble.NULL_200, {}, Outcome.UNKNOWN, "bad_answer", 1),
        (Trouble.NO_SID, {}, Outcome.UNKNOWN, "no_sid", 1),
        (Trouble.RATE_LIMITED, {}, Outcome.RETRY, "20429", 0),
        (Trouble.RATE_LIMITED_HTML, {}, Outcome.RETRY, "429", 0),
        (Trouble.REFUSED, {"status": 400, "code": 21611}, Outcome.RETRY, "21611", 0),
        (Trouble.REFUSED, {"status": 401, "code": 20003}, Outcome.REJECTED, "20003", 0),
        (Trouble.REFUSED, {"status": 400, "code": 21610}, Outcome.REJECTED, "21610", 0),
        (Trouble.REFUSED, {"status": 403, "code": 20003}, Outcome.REJECTED, "20003", 0),
        (Trouble.REFUSED, {"status": 400, "code": 99999}, Outcome.REJECTED, "99999", 0),
        (Trouble.REFUSED, {"status": 408, "code": 408}, Outcome.UNKNOWN, "408", 0),
        (Trouble.REFUSED, {"status": 307, "code": 307}, Outcome.UNKNOWN, "307", 0),
    ],
)
def test_each_trouble_has_its_outcome_and_one_request(
    impatient: None,
    twilio: TwilioServer,
    trouble: Trouble,
    details: dict[str, Any],
    outcome: Outcome,
    code: str,
    accepted: int,
) -> None:
    twilio.fault(trouble, **details)
    started = time.monotonic()
    result = send()
    assert (result.outcome, result.code) == (outcome, code)
    assert time.monotonic() - started < 3
    assert twilio.posts() == 1
    assert len(twilio.sent_to(ALICE)) == accepted


def test_retry_after_is_handed_on(twilio: TwilioServer) -> None:
    twilio.fault(Trouble.RATE_LIMITED, retry_after=17)
    assert send().retry_after == 17
    twilio.fault(Trouble.REFUSED, status=400, code=21611)
    assert send().retry_after is None


def test_a_refused_connection_was_certainly_not_sent(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    twilio_settings(settings, API_BASE_URL=f"http://127.0.0.1:{port}")
    assert send() == SendResult(Outcome.RETRY, code="not_connected")


def test_an_unknown_host_was_certainly_not_sent(settings: Settings) -> None:
    twilio_settings(settings, API_BASE_URL="https://nowhere.invalid")
    assert send() == SendResult(Outcome.RETRY, code="not_connected")


@contextmanager
def _full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel answers nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        yield server.getsockname()[1]
        for client in waiting:
            client.close()


def test_a_connection_that_is_never_made_was_certainly_not_sent(impatient: None, settings: Settings) -> None:
    with _full_backlog() as port:
        twilio_settings(settings, API_BASE_URL=f"http://127.0.0.1:{port}")
        assert send() == SendResult(Outcome.RETRY, code="not_connected")


def test_an_idle_connection_that_the_provider_closed_is_no_exception(twilio: TwilioServer) -> None:
    send()
    twilio.fault(Trouble.RESET_BEFORE)
    assert send().outcome is Outcome.UNKNOWN
    assert send().outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("label", "changes", "settings_changes", "code"),
    [
        ("a word for a number", {"recipient": "banana"}, {}, "bad_recipient"),
        ("a national number", {"recipient": "0491570006"}, {}, "bad_recipient"),
        ("no text", {"text": "   "}, {}, "no_text"),
        ("1601 characters", {"text": "a" * 1601}, {}, "too_long"),
        ("no sender", {}, {"FROM_NUMBER": ""}, "no_sender"),
    ],
)
def test_what_the_provider_would_let_through_is_refused_before_any_request(
    settings: Settings,
    twilio: TwilioServer,
    label: str,
    changes: dict[str, str],
    settings_changes: dict[str, str],
    code: str,
) -> None:
    twilio_settings(settings, API_BASE_URL=twilio.base_url, **settings_changes)
    assert send(**changes) == SendResult(Outcome.REJECTED, code=code)
    assert twilio.posts() == 0


def test_an_api_key_signs_in_where_one_is_set(settings: Settings, twilio: TwilioServer) -> None:
    twilio_settings(settings, API_BASE_URL=twilio.base_url, API_KEY="SK1", API_SECRET="s")
    assert send().code == "20003"
    twilio.exchange.logins = {("SK1", "s")}
    assert send().outcome is Outcome.ACCEPTED


def test_a_service_sends_where_one_is_set(settings: Settings, twilio: TwilioServer) -> None:
    twilio_settings(settings, API_BASE_URL=twilio.base_url, MESSAGING_SERVICE_SID="MG" + "1" * 32)
    assert send().outcome is Outcome.ACCEPTED
    row = twilio.sent_to(ALICE)[0]
    assert (row["messaging_service_sid"], row["from"], row["num_segments"]) == ("MG" + "1" * 32, None, "0")


@pytest.mark.skipif(
    not twilio_description.is_here(), reason="Twilio's OpenAPI description does not lie beside the project"
)
@pytest.mark.parametrize("sender", [{}, {"MESSAGING_SERVICE_SID": "MG" + "1" * 32}])
def test_every_request_matches_twilios_own_description(
    settings: Settings, twilio: TwilioServer, sender: dict[str, str]
) -> None:
    twilio_settings(settings, API_BASE_URL=twilio.base_url, **sender)
    twilio.exchange.checks_description = True
    result = send(text="您今天好吗？ 😀")
    gateway = routes.gateway("twilio")
    listing = gateway.listed(since=_long_ago(), counterpart=ALICE)
    report = gateway.fetch(result.provider_id)
    assert twilio.exchange.violations == []
    assert result.outcome is Outcome.ACCEPTED
    assert listing.complete
    assert report is not None


@pytest.mark.skipif(
    not twilio_description.is_here(), reason="Twilio's OpenAPI description does not lie beside the project"
)
@pytest.mark.parametrize(
    "form", [b"Body=x", b"To=%2B61491570006&MessagingServiceSid=bad", b"To=%2B61491570006&ValidityPeriod=soon"]
)
def test_the_description_can_refuse(form: bytes) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic eDp5"}
    assert twilio_description.violation("POST", path, headers=headers, body=form)


def _long_ago() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)


# --- error classes

_CLASSES = {
    ErrorClass.RETRY: "20429 21611",
    ErrorClass.LATER: "30001 30003 30005 30008 30017 30410",
    ErrorClass.CONTACT: "21211 21214 21217 21612 21614 30006",
    ErrorClass.OPT_OUT: "21610",
    ErrorClass.BLOCKED: "30004 30007 30018 30024 30450 30610 30640",
    ErrorClass.CAPACITY: "30022 30023 30027 30032 30034 63038 60728 63017",
    ErrorClass.CONFIG: "20003 20404 21408 30002 21606 21608 21703 21704",
    ErrorClass.BUG: "21602 21603 21604 21609 21617 21620 21624 21655 21656 30045 90007 35111 35114 35115 35117 35118 35125",
    ErrorClass.EXPIRED: "30036",
    ErrorClass.LOOP: "14107",
    ErrorClass.WEBHOOK: "11200 11205 11750 12100 12200 12300 57012",
    ErrorClass.AMBIGUOUS: "20500 20503",
}


@pytest.mark.parametrize(
    ("error_class", "code"), [(name, code) for name, codes in _CLASSES.items() for code in codes.split()]
)
def test_each_code_has_its_class(enabled: None, error_class: ErrorClass, code: str) -> None:
    assert routes.gateway("twilio").classify(code) is error_class


def test_an_unlisted_code_is_final_and_alarms(enabled: None) -> None:
    assert routes.gateway("twilio").classify("12345") is ErrorClass.FINAL
    assert ErrorClass.FINAL in ALARMING
    assert "12345" not in ERRORS


# --- where it may send, and through which origin


@pytest.mark.parametrize(
    ("country", "is_sent"),
    [("AU", True), ("US", True), ("GB", True), ("CA", True), ("CN", False), ("FR", None), ("", None)],
)
def test_a_country_without_a_row_is_never_sent_to(enabled: None, country: str, is_sent: bool | None) -> None:
    row = routes.gateway("twilio").capability(country)
    assert (row is None) is (is_sent is None)
    assert row is None or bool(row.refused) is not is_sent


def test_each_row_of_the_matrix_is_dated_and_has_a_source() -> None:
    assert all(row.as_of and row.source and row.country == country for country, row in CAPABILITIES.items())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://api.example.org",
        "https://127.0.0.1:8443",
        "http://127.0.0.1:9",
        "http://localhost",
        "http://[::1]:9",
    ],
)
def test_https_and_loopback_are_accepted_as_origin(settings: Settings, url: str) -> None:
    twilio_settings(settings, API_BASE_URL=url)
    assert routes.GATEWAYS["twilio"].problems() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "https://user:pw@api.example.org",
        "http://user@127.0.0.1",
        "https://api.example.org/?a=b",
        "https://api.example.org/#x",
        "https://api.example.org/path",
        "https://",
        "https://api.example.org:port",
        "api.example.org",
    ],
)
def test_any_other_origin_is_refused_before_the_first_send(settings: Settings, url: str) -> None:
    twilio_settings(settings, API_BASE_URL=url)
    assert routes.GATEWAYS["twilio"].problems()


def test_the_client_refuses_addresses_that_are_not_the_providers(twilio: TwilioServer) -> None:
    client = RebasedTwilioHttpClient(twilio.base_url)
    with pytest.raises(Exception, match="not an address of the provider"):
        client.request("GET", "https://evil.example.org/2010-04-01/x?twilio.com")
    assert twilio.exchange.requests == []


def test_a_proxy_variable_diverts_no_call_to_loopback(twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    routes.forget()
    assert send().outcome is Outcome.ACCEPTED


def test_a_gateway_is_made_once_a_process_and_not_at_import(
    twilio: TwilioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = routes.gateway("twilio")
    assert routes.gateway("twilio") is first
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert routes.gateway("twilio") is not first


def test_the_library_waits_no_longer_than_the_port_says(twilio: TwilioServer) -> None:
    assert RebasedTwilioHttpClient(twilio.base_url).timeout == SmsGateway.timeout == 10.0
    assert isinstance(SmsGateway.timeout, float)
