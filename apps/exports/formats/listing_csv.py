"""The adverse-event line listing as CSV: UTF-8, LF, all texts quoted, cells safe for spreadsheet programs."""

import csv
import io
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from apps.exports import cells
from apps.exports.format import CutContent, Format, Rendered


class ListingCsv(Format):
    name = "listing_csv"
    label = _("Adverse-event listing (CSV)")
    content_type = "text/csv; charset=utf-8"
    version = "1"

    def render(self, cut: CutContent) -> Sequence[Rendered]:
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(cut.listing.columns)
        writer.writerows([cells.made_safe(value) for value in row] for row in cut.listing.rows)
        escaped = sum(isinstance(value, str) and cells.is_formula(value) for row in cut.listing.rows for value in row)
        content = out.getvalue().encode("utf-8")
        return [Rendered("adverse_events.csv", content, rows=len(cut.listing.rows), made_safe=escaped)]
