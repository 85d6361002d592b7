"""ZIP files with the same bytes for the same content, on any day and any machine. Pure."""

import io
import zipfile
from collections.abc import Mapping

_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest that the format can say


def packed(parts: Mapping[str, bytes], *, first: str = "") -> bytes:
    """Entries in the order of their names, `first` before all others where the format wants it, stored rather than compressed:
    another version of the compressor would give other bytes.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as entries:
        for name in sorted(parts, key=lambda name: (name != first, name)):
            entry = zipfile.ZipInfo(name, date_time=_FIXED)
            entry.create_system = 3  # the field tells the operating system otherwise
            entry.external_attr = 0o644 << 16
            entries.writestr(entry, parts[name])
    return out.getvalue()
