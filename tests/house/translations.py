"""The staff's catalogue, without system tools: `python -m tests.house.translations` extracts, merges, compiles and says what is missing.

Strings come from our Python and templates, and from the theme where Django's own catalogue does not have them.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import django
import unfold
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "trialcare" / "locale" / "zh_Hans" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
KEYWORDS = {
    "_": None,
    "_now": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
# The same strings make the same bytes on any day.
_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)
Msgid = str | tuple[str, ...]


def sources() -> Iterator[Path]:
    """Our own files that speak to staff. Wording for participants is no gettext."""
    for folder in ("apps", "trialcare", "templates"):
        for path in sorted((ROOT / folder).rglob("*")):
            if (
                path.suffix in (".py", ".html", ".txt")
                and "migrations" not in path.parts
                and "symptoms" not in path.parts
            ):
                yield path


def found_in(path: Path) -> Iterator[Msgid]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = "\n".join(line.lstrip() for line in templatize(text).splitlines())
    for _line, message, _comments, _context in extract("python", BytesIO(text.encode()), keywords=KEYWORDS):
        message = tuple(each for each in message if each) if isinstance(message, tuple) else message
        if message:
            yield message[0] if isinstance(message, tuple) and len(message) == 1 else message


def ours() -> set[Msgid]:
    return {message for path in sources() for message in found_in(path)}


def the_themes() -> set[Msgid]:
    """What the theme says and Django does not translate for it."""
    folder = Path(unfold.__file__).parent
    paths = [*(folder / "templates").rglob("*.html"), *folder.glob("*.py")]
    said = {message for path in paths for message in found_in(path)}
    known = _djangos()
    return {message for message in said if _key(message) not in known}


def _djangos() -> set[str]:
    known: set[str] = set()
    for path in Path(django.__file__).parent.rglob("locale/zh_Hans/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            known |= {_key(message.id) for message in read_mo(file) if message.string}
    return known


def _key(message: Msgid | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def wanted() -> set[Msgid]:
    return ours() | the_themes()


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def missing() -> list[str]:
    """Strings without a translation, or with one whose placeholders differ."""
    written = catalogue()
    known = {_key(message.id): message for message in written if message.id}
    problems = []
    for message in sorted(wanted(), key=_key):
        entry = known.get(_key(message))
        if entry is None or not all(entry.string if isinstance(entry.string, tuple | list) else [entry.string]):
            problems.append(_key(message))
        elif any(entry.check(written)):
            problems.append(f"placeholders differ: {_key(message)}")
    return problems


def update(translations: dict[str, str] | None = None) -> None:
    """Write the catalogue anew: every wanted string, with the translation that is known."""
    known = {_key(message.id): message.string for message in catalogue() if message.id} if PO.exists() else {}
    fresh = Catalog(
        locale="zh_Hans", project="trialcare", version="1", header_comment="# Simplified Chinese, for staff.", fuzzy=False,
        creation_date=_ANY_DAY, revision_date=_ANY_DAY, last_translator="trialcare", msgid_bugs_address="trialcare",
        language_team="zh_Hans",
    )  # fmt: skip
    for message in sorted(wanted(), key=_key):
        said = (translations or {}).get(_key(message)) or known.get(_key(message)) or ""
        said = said[0] if isinstance(said, tuple | list) else said
        fresh.add(message, (said,) if isinstance(message, tuple) else said)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, fresh, width=120, omit_header=False, sort_output=True)
    MO.write_bytes(compiled())


def compiled() -> bytes:
    """The catalogue as Django reads it."""
    target = BytesIO()
    write_mo(target, catalogue())
    return target.getvalue()


if __name__ == "__main__":
    update()
    left = missing()
    print(*left, f"{len(left)} of {len(wanted())} strings without a translation", sep="\n")
    sys.exit(bool(left))
