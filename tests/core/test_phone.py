"""Numbers as people read them."""

import pytest

from apps.core import phone


@pytest.mark.parametrize(("number", "read"), [
    ("+8613812345678", "+86 138 1234 5678"), ("+12025550111", "+1 202 555 0111"), ("+61491570006", "+61 491 570 006"),
    ("120", "120"), ("010 6642 9999", "010 6642 9999"), ("", ""),
])  # fmt: skip
def test_a_number_is_grouped_as_it_is_read_aloud_and_a_short_one_stays(number: str, read: str) -> None:
    assert phone.grouped(number) == read
