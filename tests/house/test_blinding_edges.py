"""The crawl beyond the workplace: every other address, every refusal, the log, a feed, a receipt, and what the sponsor fetches."""

import io
import logging
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import get_resolver

from apps.core.logs import EventFormatter
from apps.escalation import feed
from apps.escalation.links import token_for
from apps.escalation.models import Page
from apps.exports.models import DataCut
from apps.safety import services as safety
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, signed_in

pytestmark = pytest.mark.django_db
A_UUID = "00000000-0000-4000-8000-000000000000"
# Every address outside the workplace, with what anybody who is not signed in gets by merely opening it. A new one must be put here.
OPENED: dict[str, tuple[str, int]] = {
    "front": ("/", 302),
    "front-admin": ("/admin", 302),
    "set_language": ("/language/", 405),
    "phone": ("/phone/", 200),
    "phone-state": ("/phone/state/", 200),
    "phone-text": ("/phone/texts/", 405),
    "sms-inbound": ("/sms/phone/inbound/", 405),
    "sms-status": (f"/sms/phone/status/{A_UUID}/", 405),
    "acknowledge": ("/ack/nonsense/", 410),
    "page-delivered": ("/page/nonsense/delivered/", 405),
    "voice-page": (f"/voice/page/{A_UUID}/", 405),
    "voice-keys": (f"/voice/page/{A_UUID}/keys/", 405),
    "voice-status": (f"/voice/page/{A_UUID}/status/", 405),
    "voice-aliyun": ("/voice/aliyun/nonsense/", 405),
    "call-arrived": ("/voice/call/", 405),
    "call-ended": ("/voice/call/ended/", 405),
    "call-next": (f"/voice/call/{A_UUID}/1/next/", 405),
    "call-offered": (f"/voice/call/{A_UUID}/1/offer/", 405),
    "call-accepted": (f"/voice/call/{A_UUID}/1/accept/", 405),
    "duty-calendar": ("/rota/nonsense.ics", 404),
    "healthz": ("/healthz", 0),
}
# The simulator shows every handset; it exists in a demo alone (tests/workplace/test_phone_page.py).
_IN_A_DEMO_ALONE = ("phone", "phone-state")


@pytest.fixture
def scene(db: None) -> Scene:
    return scenes.play()


def everything(scene: Scene) -> list[str]:
    """What nobody without a right may read anywhere."""
    cases = [scene.beijing.case_number, scene.shanghai.case_number]
    return [*scene.tokens_of_texts(), *scenes.OF_THE_ARM, *cases, "BJ01-0", "SH02-0"]


def found(tokens: list[str], body: str) -> list[str]:
    return [token for token in tokens if token in body]


def test_every_address_outside_the_workplace_is_known_here() -> None:
    names = {getattr(pattern, "name", None) for pattern in get_resolver().url_patterns}

    assert names - {None} == set(OPENED)


@pytest.mark.parametrize("name", sorted(set(OPENED) - set(_IN_A_DEMO_ALONE)))
def test_an_address_opened_by_a_stranger_tells_nothing(scene: Scene, client: Client, name: str) -> None:
    path, status = OPENED[name]

    answer = client.get(path)

    assert answer.status_code in ({status} if status else {200, 503})
    assert found([*everything(scene), "Alice", "Dora"], answer.content.decode()) == []


def test_a_refusal_tells_nothing_about_what_it_refuses(scene: Scene) -> None:
    alice = signed_in(people.alice())
    theirs = change_url(scene.shanghai)
    answers = [
        alice.get(theirs),
        alice.post(theirs, {"act": "take"}),
        alice.get("/admin/participants/participant/", {"site__name_en__startswith": "S"}),
        alice.get("/admin/audit/auditevent/"),
        alice.get("/admin/nothing/here/"),
        alice.post(f"{theirs.removesuffix('change/')}delete/", {"post": "yes"}),
        Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "alice"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 400, 403, 404, 403, 403]
    tokens = scene.tokens_of_shanghai()
    assert [found(tokens, answer.content.decode()) for answer in answers] == [[]] * len(answers)


