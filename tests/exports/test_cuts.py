"""A cut: confirmed events as they stood, blinded, named, reproducible, and on record when it is handed out."""

import csv
import io
import json
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.exports import listing, manifest, services
from apps.exports.models import DataCut, Download, ExportFile
from apps.exports.services import CutRefused
from apps.exports.vocabulary import Why
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.trials.models import Site
from tests import people
from tests.exports import cases

pytestmark = pytest.mark.django_db


def make(as_of: datetime | None = None, **given: Any) -> DataCut:
    settled: dict[str, Any] = {
        "formats": ["listing_csv"],
        "made_by": "test",
        "reason": "a test",
        "as_of": as_of or clock.now(),
    }
    return services.make_cut(**(settled | given))


def files(cut: DataCut) -> dict[str, bytes]:
    return {file.path: bytes(file.content) for file in cut.files.all()}


def lines(cut: DataCut) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(cut)["adverse_events.csv"].decode(), newline="")))


def refused(**given: Any) -> CutRefused:
    with pytest.raises(CutRefused) as caught:
        make(**given)
    assert not DataCut.objects.exists()
    return caught.value


# --- what is in it


def test_a_confirmed_event_stands_in_the_listing_with_the_facts_of_the_case() -> None:
    event = cases.confirmed(onset_on=date(2025, 5, 10), outcome="2")
    (line,) = lines(make())
    assert line["case_number"] == event.case_number
    assert line["participant"] == "BJ01-001"
    assert (line["site"], line["country"], line["sex"], line["age"]) == ("BJ01", "CN", "M", "54")
    assert line["verbatim"] == "我叫[name]，今天早上吐血了，电话[number]"
    assert line["reported_term"] == "Haematemesis"
    assert (line["onset"], line["study_day"], line["severity_grade"]) == ("2025-05-10", "3", "3")
    assert (line["serious"], line["hospitalisation"], line["death"]) == ("Y", "Y", "N")
    assert (line["outcome"], line["causality_investigator"]) == ("recovering/resolving", "possible")
    assert line["treatment"] == "blinded"
    assert line["text_received"] == f"{event.received_at:%Y-%m-%dT%H:%M:%S}Z"


@pytest.mark.parametrize(("onset", "study_day"), [(date(2025, 5, 8), "1"), (date(2025, 5, 7), "-1"), (None, "")])
def test_a_study_day_has_no_zero(onset: date | None, study_day: str) -> None:
    cases.confirmed(onset_on=onset)
    assert lines(make())[0]["study_day"] == study_day


def test_drafts_and_dismissed_drafts_are_the_sites_own_and_stand_in_no_listing() -> None:
    cases.draft()
    safety.dismiss(event=cases.draft(), person=people.alice(), reason="nothing happened")
    closed = cases.confirmed()
    AdverseEvent.objects.filter(pk=closed.pk).update(state=EventState.CLOSED)
    assert [line["case_number"] for line in lines(make())] == [closed.case_number]


def test_the_listing_has_the_permitted_columns_and_none_that_tells_the_treatment() -> None:
    cases.confirmed()
    (line,) = lines(make())
    assert tuple(line) == tuple(listing.COLUMNS)
    assert not {"arm", "phase", "dose", "allocation", "id", "phone", "birth_date"} & set(line)


def test_no_file_of_a_cut_holds_a_number_a_birth_date_or_an_internal_id() -> None:
    event = cases.confirmed(
        words=f"ring me on {people.PHONES['wang']} or ask Alice, I was on high dose", term="bleeding, see Dr Bob"
    )
    cut = make(formats=["listing_csv", "listing_xlsx"])
    bytes_of_all = b"".join([*files(cut).values(), *_unpacked(files(cut)["adverse_events.xlsx"])])
    for secret in (
        people.PHONES["wang"][1:],
        "491570006",
        "Alice",
        "Bob",
        "high dose",
        "1971",
        str(event.pk),
        event.pk.hex,
    ):
        assert secret.encode() not in bytes_of_all, secret


