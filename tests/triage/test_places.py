"""Where a finding stands in the text as it was sent, whatever folding did to its letters."""

import pytest

from apps.triage import rules


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dunno why but I vomited blood", "vomited blood"),  # one written word, two of the catalogue
        ("胸\u200b口疼", "胸\u200b口疼"),  # a sign without width is left out
        ("ｖｏｍｉｔｉｎｇ blood", "ｖｏｍｉｔｉｎｇ blood"),
        ("½ a day of vomitting blood", "vomitting blood"),  # one sign becomes three, a slip is undone
        ("temp was 37.5\nnow vomiting blood", "vomiting blood"),
    ],
)
def test_a_finding_keeps_its_place(text: str, words: str) -> None:
    found = rules.assess(text).findings

    assert words in [text[one.start : one.end] for one in found]


def test_a_line_ends_a_sentence_and_a_blank_a_chinese_clause() -> None:
    layouts = [
        rules.engine().read(text).layout
        for text in ("no fever\nblack stool", "没发烧 拉黑便了", "no fever black stool")
    ]

    assert [len(set(layout.sentences)) for layout in layouts] == [2, 1, 1]
    assert [len(set(layout.clauses)) for layout in layouts] == [2, 2, 1]


def test_numbers_do_not_fill_the_table_of_words() -> None:
    forms = rules.engine().forms
    rules.assess("it was 98765 again")
    known = len(forms)

    rules.assess("it was 98764 again")

    assert len(forms) == known
