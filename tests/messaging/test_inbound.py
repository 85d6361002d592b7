"""A text that arrives: stored as it came, once, and answered exactly as the provider expects."""

import threading
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock, work
from apps.core.failpoints import FailpointStruck
from apps.messaging import routes, services
from apps.messaging.gateway import InboundSms
from apps.messaging.models import Alarm, InboundMessage
from apps.messaging.vocabulary import AlarmKind, Disposition
from apps.vault.services import shred
from tests.fakes.twilio_callbacks import sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, inbound_form
from tests.messaging.conftest import ALICE, FORM, ORIGIN, form_encoded, line_of, post_text

pytestmark = pytest.mark.django_db
PATH = "/sms/twilio/inbound/"


@pytest.fixture(autouse=True)
def _enabled(enabled: None) -> None:
    """Every test here is about Twilio's callbacks."""


def only_row() -> InboundMessage:
    return InboundMessage.objects.get()


def test_a_genuine_text_is_stored_due_at_once_and_answered_with_an_empty_response(client: Client) -> None:
    before = clock.now()
    answer = post_text(client, body="My stool is black")
    row = only_row()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert row.body == "My stool is black"
    assert row.line == line_of(ALICE)
    assert row.lane == work.Lane.SAFETY
    assert before <= row.received_at <= clock.now()
    assert row.due_at == row.received_at
    assert row.disposition == Disposition.WAITING


@pytest.mark.parametrize(
    ("label", "words", "stored"),
    [
        ("empty", "", ""),
        ("outer spaces", "  2  ", "  2  "),
        ("emoji", "😀👨‍👩‍👧", "😀👨‍👩‍👧"),
        ("right to left", "مرحبا \u202e abc", "مرحبا \u202e abc"),
        ("Chinese", "大便发黑，头晕", "大便发黑，头晕"),
        ("1600 characters", "a" * 1600, "a" * 1600),
        ("more than the provider allows", "中" * 4000, "中" * 4000),
        ("line breaks", "a\r\nb\n", "a\r\nb\n"),
        ("NUL, which the database's own text refuses", "black\0stool", "black\ufffdstool"),
        (
            "what looks like markup",
            "<Response><Message>x</Message></Response>",
            "<Response><Message>x</Message></Response>",
        ),
    ],
)
def test_any_text_is_stored_as_it_came(client: Client, label: str, words: str, stored: str) -> None:
    assert post_text(client, body=words).status_code == 200
    assert only_row().body == stored


def test_the_posted_bytes_are_kept(client: Client) -> None:
    form = inbound_form(ACCOUNT_SID, sid="SM" + "a" * 32, from_=ALICE, to=NUMBER, body="a\0b+é")
    post_text(client, body="a\0b+é")
    assert only_row().raw.encode("latin-1") == form_encoded(form)


def test_bytes_that_are_not_utf8_are_stored_and_cost_no_text(client: Client) -> None:
    form = inbound_form(ACCOUNT_SID, sid="SM" + "a" * 32, from_=ALICE, to=NUMBER, body="\ufffd\ufffd pain")
    body = form_encoded(form).replace(b"%EF%BF%BD%EF%BF%BD", b"%ff%fe")
    headers = {"X-Twilio-Signature": sign(AUTH_TOKEN, ORIGIN + PATH, form)}
    assert client.post(PATH, body, content_type=FORM, headers=headers).status_code == 200
    assert only_row().body == "\ufffd\ufffd pain"
    assert b"%ff%fe" in only_row().raw.encode("latin-1")


@pytest.mark.parametrize("dropped", ["Body", "NumMedia", "SmsSid", "ApiVersion", "FromCountry", "SmsStatus"])
def test_an_absent_parameter_costs_no_text(client: Client, dropped: str) -> None:
    assert post_text(client, drop=(dropped,)).status_code == 200
    assert only_row().line == line_of(ALICE)


