"""The page of an escalation tells its story: which version ran, who was told what, as whom, how, when, and what came of it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from apps.escalation import chains
from apps.escalation import services as escalation
from apps.escalation.channel import ChannelError
from apps.escalation.channels.email import EmailChannel
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ChainName, EscalationState, Via
from apps.messaging.vocabulary import SendState
from apps.staff.models import User
from tests import people
from tests.escalation.conftest import stage as stage
from tests.escalation.stage import Stage
from tests.workplace.scenes import change_url, page, press

pytestmark = pytest.mark.django_db


def told(person: User, running: Escalation) -> list[str]:
    """Each line as it is read: `10:05 Page · Bob · text message · second on call · delivered`."""
    body = page(person, change_url(running)).partition('<ol class="tc-line">')[2].partition("</ol>")[0]
    lines = [" ".join(unescape(re.sub("<[^>]+>", "", line)).split()) for line in body.split("<li>")[1:]]
    return [re.sub(r"^.*?(\d\d:\d\d)(:\d\d)?( \S*\+08:00\S*)?", r"\1", line) for line in lines]


def played(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Escalation:
    """Alice's phone is off, mails to her are refused; Bob takes it, Alice is late, Bob reaches nobody and forgets it."""

    def refused(_channel: EmailChannel, _page: Page) -> None:
        raise ChannelError("refused", permanent=True)

    monkeypatch.setattr(EmailChannel, "hand_over", refused)
    alice, bob = people.alice(), people.bob()
    index = bytes(alice.phone_index)
    stage.carrier.outcome = lambda message: (
        SendState.UNDELIVERED if bytes(message.line.index) == index else SendState.DELIVERED
    )
    running = stage.start()
    stage.minutes(2)
    stage.text(bob, stage.code(running, bob))
    stage.minutes(1)
    stage.text(alice, stage.code(running, alice))
    stage.text(bob, f"{stage.code(running, bob)} 2")
    stage.minutes(60)
    return running


def test_it_is_told_who_was_told_what_as_whom_how_and_what_came_of_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = played(stage, monkeypatch)
    lines = told(people.carol(), running)
    assert lines[:2] == ["10:00 Received", "10:00 Opened by protocol v1"]
    for line in (
        "10:00 Page · Alice · text message · investigator on call · answered",
        "10:00 Not delivered · Alice · text message · undelivered",
        "10:00 Not delivered · Alice · e-mail · refused",
        "10:00 Page · Chen · workplace · Study coordinator · no longer needed",
        "10:00 Page · Bob · text message · second on call · answered",
        "10:00 Delivered · Bob · text message",
        "10:02 Took it · Bob · code by text message",
        "10:03 Tried to take it; somebody had it already · Alice · code by text message",
        "10:03 Contact: no answer · Bob · code by text message",
        "10:17 Reminded of the contact · Bob · text message · delivered",
        "10:32 No contact in time: opened again · Bob",
    ):
        assert line in lines, line
    assert sorted(lines, key=lambda line: line[:5]) == lines


def test_what_a_person_is_asked_to_do_besides_stands_beside_their_page(stage: Stage) -> None:
    running = stage.start()
    stage.minutes(61)
    lines = told(people.carol(), running)
    assert any(
        line.startswith(
            "10:10 Page · Chen · text message · lead coordinator · call the participant, then the caregiver"
        )
        for line in lines
    )
    assert any("decide whether somebody goes and looks" in line for line in lines if "Carol" in line)


def test_the_version_that_ran_is_shown_also_after_the_chain_was_changed(stage: Stage, carol: User, bob: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="as it stands")
    running = stage.start()
    stage.drain()
    escalation.use_protocols_chain(site=stage.site, chain=ChainName.R1, by=carol, reason="no need of our own")
    assert told(carol, running)[1] == "10:00 Opened by site chain R1 v1"
    assert told(bob, running)[1] == "10:00 开始，版本 中心的呼叫链 R1 v1"


def test_an_incident_of_its_paging_is_said_in_words(stage: Stage, bob: User, carol: User) -> None:
    running = stage.start()
    stage.play(timedelta(minutes=31))
    assert any(
        "Nobody is on call for a step" in line and "Sponsor medical monitor" in line for line in told(carol, running)
    )
    assert not [line for line in told(bob, running) if "sponsor_monitor" in line]


# --- handed over by name


def held(stage: Stage, by: User) -> Escalation:
    running = stage.start()
    stage.minutes(1)
    escalation.acknowledge(escalation=running, person=by, via=Via.ADMIN)
    stage.drain()
    return running


def test_the_holder_chooses_a_colleague_by_name_and_the_story_tells_to_whom(
    stage: Stage, alice: User, carol: User, bob: User
) -> None:
    running = held(stage, alice)
    form = page(alice, change_url(running)).partition('name="hand_to-to"')[2].partition("</select>")[0]
    assert [name for name in ("Alice", "Bob", "Carol", "Chen", "Dan", "Dora") if name in form] == [
        "Bob",
        "Carol",
        "Chen",
    ]

    assert press(alice, running, "hand_to", to=str(carol.pk)).status_code == 303
    assert "Alice hands it over to Carol, and keeps it until somebody has taken it." in page(carol, change_url(running))
    stage.minutes(1)

    assert stage.carrier.texts_to(carol)[0].startswith(f"ALERT {running.ref}: Alice")
    lines = told(carol, running)
    assert "10:01 Handed over: opened again · Alice → Carol" in lines
    assert "10:01 Page · Carol · text message · named in the hand-over · delivered" in lines
    assert "10:01 呼叫 · Carol · 短信 · 移交时指名 · 已送达" in told(bob, running)
    assert "hand_to-to" not in page(alice, change_url(running))  # it is on its way


def test_nobody_but_the_holder_is_asked_to_whom(stage: Stage, alice: User, bob: User, carol: User, dora: User) -> None:
    running = held(stage, alice)
    for person in (bob, carol):
        assert "hand_to-to" not in page(person, change_url(running))
        assert press(person, running, "hand_to", to=str(carol.pk)).status_code == 422
    for stranger, status in ((dora, 404), (people.sam(), 403), (people.ada(), 403)):
        answer = press(stranger, running, "hand_to", to=str(carol.pk))
        assert answer.status_code == status
        assert running.ref not in answer.content.decode()
    assert signed_out(running) == 302
    running.refresh_from_db()
    assert running.acknowledged_by == alice
    assert not running.milestones.exists()


def signed_out(running: Escalation) -> int:
    return Client().post(change_url(running), {"act": "hand_to", "hand_to-to": ""}).status_code


@pytest.mark.parametrize("to", ["", "nonsense", "00000000-0000-4000-8000-000000000000", "dora", "alice", "sam"])
def test_who_may_not_take_it_is_no_choice(stage: Stage, alice: User, to: str) -> None:
    people.dora()
    running = held(stage, alice)
    value = str(getattr(people, to)().pk) if hasattr(people, to) else to
    answer = press(alice, running, "hand_to", to=value)
    assert answer.status_code == 422
    assert "Dora" not in answer.content.decode()
    running.refresh_from_db()
    assert running.state == EscalationState.ACKNOWLEDGED
