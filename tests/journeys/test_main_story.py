"""The main job through real processes: web, worker and sentinel; HTTP in, HTTP out to a stand-in of Twilio's API.

Waits are a tenth of their length (`TRIALCARE_TIME_FACTOR`): five minutes without an answer take thirty seconds.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.stack import STACKS, Stack, missing, running, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(420)]
CODE = re.compile(r"\b(\d{4})\b")
HEALTH_WORDS = re.compile(r"血|吐|stool|blood|bleed|unconscious|father", re.IGNORECASE)


@pytest.fixture(params=STACKS[:2])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    if reason := missing(request.param):
        pytest.skip(reason)
    with running(request.param, tmp_path, TRIALCARE_TIME_FACTOR="0.1") as started:
        yield started


def code_in(text: str) -> str:
    """The acknowledgement code of a page: the four digits after 回 or "Reply"."""
    found = re.search(r"(?:回|[Rr]eply )\s*(\d{4})", text)
    assert found, text
    return found[1]


def test_from_a_participants_text_to_the_sponsors_listing(stack: Stack, tmp_path: Path) -> None:
    people = stack.demo()
    wang = next(row for row in people["participants"] if row["language"] == "zh-Hans")
    site = wang["site"]
    jones = next(row for row in people["participants"] if row["language"] == "en")
    stack.start("web", "worker", "sentinel")

    _checkin_is_asked_and_thanked(stack, wang["phone"])
    first, second = _nobody_answers_so_the_next_is_paged(stack, people, wang, site)
    _second_takes_it(stack, wang, first, second)
    _event_is_confirmed_and_listed(stack, people, site, tmp_path)
    _english_does_the_same(stack, people, jones)
    _an_unknown_number_is_paged(stack, people)
    _stop_and_start(stack, jones)
    assert "Traceback" not in stack.log("web") + stack.log("worker") + stack.log("sentinel")
    _no_word_in_the_logs(stack, people)


def _checkin_is_asked_and_thanked(stack: Stack, number: str) -> None:
    asked = wait_for(lambda: stack.received_by(number), within=60, saying="the check-in is texted")
    assert "1和以前一样" in asked[0]
    stack.text(number, "1")
    thanked = wait_for(lambda: stack.received_by(number)[1:], within=20, saying="the answer is thanked")
    assert thanked[0].startswith("收到，谢谢")


def _paged(stack: Stack, people: dict[str, list[dict[str, str]]], site: str | None) -> dict[str, list[str]]:
    """Pages by phone number, of the staff of one site."""
    staff = [row for row in people["staff"] if row["phone"] and (site is None or row["site"] == site)]
    return {row["phone"]: texts for row in staff if (texts := stack.received_by(row["phone"]))}


def _nobody_answers_so_the_next_is_paged(
    stack: Stack, people: dict[str, list[dict[str, str]]], wang: dict[str, str], site: str
) -> tuple[str, str]:
    stack.text(wang["phone"], "今天早上吐血了")
    emergency = wait_for(
        lambda: [
            text for text in stack.received_by(wang["phone"]) if "120" in text and "急诊" in text and "立即拨" in text
        ],
        within=20,
        saying="the emergency text goes out in Chinese",
    )
    assert len(emergency) == 1
    pages = wait_for(lambda: _paged(stack, people, site), within=20, saying="the on-call investigator is paged")
    first = next(iter(pages))
    assert not any(HEALTH_WORDS.search(text) for texts in pages.values() for text in texts)
    wait_for(lambda: len(_paged(stack, people, site)) > len(pages), within=90, saying="the next person is paged")
    second = next(number for number in _paged(stack, people, site) if number not in pages)
    return first, second


def _second_takes_it(stack: Stack, wang: dict[str, str], first: str, second: str) -> None:
    stack.text(second, code_in(stack.received_by(second)[-1]))
    wait_for(lambda: len(stack.received_by(second)) > 1, within=20, saying="the taker is asked for the contact")
    wait_for(
        lambda: any("已收到您的消息" in text for text in stack.received_by(wang["phone"])), within=20, saying="taken"
    )
    stack.text(second, code_in(stack.received_by(second)[0]) + " 1")
    wait_for(lambda: not stack.ledger()["open_escalations"], within=20, saying="a recorded contact ends the escalation")
    assert not HEALTH_WORDS.search(" ".join(stack.received_by(first)))


def _event_is_confirmed_and_listed(
    stack: Stack, people: dict[str, list[dict[str, str]]], site: str, tmp_path: Path
) -> None:
    confirmed = stack.manage(
        "shell",
        "-c",
        "from apps.audit.services import acting\n"
        "from apps.safety import services\nfrom apps.safety.models import AdverseEvent\nfrom apps.staff.models import User\n"
        "event = AdverseEvent.objects.order_by('received_at').first()\n"
        "person = User.objects.filter(assignments__site=event.participant.site, assignments__role='investigator').first()\n"
        "with acting(actor=f'user:{person.pk}'):\n"
        "    services.confirm(event=event, person=person, term='Haematemesis', severity_grade=3, hospitalisation=True,"
        " causality_investigator='possible')\n"
        "print(event.case_number)",
    ).split()[-1]
    stack.manage("export", "listing_csv", "listing_xlsx", "--out", str(tmp_path / "cut"))
    listing = next((tmp_path / "cut").rglob("*.csv"))
    rows = list(csv.DictReader(listing.open(encoding="utf-8-sig")))
    assert [confirmed in row.values() for row in rows] == [True]
    assert wang_is_coded(rows[0], people)
    manifest = json.loads(next((tmp_path / "cut").rglob("manifest.json")).read_text(encoding="utf-8"))
    assert manifest


def wang_is_coded(row: dict[str, str], people: dict[str, list[dict[str, str]]]) -> bool:
    numbers = {
        person["phone"].removeprefix("+") for group in people.values() for person in group if person.get("phone")
    }
    return not any(number in value for number in numbers for value in row.values())


def _english_does_the_same(stack: Stack, people: dict[str, list[dict[str, str]]], jones: dict[str, str]) -> None:
    stack.text(jones["phone"], "black stool since last night")
    wait_for(
        lambda: any(text.startswith("Call ") and "emergency" in text for text in stack.received_by(jones["phone"])),
        within=20,
        saying="the emergency text goes out in English",
    )
    wait_for(lambda: stack.ledger()["open_escalations"], within=20, saying="a second escalation runs")


def _an_unknown_number_is_paged(stack: Stack, people: dict[str, list[dict[str, str]]]) -> None:
    desk = next(row for row in people["staff"] if row["role"] == "duty_desk")
    stack.text("+12025550199", "help my father is unconscious")
    wait_for(lambda: stack.received_by(desk["phone"]), within=20, saying="the duty desk is paged")
    wait_for(lambda: stack.received_by("+12025550199"), within=20, saying="the generic emergency text")


def _stop_and_start(stack: Stack, jones: dict[str, str]) -> None:
    before = len(stack.received_by(jones["phone"]))
    stack.text(jones["phone"], "STOP")
    wait_for(lambda: len(stack.received_by(jones["phone"])) == before + 1, within=20, saying="STOP is confirmed once")
    stack.text(jones["phone"], "START")
    wait_for(
        lambda: any("Welcome back" in text for text in stack.received_by(jones["phone"])), within=20, saying="START"
    )


def _no_word_in_the_logs(stack: Stack, people: dict[str, list[dict[str, str]]]) -> None:
    everything = stack.log("web") + stack.log("worker") + stack.log("sentinel")
    numbers = [person["phone"] for group in people.values() for person in group if person.get("phone")]
    assert not [number for number in numbers if number in everything or number[1:] in everything]
    assert "吐血" not in everything
    assert "black stool" not in everything


def test_a_page_survives_a_kill_between_claim_and_send(tmp_path: Path) -> None:
    with running("sqlite-memory", tmp_path, TRIALCARE_TIME_FACTOR="0.1") as stack:
        people = stack.demo()
        wang = next(row for row in people["participants"] if row["language"] == "zh-Hans")
        stack.start("web")
        stack.start("worker", FAILPOINT=f"attempt_written:kill@{tmp_path / 'struck'}")
        stack.text(wang["phone"], "今天早上吐血了")
        wait_for((tmp_path / "struck").exists, within=30, saying="a process is killed between claim and send")
        stack.kill("worker")
        stack.start("worker")
        wait_for(lambda: _paged(stack, people, wang["site"]), within=60, saying="the page goes out after the restart")
        wait_for(
            lambda: any("立即拨" in text for text in stack.received_by(wang["phone"])),
            within=60,
            saying="and the emergency text",
        )


def test_a_wrong_signature_is_refused_and_leaves_no_row(tmp_path: Path) -> None:
    with running("sqlite-memory", tmp_path) as stack:
        stack.demo()
        stack.start("web")
        answer = requests.post(
            f"{stack.url}/sms/twilio/inbound/", data={"MessageSid": "SM" + "0" * 32, "Body": "1"},
            headers={"X-Twilio-Signature": "A" * 28}, timeout=10,
        )  # fmt: skip
        assert answer.status_code == 403
        assert sum(stack.ledger()["inbound"].values()) == 0
