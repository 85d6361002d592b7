"""The downtime kit: what a site needs on paper, sealed, dated, on record, and for nobody else."""

import io
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError
from reportlab.pdfbase import pdfmetrics

from apps.conversations import kit_paper
from apps.conversations.kit import NotForYou, PasswordTooShort, make_kit
from apps.conversations.models import DowntimeKit
from apps.conversations.services import open_task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, phone
from apps.messaging.models import NumberShown
from apps.staff.models import User
from apps.staff.services import end_at_once
from tests import people
from tests.times import beginning_at

pytestmark = pytest.mark.django_db
MORNING = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)  # Wednesday 10:00 in Shanghai
PASSWORD = "a password of this paper"
time = beginning_at(MORNING)


def read(paper: bytes, password: str = PASSWORD) -> str:
    reader = PdfReader(io.BytesIO(paper), password=password)
    return "\n".join(page.extract_text() for page in reader.pages).replace("\xa0", " ")


def dialled(name: str) -> str:
    return phone.grouped(people.PHONES[name])


def test_it_holds_the_phone_tree_the_calls_and_everybody_else_in_both_languages() -> None:
    wang = people.wang()
    deadline = clock.now() + timedelta(hours=2)
    open_task(key="call", kind=TaskKind.CALL_BACK, site=wang.site, participant=wang, deadline=deadline)
    said = read(make_kit(site=wang.site, person=people.alice(), password=PASSWORD))
    tree, calls, others = said.index("Phone tree"), said.index("Calls of the next"), said.index("Everybody else")
    assert tree < calls < others
    for name in ("alice", "bob", "carol", "chen", "dan"):
        assert tree < said.index(dialled(name)) < calls
    assert calls < said.index("BJ01-001") < others < said.index("BJ01-002")
    assert calls < said.index(dialled("wang")) < others
    assert dialled("jones's husband") in said
    assert "电话" in said
    assert "120" in said
    assert "2027-05-13 10:00" in said  # void after a day


def test_what_to_do_and_until_when_it_holds_stand_first_and_on_every_sheet_again() -> None:
    reader = PdfReader(io.BytesIO(make_kit(site=people.site("BJ01"), person=people.alice(), password=PASSWORD)))
    reader.decrypt(PASSWORD)
    sheets = [page.extract_text().replace("\xa0", " ") for page in reader.pages]
    void, emergency, first, tree = (
        sheets[0].index(said) for said in ("2027-05-13 10:00", "120", "What to do first", "Phone tree")
    )
    assert void < emergency < first < tree
    for number, sheet in enumerate(sheets, start=1):
        assert f"{number} / {len(sheets)}" in sheet
        assert sheet.count("2027-05-13 10:00") >= 1


def test_digits_are_in_the_file_and_every_sign_has_a_font_that_knows_it() -> None:
    User.objects.filter(username="alice").update(name="欧阳 娜娜 · Ünal")
    reader = PdfReader(io.BytesIO(make_kit(site=people.site("BJ01"), person=people.bob(), password=PASSWORD)))
    reader.decrypt(PASSWORD)
    text = "".join(page.extract_text() for page in reader.pages)
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    inside = [font for font in fonts if "/FontFile2" in font.get("/FontDescriptor", {})]
    latin = {sign for sign in text if sign.isprintable() and not kit_paper.IS_CHINESE.match(sign)}
    assert len(inside) >= 2
    assert "欧阳" in text
    assert "娜娜" in text
    vera: Any = pdfmetrics.getFont("Vera")
    assert latin - {*map(chr, vera.face.charToGlyph)} == set()


def test_it_opens_with_its_password_alone() -> None:
    paper = make_kit(site=people.site("BJ01"), person=people.alice(), password=PASSWORD)
    assert b"BJ01" not in paper
    with pytest.raises(FileNotDecryptedError):
        PdfReader(io.BytesIO(paper)).pages[0].extract_text()
    assert PdfReader(io.BytesIO(paper)).decrypt("another password") == 0


def test_nothing_of_another_site_stands_in_it_and_nobody_else_may_have_it() -> None:
    said = read(make_kit(site=people.site("BJ01"), person=people.alice(), password=PASSWORD))
    assert "SH02" not in said
    assert dialled("li") not in said
    assert people.PHONES["li"] not in said
    for stranger in (people.dora(), people.sam(), people.ada(), people.dan()):
        with pytest.raises(NotForYou):
            make_kit(site=people.site("BJ01"), person=stranger, password=PASSWORD)


def test_that_it_was_made_and_every_number_in_it_are_on_record() -> None:
    make_kit(site=people.site("BJ01"), person=people.alice(), password=PASSWORD)
    kit = DowntimeKit.objects.get()
    assert (kit.person, kit.valid_until - kit.made_at) == (people.alice(), timedelta(hours=24))
    assert NumberShown.objects.filter(person=people.alice()).count() == 4


def test_a_short_password_is_refused() -> None:
    with pytest.raises(PasswordTooShort):
        make_kit(site=people.site("BJ01"), person=people.alice(), password="short")
    assert not DowntimeKit.objects.exists()


def test_the_command_writes_it_for_its_owner_alone_and_removes_what_is_void(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    void = tmp_path / "downtime-SH02.pdf"
    void.write_bytes(b"yesterday's")
    os.utime(void, (0, 0))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("downtime_kit", "BJ01", "--for", "alice", "--out", str(tmp_path), stdout=io.StringIO())
    written = tmp_path / "downtime-BJ01.pdf"
    assert "BJ01-001" in read(written.read_bytes())
    assert written.stat().st_mode & 0o077 == 0
    assert not void.exists()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    with pytest.raises(CommandError, match="may not call"):
        call_command("downtime_kit", "BJ01", "--for", "dora", "--out", str(tmp_path), stdout=io.StringIO())


def test_without_a_site_each_has_a_kit_for_its_principal_investigator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where nobody gives a password, one is made and said."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    said = io.StringIO()
    call_command("downtime_kit", "--out", str(tmp_path), stdout=said)
    password = said.getvalue().splitlines()[0].rsplit(" ", 1)[1]
    for code in ("BJ01", "SH02"):
        paper = read((tmp_path / f"downtime-{code}.pdf").read_bytes(), password)
        assert f"{code}-001" in paper
    made = DowntimeKit.objects.order_by("site__code").values_list("site__code", "person__username")
    assert list(made) == [("BJ01", "carol"), ("SH02", "erin")]


def test_a_site_that_has_nobody_to_whom_numbers_may_be_shown_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    end_at_once(assignment=people.erin().assignments.get())
    with pytest.raises(CommandError, match="SH02"):
        call_command("downtime_kit", "--out", str(tmp_path), stdout=io.StringIO())
    assert not list(tmp_path.iterdir())
    assert not DowntimeKit.objects.exists()
