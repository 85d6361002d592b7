"""`manage.py load_trial FILE`: load a protocol file as a new version, or print every mistake with its place and change nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.services import acting
from apps.trials.rules import ProtocolErrors
from apps.trials.services import load_trial, protocol_of


class Command(BaseCommand):
    help = "Load a protocol file as a new version. Mistakes are printed as file:line: path: reason, and nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a protocol file such as apps/trials/protocols/nct06884904.toml")
        parser.add_argument("--reason", default="", help="why the file is loaded, for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise CommandError(f"{path}:{line}: not UTF-8") from error
        with acting(actor="command:load_trial", reason=options["reason"] or f"protocol file {path.name}"):
            self._load(path, text)

    def _load(self, path: Path, text: str) -> None:
        try:
            version = load_trial(text=text, source_name=path.name)
        except ProtocolErrors as error:
            raise CommandError("\n".join(f"{path}:{mistake}" for mistake in error.mistakes)) from error
        protocol = protocol_of(version)
        self.stdout.write(f"{protocol.registration} version {version.number} (file {version.label}, {protocol.status})")
        for phase in protocol.phases:
            self.stdout.write(f"phase {phase.code}: {':'.join(map(str, phase.ratio))}")
        for site in protocol.sites:
            self.stdout.write(f"site {site.code}{' (synthetic)' if site.synthetic else ''}")
        self.stdout.write(f"visits {len(protocol.visits)}, calendar contacts {len(protocol.calendar_contacts)}")
        self.stdout.write(f"check-in rules {len(protocol.checkins)}, pauses {len(protocol.pauses)}")
        for name, chain in protocol.chains.items():
            self.stdout.write(f"chain {name}: {len(chain.steps)} steps, again after {chain.repeat_minutes} min")
