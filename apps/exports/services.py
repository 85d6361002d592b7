"""Making, writing out, fetching and verifying blinded data cuts. The only writers of this floor."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from apps.core import clock
from apps.exports import archive, code_version, gathering, manifest, masking
from apps.exports.format import FORMATS, CannotRender, CutContent
from apps.exports.listing import listing
from apps.exports.manifest import Made
from apps.exports.models import DataCut, Download, ExportFile, Verification
from apps.exports.vocabulary import Why
from apps.participants import arm_told
from apps.safety.models import AdverseEvent
from apps.safety.receipt import note_fetched
from apps.safety.services import note_sponsor_aware
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action, Role
from apps.trials.models import Site, Trial
from apps.vault.models import KeyDestroyed

_OWNER_ONLY = 0o600  # masked words are health data all the same: who else reads them is for whoever hands them over
ACTS_FOR_SPONSOR = frozenset({Role.SPONSOR_SAFETY, Role.MONITOR})


class CutRefused(Exception):
    """A cut is not made or not handed out. `why` says it to people; `details` are names of formats, cases or files."""

    def __init__(self, why: Why, *details: str) -> None:
        super().__init__(why.value)
        self.why = why
        self.details = details

    def lines(self) -> list[str]:
        """One line a reason."""
        return [f"{detail}: {self.why.label}" for detail in self.details] or [str(self.why.label)]


@dataclass(frozen=True)
class Fetched:
    """A cut as one file to download."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


# --- making


def make_cut(
    *,
    formats: Sequence[str],
    as_of: datetime,
    site: Site | None = None,
    made_by: str,
    maker: User | None = None,
    reason: str,
    case: str = "",
) -> DataCut:
    """Make a blinded cut as of a trial time in the past, of one site or one case if told. Raises CutRefused; then nothing is kept.

    `made_by` names a program that makes it; with a `maker` it is ignored, and that person needs the right to make cuts.
    """
    as_of = as_of.astimezone(UTC)  # a page gives the time of its own zone, and the same moment makes the same bytes
    _check(formats, as_of=as_of, maker=maker, reason=reason)
    with gathering.one_view():
        content = _content(as_of, site=site, case=case)
        facts = _facts(content, site=site, case=case, reason=reason, maker=maker.username if maker else made_by)
    made = [*_rendered(formats, content)]
    reference, described = manifest.manifest(facts, made)
    cut = DataCut(
        reference=reference,
        as_of=as_of,
        made_at=clock.now(),
        made_by=(maker.username if maker else made_by)[:80],
        maker=maker,
        site=site,
        reason=reason[:200],
        manifest_sha256=manifest.digest(described),
        rows=len(content.listing.rows),
        cases=sorted(str(row[0]) for row in content.listing.rows),
    )
    _keep(cut, made, described)
    return cut


def _check(formats: Sequence[str], *, as_of: datetime, maker: User | None, reason: str) -> None:
    if not formats:
        raise CutRefused(Why.NO_FORMAT)
    if unknown := [name for name in dict.fromkeys(formats) if name not in FORMATS.names]:
        raise CutRefused(Why.UNKNOWN_FORMAT, *unknown)
    if maker is not None:
        _require_right(maker)
    if not reason.strip():
        raise CutRefused(Why.NO_REASON)
    if as_of > clock.now():
        raise CutRefused(Why.FUTURE, manifest.stamp(as_of))


def _require_right(person: User) -> None:
    if not scope(person).may(Action.MAKE_CUT):
        raise CutRefused(Why.NOT_ALLOWED)


def _content(as_of: datetime, *, site: Site | None, case: str) -> CutContent:
    try:
        events = gathering.events_as_of(as_of, site=site, case=case)
        if not events:
            raise CutRefused(Why.NO_CASE, case) if case else CutRefused(Why.EMPTY)
        rows = listing(events, as_of=as_of, names=gathering.names_as_of(as_of))
    except gathering.TrailLacks as error:
        raise CutRefused(Why.PARTIAL, str(error)) from error
    except KeyDestroyed as error:
        raise CutRefused(Why.KEY_DESTROYED) from error
    return CutContent(Trial.objects.get().registration, as_of, rows)


