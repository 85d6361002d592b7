"""The phone simulator walks the whole path: signed callbacks, accepted at once, delivered a moment later."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.failpoints import FailpointStruck
from apps.messaging import routes, services
from apps.messaging.gateway import RawCallback
from apps.messaging.gateways.phone import PhoneGateway
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose, SendState
from tests.messaging.conftest import ALICE, after, line_of, queued, state_of, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(settings: Settings) -> PhoneGateway:
    settings.SMS_GATEWAY = ["phone"]
    gateway = routes.gateway("phone")
    assert isinstance(gateway, PhoneGateway)
    return gateway


def posted(client: Client, callback: RawCallback) -> int:
    path = callback.url.removeprefix("https://sms.example.org")
    headers = {"X-Twilio-Signature": callback.headers["x-twilio-signature"]}
    return int(client.post(path, callback.body, content_type=callback.content_type, headers=headers).status_code)


@pytest.mark.parametrize("number", ["+61491570006", "+12025550123", "+8613800138000"])
def test_a_text_is_accepted_at_once_and_delivered_a_moment_later(
    phone: PhoneGateway, time: VirtualClock, number: str
) -> None:
    message = queued(line_of(number))
    work_off()
    assert state_of(message) == SendState.ACCEPTED
    after(time, 1.1)
    assert state_of(message) == SendState.DELIVERED
    assert message.delivered_at == clock.now()
    assert message.due_at is None


def test_what_somebody_types_arrives_over_the_same_webhook(client: Client, phone: PhoneGateway) -> None:
    assert posted(client, phone.posted_text(sender=ALICE, text="您好 😀")) == 200
    row = line_of(ALICE).inbound.get()
    assert (row.body, row.gateway) == ("您好 😀", "phone")


def test_a_status_over_the_webhook_moves_the_text(client: Client, phone: PhoneGateway, line: Line) -> None:
    message = queued(line)
    work_off()
    callback = phone.posted_status(attempt_id=message.send_attempts.get().pk, status="undelivered", error_code="30003")
    assert posted(client, callback) == 200
    assert state_of(message) == SendState.UNDELIVERED


def test_a_callback_that_is_not_signed_with_its_secret_is_refused(client: Client, phone: PhoneGateway) -> None:
    forged = PhoneGateway("another secret").posted_text(sender=ALICE, text="hello")
    assert posted(client, forged) == 403


def test_the_secret_follows_the_secret_key(settings: Settings, phone: PhoneGateway) -> None:
    first = phone.secret
    settings.SECRET_KEY = "x" * 50
    assert PhoneGateway.configured().secret != first


@pytest.mark.parametrize("failpoint", ["attempt_written", "provider_accepted"])
@pytest.mark.parametrize("purpose", [Purpose.CHECKIN, Purpose.EMERGENCY])
def test_after_a_death_while_calling_the_text_still_arrives_once(
    settings: Settings, phone: PhoneGateway, line: Line, time: VirtualClock, failpoint: str, purpose: Purpose
) -> None:
    message = queued(line, purpose)
    settings.FAILPOINTS = {failpoint: "raise"}
    with pytest.raises(FailpointStruck):
        work_off()
    settings.FAILPOINTS = {}
    OutboundMessage.objects.update(lease_until=None)
    work_off()
    after(time, 2)
    assert state_of(message) == SendState.DELIVERED
    assert message.send_attempts.filter(state="delivered").count() == 1


def test_its_log_is_our_own_rows(phone: PhoneGateway) -> None:
    result = services.reconcile()[0]
    assert (result.gateway, result.complete, result.listed) == ("phone", True, 0)