def test_tomorrows_parameters_cost_no_text(client: Client) -> None:
    assert post_text(client, AddOns="{}", ProfileName="x", WaId="61", Tomorrow="").status_code == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "count"), [("", 0), ("0", 0), ("2", 2), ("x", 0), ("-1", 0), ("٣", 0), ("99999999999", 0)]
)
def test_pictures_are_counted_whatever_the_provider_writes(client: Client, said: str, count: int) -> None:
    post_text(client, NumMedia=said)
    assert only_row().media_count == count


@pytest.mark.parametrize(
    ("said", "hint"), [("STOP", "STOP"), ("start", "START"), ("HELP", "HELP"), ("", ""), ("OTHER", "")]
)
def test_the_providers_own_reading_of_stop_is_kept(client: Client, said: str, hint: str) -> None:
    post_text(client, OptOutType=said)
    assert only_row().opt_out_hint == hint


@pytest.mark.parametrize("sender", ["", "12345", "ACME", "+", "whatsapp:", "+0000"])
def test_a_sender_that_is_no_number_costs_no_text(client: Client, sender: str) -> None:
    assert post_text(client, sender=sender).status_code == 200
    assert only_row().line is None
    assert only_row().body == "hello"


def test_the_same_person_over_another_channel_is_the_same_line(client: Client) -> None:
    post_text(client, sender=f"whatsapp:{ALICE}", to=f"whatsapp:{NUMBER}")
    assert only_row().line == line_of(ALICE)


