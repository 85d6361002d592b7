"""Several texts within minutes, read as the one sentence that somebody was too ill or too hurried to send in one piece. Only raises."""

from __future__ import annotations

from dataclasses import replace

from apps.triage.rules.shapes import Assessment, Clue, Finding, more_urgent

_GRAVEST = ("serious", "unclear", "nonserious", "none")
_CJK = ("\u3400", "\u9fff")


def joined(pieces: list[str]) -> tuple[str, int]:
    """One text, oldest piece first, and the offset at which the last piece begins. Chinese is joined without a blank."""
    whole = pieces[0]
    start = 0
    for piece in pieces[1:]:
        if whole and not _CJK[0] <= whole[-1] <= _CJK[1]:
            whole += " "
        start = len(whole)
        whole += piece
    return whole, start


def worse(*, alone: Assessment, before: list[Assessment], together: Assessment, start: int) -> Assessment:
    """What the last text means: `together` when the whole is graver than every piece, else `alone`.

    Offsets are moved to the last text; what stands wholly before it is left out.
    """
    level = alone.level
    labels = {alone.label}
    for piece in before:
        level = more_urgent(level, piece.level)
        labels.add(piece.label)
    graver_level = together.level is not None and more_urgent(level, together.level) != level
    graver_label = together.label == "serious" and "serious" not in labels
    if not (graver_level or graver_label):
        return alone
    return replace(
        together,
        label=min(alone.label, together.label, key=_GRAVEST.index),
        level=more_urgent(alone.level, together.level),
        findings=tuple(
            Finding(one.id, max(one.start - start, 0), one.end - start, one.state)
            for one in together.findings
            if one.end > start
        ),
        clues=tuple(
            Clue(max(one.start - start, 0), one.end - start, one.weight, one.name)
            for one in together.clues
            if one.end > start
        ),
        reason=f"with {len(before)} before: {together.reason}",
        path=alone.path or together.path,
        night_page=alone.night_page or together.night_page,
        health_word=True,
        input_sha256=alone.input_sha256,
    )
