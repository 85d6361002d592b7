"""`manage.py paging_endpoint SITE CHANNEL [--remove]`: where a robot or pager of a site listens.

Address and secret are keys: they are read from the terminal or standard input, a line each, and never stand on the command line.
"""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.services import acting
from apps.escalation.endpoints import ENDPOINT_CHANNELS, BadEndpoint, endpoint_for, remove_endpoint, set_endpoint
from apps.trials.models import Site

DESK = "desk"


class Command(BaseCommand):
    help = "Set or remove the robot or pager of a site, or of the duty desk."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help=f"site code, or {DESK}")
        parser.add_argument("channel", choices=ENDPOINT_CHANNELS)
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        if site is None and options["site"] != DESK:
            raise CommandError(f"there is no such site; {DESK} is the duty desk")
        with acting(actor="manage.py paging_endpoint"):
            self._change(site, options["channel"], remove=options["remove"])
        self.stdout.write("done; start a drill to see that it arrives")

    def _change(self, site: Site | None, channel: str, *, remove: bool) -> None:
        if remove:
            if (endpoint := endpoint_for(site=site, channel=channel)) is not None:
                remove_endpoint(endpoint=endpoint)
            return
        address, secret = _asked("address: "), _asked("signing secret (empty for none): ")
        try:
            set_endpoint(site=site, channel=channel, address=address, secret=secret)
        except BadEndpoint as error:
            raise CommandError(str(error.rule.label)) from None


def _asked(question: str) -> str:
    return (getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline()).strip()