def test_a_repeat_gives_the_same_row_and_the_same_answer(client: Client) -> None:
    answers = [post_text(client) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert InboundMessage.objects.count() == 1
    assert not Alarm.objects.filter(kind=AlarmKind.CHANGED_REPEAT).exists()


def test_the_same_id_with_another_text_is_answered_alike_and_rings_an_alarm(client: Client) -> None:
    post_text(client, body="I bleed")
    assert post_text(client, body="I am well").status_code == 200
    assert only_row().body == "I bleed"
    assert Alarm.objects.get().kind == AlarmKind.CHANGED_REPEAT


def test_a_repeat_does_not_make_a_handled_text_due_again(client: Client) -> None:
    post_text(client)
    row = work.claim(InboundMessage)
    assert row is not None
    with work.finishing(row):
        services.settle(message=row, disposition=Disposition.PERSON)
    post_text(client)
    assert only_row().due_at is None
    assert only_row().disposition == Disposition.PERSON


def test_ten_at_once_are_one_row_and_ten_good_answers(on_disk: None) -> None:
    answers: list[int] = []

    def call() -> None:
        try:
            answers.append(post_text(Client()).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    assert InboundMessage.objects.count() == 1


# --- refused


@pytest.mark.parametrize(
    ("label", "call"),
    [
        ("wrong token", {"token": "other"}),
        ("signed for another origin", {"origin": "https://evil.example.org"}),
        ("foreign receiver", {"to": "+15005550007"}),
        ("foreign account", {"AccountSid": "AC" + "2" * 32}),
        ("no message id", {"MessageSid": ""}),
    ],
)
def test_what_is_not_genuine_is_refused_counted_and_not_stored(
    client: Client, label: str, call: dict[str, str]
) -> None:
    assert post_text(client, **call).status_code == 403  # type: ignore[arg-type]
    assert not InboundMessage.objects.exists()
    assert Alarm.objects.get().kind == AlarmKind.CALLBACK_REFUSED


def test_a_flood_of_forgeries_writes_about_once_a_second(client: Client) -> None:
    for _ in range(20):
        assert post_text(client, token="flood", to="+15005550008").status_code == 403
    assert Alarm.objects.filter(kind=AlarmKind.CALLBACK_REFUSED).count() <= 1


def test_forged_host_and_forwarded_headers_change_nothing(client: Client, settings: Settings) -> None:
    forged = {
        "Host": "evil.example.org",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Port": "1",
    }
    assert post_text(client, headers=forged).status_code == 200
    assert post_text(client, headers=forged, origin="http://evil.example.org").status_code == 403


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_post_is_answered(client: Client, method: str) -> None:
    assert getattr(client, method)(PATH).status_code == 405


def test_without_the_slash_nothing_is_redirected(client: Client) -> None:
    assert client.post(PATH.rstrip("/"), b"a=b", content_type=FORM).status_code == 404


@pytest.mark.parametrize("name", ["vonage", "phone", "aliyun"])
def test_a_gateway_that_is_not_enabled_is_not_there(client: Client, name: str) -> None:
    assert post_text(client, path=f"/sms/{name}/inbound/").status_code == 404


@pytest.mark.parametrize(
    ("label", "body", "content_type"),
    [
        ("nothing", b"", FORM),
        ("JSON", b'{"Body": "x"}', "application/json"),
        ("cut JSON", b'{"Body', "application/json"),
        ("null", b"null", "application/json"),
        ("list", b"[1,2]", "application/json"),
        ("deep nesting", b"[" * 5000, "application/json"),
        ("bad UTF-8", b"\xff\xfe\x00", FORM),
        ("plain text", b"hello", "text/plain"),
        ("no content type", b"Body=x", ""),
        ("another charset", b"Body=x", FORM + "; charset=utf-16"),
        ("broken multipart", b"--x", "multipart/form-data; boundary=x"),
        ("too many names", b"&".join(b"a%d=1" % number for number in range(3000)), FORM),
        ("broken escapes", b"Body=%&%zz=%u0000", FORM),
    ],
)
def test_no_input_is_a_server_error(client: Client, label: str, body: bytes, content_type: str) -> None:
    client.raise_request_exception = False
    answer = client.post(PATH, body, content_type=content_type, headers={"X-Twilio-Signature": "A" * 27 + "="})
    assert answer.status_code in (400, 403)
    assert not InboundMessage.objects.exists()


def test_a_body_over_the_limit_is_refused(client: Client) -> None:
    assert client.post(PATH, b"Body=" + b"a" * 1_100_000, content_type=FORM).status_code == 413


# --- what is not stored is never called stored


def test_without_a_database_the_answer_is_503(client: Client) -> None:
    with mock.patch.object(InboundMessage, "save", side_effect=OperationalError("gone")):
        assert post_text(client).status_code == 503
    assert not InboundMessage.objects.exists()


def test_a_crash_before_the_commit_leaves_nothing_and_no_good_answer(client: Client, settings: Settings) -> None:
    settings.FAILPOINTS = {"inbound_before_commit": "raise"}
    with pytest.raises(FailpointStruck):
        post_text(client)
    assert not InboundMessage.objects.exists()


def test_a_crash_after_the_commit_leaves_a_row_that_the_repeat_finds(client: Client, settings: Settings) -> None:
    settings.FAILPOINTS = {"inbound_after_commit": "raise"}
    with pytest.raises(FailpointStruck):
        post_text(client)
    settings.FAILPOINTS = {}
    assert post_text(client).status_code == 200
    assert InboundMessage.objects.count() == 1


def test_the_web_never_touches_the_broker(client: Client) -> None:
    with mock.patch("celery.app.base.Celery.connection_for_write", side_effect=AssertionError("the broker was asked")):
        assert post_text(client).status_code == 200


def test_a_line_whose_key_was_shredded_may_text_again(client: Client) -> None:
    line = line_of(ALICE)
    shred(keys=[line.data_key])
    assert post_text(client, body="hello again").status_code == 200
    assert only_row().body == "hello again"


def test_an_item_that_cannot_be_read_is_a_row_and_an_alarm(client: Client) -> None:
    unreadable = InboundSms(dedupe_key="k", raw=b"\x00\xff", readable=False)
    gateway = routes.gateway("twilio")
    with mock.patch.object(
        gateway, "parse_inbound", return_value=[unreadable, InboundSms(dedupe_key="l", raw=b"", text="x")]
    ):
        assert post_text(client).status_code == 200
    rows = {row.dedupe_key: row for row in InboundMessage.objects.all()}
    assert rows["k"].disposition == Disposition.UNPARSED
    assert rows["k"].due_at is not None
    assert rows["k"].raw.encode("latin-1") == b"\x00\xff"
    assert rows["l"].body == "x"
    assert Alarm.objects.get().kind == AlarmKind.UNPARSED
