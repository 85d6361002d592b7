"""The signature: every row of what the library's validator was measured to do, and what we do instead."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pytest
from pytest_django.fixtures import Settings
from twilio.request_validator import RequestValidator

from apps.messaging import routes
from apps.messaging.gateway import Kind, RawCallback, Verdict
from tests.fakes.twilio_callbacks import sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from tests.messaging.conftest import ALICE, FORM, ORIGIN, twilio_settings

URL = ORIGIN + "/sms/twilio/inbound/"
SID = "SM" + "a" * 32
GOOD = {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "From": ALICE, "To": NUMBER, "Body": " hello "}


def judged(
    form: Mapping[str, Sequence[str]] | None = None,
    *,
    url: str = URL,
    signature: str | None = None,
    content_type: str = FORM,
    kind: Kind = Kind.INBOUND,
    gateway: str = "twilio",
) -> Verdict:
    form = {name: [value] for name, value in GOOD.items()} if form is None else form
    flat = {name: values[0] for name, values in form.items()}
    given = sign(AUTH_TOKEN, URL, flat) if signature is None else signature
    callback = RawCallback(
        kind=kind,
        url=url,
        content_type=content_type,
        headers={"x-twilio-signature": given},
        body=urlencode(flat).encode(),
        form=form,
    )
    return routes.gateway(gateway).verify(callback)


def test_a_genuine_callback_is_accepted(enabled: None) -> None:
    assert judged() == Verdict(ok=True)


@pytest.mark.parametrize(
    ("label", "signature", "reason"),
    [
        ("empty", "", "no_signature"),
        ("too short", "abc=", "no_signature"),
        ("not ASCII", "é" * 28, "no_signature"),
        ("28 other characters", "A" * 27 + "=", "signature"),
        ("two signatures joined", "A" * 56, "no_signature"),
    ],
)
def test_a_missing_or_wrong_signature_is_refused(enabled: None, label: str, signature: str, reason: str) -> None:
    assert judged(signature=signature) == Verdict(ok=False, reason=reason)


def test_an_absent_header_is_refused_and_raises_nothing(enabled: None) -> None:
    callback = RawCallback(Kind.INBOUND, URL, FORM, {}, b"", {name: [value] for name, value in GOOD.items()})
    assert routes.gateway("twilio").verify(callback).reason == "no_signature"


@pytest.mark.parametrize(
    ("label", "url"),
    [
        ("trailing slash dropped", URL.rstrip("/")),
        ("http for https", URL.replace("https", "http")),
        ("fragment left in", URL + "#rc=3"),
        ("host in other case", URL.replace("example", "EXAMPLE")),
        ("escapes in other case", URL + "?a=%2F"),
        ("a port that is no number", URL.replace("example.org", "example.org:https")),
        ("user and password", URL.replace("https://", "https://user:pw@")),
        ("other path", URL.replace("inbound", "status")),
    ],
)
def test_another_url_than_the_signed_one_is_refused(enabled: None, label: str, url: str) -> None:
    assert judged(url=url) == Verdict(ok=False, reason="signature")


def test_another_port_than_the_signed_one_is_refused(enabled: None) -> None:
    other = URL.replace("example.org", "example.org:8443")
    assert judged(signature=sign(AUTH_TOKEN, other, GOOD)).reason == "signature"


def test_the_default_port_may_be_written_or_not(enabled: None) -> None:
    assert judged(url=URL.replace("example.org", "example.org:443")).ok


def test_a_json_request_with_a_forged_body_is_refused(enabled: None) -> None:
    url = URL + "?bodySHA256=" + "0" * 64
    forged = json.dumps({"Body": "all is well"}).encode()
    callback = RawCallback(
        Kind.INBOUND, url, "application/json", {"x-twilio-signature": sign(AUTH_TOKEN, url, {})}, forged, {}
    )
    assert routes.gateway("twilio").verify(callback).reason == "content_type"


def test_a_url_that_carries_a_body_hash_is_refused_even_for_a_form(enabled: None) -> None:
    url = URL + "?bodySHA256=" + "0" * 64
    assert judged(url=url, signature=sign(AUTH_TOKEN, url, GOOD)).reason == "body_hash"


def test_repeated_names_are_refused_since_the_second_value_would_be_read(enabled: None) -> None:
    # Signed as Body=1Body2, sent as Body=1&Body=2: the library says yes.
    signature = sign(AUTH_TOKEN, URL, {**GOOD, "Body": "1Body2"})
    form = {name: [value] for name, value in GOOD.items()} | {"Body": ["1", "2"]}
    assert judged(form, signature=signature) == Verdict(ok=False, reason="repeated_name")


def test_a_string_cut_elsewhere_does_not_pass_for_our_account_and_number(enabled: None) -> None:
    # AccountSid and To swallowed by the names before them: the same signed string, other fields.
    form = {"AccountSid": [ACCOUNT_SID], "Body": ["noFrom" + ALICE + "MessageSid" + SID + "To" + NUMBER]}
    joined = {name: values[0] for name, values in form.items()}
    assert judged(form, signature=sign(AUTH_TOKEN, URL, joined)).reason == "message_sid"


def test_a_changed_or_dropped_value_is_refused(enabled: None) -> None:
    signature = sign(AUTH_TOKEN, URL, {**GOOD, "FromCity": ""})
    stripped = {name: [value.strip()] for name, value in GOOD.items()} | {"FromCity": [""]}
    dropped = {name: [value] for name, value in GOOD.items()}
    assert judged(stripped, signature=signature).reason == "signature"
    assert not judged({**dropped, "From": ["+61491570007"]}, signature=signature).ok


def test_an_empty_value_is_signed_as_it_is(enabled: None) -> None:
    form = {name: [value] for name, value in GOOD.items()} | {"FromCity": [""]}
    assert judged(form).ok


def test_unknown_parameters_are_signed_and_accepted(enabled: None) -> None:
    form = {name: [value] for name, value in GOOD.items()} | {"TomorrowsParameter": ["x"]}
    assert judged(form).ok


def test_a_sha256_signature_is_refused_whatever_header_names_it(enabled: None) -> None:
    signature = RequestValidator(AUTH_TOKEN).compute_signature(URL, GOOD, "HMAC_SHA256")
    assert not judged(signature=signature).ok


@pytest.mark.parametrize(
    "sid", ["", "SM123", "XX" + "a" * 32, "SM" + "g" * 32, "SM" + "a" * 33, "SM" + "a" * 32 + "\n"]
)
def test_a_message_id_of_another_shape_is_refused(enabled: None, sid: str) -> None:
    form = {name: [value] for name, value in GOOD.items()} | {"MessageSid": [sid]}
    assert judged(form).reason == "message_sid"


@pytest.mark.parametrize("account", ["", "AC" + "2" * 32, ACCOUNT_SID.lower()])
def test_another_account_is_refused_although_it_is_signed(enabled: None, account: str) -> None:
    form = {name: [value] for name, value in GOOD.items()} | {"AccountSid": [account]}
    assert judged(form).reason == "account_sid"
    assert judged(form, kind=Kind.STATUS).reason == "account_sid"


@pytest.mark.parametrize(
    ("label", "number", "service", "form", "is_ours"),
    [
        ("our number", NUMBER, "", {}, True),
        ("a foreign number", "+15005550007", "", {}, False),
        ("our number over another channel", NUMBER, "", {"To": f"whatsapp:{NUMBER}"}, True),
        ("our service", "", "MG" + "1" * 32, {"MessagingServiceSid": "MG" + "1" * 32}, True),
        ("a foreign service", "", "MG" + "1" * 32, {"MessagingServiceSid": "MG" + "2" * 32}, False),
        ("a number of a service that it does not name", "", "MG" + "1" * 32, {}, True),
        ("neither number nor service is configured", "", "", {"To": "+15005550007"}, True),
        (
            "number and service: the service took it",
            "+15005550007",
            "MG" + "1" * 32,
            {"MessagingServiceSid": "MG" + "1" * 32},
            True,
        ),
    ],
)
def test_a_text_must_be_for_us(
    settings: Settings, label: str, number: str, service: str, form: dict[str, str], is_ours: bool
) -> None:
    twilio_settings(settings, FROM_NUMBER=number, MESSAGING_SERVICE_SID=service)
    verdict = judged({name: [value] for name, value in (GOOD | form).items()})
    assert verdict.ok is is_ours, verdict.reason


def test_both_tokens_are_accepted_during_a_rotation_and_no_third(settings: Settings) -> None:
    twilio_settings(settings, AUTH_TOKEN="old", AUTH_TOKEN_NEXT="new")
    signed = {token: judged(signature=sign(token, URL, GOOD)).ok for token in ("old", "new", "older", "")}
    assert signed == {"old": True, "new": True, "older": False, "": False}


def test_the_phone_simulator_signs_with_a_secret_of_its_own(settings: Settings) -> None:
    settings.SMS_GATEWAY = ["phone"]
    assert not judged(gateway="phone").ok
