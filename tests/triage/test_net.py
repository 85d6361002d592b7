"""The net behind the rules: it raises, it never lowers, it can say why, and its weights can be made again."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from apps.triage import rules
from apps.triage.rules.form import DATA
from apps.triage.rules.net import Net, NetError, load, names
from tests.triage import training
from tests.triage.nets import weights
from tests.triage.training import Example

ODD = "the budgerigar cage looks crooked and so do i"  # says nothing to any rule
ODD_WORDS = {"w:budgerigar": (900, 100), "w:look": (700, 100), "b:so do": (650, 100)}
NOTHING: dict[str, tuple[int, int]] = {}


NET = Net({"en": weights(ODD_WORDS, 400, 9_000), "zh": weights(NOTHING, 400, 9_000)})


def assess(text: str, net: Net) -> rules.Assessment:
    return replace(rules.engine(), net=net).assess(text, sender="participant", context=rules.Context())


def texts() -> list[dict[str, str]]:
    files = sorted((training.CORPUS / "tuning").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_text_that_no_rule_explains_goes_to_a_person_with_the_words_that_decided() -> None:
    alone, found = assess(ODD, Net({})), assess(ODD, NET)

    assert alone.label == "none"
    assert (found.label, found.level, found.needs_person) == ("unclear", "R3", True)
    assert ODD[found.clues[0].start : found.clues[0].end] == "budgerigar"
    assert [clue.weight for clue in found.clues] == [900, 700, 650]


def test_the_reason_names_places_and_never_the_words() -> None:
    found = assess(ODD, NET)

    assert found.reason.startswith("net [4:14]")
    assert "budgerigar" not in found.reason


def test_below_the_threshold_nothing_is_raised() -> None:
    assert assess(ODD, Net({"en": weights(ODD_WORDS, 5_000, 9_000)})).label == "none"


def test_words_that_are_new_to_the_net_keep_it_from_being_sure() -> None:
    certain = Net({"en": weights(ODD_WORDS, 400, 900)})
    among_unknown = Net({"en": weights(ODD_WORDS, 400, 900, unknown=100)})

    assert assess(ODD, certain).label == "serious"
    assert assess(ODD, among_unknown).label == "unclear"


def test_what_the_net_is_sure_of_is_urgent_and_pages_at_night() -> None:
    found = assess(ODD, Net({"en": weights(ODD_WORDS, 400, 450)}))

    assert (found.label, found.level, found.night_page, found.needs_person) == ("serious", "R2", True, True)


def test_the_net_is_sure_of_one_harmless_text_in_a_hundred() -> None:
    examples = known()
    harmless = [replace(example, label="none") for example in examples] * 10
    margins = [at / 600 for at in range(600)]

    sure = training.choose_sure(harmless, margins, 0.01)

    assert sum(value >= sure for value in margins) in (5, 6)


def test_the_net_only_raises() -> None:
    whole, alone = rules.engine(), rules.engine().without_net()
    changed = 0
    for row in texts():
        before = alone.assess(row["text"], sender=row["sender"], context=rules.Context())
        after = whole.assess(row["text"], sender=row["sender"], context=rules.Context())
        if before.label == "serious":
            assert after == before
        elif after != before:
            changed += 1
            assert after.label == "serious" or (after.label, before.label != "unclear") == ("unclear", True)
            assert after.needs_person
            assert after.findings == before.findings
            assert after.level is not None
            assert before.level is None or after.level <= before.level
            assert after.clues
    assert changed, "the net is not there"


def test_a_text_in_two_scripts_is_read_by_the_chinese_weights() -> None:
    net = Net(
        {
            "en": weights({"w:budgerigar": (9_000, 1)}, 100, 999_000),
            "zh": weights({"w:鹦": (9_000, 1)}, 100, 999_000),
        }
    )

    assert assess("budgerigar 鹦鹉", net).clues[0].start == len("budgerigar ")


ENGLISH = (
    "# weights\n[en =]\n30\t0\tthreshold\n90\t0\tsure\n0\t70\tunknown\n[en w]\n5\t1\tink\n"
    "[en b]\n5\t1\tink\ttea\n[en s]\n[en k]\n[en p]\n"
)
WHOLE = ENGLISH + ENGLISH.removeprefix("# weights\n").replace("[en ", "[zh ")


def test_a_whole_file_of_weights_is_read(tmp_path: Path) -> None:
    (tmp_path / "_net.txt").write_text(WHOLE)

    assert load(tmp_path / "_net.txt").weights["en"].weight("b", ("ink", "tea")) == 5


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (ENGLISH, r"sections of \['en'\], wanted of"),
        (WHOLE.replace("[zh ", "[fr "), r"sections of \['en', 'fr'\], wanted of"),
        ("en\t1\t1\tw:a\n", r"sections of \[\], wanted of"),
        (WHOLE.replace("[en w]\n", ""), "en: a section or a limit is missing"),
        (WHOLE.replace("sure", "certain"), "en: a section or a limit is missing"),
        (WHOLE.replace("5\t1\tink", "many\t1\tink"), "line 7: not a weight"),
        (WHOLE.replace("5\t1\tink\ttea", "5 1 ink tea"), "line 9: not a weight"),
        (WHOLE.replace("5\t1\tink\ttea", "5\t1\tink\ttea\n6\t1\tink"), "line 10: not a weight"),
    ],
)
def test_a_wrong_file_of_weights_stops_the_program_and_names_the_line(
    tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / "_net.txt").write_text(content)

    with pytest.raises(NetError, match=complaint):
        load(tmp_path / "_net.txt")


def test_without_a_file_the_rules_stand_alone(tmp_path: Path) -> None:
    assert load(tmp_path / "_net.txt") == Net({})


def test_the_version_changes_with_the_weights() -> None:
    assert training.TARGET.parent == DATA, "the fingerprint covers the catalogue's folder"


# --- how the weights are made


def known() -> list[Example]:
    """Four writers; "ink" is what serious texts have in common."""
    return [
        Example(
            f"writer{at % 4}",
            (f"w:filler{at % 7}", "w:ink" if at % 3 == 0 else "w:tea", "w:the"),
            "serious" if at % 3 == 0 else "none",
            "none",
        )
        for at in range(60)
    ]


def test_training_twice_gives_the_same_file() -> None:
    models = [{"en": training.learn(known()), "zh": training.learn([])} for _ in range(2)]
    first, second = (training.render(model, {"en": (0.3, 0.6), "zh": (0.3, 0.6)}) for model in models)

    assert first == second
    assert "\tink\n" in first


def test_what_is_in_every_text_weighs_little() -> None:
    weights = training.learn(known()).weights

    assert weights["w:ink"] > 0 > weights["w:tea"]
    assert abs(weights["w:the"]) < min(weights["w:ink"], -weights["w:tea"]) / 3


def test_a_writer_is_judged_by_a_net_that_never_saw_that_writer() -> None:
    alone = [replace(example, features=(*example.features, f"w:{example.writer}")) for example in known()]
    signs = ["serious" if example.writer == "writer0" else "none" for example in alone]
    relabelled = [replace(example, label=label) for example, label in zip(alone, signs, strict=True)]

    margins = training.margins_unseen(relabelled)

    assert max(value for value, label in zip(margins, signs, strict=True) if label == "serious") <= 0


def test_the_threshold_keeps_the_share_that_goes_to_a_person() -> None:
    examples = known()
    margins = training.margins_unseen(examples)

    threshold = training.choose(examples, margins, 1.0, 0.2, 0.12)

    assert training.human_share(examples, margins, threshold, 1.0, 0.2) <= 0.12


def test_the_file_judges_as_the_learner_does(tmp_path: Path) -> None:
    readings = [rules.engine().read(row["text"]) for row in texts()[:200]]
    examples = [
        Example(f"writer{at % 4}", tuple(names(reading)), "serious" if at % 3 == 0 else "none", "none")
        for at, reading in enumerate(readings)
    ]
    model = training.learn(examples)
    margins = sorted(model.margin(example) for example in examples)
    third = len(margins) // 3
    quiet, sure = _widest_gap(margins[: 2 * third]), _widest_gap(margins[2 * third :])
    limits = {"en": (quiet, sure), "zh": (sure, sure)}
    (tmp_path / "_net.txt").write_text(training.render({"en": model, "zh": model}, limits), encoding="utf-8")

    net = load(tmp_path / "_net.txt")

    found = set()
    for language, (threshold, certain) in limits.items():
        for reading, example in zip(readings, examples, strict=True):
            margin = model.margin(example)
            wanted = "serious" if margin >= certain else "unclear" if margin >= threshold else ""
            assert net.weights[language].label(reading) == wanted
            found.add((language, wanted))
    assert found == {("en", "serious"), ("en", "unclear"), ("en", ""), ("zh", "serious"), ("zh", "")}


def _widest_gap(margins: list[float]) -> float:
    """Its middle: weights are kept as whole thousandths, so no text may stand at the limit itself."""
    low, high = max(pairwise(margins), key=lambda pair: pair[1] - pair[0])
    return (low + high) / 2


def test_of_two_classes_that_stand_apart_both_are_shown() -> None:
    reading = rules.engine().read("very weak tonight, fever too")
    one, other = sorted(reading.classes)[:2]

    net = Net({"en": weights({f"p:{one} {other}": (900, 100)}, 400, 9_000), "zh": weights(NOTHING, 400, 9_000)})

    assert {clue.name for clue in net.raises(reading)[1]} == {one, other}


def test_a_class_that_every_tenth_text_has_says_nothing_beside_another() -> None:
    features = ("k:rare", "k:often", "k:seldom", "p:often rare", "p:rare seldom")
    examples = [
        Example("a", features if at < 5 else ("k:often",), "serious" if at < 5 else "none", "none") for at in range(60)
    ]

    assert {name for name in training.learn(examples).weights if name[0] == "p"} == {"p:rare seldom"}


def test_the_blind_part_teaches_nothing() -> None:
    assert "blind" not in training.PARTS