def _unpacked(book: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as entries:
        return [entries.read(name) for name in entries.namelist()]


def test_rows_are_sorted_by_site_participant_and_time_whatever_the_order_of_entry() -> None:
    now = clock.now()
    later = cases.confirmed(number="BJ01-ZZZZZZ", received_at=now - timedelta(hours=1))
    cases.confirmed(people.li(), by=people.dora(), number="SH02-AAAAAA")
    cases.confirmed(people.jones(), number="BJ01-AAAAAA")
    earlier = cases.confirmed(number="BJ01-YYYYYY", received_at=now - timedelta(hours=2))
    found = [line["case_number"] for line in lines(make())]
    assert found == [earlier.case_number, later.case_number, "BJ01-AAAAAA", "SH02-AAAAAA"]


def test_a_cut_of_one_site_or_one_case_holds_nothing_else() -> None:
    mine = cases.confirmed()
    cases.confirmed(people.li(), by=people.dora())
    assert len(lines(make())) == 2
    assert [line["site"] for line in lines(make(site=Site.objects.get(code="SH02")))] == ["SH02"]
    assert [line["case_number"] for line in lines(make(case=mine.case_number))] == [mine.case_number]


# --- as of a time


def test_a_later_correction_does_not_appear_in_an_older_cut() -> None:
    event = cases.confirmed(severity_grade=3)
    before = clock.now()
    judged: dict[str, Any] = {"severity_grade": 5, "death": True, "term": "Fatal bleeding"}
    safety.correct(event=event, person=people.alice(), reason="the family phoned", **judged)
    (then,), (now,) = lines(make(before)), lines(make())
    assert (then["severity_grade"], then["death"], then["reported_term"]) == ("3", "N", "Haematemesis")
    assert (now["severity_grade"], now["death"], now["reported_term"]) == ("5", "Y", "Fatal bleeding")
    assert int(now["version"]) == int(then["version"]) + 1


def test_a_later_correction_of_the_participant_does_not_appear_in_an_older_cut() -> None:
    cases.confirmed()
    before = clock.now()
    wang = people.wang()
    wang.sex, wang.birth_date = "F", "1981-03-02"
    wang.save()
    (then,), (now,) = lines(make(before)), lines(make())
    assert (then["sex"], now["sex"]) == ("M", "F")
    assert int(then["age"]) == int(now["age"]) + 10


def test_a_later_amendment_of_the_site_does_not_appear_in_an_older_cut() -> None:
    cases.confirmed()
    before = clock.now()
    made = files(make(before))
    Site.objects.filter(code="BJ01").update(country="HK", timezone="Pacific/Kiritimati")
    assert files(make(before)) == made
    assert lines(make())[0]["country"] == "HK"


def test_an_event_confirmed_later_is_not_in_an_older_cut() -> None:
    cases.confirmed()
    before = clock.now()
    cases.confirmed()
    assert len(lines(make(before))) == 1


def test_the_same_time_gives_the_same_bytes_after_later_work_and_downloads() -> None:
    cases.confirmed()
    before = clock.now()
    first = make(before, formats=["listing_csv", "listing_xlsx"])
    services.fetch_cut(cut=first, person=people.sam())
    safety.mark_read(event=AdverseEvent.objects.get(), person=people.alice())
    cases.confirmed(people.jones())
    again = make(before, formats=["listing_csv", "listing_xlsx"])
    assert files(first) == files(again)
    assert first.reference == again.reference


def test_one_moment_in_two_zones_is_one_cut_and_its_manifest_tells_the_utc_time() -> None:
    cases.confirmed()
    moment = clock.now()
    formats = ["listing_csv", "listing_xlsx"]
    there, here = make(moment.astimezone(ZoneInfo("Asia/Shanghai")), formats=formats), make(moment, formats=formats)
    assert (files(there), there.reference) == (files(here), here.reference)
    told = datetime.fromisoformat(json.loads(files(there)["manifest.json"])["as_of"])
    assert told == moment
    assert make(told, formats=formats).reference == there.reference
    stamped = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
    assert any(stamped in part for part in _unpacked(files(there)["adverse_events.xlsx"]))


# --- refusals: nothing is made


def test_a_cut_of_nothing_is_an_error() -> None:
    cases.draft()
    assert refused().why == Why.EMPTY


def test_a_format_that_does_not_exist_is_named() -> None:
    cases.confirmed()
    error = refused(formats=["listing_csv", "e2b_r3", "nonsense"])
    assert (error.why, error.details) == (Why.UNKNOWN_FORMAT, ("e2b_r3", "nonsense"))


def test_a_time_ahead_an_unknown_case_and_a_missing_reason_are_refused() -> None:
    cases.confirmed()
    assert refused(as_of=clock.now() + timedelta(minutes=1)).why == Why.FUTURE
    assert refused(case="BJ01-NOBODY").why == Why.NO_CASE
    assert refused(reason=" ").why == Why.NO_REASON
    assert refused(formats=[]).why == Why.NO_FORMAT


def test_only_who_may_make_cuts_makes_or_fetches_one() -> None:
    cases.confirmed()
    assert refused(maker=people.alice()).why == Why.NOT_ALLOWED
    cut = make(maker=people.sam())
    assert (cut.maker, cut.made_by) == (people.sam(), "sam")
    with pytest.raises(CutRefused):
        services.fetch_cut(cut=cut, person=people.alice())
    assert not Download.objects.exists()


def test_an_event_that_the_trail_does_not_know_makes_the_cut_partial_and_so_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases.confirmed()
    monkeypatch.setattr(AuditEvent.objects, "filter", lambda **_: AuditEvent.objects.none())
    assert refused().why == Why.PARTIAL


# --- what it says about itself


def test_the_manifest_names_every_file_with_its_hash_and_the_sums_cover_the_manifest(tmp_path: Path) -> None:
    cases.confirmed(words="=1+1")
    cut = make(formats=["listing_csv", "listing_xlsx"], site=Site.objects.get(code="BJ01"))
    found = json.loads(files(cut)["manifest.json"])
    assert (found["study"], found["blinding"], found["site"], found["events"]) == ("NCT06884904", "blinded", "BJ01", 1)
    assert (found["maker"], found["reason"], found["event_states"]) == ("test", "a test", ["closed", "confirmed"])
    assert found["as_of"] == f"{cut.as_of:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert [entry["path"] for entry in found["files"]] == ["adverse_events.csv", "adverse_events.xlsx"]
    assert found["files"][0]["made_safe"] == 1
    services.write_cut(cut=cut, out=tmp_path)
    for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
        digest, path = line.split("  ")
        assert manifest.digest((tmp_path / path).read_bytes()) == digest
    assert "manifest.json" in (tmp_path / "SHA256SUMS").read_text()


def test_the_reason_in_the_manifest_is_masked_like_every_text_that_leaves_the_house() -> None:
    cases.confirmed()
    cut = make(reason="Alice rang from 13812345678, Mr Wang of the placebo group")
    found = json.loads(files(cut)["manifest.json"])
    assert found["reason"] == "[name] rang from [number], Mr [name] of the [treatment] group"


def test_verifying_says_which_file_was_changed_and_stands_on_record() -> None:
    cases.confirmed()
    cut = make(formats=["listing_csv", "listing_xlsx"])
    assert services.verify_cut(cut=cut) == []
    ExportFile.objects.filter(cut=cut, path="adverse_events.csv").update(content=b"other")
    assert services.verify_cut(cut=cut) == ["adverse_events.csv"]
    ExportFile.objects.filter(cut=cut, path="manifest.json").update(content=b"{}")
    assert services.verify_cut(cut=cut) == ["manifest.json"]
    assert [row.differing for row in cut.verifications.order_by("at")] == [0, 1, 1]


# --- handing it out


def test_the_first_fetch_for_the_sponsor_is_the_sponsors_day_0_and_stays() -> None:
    event = cases.confirmed()
    other = cases.confirmed(people.li(), by=people.dora())
    cut = make(site=Site.objects.get(code="BJ01"), maker=people.sam())
    assert AdverseEvent.objects.get(pk=event.pk).sponsor_aware_at is None
    fetched = services.fetch_cut(cut=cut, person=people.sam())
    event.refresh_from_db()
    other.refresh_from_db()
    first = event.sponsor_aware_at
    assert first is not None
    assert other.sponsor_aware_at is None
    services.fetch_cut(cut=cut, person=people.sam())
    event.refresh_from_db()
    assert event.sponsor_aware_at == first
    assert Download.objects.filter(cut=cut, person=people.sam()).count() == 2
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as entries:
        assert entries.namelist() == ["SHA256SUMS", "adverse_events.csv", "manifest.json"]
    assert lines(make())[0]["awareness_sponsor"] == f"{first:%Y-%m-%dT%H:%M:%S}Z"


def test_making_and_fetching_are_in_the_audit_trail() -> None:
    cases.confirmed()
    cut = make(maker=people.sam())
    services.fetch_cut(cut=cut, person=people.sam())
    tables = set(AuditEvent.objects.filter(operation="insert").values_list("table", flat=True))
    assert {"exports_datacut", "exports_download"} <= tables
    assert "exports_exportfile" not in tables


# --- the command


def export(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_a_folder_with_manifest_and_says_what_it_did(tmp_path: Path) -> None:
    event = cases.confirmed()
    said = export("listing_csv", "listing_xlsx", "--out", str(tmp_path / "new" / "cut"))
    written = {path.name for path in (tmp_path / "new" / "cut").iterdir()}
    assert written == {"adverse_events.csv", "adverse_events.xlsx", "manifest.json", "SHA256SUMS"}
    assert "1 events, blinded" in said
    event.refresh_from_db()
    assert event.sponsor_aware_at is not None


def test_what_the_command_writes_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    cases.confirmed()
    call_command("export", "listing_csv", out=tmp_path / "cut")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "cut").iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_the_command_made_twice_as_of_one_time_writes_the_same_bytes(tmp_path: Path) -> None:
    cases.confirmed()
    as_of = clock.now().isoformat()
    for name in ("one", "two"):
        export("listing_csv", "listing_xlsx", "--as-of", as_of, "--out", str(tmp_path / name))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    export("listing_csv", "listing_xlsx", "--as-of", as_of, "--out", str(tmp_path / "one"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["e2b_r3", "listing_csv", "nonsense"], r"e2b_r3: .*\nnonsense: .*listing_csv, listing_xlsx"),
        (["listing_csv", "--site", "XX99"], "XX99: There is no such site"),
        (["listing_csv", "--case", "BJ01-NOBODY"], "BJ01-NOBODY"),
        (["listing_csv", "--as-of", "yesterday"], "--as-of yesterday"),
        (["listing_csv", "--as-of", "2027-05-12T08:00:00"], "needs a zone"),
        (["listing_csv", "--as-of", "2099-01-01T00:00:00Z"], "future"),
        (["listing_csv", "--as-of", "2001-01-01T00:00:00Z"], "empty cut"),
        (["listing_csv", "--unblinded-with", "key"], "no.* unblinded form"),
    ],
)
def test_the_command_refuses_by_name_and_writes_nothing(arguments: list[str], said: str, tmp_path: Path) -> None:
    cases.confirmed()
    with pytest.raises(CommandError, match=said) as caught:
        export(*arguments, "--out", str(tmp_path / "cut"))
    assert caught.value.returncode == 1
    assert not list(tmp_path.rglob("*.*"))
    assert not DataCut.objects.exists()


def test_the_command_never_overwrites_another_cut(tmp_path: Path) -> None:
    cases.confirmed()
    export("listing_csv", "--out", str(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    cases.confirmed(people.jones())
    with pytest.raises(CommandError, match="Another cut lies there"):
        export("listing_csv", "--out", str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert DataCut.objects.count() == 1


def test_an_out_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    cases.confirmed()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CommandError, match="file"):
        export("listing_csv", "--out", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"
