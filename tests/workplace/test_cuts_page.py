"""A data cut from the workplace: made, fetched and verified by the sponsor's safety people, and by nobody else."""

import io
import json
import zipfile
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.exports.models import DataCut
from apps.staff.models import User
from tests import people
from tests.exports import cases
from tests.workplace.scenes import change_url, page, press, signed_in

pytestmark = pytest.mark.django_db
ADD, LISTED = "/admin/exports/datacut/add/", "/admin/exports/datacut/"
FORMATS = ["listing_csv", "listing_xlsx"]


@pytest.fixture(autouse=True)
def _confirmed(everybody: None) -> None:
    """A confirmed event at each site."""
    cases.confirmed(people.wang(), words="canarybeijing", number="BJ01-CANARY")
    cases.confirmed(people.li(), by=people.dora(), words="canaryshanghai", number="SH02-CANARY")


def make(person: User, **changed: object) -> int:
    said = {"formats": FORMATS, "reason": "monthly listing"} | changed
    return int(signed_in(person).post(ADD, said).status_code)


def test_the_sponsor_makes_a_cut_and_fetches_it_blinded() -> None:
    sam = people.sam()
    assert f'href="{ADD}"' in page(sam, LISTED)
    assert make(sam) == 303
    cut = DataCut.objects.get()

    fetched = signed_in(sam).post(f"/admin/exports/datacut/{cut.pk}/fetch/")

    assert fetched.status_code == 200
    assert fetched["Content-Disposition"].startswith("attachment")
    names = zipfile.ZipFile(io.BytesIO(fetched.content)).namelist()
    assert {name.rsplit(".")[-1] for name in names} >= {"csv", "xlsx", "json"}
    body = page(sam, change_url(cut))
    assert "Fetched by" in body
    assert "Sam" in body
    assert "monthly listing" in page(sam, LISTED)


def test_a_fetch_is_a_post_because_it_is_recorded() -> None:
    make(people.sam())
    cut = DataCut.objects.get()

    assert signed_in(people.sam()).get(f"/admin/exports/datacut/{cut.pk}/fetch/").status_code == 405
    assert not cut.downloads.exists()


def test_a_cut_is_verified_on_its_card() -> None:
    make(people.sam())

    assert press(people.sam(), DataCut.objects.get(), "verify").status_code == 303

    assert "all as made" in page(people.sam(), change_url(DataCut.objects.get()))


@pytest.mark.parametrize(
    "changed", [{"reason": ""}, {"formats": []}, {"formats": ["pdf"]}, {"as_of": "2099-01-01T00:00"}], ids=str
)
def test_a_cut_without_reason_or_format_or_of_the_future_is_refused(changed: dict[str, object]) -> None:
    assert make(people.sam(), **changed) == 422
    assert not DataCut.objects.exists()


def test_a_cut_of_one_site_holds_that_site_alone() -> None:
    make(people.sam(), site=str(people.site("BJ01").pk), formats=["listing_csv"])
    cut = DataCut.objects.get()

    fetched = signed_in(people.sam()).post(f"/admin/exports/datacut/{cut.pk}/fetch/")

    with zipfile.ZipFile(io.BytesIO(fetched.content)) as files:
        text = "".join(files.read(name).decode("utf-8-sig", "replace") for name in files.namelist())
    assert "BJ01-CANARY" in text
    assert "SH02-CANARY" not in text
    assert "canaryshanghai" not in text


def test_a_typed_time_is_the_same_moment_for_the_command_by_the_manifest_s_own_words(tmp_path: Path) -> None:
    later = clock.now() + timedelta(days=2)
    typed = later.astimezone(ZoneInfo("Asia/Shanghai")).replace(second=0, microsecond=0)
    with clock.using(VirtualClock(later + timedelta(days=1))):
        assert make(people.sam(), as_of=f"{typed:%Y-%m-%dT%H:%M}") == 303
        cut = DataCut.objects.get()
        told = json.loads(bytes(cut.files.get(path="manifest.json").content))["as_of"]
        call_command("export", *FORMATS, "--as-of", told, "--out", str(tmp_path), stdout=io.StringIO())

    assert told == f"{typed.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    assert (tmp_path / "adverse_events.xlsx").read_bytes() == bytes(cut.files.get(path="adverse_events.xlsx").content)
    assert (tmp_path / "adverse_events.csv").read_bytes() == bytes(cut.files.get(path="adverse_events.csv").content)


@pytest.mark.parametrize("name", ["alice", "carol", "chen", "ada", "dan"])
def test_nobody_else_makes_or_fetches_one(name: str) -> None:
    make(people.sam())
    cut, person = DataCut.objects.get(), getattr(people, name)()

    assert make(person) == 403
    assert signed_in(person).post(f"/admin/exports/datacut/{cut.pk}/fetch/").status_code == 403
    assert signed_in(person).get(change_url(cut)).status_code == 403
    assert DataCut.objects.count() == 1


def test_a_cut_without_any_confirmed_event_is_refused_in_words() -> None:
    answer = signed_in(people.sam()).post(
        ADD, {"formats": ["listing_csv"], "reason": "too early", "as_of": "2026-01-01T00:00"}
    )

    assert answer.status_code == 422
    assert "There was no confirmed adverse event at that time" in answer.content.decode()
