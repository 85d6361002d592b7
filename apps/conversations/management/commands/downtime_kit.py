"""`manage.py downtime_kit SITE --for USERNAME --out FOLDER`: the site's phone tree and call list as an encrypted PDF.

The password is read from the terminal or from standard input, never from the command line. Kits in the folder that are void are removed.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.services import acting
from apps.conversations.kit import VALID_FOR, NotForYou, PasswordTooShort, make_kit
from apps.core import clock
from apps.staff.models import User
from apps.trials.models import Site

_NAME = "downtime-{site}.pdf"


class Command(BaseCommand):
    help = "Write today's call list and phone tree of a site as an encrypted PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help="site code")
        parser.add_argument("--for", dest="username", required=True, help="login name of the person who may call there")
        parser.add_argument("--out", type=Path, default=Path(), help="folder; void kits in it are removed")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        person = User.objects.filter(username=options["username"]).first()
        if site is None or person is None:
            raise CommandError("there is no such site, or no such person")
        _ready(options["out"])
        removed = remove_void(options["out"])
        password = getpass.getpass("password of the kit: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            with acting(actor=f"user:{person.pk}", reason="downtime kit"):
                paper = make_kit(site=site, person=person, password=password)
        except NotForYou:
            raise CommandError("this person may not call participants of this site") from None
        except PasswordTooShort:
            raise CommandError("the password needs at least 12 characters") from None
        path = options["out"] / _NAME.format(site=site.code)
        try:
            path.touch(mode=0o600)
            path.write_bytes(paper)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        self.stdout.write(f"{path.name}: void in {VALID_FOR.total_seconds() / 3600:.0f} hours; {removed} void removed")


def _ready(folder: Path) -> None:
    """Before anybody is shown a number: every number in a kit goes on record. Raises CommandError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(f"{folder}: nothing can be written there")


def remove_void(folder: Path) -> int:
    """Remove kits that are older than they may be. How many."""
    oldest = (clock.machine() - VALID_FOR).timestamp()
    void = [path for path in folder.glob(_NAME.format(site="*")) if path.stat().st_mtime < oldest]
    for path in void:
        path.unlink()
    return len(void)