def test_an_error_page_and_its_log_line_carry_no_word_of_what_went_wrong(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError(f"{scenes.BEIJING} {people.PHONES['wang']}")

    monkeypatch.setattr("apps.workplace.needs_now.for_person", broken)
    client = signed_in(people.alice())
    client.raise_request_exception = False

    answer = client.get("/admin/")

    assert answer.status_code == 500
    assert found(everything(scene), answer.content.decode()) == []
    assert caplog.records
    assert found(everything(scene), _log(caplog)) == []


def _log(caplog: pytest.LogCaptureFixture) -> str:
    """Every record as production writes it."""
    return "\n".join(EventFormatter().format(record) for record in caplog.records)


def test_a_day_of_work_leaves_no_word_number_or_code_in_the_log(caplog: pytest.LogCaptureFixture, db: None) -> None:
    caplog.set_level(logging.INFO)
    scene = scenes.play()
    for person in (people.alice(), people.dan(), people.sam()):
        client = signed_in(person)
        for path in ("/admin/", change_url(scene.beijing), change_url(scene.unknown), f"/admin/?q={scenes.BEIJING}"):
            client.get(path)
    client = signed_in(people.alice())
    client.post(change_url(scene.beijing), {"act": "call"})
    client.post(change_url(scene.beijing), {"act": "dismiss", "dismiss-reason": "canaryreason"})

    assert found([*everything(scene), "canaryreason"], _log(caplog)) == []


@pytest.mark.parametrize("asked", ["canarylookup", "x\nERROR forged: line"])
def test_what_a_refused_request_asked_for_is_in_no_log_line_and_makes_none(
    scene: Scene, caplog: pytest.LogCaptureFixture, asked: str
) -> None:
    answers = [
        signed_in(people.alice()).get("/admin/participants/participant/", {asked: "1"}),
        Client(headers={"host": f"{asked}.example/"}).get("/admin/"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert [line.split(": ", 1)[1].split()[0] for line in _log(caplog).splitlines()] == ["refused"] * len(answers)
    assert found(["canarylookup", "forged"], _log(caplog)) == []


def test_the_link_of_a_page_and_the_duty_calendar_name_no_participant(scene: Scene, client: Client) -> None:
    page = Page.objects.filter(person=people.alice()).first()
    assert page is not None
    link = client.get(f"/ack/{token_for(page)}/")
    calendar = client.get(urlsplit(feed.feed_address(people.alice())).path)

    assert (link.status_code, calendar.status_code) == (200, 200)
    assert found(everything(scene), link.content.decode() + calendar.content.decode()) == []


def test_what_the_sponsor_fetches_holds_no_number_and_nothing_of_an_arm_or_a_phase(scene: Scene) -> None:
    judged: dict[str, Any] = {"term": "Haematemesis", "severity_grade": 3, "causality_investigator": "possible"}
    safety.confirm(event=scene.beijing, person=people.alice(), **judged)
    sam = signed_in(people.sam())
    sam.post("/admin/exports/datacut/add/", {"formats": ["listing_csv", "listing_xlsx"], "reason": "monthly"})

    fetched = sam.post(f"/admin/exports/datacut/{DataCut.objects.get().pk}/fetch/")

    text = "".join(_texts(fetched.content))
    assert scene.beijing.case_number in text
    secret = [*people.PHONES.values(), *scenes.OF_THE_ARM, "1971-03-02", "IIb", "Alice", scenes.SHANGHAI]
    assert found(secret, text) == []


def _texts(archive: bytes) -> list[str]:
    """Every file of an archive as text; of a workbook, its parts."""
    texts = []
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for name in files.namelist():
            content = files.read(name)
            texts += _texts(content) if name.endswith(".xlsx") else [content.decode("utf-8", "replace")]
    return texts
