"""What real patients wrote elsewhere, read by the present rules. Each share may only rise."""

import pytest

from apps.triage import figures, rules
from apps.triage.figures import Figures, Judged
from tests.triage import real

FLOORS = {"en": (0.93, 0.95, 0.98), "zh": (0.83, 0.89, 0.97)}  # serious called serious, read by a person, specificity
UNCLEAR = 0.12


@pytest.fixture(scope="module")
def found() -> dict[str, Figures]:
    rows = real.rows()
    if not rows:
        pytest.skip("the real sentences lie beside the project, and are not here")
    judged = [
        Judged(row["id"], row["lang"], row["label"], rules.assess(row["text"]).label, row["serious_reason"])
        for row in rows
    ]
    return {language: figures.of([one for one in judged if one.language == language]) for language in FLOORS}


@pytest.mark.parametrize("language", list(FLOORS))
def test_real_sentences_stay_above_their_floors(found: dict[str, Figures], language: str) -> None:
    serious, read, specificity = FLOORS[language]
    one = found[language]
    assert (one.sensitivity.value or 0.0) >= serious
    assert (one.read.value or 0.0) >= read
    assert (one.specificity.value or 0.0) >= specificity
    assert (one.human_share.value or 1.0) <= UNCLEAR


def test_every_label_belongs_to_a_sentence_beside_the_project(found: dict[str, Figures]) -> None:
    assert sum(one.count for one in found.values()) == len(real.LABELS.read_text().splitlines())
