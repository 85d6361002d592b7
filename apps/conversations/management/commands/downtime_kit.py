"""`manage.py downtime_kit [SITE] [--for USERNAME] --out FOLDER`: phone tree and call list of a site, or of each, as an encrypted PDF.

Every number in a kit goes on record under the name of the person whom it is for: the site's principal investigator, unless another is
named. The password is read from the terminal or from standard input, never from the command line; where neither gives one, it is made and
printed once. Kits in the folder that are void are removed.
"""

import getpass
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.services import acting
from apps.conversations.kit import VALID_FOR, NotForYou, PasswordTooShort, make_kit
from apps.core import clock
from apps.staff.models import User
from apps.staff.services import on_call
from apps.staff.vocabulary import Role
from apps.trials.models import Site

_NAME = "downtime-{site}.pdf"


class Command(BaseCommand):
    help = "Write today's call list and phone tree of a site, or of each site, as an encrypted PDF."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", nargs="?", help="site code; without it, a kit of each site")
        parser.add_argument(
            "--for",
            dest="username",
            help="login name of the person who may call there; without it, the principal investigator",
        )
        parser.add_argument("--out", type=Path, default=Path(), help="folder; void kits in it are removed")

    def handle(self, *args: Any, **options: Any) -> None:
        owners = _owners(options["site"], options["username"])
        out = options["out"]
        _ready(out)
        if removed := remove_void(out):
            self.stdout.write(f"{removed} void removed")
        password = self._password()
        for site, person in owners:
            path = out / _NAME.format(site=site.code)
            _write(path, _kit(site, person, password))
            hours = VALID_FOR.total_seconds() / 3600
            self.stdout.write(f"{path.name}: for {person.username}, void in {hours:.0f} hours")

    def _password(self) -> str:
        if sys.stdin.isatty():
            return getpass.getpass("password of the kit: ")
        if given := sys.stdin.readline():
            return given.rstrip("\n")
        made = secrets.token_urlsafe(12)
        self.stdout.write(f"the password, which is kept nowhere: {made}")
        return made


def _owners(code: str | None, username: str | None) -> list[tuple[Site, User]]:
    """Each site with the person whom its kit is for. Raises CommandError, and names every site that has nobody."""
    sites = list(Site.objects.filter(**({"code": code} if code else {})).order_by("code"))
    named = User.objects.filter(username=username).first() if username else None
    if not sites or (username and named is None):
        raise CommandError("there is no such site, or no such person")
    found = [(site, named or _investigator_of(site)) for site in sites]
    if nobody := [site.code for site, person in found if person is None]:
        raise CommandError(f"no principal investigator at {', '.join(nobody)}: name a person with --for")
    return [(site, person) for site, person in found if person is not None]


def _investigator_of(site: Site) -> User | None:
    return next(iter(on_call(site=site, roles=[Role.PRINCIPAL_INVESTIGATOR])), None)


def _kit(site: Site, person: User, password: str) -> bytes:
    try:
        with acting(actor=f"user:{person.pk}", reason="downtime kit"):
            return make_kit(site=site, person=person, password=password)
    except NotForYou:
        raise CommandError(f"{person.username} may not call participants of {site.code}") from None
    except PasswordTooShort:
        raise CommandError("the password needs at least 12 characters") from None


def _write(path: Path, paper: bytes) -> None:
    try:
        path.touch(mode=0o600)
        path.write_bytes(paper)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


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