def _facts(content: CutContent, *, site: Site | None, case: str, reason: str, maker: str) -> dict[str, Any]:
    protocol = gathering.protocol_as_of(content.as_of)
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    return {
        "study": content.study,
        "as_of": manifest.stamp(content.as_of),
        "site": site.code if site else None,
        "case": case or None,
        "maker": maker,
        "reason": masking.mask(reason, names=gathering.names_as_of(content.as_of)),
        "event_states": sorted(gathering.LISTED),
        "events": len(content.listing.rows),
        "code": {"release": code_version.release(), "commit": code_version.commit()},
        "migrations": dict(applied),  # sorted, so the last of each app stays
        "protocol": {"version": protocol.number, "sha256": protocol.sha256} if protocol else None,
        "terminologies": {"meddra": None, "cdisc": None},
        "settings_sha256": manifest.digest(repr((settings.TIME_ZONE, masking.VERSION)).encode()),
        "masking_version": masking.VERSION,
    }


def _rendered(formats: Iterable[str], content: CutContent) -> Iterable[Made]:
    for name in dict.fromkeys(formats):
        form = FORMATS[name]()
        try:
            files = form.render(content)
        except CannotRender as error:
            raise CutRefused(Why.DOES_NOT_FIT, str(error)) from error
        yield from (Made(name, form.version, file) for file in files)


@transaction.atomic
def _keep(cut: DataCut, made: Sequence[Made], described: bytes) -> None:
    files = {each.file.path: (each.format, each.file.content) for each in made}
    files[manifest.NAME] = ("manifest", described)
    digests = {path: manifest.digest(content) for path, (_, content) in files.items()}
    files[manifest.SUMS] = ("sums", manifest.sums(digests))
    cut.save()
    arm_told.note(row=cut, field="reason", text=cut.reason, sites=[cut.site], said_by=cut.maker)
    for path, (name, content) in files.items():
        digest = manifest.digest(content)
        ExportFile.objects.create(cut=cut, path=path, format=name, content=content, sha256=digest)


# --- handing out


def write_cut(*, cut: DataCut, out: Path) -> list[Path]:
    """Write a cut's files into a folder; none when another cut lies there (CutRefused) or the disk refuses (OSError).

    From then on nobody here knows who reads them, so the sponsor counts as aware of every case in it.
    """
    files = _files(cut)
    out.mkdir(parents=True, exist_ok=True)
    if other := [path for path, content in files.items() if _is_other(out / path, content)]:
        raise CutRefused(Why.FOLDER_IN_USE, *(str(out / path) for path in other))
    with tempfile.TemporaryDirectory(dir=out, prefix=".cut-") as draft:
        for path, content in files.items():
            (Path(draft) / path).touch(mode=_OWNER_ONLY)
            (Path(draft) / path).write_bytes(content)
        for path in files:
            (Path(draft) / path).replace(out / path)
    _in_the_sponsors_hands(cut, cut.maker)
    return [out / path for path in sorted(files)]


@transaction.atomic
def fetch_cut(*, cut: DataCut, person: User) -> Fetched:
    """The cut as a ZIP file, with who fetched it and when on record. Raises CutRefused.

    The first fetch by anybody who acts for the sponsor is the sponsor's day 0 for its cases (decision 13).
    """
    _require_right(person)
    Download.objects.create(cut=cut, person=person, at=clock.now())
    if scope(person).roles & ACTS_FOR_SPONSOR:
        _in_the_sponsors_hands(cut, person)
    return Fetched(f"{cut.reference}.zip", "application/zip", archive.packed(_files(cut)))


@transaction.atomic
def verify_cut(*, cut: DataCut) -> list[str]:
    """Compute every hash again, from the audited digest of the manifest downwards: the paths that differ. That it was done is on record."""
    files = _files(cut)
    digests = {path: manifest.digest(content) for path, content in files.items()}
    if digests.get(manifest.NAME) == cut.manifest_sha256:
        expected = manifest.digests(files[manifest.NAME]) | {manifest.NAME: cut.manifest_sha256}
        expected[manifest.SUMS] = manifest.digest(manifest.sums(expected))
        wrong = sorted(path for path in digests.keys() | expected.keys() if digests.get(path) != expected.get(path))
    else:
        wrong = [manifest.NAME]  # what the others should be is not known then
    Verification.objects.create(cut=cut, at=clock.now(), differing=len(wrong))
    return wrong


def _files(cut: DataCut) -> dict[str, bytes]:
    return {file.path: bytes(file.content) for file in cut.files.all()}


def _is_other(path: Path, content: bytes) -> bool:
    return path.exists() and (not path.is_file() or path.read_bytes() != content)


@transaction.atomic
def _in_the_sponsors_hands(cut: DataCut, person: User | None) -> None:
    """Day 0 of what has none yet, and the end of waiting for what is serious."""
    events = list(AdverseEvent.objects.filter(case_number__in=cut.cases))
    note_sponsor_aware(events=events, at=clock.now())
    note_fetched(cases=cut.cases, as_of=cut.as_of, person=person)
