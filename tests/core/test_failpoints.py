"""A failpoint that is written wrongly ends the process at its start: a test would otherwise pass by doing nothing, or never end."""

import pytest

from apps.core import failpoints


def test_each_part_is_a_place_and_what_happens_there() -> None:
    parsed = failpoints.parse(
        "claimed:raise, before_finish:hang,pump_tick:kill@/tmp/a:b,provider_accepted:wait@/tmp/sign"
    )

    assert parsed == {
        "claimed": "raise",
        "before_finish": "hang",
        "pump_tick": "kill@/tmp/a:b",
        "provider_accepted": "wait@/tmp/sign",
    }
    assert failpoints.parse("") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nowhere:kill", "no such failpoint: nowhere"),
        ("claimed:wait", "claimed:wait needs a file: claimed:wait@FILE"),
        ("claimed:wait@", "claimed:wait@ needs a file: claimed:wait@FILE"),
        ("claimed:kil", "claimed:kil: a failpoint can kill, hang, wait or raise"),
        ("claimed", "claimed: a failpoint can kill, hang, wait or raise"),
    ],
)
def test_what_could_not_be_done_is_an_error_that_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        failpoints.parse(text)
