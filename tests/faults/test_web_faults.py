"""Faults 1 and 2: the web process dies around its commit. Real processes; gunicorn starts the next web process itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import promises
from tests.faults.posting import Poster
from tests.prepared import emergencies, peopled, phone_of
from tests.stack import STACKS, Stack, missing, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.processes]
# Reconciliation comes every five minutes: here every ninety seconds. With less, a call's time-out and a lease would be so short that a
# machine at work misses them, and an urgent text goes out again as it must.
FACTOR = 0.3
FIVE_MINUTES = 300 * FACTOR


@pytest.fixture(params=STACKS[:2])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    if reason := missing(request.param):
        pytest.skip(reason)
    with peopled(request.param, tmp_path, TRIALCARE_TIME_FACTOR=str(FACTOR)) as made:
        yield made


def stored(stack: Stack, sid: str) -> int:
    return stack.count(f"SELECT count(*) FROM messaging_inboundmessage WHERE dedupe_key = '{sid}'")


def arrived(stack: Stack, sender: str, body: str) -> str:
    return str(stack.twilio.exchange.arrived(from_=sender, body=body)["sid"])


def test_fault_01_web_killed_before_commit(stack: Stack, tmp_path: Path) -> None:
    """The provider gets no answer. One text is posted again; the other is never, and is fetched from the log within five minutes."""
    poster, wang, jones = Poster(stack), phone_of(stack, language="zh-Hans"), phone_of(stack, language="en")
    again, listed = arrived(stack, wang, "今天早上吐血了"), arrived(stack, jones, "black stool since last night")
    signs = [tmp_path / "first", tmp_path / "second"]

    for sid, sender, body, sign_ in (
        (again, wang, "今天早上吐血了", signs[0]),
        (listed, jones, "black stool since last night", signs[1]),
    ):
        stack.start("web", FAILPOINT=f"inbound_before_commit:kill@{sign_}")
        assert poster.posted(sid, sender=sender, body=body) is None
        assert sign_.exists()
        assert stored(stack, sid) == 0
        stack.kill("web")

    stack.start("web", "worker", "sentinel")
    repeated = poster.posted(again, sender=wang, body="今天早上吐血了")
    assert repeated is not None
    assert repeated.status_code == 200
    wait_for(lambda: stored(stack, listed), within=FIVE_MINUTES + 10, saying="the lost text is fetched from the log")
    wait_for(lambda: emergencies(stack, jones), within=20, saying="and is answered as if it had arrived")
    promises.hold_for(stack, accepted=[again, listed], extra_calls=1)


def test_fault_02_web_killed_after_commit_before_the_answer(stack: Stack, tmp_path: Path) -> None:
    """Posted again: the same row, the same answer, and nothing is done twice."""
    poster, wang, struck = Poster(stack), phone_of(stack, language="zh-Hans"), tmp_path / "struck"
    sid, other = arrived(stack, wang, "今天早上吐血了"), arrived(stack, wang, "谢谢")
    stack.start("web", FAILPOINT=f"inbound_after_commit:kill@{struck}")

    assert poster.posted(sid, sender=wang, body="今天早上吐血了") is None
    assert struck.exists()
    assert stored(stack, sid) == 1

    wait_for(stack.web_answers, within=15, saying="gunicorn has started the next process")
    stack.start("worker", "sentinel")
    wait_for(lambda: emergencies(stack, wang), within=30, saying="the text is answered although nobody was told so")
    repeated = poster.posted(sid, sender=wang, body="今天早上吐血了")
    fresh = poster.posted(other, sender=wang, body="谢谢")
    assert repeated is not None
    assert fresh is not None
    assert (repeated.status_code, repeated.content) == (fresh.status_code, fresh.content)
    assert stored(stack, sid) == 1
    promises.hold_for(stack, accepted=[sid, other])
    assert len(emergencies(stack, wang)) == 1
    assert stack.count("SELECT count(*) FROM safety_adverseevent") == 1
