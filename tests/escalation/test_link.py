"""The link in an e-mail: asks first, takes once, ends in time, and is the receiver's alone."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.escalation.feed import feed_address
from apps.escalation.links import link_for
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import EscalationState, PageState
from apps.staff.models import User
from apps.staff.services import close_account
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def mailed(stage: Stage, person: User) -> tuple[Escalation, str]:
    running = stage.start()
    stage.drain()
    page = Page.objects.get(escalation=running, person=person, channel="email")
    return running, link_for(page).removeprefix("https://sms.example.org")


def test_opening_the_link_takes_nothing(stage: Stage, alice: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    answer = client.get(address)
    running.refresh_from_db()
    assert answer.status_code == 200
    assert running.ref in answer.content.decode()
    assert running.state == EscalationState.OPEN


def test_the_button_takes_it_in_the_receivers_name(stage: Stage, alice: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    answer = client.post(address)
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)
    assert running.acknowledgements.get().via == "link"
    assert "It is yours since 10:00" in answer.content.decode()
    assert Page.objects.get(escalation=running, person=alice, channel="email").state == PageState.ANSWERED


def test_who_cannot_open_it_is_told_whom_to_phone_and_holds_nothing(stage: Stage, dan: User, client: Client) -> None:
    running = stage.start()
    stage.minutes(15)
    address = link_for(Page.objects.get(escalation=running, person=dan, channel="email"))
    answer = client.post(address.removeprefix("https://sms.example.org")).content.decode()
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    assert f"Phone the site, {stage.site.team_phone}" in answer
    assert "It is yours" not in answer


def test_the_link_of_an_account_that_was_closed_is_none(stage: Stage, alice: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    close_account(user=alice)
    assert [client.get(address).status_code, client.post(address).status_code] == [410, 410]
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.OPEN, None)
    assert not running.acknowledgements.exists()


def test_the_link_works_once(stage: Stage, alice: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    client.post(address)
    assert client.post(address).status_code == 410
    assert client.get(address).status_code == 410
    assert running.acknowledgements.count() == 1


def test_a_changed_link_is_none(stage: Stage, alice: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    changed = address[:-2] + ("A" if address[-2] != "A" else "B") + "/"
    assert client.post(changed).status_code == 410
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_the_link_ends_in_time(stage: Stage, alice: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    running, address = mailed(stage, alice)
    monkeypatch.setattr("apps.escalation.links.VALID_FOR", timedelta(0).total_seconds() - 1)
    assert client.post(address).status_code == 410
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_the_late_button_hears_who_has_it(stage: Stage, alice: User, bob: User, client: Client) -> None:
    running, address = mailed(stage, alice)
    stage.minutes(6)
    stage.text(bob, stage.code(running, bob))
    assert "Bob has it since 10:06" in client.post(address).content.decode()
    running.refresh_from_db()
    assert running.acknowledged_by == bob


def test_a_post_without_the_forms_token_is_refused(stage: Stage, alice: User) -> None:
    running, address = mailed(stage, alice)
    assert Client(enforce_csrf_checks=True).post(address).status_code == 403
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_a_phone_subscribes_to_its_owners_duty(stage: Stage, alice: User, client: Client) -> None:
    address = feed_address(alice).removeprefix("https://sms.example.org")
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    assert answer.content.decode().startswith("BEGIN:VCALENDAR")
    assert client.get(address.replace(".ics", "x.ics")).status_code == 404
    assert client.post(address).status_code == 405
