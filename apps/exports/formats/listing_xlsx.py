"""The adverse-event line listing as a workbook. Every text is typed as a text, so that nothing in it is ever a formula."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC

from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Font

from apps.exports import archive, cells
from apps.exports.format import CannotRender, Cell, CutContent, Format, Rendered

_LONGEST = 32_767  # a cell holds no more, and the library would cut the rest off silently
_STAMPS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


class ListingXlsx(Format):
    name = "listing_xlsx"
    label = _("Adverse-event listing (Excel)")
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    version = "1"

    def render(self, cut: CutContent) -> Sequence[Rendered]:
        book = Workbook()
        book.properties.creator = "trialcare"
        sheet = book.active
        sheet.title = "adverse events"
        sheet.freeze_panes = "B2"
        for number, name in enumerate(cut.listing.columns, start=1):
            sheet.cell(1, number, name).font = Font(bold=True)
        for line, row in enumerate(cut.listing.rows, start=2):
            for number, value in enumerate(row, start=1):
                _put(sheet.cell(line, number), value, case=str(row[0]), column=cut.listing.columns[number - 1])
        out = io.BytesIO()
        book.save(out)
        return [Rendered("adverse_events.xlsx", _stamped(out.getvalue(), cut), rows=len(cut.listing.rows))]


def _put(cell: SheetCell, value: Cell, *, case: str, column: str) -> None:
    text = cells.shown(value)
    if not isinstance(text, str):
        cell.value = text
        return
    if len(text) > _LONGEST:
        raise CannotRender(f"{case}: {column} is longer than a cell of a workbook holds ({_LONGEST} characters)")
    cell.value = text
    cell.data_type = "s"  # the library has just guessed a formula from "=", an error from "#N/A"


def _stamped(book: bytes, cut: CutContent) -> bytes:
    """The library writes the clock's time into the file's properties and entries: the as-of time takes its place."""
    stamp = f"{cut.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".encode()
    with zipfile.ZipFile(io.BytesIO(book)) as entries:
        parts = {name: entries.read(name) for name in entries.namelist()}
    parts["docProps/core.xml"] = _STAMPS.sub(rb"\g<1>" + stamp + rb"\g<3>", parts["docProps/core.xml"])
    return archive.packed(parts, first="[Content_Types].xml")
