"""Set before Django reads its settings: the test environment, its database and its broker. Says which it used."""

import os
import tempfile
from pathlib import Path

os.environ["TRIALCARE_ENV"] = "test"
os.environ.setdefault("TRIALCARE_VAR", str(Path(tempfile.gettempdir()) / f"trialcare-test-{os.getuid()}"))
os.environ["SMS_GATEWAY"] = "phone"
os.environ["CELERY_BROKER_URL"] = "memory://"
os.environ.setdefault("TRIALCARE_TRIAGE_FORM", "pure")  # "compiled" tests what `make compiled` made
os.environ["PUBLIC_BASE_URL"] = "https://sms.example.org"
for _name in ("TRIALCARE_CLOCK_OFFSET", "EMAIL_URL", "HEARTBEAT_URL", "DATABASE_URL", "FAILPOINT"):
    os.environ.pop(_name, None)
if _url := os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = _url
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trialcare.settings")


def pytest_report_header() -> str:
    def said(name: str) -> str:
        return "used" if os.environ.get(name) else "not set"

    return f"stacks: SQLite used; PostgreSQL {said('TEST_DATABASE_URL')}; Redis {said('TEST_REDIS_URL')}; RabbitMQ {said('TEST_AMQP_URL')}"
