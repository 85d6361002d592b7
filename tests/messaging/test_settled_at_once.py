"""Two calls of one line whose outcome is unknown are looked up at the same moment, on PostgreSQL: each finds its own text."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from django.conf import settings

from apps.core import clock, work
from apps.messaging.gateway import DeliveryReport, ListedSms, Listing
from apps.messaging.models import OutboundMessage
from apps.messaging.services import settling
from apps.messaging.vocabulary import AttemptState, SendState
from tests.at_once import at_once
from tests.fakes.twilio_server import TwilioServer
from tests.messaging.conftest import ALICE, line_of, queued

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time"),
]
ROUNDS = 10


class Log:
    """A provider whose log has all texts."""

    name, can_list, absence_is_proof = "twilio", True, False
    polls = urgent_polls = (600.0,)

    def __init__(self, items: Sequence[ListedSms]) -> None:
        self.items = items

    def listed(self, *, since: datetime, counterpart: str) -> Listing:
        return Listing(list(self.items), True)

    def state_of(self, status: str) -> AttemptState:
        return AttemptState.ACCEPTED


def unknown(key: str) -> OutboundMessage:
    message = queued(line_of(ALICE), key=key, words=f"How are you, {key}?")
    message.send_attempts.create(gateway="twilio", state=AttemptState.UNKNOWN, started_at=clock.machine())
    OutboundMessage.objects.filter(pk=message.pk).update(state=SendState.UNKNOWN)
    return message


def logged(message: OutboundMessage) -> ListedSms:
    sid = f"SM{message.pk.hex}"
    return ListedSms(sid, False, ALICE, message.text, clock.machine(), DeliveryReport(sid, "sent", AttemptState.SENT))


def settle(row: OutboundMessage) -> None:
    try:
        settling.settle_unknown(row)
    except work.StaleLease:
        return  # the other one has found both


def test_neither_waits_for_the_other_for_ever_and_both_are_found(
    monkeypatch: pytest.MonkeyPatch, twilio: TwilioServer
) -> None:
    for number in range(ROUNDS):
        messages = [unknown(f"{number} {which}") for which in "ab"]
        log = Log([logged(message) for message in messages])
        monkeypatch.setattr(settling, "_gateway_of", lambda _attempt, log=log: log)
        rows = [row for _ in messages if (row := work.claim(OutboundMessage)) is not None]

        assert at_once(*[lambda row=row: settle(row) for row in rows]) == []

        pks = [message.pk for message in messages]
        states = OutboundMessage.objects.filter(pk__in=pks).values_list("state", flat=True)
        assert [*states] == [SendState.SENT, SendState.SENT]
        OutboundMessage.objects.update(due_at=None)
