"""The watcher: it works when nobody else does, pings only while all is well, and tells the operator once an hour."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError

from apps.audit.models import Sealing
from apps.core import clock, work
from apps.core.work import Lane, Work
from apps.operations import engine, sentinel, watch
from apps.operations.models import SentinelBeat
from apps.operations.sentinel import Sentinel
from tests.operations import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operator(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    settings.HEARTBEAT_URL = "https://heartbeat.example.org/ping/secret"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(watch, "full_disks", list)
    monkeypatch.setattr(watch, "LOOKS", tuple(look for look in watch.LOOKS if look.__name__ != "full_disks"))


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []

    def get(url: str, *, timeout: float) -> requests.Response:
        assert timeout == 5
        heard.append(url)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    monkeypatch.setattr(requests, "get", get)
    return heard


@pytest.fixture
def only_sealings(monkeypatch: pytest.MonkeyPatch) -> list[Sealing]:
    handled: list[Sealing] = []

    def handle(row: Sealing) -> None:
        handled.append(row)
        with work.finishing(row):
            pass

    monkeypatch.setattr(engine, "table", lambda: (Work(Sealing, handle),))
    return handled


def test_all_well_is_one_ping_and_a_beat(pings: list[str], only_sealings: list[Sealing]) -> None:
    assert Sentinel().look() == []
    assert pings == ["https://heartbeat.example.org/ping/secret"]
    assert mail.outbox == []
    assert SentinelBeat.objects.get().problems == []
    age = sentinel.age_seconds()
    assert age is not None
    assert age < 5


def test_a_safety_row_overdue_by_a_minute_is_handled_by_the_sentinel_itself(
    pings: list[str], only_sealings: list[Sealing]
) -> None:
    Sealing.objects.create(name="late", due_at=clock.now() - timedelta(seconds=61), lane=Lane.SAFETY)
    Sealing.objects.create(name="other lane", due_at=clock.now() - timedelta(seconds=61), lane=Lane.BULK)
    Sentinel().look()
    assert [row.name for row in only_sealings] == ["late"]


def test_a_safety_row_that_is_not_late_is_left_to_the_worker(pings: list[str], only_sealings: list[Sealing]) -> None:
    Sealing.objects.create(name="fresh", due_at=clock.now() - timedelta(seconds=30), lane=Lane.SAFETY)
    Sentinel().look()
    assert only_sealings == []


def test_trouble_is_silence_outward_and_one_mail_an_hour(pings: list[str], only_sealings: list[Sealing]) -> None:
    rows.escalation(due_at=None)
    watcher = Sentinel()
    watcher.look()
    watcher.look()
    assert pings == []
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["operator@example.org"]
    assert "no next step" in mail.outbox[0].body
    watcher.told_at["silent_escalation"] -= timedelta(hours=1)
    watcher.look()
    assert len(mail.outbox) == 2


def test_a_new_problem_is_told_at_once_beside_an_old_one(pings: list[str], only_sealings: list[Sealing]) -> None:
    rows.escalation(due_at=None)
    watcher = Sentinel()
    watcher.look()
    rows.inbound(due_at=None)
    watcher.look()
    assert len(mail.outbox) == 2
    assert "texts wait" in mail.outbox[1].body
    assert "no next step" not in mail.outbox[1].body


def test_a_mail_that_failed_is_sent_at_the_next_look(
    pings: list[str], only_sealings: list[Sealing], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.escalation(due_at=None)
    watcher = Sentinel()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", _refuse)
        watcher.look()
    assert watcher.told_at == {}
    watcher.look()
    assert len(mail.outbox) == 1


def _refuse(*_: object) -> None:
    raise ConnectionRefusedError


def test_a_database_that_is_down_is_told_and_survived(
    pings: list[str], only_sealings: list[Sealing], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**_: object) -> int:
        raise OperationalError

    watcher = Sentinel()
    with monkeypatch.context() as broken:
        broken.setattr(engine, "run_overdue_safety", down)
        assert [problem.code for problem in watcher.look()] == ["database"]
    assert pings == []
    assert "database" in mail.outbox[0].subject
    assert watcher.look() == []
    assert len(pings) == 1


def test_a_heartbeat_service_that_is_down_costs_nothing_but_the_ping(
    only_sealings: list[Sealing], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", refuse)
    assert Sentinel().look() == []
    assert SentinelBeat.objects.exists()


def test_once_says_what_was_found_and_exits_accordingly(
    pings: list[str], only_sealings: list[Sealing], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("sentinel", "--once")
    assert ended.value.code == 0
    rows.escalation(due_at=None)
    with pytest.raises(SystemExit) as ended:
        call_command("sentinel", "--once")
    assert ended.value.code == 1
    assert "1 running escalations have no next step" in capsys.readouterr().out
