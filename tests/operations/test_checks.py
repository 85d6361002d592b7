"""The program does not start on a setting that would break a promise."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from apps.audit.models import Sealing
from apps.core import work
from apps.core.work import Work
from apps.escalation.models import Watch
from apps.messaging.models import Reconciliation
from apps.operations import checks, engine, standing


def ids(found: list[Any]) -> list[str]:
    return [message.id for message in found]


def test_the_settings_as_they_are_break_nothing() -> None:
    for check in (
        checks.time_chain_holds,
        checks.writers_can_wait,
        checks.rows_are_the_only_schedule,
        checks.acknowledged_late,
        checks.texts_can_be_said,
    ):
        assert check() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELERY_TASK_SOFT_TIME_LIMIT", 30),
        ("CELERY_TASK_TIME_LIMIT", 45),
        ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 60}),
    ],
)
def test_a_broken_time_chain_is_named(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    (found,) = checks.time_chain_holds()
    assert found.id == "operations.E001"
    assert "must be shorter than" in found.msg


def test_a_lease_shorter_than_two_calls_breaks_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LEASE", 19.0)
    assert "a provider's time-out (10.0 s) must be shorter than half a lease" in checks.time_chain_holds()[0].msg


def test_a_deferred_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "DEFERRED"}}
    monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES={"default": sqlite}))
    assert ids(checks.writers_can_wait()) == ["operations.E002"]


def test_a_beat_is_refused(settings: Any) -> None:
    settings.CELERY_BEAT_SCHEDULE = {"again": {}}
    assert ids(checks.rows_are_the_only_schedule()) == ["operations.E003"]


@pytest.mark.parametrize(
    ("name", "value"), [("CELERY_TASK_REJECT_ON_WORKER_LOST", True), ("CELERY_WORKER_PREFETCH_MULTIPLIER", 4)]
)
def test_a_worker_setting_that_loses_or_repeats_work_is_refused(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert ids(checks.acknowledged_late()) == ["operations.E004"]


@pytest.mark.django_db
def test_standing_rows_are_made_once_and_only_where_somebody_handles_them(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (Work(Sealing, lambda _: None), Work(Reconciliation, lambda _: None))
    monkeypatch.setattr(engine, "table", lambda: table)
    standing.ensure()
    standing.ensure()
    assert Sealing.objects.count() == 1
    assert Reconciliation.objects.count() == 1
    assert not Watch.objects.exists()


def test_the_host_of_our_address_is_small_however_it_was_written_so_that_providers_signatures_fit() -> None:
    said = {"PUBLIC_BASE_URL": "HTTPS://SMS.Example.ORG:8443/Path/", "ALLOWED_HOSTS": ""}
    code = "from trialcare import settings; print(settings.PUBLIC_BASE_URL)"

    found = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | said, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "https://sms.example.org:8443/Path"
