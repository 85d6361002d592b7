"""`manage.py export FORMAT… --out DIR`: make a blinded data cut and write it into a folder, or say every reason and write nothing."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.services import acting
from apps.core import clock
from apps.exports import manifest
from apps.exports.format import FORMATS
from apps.exports.models import DataCut
from apps.exports.services import CutRefused, make_cut, write_cut
from apps.exports.vocabulary import Why
from apps.trials.models import Site


class Command(BaseCommand):
    help = f"A blinded data cut of confirmed adverse events. Formats: {', '.join(FORMATS.names)}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("formats", nargs="+", metavar="FORMAT", help=", ".join(FORMATS.names))
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
        parser.add_argument("--as-of", metavar="T", help="rows as they stood then, such as 2027-05-12T08:00:00Z (now)")
        parser.add_argument("--site", metavar="S", help="one site's events only, by its code")
        parser.add_argument("--case", metavar="C", default="", help="one event only, by its case number")
        parser.add_argument("--unblinded-with", metavar="CASEKEY", help="none of these formats takes it")
        parser.add_argument(
            "--reason", default="made by command", help="why the cut is made; it stands in the manifest"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["unblinded_with"]:
            raise CommandError(f"--unblinded-with: none of {', '.join(options['formats'])} has an unblinded form")
        as_of = _as_of(options["as_of"])
        try:
            with _folder(options["out"], as_of), acting(actor="command:export", reason=options["reason"]):
                cut = _make(options, as_of)
                written = write_cut(cut=cut, out=options["out"])
        except CutRefused as error:
            raise CommandError("\n".join(_line(error, line) for line in error.lines())) from error
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}") from error
        self._say(cut, written, options)

    def _say(self, cut: DataCut, written: list[Path], options: dict[str, Any]) -> None:
        if options["json"]:
            files = [str(path) for path in written]
            as_of = cut.as_of.isoformat()
            self.stdout.write(json.dumps({"cut": cut.reference, "as_of": as_of, "events": cut.rows, "files": files}))
            return
        self.stdout.write(f"cut {cut.reference} as of {manifest.stamp(cut.as_of)}: {cut.rows} events, blinded")
        for path in written:
            self.stdout.write(f"{path}")


def _make(options: dict[str, Any], as_of: datetime) -> DataCut:
    return make_cut(
        formats=options["formats"],
        as_of=as_of,
        site=_site(options["site"]),
        made_by="command:export",
        reason=options["reason"],
        case=options["case"],
    )


@contextmanager
def _folder(out: Path, as_of: datetime) -> Iterator[None]:
    """The folder, made where it is not there, and gone again with what leads to it where nothing is written. One with a cut of another time
    is refused before anything is made; one that cannot be a folder is an OSError.
    """
    fresh = [each for each in (out, *out.parents) if not each.exists()]
    out.mkdir(parents=True, exist_ok=True)
    try:
        _refuse_used(out, as_of)
        yield
    finally:
        for each in fresh:
            if not any(each.iterdir()):
                each.rmdir()


def _refuse_used(out: Path, as_of: datetime) -> None:
    described = out / manifest.NAME
    if described.exists() and manifest.stamp(as_of).encode() not in described.read_bytes():
        raise CutRefused(Why.FOLDER_IN_USE, str(out))


def _as_of(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--as-of {text}: not a time such as 2027-05-12T08:00:00Z") from error
    if time.tzinfo is None:
        raise CommandError(f"--as-of {text}: needs a zone, such as Z or +08:00")
    return time.astimezone(UTC)


def _site(code: str | None) -> Site | None:
    if not code:
        return None
    if (site := Site.objects.filter(code=code).first()) is None:
        raise CutRefused(Why.NO_SITE, code)
    return site


def _line(error: CutRefused, line: str) -> str:
    known = f" There are: {', '.join(FORMATS.names)}." if error.why == Why.UNKNOWN_FORMAT else ""
    return line + known
