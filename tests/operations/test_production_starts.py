"""What production does not start with: said before the first text arrives, and never with the value itself."""

import os
import subprocess
import sys

import pytest

A_KEY = "not-used-" * 8
RIGHT = {
    "TRIALCARE_ENV": "production",
    "PUBLIC_BASE_URL": "https://sms.example.org",
    "SMS_GATEWAY": "twilio",
    "EMAIL_URL": "submission://mail.example.org",
    "SECRET_KEY": A_KEY,
    "FIELD_KEYS": A_KEY,
    "INDEX_KEY": A_KEY,
}


def started(**said: str) -> str:
    """The last line of what a process says that starts with these settings; empty where it starts."""
    names = ("SECRET_KEY_FILE", "FIELD_KEYS_FILE", "INDEX_KEY_FILE", "DATABASE_URL", "FAILPOINT")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    found = subprocess.run(
        [sys.executable, "-c", "import trialcare.settings"], env=kept | RIGHT | said, capture_output=True, text=True
    )
    lines = found.stderr.strip().splitlines()
    return "" if found.returncode == 0 else lines[-1]


def test_the_right_settings_start_and_a_missing_mail_server_is_none_of_the_reasons() -> None:
    assert started() == ""
    assert started(EMAIL_URL="") == ""  # `doctor` names it; a letter then fails, and the next channel is tried


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_GATEWAY", ""),  # every text would be answered 404, and none would leave
        ("SMS_GATEWAY", " , "),
        ("SMS_GATEWAY", "phone"),
        ("PUBLIC_BASE_URL", "http://sms.example.org"),
        ("PUBLIC_BASE_URL", "https://"),
        ("PUBLIC_BASE_URL", "https://sms.example.org/trial"),  # no provider signs what we would compare
        ("PUBLIC_BASE_URL", "https://sms.example.org?x=1"),
        ("EMAIL_URL", "console://"),  # it would print links and codes into the log
        ("EMAIL_URL", "file:///tmp/mail"),
        ("TRIALCARE_CLOCK_OFFSET", "+1d"),
    ],
)
def test_production_refuses_a_setting_that_is_for_a_demo_or_leads_nowhere(name: str, value: str) -> None:
    said = started(**{name: value})

    assert said.endswith(f"refused in production: {name}")


@pytest.mark.parametrize("name", ["FIELD_KEYS", "INDEX_KEY"])
@pytest.mark.parametrize("value", ["hunter2", "k1:hunter2", f"{A_KEY},{A_KEY}", ","])
def test_a_key_that_cannot_be_read_stops_the_start_and_not_the_first_text(name: str, value: str) -> None:
    said = started(**{name: value})

    assert f"SecretMalformed: {name}: " in said
    assert "hunter2" not in said


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "INDEX_KEY"])
def test_a_secrets_file_that_is_empty_is_no_secret(name: str) -> None:
    said = started(**{f"{name}_FILE": "/dev/null"})

    assert said.endswith(f"{name} (or {name}_FILE) must be set")
