"""The downtime kit as paper: every label in English and Chinese, so that it serves whoever holds it, at night, without power.

What comes first stands first: until when it holds, the numbers to dial, what to do. Digits and Latin letters are set in a font
that is inside the file, so that a number is whole and plain in any viewer; Chinese is left to the viewer's own.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any
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
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from apps.conversations.kit import Kit, ToCall
from apps.core import phone

_LATIN, _BOLD = "Vera", "VeraBd"  # they come with reportlab and are put into the file
# A standard font of Adobe's Chinese pack: nothing to ship, known to every viewer that shows Chinese.
_CHINESE = "STSong-Light"
IS_CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")
_TEXT = ParagraphStyle("text", fontName=_LATIN, fontSize=10, leading=13.5)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8.5, leading=11.5)
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName=_BOLD, fontSize=12, leading=16, spaceBefore=10, spaceAfter=3, keepWithNext=1
)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22, spaceBefore=0)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=_BOLD)
_NUMBER = ParagraphStyle("number", parent=_TEXT, fontName=_BOLD, fontSize=11.5, leading=15)
_DIAL = ParagraphStyle("dial", parent=_NUMBER, fontSize=15, leading=20)
_DO = ParagraphStyle("do", parent=_TEXT, leftIndent=5 * mm, bulletIndent=0)
_DO_CHINESE = ParagraphStyle("do_chinese", parent=_DO, wordWrap="CJK", spaceAfter=3)
_LINES: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
_URGENT = colors.HexColor("#e6e6e6")  # grey: it is printed in black
_WIDTH = 180
_SAYS = {
    "title": _("Downtime kit"),
    "secret": _("Holds phone numbers: keep it locked, shred it when it is void."),
    "emergency": _("Emergency number"),
    "crisis": _("Crisis line"),
    "team": _("Team phone"),
    "made": _("made"),
    "void": _("void after"),
    "for": _("for"),
    "first": _("What to do first"),
    "tree": _("Phone tree: call until somebody takes it"),
    "minutes": _("after minutes"),
    "who": _("who"),
    "name": _("name"),
    "number": _("number"),
    "calls": _("Calls of the next 24 hours"),
    "by": _("by"),
    "now": _("now"),
    "code": _("participant code"),
    "why": _("why"),
    "result": _("called at, by, result"),
    "others": _("Everybody else who is followed here"),
    "none": _("none"),
    "sheet": _("sheet"),
}
_FIRST = (
    _("Is it void? Then do not use it: ask for a new one."),
    _(
        "List B, the rows marked “now”: phone the participant, then the caregiver. In danger: they dial the emergency number at once."
    ),
    _("Tell a doctor: go down list A, wait the minutes it says, until somebody takes it."),
    _("Then the other rows of list B, each before its time. Write time, name and result into the row."),
    _("When the system is back, enter every call with its time."),
)


def both(text: str) -> tuple[str, str]:
    """A staff text in English and in Chinese; the second is empty where they are the same."""
    with override("en"):
        english = gettext(text)
    with override("zh-hans"):
        chinese = gettext(text)
    return english, "" if english == chinese else chinese


def paper(kit: Kit) -> bytes:
    """The PDF, not yet encrypted. It is set twice: how many pages there are is known after the first time."""
    _fonts()
    pages = len(PdfReader(BytesIO(_set(kit, pages=0))).pages)
    return _set(kit, pages=pages)


def _fonts() -> None:
    known = pdfmetrics.getRegisteredFontNames()
    if _CHINESE not in known:
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))
    for name in (_LATIN, _BOLD):
        if name not in known:
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))


def _set(kit: Kit, *, pages: int) -> bytes:
    out = BytesIO()
    made = SimpleDocTemplate(
        out, pagesize=A4, title="", author="", leftMargin=15 * mm, rightMargin=15 * mm, topMargin=12 * mm,
        bottomMargin=18 * mm,
    )  # fmt: skip

    def foot(canvas: Any, document: Any) -> None:
        """On every sheet, since sheets come apart: of which site, until when, which page of how many."""
        sheet = f"{_one_line('sheet')} {document.page} / {pages}"
        line = Paragraph(
            _mixed(f"{kit.site.code} · {_one_line('void')} {_stamp(kit, kit.valid_until)} · {sheet}"), _SMALL
        )
        line.wrapOn(canvas, _WIDTH * mm, 10 * mm)
        line.drawOn(canvas, 15 * mm, 9 * mm)

    made.build([*_head(kit), *_tree(kit), *_calls(kit), *_others(kit)], onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def sealed(plain: bytes, *, password: str) -> bytes:
    """The same pages, encrypted with AES-256 (PDF 2.0)."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(plain)))
    writer.encrypt(password, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# --- text


def _mixed(text: str) -> str:
    """Markup of a text, its Chinese in the Chinese font."""
    return IS_CHINESE.sub(lambda run: f'<font name="{_CHINESE}">{run[0]}</font>', escape(text)).replace("\n", "<br/>")


def _one_line(name: str) -> str:
    return " ".join(filter(None, both(_SAYS[name])))


def _two_lines(text: str) -> str:
    return "\n".join(filter(None, both(text)))


def _line(name: str, style: ParagraphStyle = _TEXT, *, before: str = "") -> Paragraph:
    return Paragraph(_mixed(f"{before}{' · '.join(filter(None, both(_SAYS[name])))}"), style)


def _stamp(kit: Kit, time: Any) -> str:
    return f"{time.astimezone(ZoneInfo(kit.site.timezone)):%Y-%m-%d %H:%M}"


def dialled(number: str) -> str:
    """A number as people read it aloud, never broken over two lines."""
    return phone.grouped(number).replace(" ", "\u00a0")


# --- the parts


def _head(kit: Kit) -> list[Flowable]:
    site = kit.site
    void = f"{_one_line('void')} {_stamp(kit, kit.valid_until)} ({site.timezone})"
    made = f"{_one_line('made')} {_stamp(kit, kit.made_at)}, {_one_line('for')} {kit.made_for}"
    numbers = {"emergency": site.emergency_number, "team": site.team_phone, "crisis": site.crisis_number or "–"}
    cells = [
        [Paragraph(_mixed(_two_lines(_SAYS[name])), _SMALL) for name in numbers],
        [Paragraph(_mixed(dialled(number)), _DIAL) for number in numbers.values()],
    ]
    open_below = ("LINEABOVE", (0, 1), (-1, 1), 0.5, colors.white)
    style = TableStyle([*_LINES, open_below])
    dial = Table(cells, colWidths=[width * mm for width in (50, 80, 50)], style=style)
    return [
        Paragraph(_mixed(f"{' · '.join(both(_SAYS['title']))} · {site.code}"), _TITLE),
        Paragraph(_mixed(void), _DIAL),
        Paragraph(_mixed(made), _TEXT),
        _line("secret"),
        Spacer(0, 3 * mm),
        dial,
        *_first(),
    ]


def _first() -> list[Flowable]:
    found: list[Flowable] = [_line("first", _HEAD)]
    for number, text in enumerate(_FIRST, start=1):
        english, chinese = both(text)
        found += [
            Paragraph(_mixed(english), _DO, bulletText=f"{number}."),
            Paragraph(_mixed(chinese), _DO_CHINESE),
        ]
    return found


def _tree(kit: Kit) -> list[Flowable]:
    rows = [[str(rung.minutes), _two_lines(_role(rung.who)), rung.name, [dialled(rung.number)]] for rung in kit.tree]
    head = _line("tree", _HEAD, before="A. ")
    return [head, _table(("minutes", "who", "name", "number"), rows, widths=(22, 54, 48, 56))]


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


def _calls(kit: Kit) -> list[Flowable]:
    zone = ZoneInfo(kit.site.timezone)
    rows = [
        [
            f"{call.by.astimezone(zone):%m-%d %H:%M}" if call.by else _two_lines(_SAYS["now"]).upper(),
            call.code, _two_lines(call.why), _phones(call), "",
        ]
        for call in kit.calls
    ]  # fmt: skip
    urgent = [number for number, call in enumerate(kit.calls) if call.by is None]
    head = _line("calls", _HEAD, before="B. ")
    names = ("by", "code", "why", "number", "result")
    return [head, _table(names, rows, widths=(22, 26, 42, 56, 34), urgent=urgent)]


def _others(kit: Kit) -> list[Flowable]:
    rows = [[call.code, _two_lines(call.why), _phones(call), ""] for call in kit.others]
    head = _line("others", _HEAD, before="C. ")
    return [head, _table(("code", "why", "number", "result"), rows, widths=(26, 40, 56, 58))]


def _phones(call: ToCall) -> list[str]:
    """Whose number, then the number, one below the other."""
    return [text for whose, number in call.numbers for text in (" ".join(both(whose)), dialled(number))] or ["–"]


def _table(
    names: Iterable[str], rows: list[list[Any]], *, widths: tuple[int, ...], urgent: Iterable[int] = ()
) -> Table:
    shown = rows or [[_two_lines(_SAYS["none"]), *[""] * (len(widths) - 1)]]
    marked = {*urgent}
    head = [Paragraph(_mixed(_two_lines(_SAYS[name])), _SMALL) for name in names]
    cells = [head, *([_cell(text, number in marked) for text in row] for number, row in enumerate(shown))]
    grey = [("BACKGROUND", (0, number + 1), (2, number + 1), _URGENT) for number in marked]
    style = TableStyle([*_LINES, ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke), *grey])
    return Table(cells, colWidths=[width * mm for width in widths], style=style, repeatRows=1)


def _cell(said: str | list[str], is_urgent: bool) -> Any:
    """A text; a list is numbers, each alone or below whose it is."""
    if isinstance(said, str):
        return Paragraph(_mixed(said), _STRONG if is_urgent else _TEXT)
    return [Paragraph(_mixed(each), _NUMBER if each.startswith("+") else _SMALL) for each in said]
