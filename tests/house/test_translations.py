"""Everything that staff see exists in both languages."""

from tests.house import translations


def test_every_string_for_staff_has_a_chinese_translation() -> None:
    assert translations.missing() == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert translations.MO.read_bytes() == translations.compiled()
