"""Whatever bytes come to the webhook: a text that is genuine is stored and answered 200, everything else is refused; never a 500."""

from urllib.parse import quote_plus, urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.messaging.models import InboundMessage
from tests.fakes.twilio_callbacks import new_sid, sign
from tests.fakes.twilio_server import ACCOUNT_SID, AUTH_TOKEN, NUMBER, inbound_form
from tests.messaging.conftest import ALICE, FORM, ORIGIN

pytestmark = pytest.mark.django_db
PATH = "/sms/twilio/inbound/"
SOME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_BIDI = st.sampled_from(
    ["\u202e", "\u200f", "\u2067", "مرحبا", "שלום", "\u0000", "\ufeff", "\u200d", "👨‍👩‍👧", "吐血", "\x1b[2J"]
)
WORDS = st.one_of(st.text(), st.lists(st.one_of(_BIDI, st.text(max_size=4))).map("".join))
NAMES = st.one_of(st.sampled_from(["Body", "From", "To", "MessageSid", "AccountSid", "NumMedia"]), st.text(max_size=8))


@pytest.fixture(autouse=True)
def _enabled(enabled: None) -> None:
    """Every test here is about Twilio's callbacks."""


def posted(body: bytes, *, signature: str = "", content_type: str = FORM) -> int:
    client = Client(raise_request_exception=False)
    answer = client.post(PATH, body, content_type=content_type, headers={"X-Twilio-Signature": signature})
    return int(answer.status_code)


def signed(form: dict[str, str]) -> str:
    return sign(AUTH_TOKEN, ORIGIN + PATH, form)


def form_of(body: str, *, sid: str, sender: str = ALICE) -> dict[str, str]:
    return inbound_form(ACCOUNT_SID, sid=sid, from_=sender, to=NUMBER, body=body)


@SOME
@given(words=WORDS)
def test_any_genuine_text_is_stored_once_as_it_came(words: str) -> None:
    form = form_of(words, sid=new_sid())
    assert [posted(urlencode(form).encode(), signature=signed(form)) for _ in range(2)] == [200, 200]
    assert InboundMessage.objects.get(dedupe_key=form["MessageSid"]).body == words.replace("\0", "\ufffd")


@SOME
@given(sender=WORDS, media=WORDS, hint=WORDS)
def test_strange_values_beside_the_text_cost_no_text(sender: str, media: str, hint: str) -> None:
    form = form_of("I bleed", sid=new_sid(), sender=sender) | {"NumMedia": media, "OptOutType": hint}
    assert posted(urlencode(form).encode(), signature=signed(form)) == 200
    assert InboundMessage.objects.get(dedupe_key=form["MessageSid"]).body == "I bleed"


@SOME
@given(raw=st.binary(max_size=300))
def test_broken_encodings_of_a_genuine_text_are_stored_with_their_bytes(raw: bytes) -> None:
    """The provider signs what it means; what arrives may be cut inside a character. Signed here over what Django reads."""
    plain = urlencode(form_of("", sid=new_sid()) | {"Body": ""}).replace("Body=&", "").encode()
    body = plain + b"&Body=" + quote_plus(raw).encode()
    form = {name: values[-1] for name, values in QueryDict(body).lists()}
    assert posted(body, signature=signed(form)) == 200
    row = InboundMessage.objects.get(dedupe_key=form["MessageSid"])
    assert row.raw.encode("latin-1") == body
    assert "\0" not in row.body


@SOME
@given(body=st.binary(max_size=2000), signature=st.one_of(st.just("A" * 27 + "="), st.text(max_size=40).map(ascii)))
def test_bytes_that_nobody_signed_are_refused_and_never_a_server_error(body: bytes, signature: str) -> None:
    assert posted(body, signature=signature) in (400, 403)
    assert not InboundMessage.objects.exists()


@SOME
@given(
    body=st.binary(max_size=500),
    kind=st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", "x", ""]),
)
def test_other_kinds_of_content_are_refused(body: bytes, kind: str) -> None:
    assert posted(body, signature="A" * 27 + "=", content_type=kind) in (400, 403)
    assert not InboundMessage.objects.exists()


@SOME
@given(extra=st.lists(st.tuples(NAMES, WORDS), min_size=1, max_size=6))
def test_repeated_names_are_refused_whatever_is_signed(extra: list[tuple[str, str]]) -> None:
    """The second value would be read where the signature covers both: never stored, never a second row."""
    form = form_of("I bleed", sid=new_sid())
    body = urlencode([*form.items(), *extra]).encode()
    names = [*form, *(name for name, _ in extra)]
    repeated = len(names) != len(set(names))
    status = posted(body, signature=signed({**dict(extra), **form}))
    assert status in ((403,) if repeated else (200, 403))
    assert InboundMessage.objects.filter(dedupe_key=form["MessageSid"]).count() == (status == 200)


@pytest.mark.parametrize(
    "words", ["中" * 20_000, "a" * 20_000, "\u202e" * 20_000, "👨‍👩‍👧" * 2_000], ids=["zh", "ascii", "rtl", "emoji"]
)
def test_twenty_thousand_characters_are_stored_whole(words: str) -> None:
    form = form_of(words, sid=new_sid())
    assert posted(urlencode(form).encode(), signature=signed(form)) == 200
    assert InboundMessage.objects.get().body == words
