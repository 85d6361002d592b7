"""The readiness gate names every reason, each with its mend, and is open only when none stands."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from apps.core import clock, wording
from apps.operations import doctor
from apps.operations.models import SentinelBeat
from tests.operations import rows

pytestmark = pytest.mark.django_db


def asked(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("doctor", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_a_demo_may_not_go_live_and_every_reason_is_one_line() -> None:
    status, said = asked()
    assert status == 1
    lines = said.splitlines()
    for beginning in (
        "TRIALCARE_ENV is test",
        "SMS_GATEWAY is the simulator",
        "HEARTBEAT_URL",
        "no protocol is loaded:",
        "no sentinel",
    ):
        assert len([line for line in lines if line.startswith(beginning)]) == 1, beginning
    assert all(line.strip() for line in lines)


def test_the_gate_is_open_when_no_check_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (list,))
    assert asked()[0] == 0
    assert asked("--json") == (0, '{"ready": true, "reasons": []}\n')


def test_reasons_come_as_json_too() -> None:
    status, said = asked("--json")
    found = json.loads(said)
    assert (status, found["ready"]) == (1, False)
    assert len(found["reasons"]) > 5


def test_an_installation_that_is_set_up_has_none_of_its_reasons(settings: Any) -> None:
    settings.PRODUCTION, settings.SMS_GATEWAY = True, ["twilio"]
    settings.HEARTBEAT_URL, settings.OPERATOR_EMAIL = "https://beat.example.org", "operator@example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    SentinelBeat.objects.create(at=clock.machine())
    assert [*doctor.installation(), *doctor.alarms_reach_somebody()] == []


def test_what_the_sentinel_sees_stands_against_going_live_too() -> None:
    rows.escalation(due_at=None)
    assert any("no next step: phone the on-call person now" in line for line in doctor.what_the_sentinel_sees())


def test_a_proposal_of_a_protocol_and_made_up_sites_stand_against_going_live(trial: None) -> None:
    found = [*doctor.protocol()]
    assert found[0].startswith("the protocol file is a proposal")
    assert any("site BJ01 is made up" in line for line in found)


def test_texts_that_no_committee_approved_are_named_by_language() -> None:
    found = [*doctor.texts()]
    assert len(found) == len(wording.unapproved())


def test_all_migrations_of_a_test_database_are_applied() -> None:
    assert [*doctor.migrations()] == []


def test_a_power_cut_is_survived_only_with_the_right_database_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            in_memory = cursor.fetchone()[0] == "memory"
        expected = ["SQLite has journal_mode memory"] if in_memory else []
        monkeypatch.setitem(doctor._SQLITE, "synchronous", 3)
        expected.append("SQLite has synchronous 2")
    else:
        expected = ["the program's database role owns its tables"]
    assert [line.split(":")[0] for line in doctor.database()] == expected


def test_a_database_that_is_down_is_a_reason_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def database() -> list[str]:
        raise OperationalError("host 10.0.0.1")

    monkeypatch.setattr(doctor, "CHECKS", (database,))
    assert doctor.reasons() == ["database: the database does not answer (OperationalError): start it, then ask again"]
