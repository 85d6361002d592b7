"""`triage_report`: the guideline's figures, and what was missed."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.triage import figures
from apps.triage.figures import Judged, Share


def judged(gold: str, said: str, *, reason: str = "", look_alike: str = "") -> Judged:
    return Judged(id="x", language="en", gold=gold, said=said, reason=reason, look_alike=look_alike)


def test_each_figure_counts_what_it_says() -> None:
    found = figures.of(
        [
            judged("serious", "serious", reason="gibleed"),
            judged("serious", "unclear", reason="gibleed"),
            judged("serious", "none", reason="HE"),
            judged("none", "serious", look_alike="hist"),
            judged("none", "none", look_alike="hist"),
            judged("nonserious", "none"),
            judged("nonserious", "unclear"),
            judged("unclear", "serious"),
        ]
    )

    assert found.sensitivity == Share(1, 3)
    assert found.read == Share(2, 3)
    assert found.specificity == Share(3, 4), "a text that is unclear even to people is nobody's false alarm"
    assert found.look_alikes == Share(1, 2)
    assert found.human_share == Share(2, 8)
    assert found.by_reason == {"gibleed": (1, 1, 2), "HE": (0, 0, 1)}
    assert found.by_look_alike == {"hist": (1, 2)}


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(81, 263), 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (Share(15, 148), 0.0624, 0.1605),
        (Share(0, 20), 0.0, 0.1611),
        (Share(1, 29), 0.0061, 0.1718),
    ],
)
def test_intervals_are_wilsons(share: Share, low: float, high: float) -> None:
    assert share.interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_has_no_value() -> None:
    assert Share(0, 0).value is None
    assert str(Share(0, 0)) == "-"


def test_the_kind_of_look_alike_stands_in_the_note() -> None:
    assert figures.look_alike_of("style:caps;hard:hist;b") == "hist"
    assert figures.look_alike_of("style:caps") == ""


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows = [
        {"id": "a", "lang": "en", "text": "vomited blood", "label": "serious", "serious_reason": "gibleed", "note": ""},
        {"id": "b", "lang": "en", "text": "thank you", "label": "serious", "serious_reason": "HE", "note": ""},
        {"id": "c", "lang": "zh", "text": "谢谢医生", "label": "none", "note": "hard:idiom"},
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("triage_report", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_report_names_the_missed_texts_and_prints_them_only_when_asked(labelled: Path) -> None:
    quiet, open_ = run(labelled), run(labelled, "--texts")

    assert "serious and read by nobody: 1" in quiet
    assert "b en HE -> none" in quiet
    assert "thank you" not in quiet
    assert "thank you" in open_


def test_the_report_has_each_language_and_all(labelled: Path) -> None:
    found = json.loads(run(labelled, "--json"))

    assert list(found["figures"]) == ["en", "zh", "all"]
    assert found["figures"]["en"]["sensitivity"] == {"hits": 1, "count": 2}
    assert found["figures"]["zh"]["look_alikes"] == {"hits": 1, "count": 1}


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text('{"id": "a", "text": "hello"}')

    with pytest.raises(CommandError, match="a: label is none of"):
        run(path)
