"""The operator's commands and the address that a monitor asks."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import RequestFactory

from apps.core import clock
from apps.operations import engine, views
from apps.operations.management.commands.runworker import command_line
from apps.operations.models import SentinelBeat
from tests.operations import rows

pytestmark = pytest.mark.django_db


def asked() -> tuple[int, dict[str, Any]]:
    answer = views.healthz(RequestFactory().get("/healthz"))
    return answer.status_code, json.loads(answer.content)


def beat(*, seconds_ago: float = 1) -> None:
    SentinelBeat.objects.create(at=clock.machine() - timedelta(seconds=seconds_ago))


def test_a_healthy_installation_answers_200_with_its_figures() -> None:
    beat()
    status, figures = asked()
    assert status == 200
    assert figures["database"] == "ok"
    assert figures["oldest_overdue_seconds"] == {"safety": 0.0, "messages": 0.0, "bulk": 0.0}
    assert 0 < figures["sentinel_age_seconds"] < 10


def test_an_overdue_safety_row_answers_503() -> None:
    beat()
    rows.inbound(due_at=clock.now() - timedelta(seconds=90))
    status, figures = asked()
    assert status == 503
    assert figures["status"] == "late"
    assert 89 < figures["oldest_overdue_seconds"]["safety"] < 100


@pytest.mark.parametrize("seconds_ago", [None, 125])
def test_a_sentinel_that_never_looked_or_is_dead_answers_503(seconds_ago: float | None) -> None:
    if seconds_ago is not None:
        beat(seconds_ago=seconds_ago)
    assert asked()[0] == 503


def test_a_database_that_is_down_answers_503_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise OperationalError("could not connect to server at 10.0.0.1")

    monkeypatch.setattr(engine, "backlog", down)
    assert asked() == (503, {"status": "down", "database": "down"})


def test_the_ledger_counts_everything_that_is_owed() -> None:
    rows.inbound(due_at=clock.now() - timedelta(seconds=30))
    rows.inbound("read", due_at=None, disposition="person")
    rows.unknown_attempt(seconds_ago=1)
    rows.escalation()
    out = StringIO()
    call_command("ledger", "--json", stdout=out)
    counts = json.loads(out.getvalue())
    assert counts["inbound"]["waiting"] == 1
    assert counts["inbound"]["person"] == 1
    assert counts["inbound"]["symptom"] == 0
    assert counts["outbound"]["unknown"] == 1
    assert counts["open_escalations"] == 1
    assert counts["overdue"]["safety"]["rows"] == 1
    assert counts["overdue"]["safety"]["oldest_seconds"] >= 30
    assert counts["obligations"] == {"open": 0, "due": 0}


def test_the_ledger_for_people_is_one_line_a_thing() -> None:
    out = StringIO()
    call_command("ledger", stdout=out)
    lines = out.getvalue().splitlines()
    assert "open escalations: 0" in lines
    assert any(line.startswith("overdue: safety rows 0") for line in lines)


def test_a_worker_can_be_told_to_take_the_safety_lane_only(settings: Any) -> None:
    settings.QUEUE_PREFIX = "here."
    assert "here.safety" in command_line(lanes=["safety"], concurrency=1)
    every = command_line(lanes=["safety", "messages", "bulk"], concurrency=4)
    assert "here.safety,here.messages,here.bulk" in every
    assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} <= set(every)
