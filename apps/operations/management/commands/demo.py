"""`manage.py demo [--json]`: load the synthetic cohort once, and list it. Nobody in it exists."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit.services import acting
from apps.operations import demo


class Command(BaseCommand):
    help = "Load the synthetic cohort (again: keep it) and list participants and staff. All people and numbers are made up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the list as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("the synthetic cohort is refused in production")
        with acting(actor="command:demo", reason="synthetic cohort"):
            new_staff, new_participants = demo.load_cohort()
        people = demo.listing()
        if options["json"]:
            self.stdout.write(json.dumps(people, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"synthetic cohort: {new_staff} staff and {new_participants} participants are new")
        for person in people["participants"]:
            self.stdout.write(
                "participant {code}  {language:8} {phone:13} caregiver {caregiver_phone}".format(**person)
            )
        for person in people["staff"]:
            line = "staff {username:9} {name:20} {role:23} {site:5} {phone:13} password: {password}"
            self.stdout.write(line.format(**person))
