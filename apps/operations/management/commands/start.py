"""`make run`: migrate, load the trial and its synthetic cohort once, then web, worker and sentinel until Ctrl-C."""

import os
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager

from apps.core import clock

_ZONE = ZoneInfo("Asia/Shanghai")
# A Wednesday inside the window, a minute before the usual hour of a check-in.
_DEMO_BEGINS = datetime.combine(datetime(2027, 5, 12, tzinfo=UTC).date(), time(9, 59), tzinfo=_ZONE)


class Command(BaseCommand):
    help = "Start everything on this machine: the demo by default."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("in production each process of the Procfile is started by the service manager")
        port = os.environ.get("PORT", "8000")
        environment = os.environ | {
            "PORT": port,
            "PUBLIC_BASE_URL": os.environ.get("PUBLIC_BASE_URL", f"http://127.0.0.1:{port}"),
            "TRIALCARE_CLOCK_OFFSET": os.environ.get("TRIALCARE_CLOCK_OFFSET") or _offset_made_once(),
        }
        settings.TRIALCARE_CLOCK_OFFSET = clock.parse_offset(environment["TRIALCARE_CLOCK_OFFSET"])
        call_command("migrate", verbosity=0, interactive=False)
        call_command("demo", stdout=self.stdout)
        self._say_where(port)
        sys.exit(_run_all(environment))

    def _say_where(self, port: str) -> None:
        local = clock.now().astimezone(_ZONE)
        self.stdout.write(
            f"Trial time is {local:%Y-%m-%d %H:%M} in Shanghai. All people are synthetic; nothing leaves this machine."
        )
        self.stdout.write(f"Workplace   http://127.0.0.1:{port}/admin/")
        if settings.SMS_GATEWAY == ["phone"]:
            self.stdout.write(f"Phones      http://127.0.0.1:{port}/phone/")
        self.stdout.write("Ctrl-C stops all; a second start keeps the data.")
        self.stdout.flush()


def _offset_made_once() -> str:
    """The demo's clock: made at the first start so that something is due at once, kept by every later start."""
    path = Path(settings.VAR_DIR) / "clock_offset"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shift: timedelta = _DEMO_BEGINS - clock.machine()
        path.write_text(f"{'+' if shift > timedelta(0) else '-'}{int(abs(shift).total_seconds())}s", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def _run_all(environment: dict[str, str]) -> int:
    python = sys.executable
    bin_dir = Path(python).parent
    gunicorn = f"{bin_dir / 'gunicorn'} trialcare.wsgi:application --bind 127.0.0.1:{environment['PORT']}"
    manager = Manager()
    options = "--workers 2 --threads 4 --timeout 30 --no-control-socket --access-logfile /dev/null"
    manager.add_process("web", f"{gunicorn} {options}", env=environment)
    manager.add_process("worker", f"{python} manage.py runworker", env=environment)
    manager.add_process("sentinel", f"{python} manage.py sentinel", env=environment)
    manager.loop()
    return int(manager.returncode or 0)
