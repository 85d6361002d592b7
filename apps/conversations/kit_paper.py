"""The downtime kit as paper: every label in English and Chinese, so that it serves whoever holds it."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _
from pypdf import PdfReader, PdfWriter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

if TYPE_CHECKING:
    from apps.conversations.kit import Kit, ToCall

_FONT = (
    "STSong-Light"  # a standard font of Adobe's Chinese pack: nothing to ship, known to every viewer that shows Chinese
)
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=9.5, leading=13)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontSize=13, leading=18, spaceBefore=8, spaceAfter=3)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontSize=17, leading=23)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)
OPEN_CASE = _("Urgent: a case is open now")
_SAYS = {
    "title": _("Downtime kit"),
    "secret": _("Holds phone numbers: keep it locked, shred it when it is void."),
    "emergency": _("Emergency number"),
    "crisis": _("Crisis line"),
    "team": _("Team phone"),
    "made": _("made"),
    "void": _("void after"),
    "for": _("for"),
    "tree": _("Phone tree: call until somebody takes it"),
    "minutes": _("after minutes"),
    "who": _("who"),
    "name": _("name"),
    "number": _("number"),
    "calls": _("Calls of the next 24 hours"),
    "by": _("by"),
    "code": _("participant code"),
    "why": _("why"),
    "result": _("called at, by, result"),
    "others": _("Everybody else who is followed here"),
    "after": _("When the system is back, enter every call with its time."),
    "none": _("none"),
}


def both(text: str) -> str:
    """A staff text in English and in Chinese."""
    with override("en"):
        english = gettext(text)
    with override("zh-hans"):
        chinese = gettext(text)
    return english if english == chinese else f"{english} · {chinese}"


def paper(kit: "Kit") -> bytes:
    """The PDF, not yet encrypted."""
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = BytesIO()
    made = SimpleDocTemplate(
        out,
        pagesize=A4,
        title="",
        author="",
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=14 * mm,
        bottomMargin=14 * mm,
    )
    made.build([*_head(kit), *_tree(kit), *_calls(kit), *_others(kit), _line(_SAYS["after"])])
    return out.getvalue()


def sealed(plain: bytes, *, password: str) -> bytes:
    """The same pages, encrypted with AES-256 (PDF 2.0)."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(plain)))
    writer.encrypt(password, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _line(text: str, style: ParagraphStyle = _TEXT) -> Paragraph:
    return Paragraph(escape(both(text)), style)


def _head(kit: "Kit") -> list[Flowable]:
    zone, site = ZoneInfo(kit.site.timezone), kit.site
    stamp = {
        name: f"{time.astimezone(zone):%Y-%m-%d %H:%M}"
        for name, time in (("made", kit.made_at), ("void", kit.valid_until))
    }
    facts = [
        f"{both(_SAYS['made'])}: {stamp['made']} ({site.timezone}) {both(_SAYS['for'])} {kit.made_for}",
        f"{both(_SAYS['void'])}: {stamp['void']}",
        f"{both(_SAYS['emergency'])}: {site.emergency_number}",
        f"{both(_SAYS['crisis'])}: {site.crisis_number or '–'}",
        f"{both(_SAYS['team'])}: {site.team_phone}",
    ]
    title = Paragraph(escape(f"{both(_SAYS['title'])} {site.code}"), _TITLE)
    return [title, _line(_SAYS["secret"]), *(Paragraph(escape(fact), _TEXT) for fact in facts)]


def _tree(kit: "Kit") -> list[Flowable]:
    rows = [[str(rung.minutes), both(_role(rung.who)), rung.name, rung.number] for rung in kit.tree]
    return [_line(_SAYS["tree"], _HEAD), _table(("minutes", "who", "name", "number"), rows, widths=(24, 76, 40, 40))]


def _role(who: str) -> str:
    return _ROLES.get(who, who.replace("_", " "))


_ROLES = {
    "investigator_on_call": _("investigator on call"),
    "second_on_call": _("second on call"),
    "principal_investigator": _("Principal investigator"),
    "sub_investigator": _("Sub-investigator"),
    "coordinator": _("Study coordinator"),
    "lead_coordinator": _("lead coordinator"),
    "duty_doctor": _("duty doctor"),
    "duty_desk": _("duty desk"),
    "sponsor_monitor": _("Sponsor safety"),
}


def _calls(kit: "Kit") -> list[Flowable]:
    zone = ZoneInfo(kit.site.timezone)
    rows = [
        [f"{call.by.astimezone(zone):%d %b %H:%M}" if call.by else "!", call.code, both(call.why), _phones(call), ""]
        for call in kit.calls
    ]
    head = _line(_SAYS["calls"], _HEAD)
    return [head, _table(("by", "code", "why", "number", "result"), rows, widths=(24, 24, 48, 44, 40))]


def _others(kit: "Kit") -> list[Flowable]:
    rows = [[call.code, both(call.why), _phones(call), ""] for call in kit.others]
    head = _line(_SAYS["others"], _HEAD)
    return [head, _table(("code", "why", "number", "result"), rows, widths=(30, 50, 56, 44)), Spacer(0, 4 * mm)]


def _phones(call: "ToCall") -> str:
    return "\n".join(f"{both(whose)} {number}" for whose, number in call.numbers) or "–"


def _table(names: Iterable[str], rows: list[list[str]], *, widths: tuple[int, ...]) -> Table:
    shown = rows or [[both(_SAYS["none"]), *[""] * (len(widths) - 1)]]
    cells = [[_line(_SAYS[name]) for name in names], *([_cell(text) for text in row] for row in shown)]
    return Table(cells, colWidths=[width * mm for width in widths], style=_GRID, repeatRows=1)


def _cell(text: str) -> Paragraph:
    return Paragraph(escape(text).replace("\n", "<br/>"), _TEXT)
