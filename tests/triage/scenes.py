"""Texts that arrive, for tests of the triage that need stored rows."""

import uuid
from datetime import datetime

from apps.core import clock, phone
from apps.core.work import Lane
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line
from apps.vault.services import create_data_key
from tests import people
from tests.due import work


def line_of(who: str) -> Line:
    number = phone.normalise(people.PHONES[who])
    assert number is not None
    return messaging.line_for(number=number)


def arrived(who: str, body: str, *, at: datetime | None = None) -> InboundMessage:
    """A text as it stands in the table after the web has answered."""
    return InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=create_data_key(), body=body,
        received_at=at or clock.now(), due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip


def text(who: str, body: str) -> InboundMessage:
    """The same, and then the worker's work until nothing is due."""
    message = arrived(who, body)
    work()
    message.refresh_from_db()
    return message
