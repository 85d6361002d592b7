"""The readiness gate names every reason, each with its mend, and is open only when none stands."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from apps.core import clock, wording
from apps.messaging.models import Reconciliation
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
    settings.EMAIL_URL = "submission://mail.example.org"
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


def test_a_durability_setting_that_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        monkeypatch.setattr(doctor, "_SQLITE", {"synchronous": 1})
        expected = "SQLite has synchronous 2: it must be 1; use a file on a local disk"
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        expected = "PostgreSQL has synchronous_commit off: set it to on in postgresql.conf"
    assert expected in [*doctor.database()]


def _late_log() -> None:
    Reconciliation.objects.create(gateway="phone", completed_at=clock.machine() - timedelta(hours=2))


def _full_disk() -> None:
    usage = namedtuple("usage", "total used free")
    shutil.disk_usage = lambda _: usage(1000, 950, 50)  # type: ignore[assignment, return-value]


TROUBLES: dict[str, tuple[Callable[[], object], str]] = {
    "a quarantined row": (lambda: rows.inbound(quarantined_at=clock.now()), "1 quarantined rows (text received): see last_error"),
    "a log not read": (_late_log, "the message log of phone was last read whole at"),
    "a full disk": (_full_disk, "only 5 % of a data disk is free: make room"),
    "a late page": (lambda: rows.inbound(due_at=clock.now() - timedelta(minutes=2)), "the oldest due row of the safety lane has waited 12"),
    "a text without work": (lambda: rows.inbound(due_at=None), "1 texts wait and nothing will read them: read them by hand"),
    "an event that pages nobody": (rows.event, "1 urgent events page nobody: phone the on-call person now"),
    "an unknown outcome": (lambda: rows.unknown_attempt(seconds_ago=90), "whether 1 texts were sent: manage.py reconcile"),
    "a clock set back": (
        lambda: SentinelBeat.objects.create(at=clock.machine() + timedelta(minutes=9)), "the clock was set back by at least",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_has_its_line(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", shutil.disk_usage)  # put back whatever a trouble does to it
    arrange, says = TROUBLES[trouble]
    arrange()
    assert len([line for line in doctor.what_the_sentinel_sees() if says in line]) == 1


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HEARTBEAT_URL", "", "HEARTBEAT_URL is not set: set the address"),
        ("OPERATOR_EMAIL", "", "OPERATOR_EMAIL is not set: set the operator's"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "EMAIL_URL reaches no mail server: set"),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:8000", "PUBLIC_BASE_URL is not https: set"),
        ("TRIALCARE_CLOCK_OFFSET", timedelta(days=1), "TRIALCARE_CLOCK_OFFSET shifts trial time: unset it"),
        ("TIME_FACTOR", 0.1, "TRIALCARE_TIME_FACTOR scales the time chain: unset it"),
    ],
)
def test_each_setting_that_a_trial_may_not_have_has_its_line(
    settings: Any, name: str, value: object, says: str
) -> None:
    setattr(settings, name, value)
    found = [*doctor.installation(), *doctor.alarms_reach_somebody()]
    assert len([line for line in found if line.startswith(says)]) == 1


def test_a_sentinel_that_stopped_looking_is_a_reason(settings: Any) -> None:
    beat = SentinelBeat.objects.create(at=clock.machine() - timedelta(seconds=119))
    assert "no sentinel has looked lately: start manage.py sentinel" not in [*doctor.alarms_reach_somebody()]
    SentinelBeat.objects.filter(pk=beat.pk).update(at=clock.machine() - timedelta(seconds=125))
    assert "no sentinel has looked lately: start manage.py sentinel" in [*doctor.alarms_reach_somebody()]


@pytest.mark.usefixtures("everybody")
def test_every_reason_is_one_line_that_says_what_is_wrong_and_how_to_mend_it() -> None:
    rows.escalation(due_at=None)
    rows.inbound(quarantined_at=clock.now())
    found = doctor.reasons()
    assert len(found) > 30
    assert [line for line in found if "\n" in line or line != line.strip()] == []
    assert [line for line in found if not all(part.strip() for part in line.rsplit(": ", 1)) or ": " not in line] == []
    assert len(found) == len(set(found))


@pytest.mark.usefixtures("everybody")
def test_a_person_on_call_without_a_tested_route_is_a_reason_with_its_mend() -> None:
    [line] = [line for line in doctor.reasons() if line.startswith("BJ01: alice has no tested route that wakes")]
    assert line.endswith("then send a test page from the duty page")


def test_a_database_that_is_down_is_a_reason_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def database() -> list[str]:
        raise OperationalError("host 10.0.0.1")

    monkeypatch.setattr(doctor, "CHECKS", (database,))
    assert doctor.reasons() == ["database: the database does not answer (OperationalError): start it, then ask again"]
