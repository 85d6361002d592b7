"""Each format renders a cut to the same bytes on any day, and nothing in it runs in a spreadsheet program."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from apps.exports import cells
from apps.exports.format import FORMATS, CannotRender, Cell, CutContent, Listing, Rendered

AS_OF = datetime(2027, 5, 12, 2, 0, 0, tzinfo=UTC)


def content(*values: Cell, columns: tuple[str, ...] = ()) -> CutContent:
    names = columns or tuple(f"column_{number}" for number in range(len(values)))
    return CutContent("NCT06884904", AS_OF, Listing(names, (values,)))


def rendered(name: str, *values: Cell) -> Rendered:
    (file,) = FORMATS[name]().render(content(*values))
    return file


def test_the_folder_offers_exactly_the_formats_that_exist() -> None:
    assert FORMATS.names == ["listing_csv", "listing_xlsx"]


def test_csv_is_utf8_with_line_feeds_quoted_texts_and_plain_numbers() -> None:
    file = rendered("listing_csv", "吐血", 3, True, date(2027, 5, 1), AS_OF, None)
    assert file.path == "adverse_events.csv"
    assert file.content.decode().splitlines()[1] == '"吐血",3,"Y","2027-05-01","2027-05-12T02:00:00Z",""'
    assert b"\r" not in file.content
    assert not file.content.startswith(b"\xef\xbb\xbf")


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\u3000=1",
    "\ufeff=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe_and_is_counted(text: str) -> None:
    file = rendered("listing_csv", text, "plain")
    row = list(csv.reader(io.StringIO(file.content.decode(), newline="")))[1]
    assert row[0] == "'" + text
    assert row[1] == "plain"
    assert file.made_safe == 1


@pytest.mark.parametrize("value", [-1, date(2027, 5, 1), "a=b", "1-2", "'quoted", ""])
def test_numbers_dates_and_other_texts_stay_as_they_are(value: Cell) -> None:
    assert cells.made_safe(value) == cells.shown(value)


def test_every_text_of_a_workbook_is_typed_as_text_and_numbers_as_numbers() -> None:
    file = rendered("listing_xlsx", "=1+1", 3, "2027", "吐血\x00了", True, "#N/A")
    row = openpyxl.load_workbook(io.BytesIO(file.content)).active[2]
    assert [cell.value for cell in row] == ["=1+1", 3, "2027", "吐血\ufffd了", "Y", "#N/A"]
    assert [cell.data_type for cell in row] == ["s", "n", "s", "s", "s", "s"]


def test_a_text_longer_than_a_cell_is_refused_and_not_cut() -> None:
    with pytest.raises(CannotRender, match="BJ01-1"):
        rendered("listing_xlsx", "BJ01-1", "x" * 32_768)
    assert rendered("listing_xlsx", "BJ01-1", "x" * 32_767).rows == 1


def test_a_workbook_carries_the_as_of_time_and_no_clock() -> None:
    book = zipfile.ZipFile(io.BytesIO(rendered("listing_xlsx", "x").content))
    core = book.read("docProps/core.xml").decode()
    assert core.count("2027-05-12T02:00:00Z") == 2
    assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


PROGRAM = """
import sys, hashlib
from datetime import UTC, datetime
import django; django.setup()
from tests.exports.test_formats import content
from apps.exports.format import FORMATS
for name in FORMATS.names:
    for file in FORMATS[name]().render(content("吐血", "=x", 3, None, True)):
        print(file.path, hashlib.sha256(file.content).hexdigest())
"""


def test_the_same_cut_gives_the_same_bytes_in_another_process_with_another_hash_seed_zone_and_day() -> None:
    root = Path(__file__).resolve().parents[2]

    def run(seed: str, zone: str, day: str) -> str:
        travel = f"import time_machine; time_machine.travel({day!r}).start()\n"
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(root), "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", travel + PROGRAM], env=environment, cwd=root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run("1", "UTC", "2027-05-12T03:00:00Z")
    assert first.count("\n") == 2
    assert first == run("2", "Asia/Shanghai", "2028-01-01T12:34:56Z")
