"""What the tests of the interview look at: what a phone was told, what was asked, what people have to do."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.conversations.models import Question, Task
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.messaging.models import InboundMessage, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.safety.models import AdverseEvent
from apps.vault.services import create_data_key
from tests.conversations.test_story import line_of
from tests.due import work
from tests.times import NIGHT

Says = Callable[[str, str], str]


def answers_to(who: str) -> list[str]:
    """Check-ins have hours of their own, which no test here is about."""
    rows = OutboundMessage.objects.filter(line=line_of(who)).exclude(purpose=Purpose.CHECKIN)
    return list(rows.order_by("planned_at", "key").values_list("wording", flat=True))


def later(time: VirtualClock, **length: float) -> None:
    time.advance(timedelta(**length))
    work()


def night_of(time: VirtualClock) -> datetime:
    time.move_to(NIGHT)
    return NIGHT


def asked() -> list[tuple[str, str]]:
    rows = Question.objects.exclude(item="").order_by("asked_at")
    return [(each.wording, each.answer) for each in rows]


def tasks(**narrowed: object) -> list[str]:
    """Kinds of what a text has opened; follow-up has tasks of its own."""
    return list(Task.objects.filter(message__isnull=False, **narrowed).values_list("kind", flat=True))


def the_event() -> AdverseEvent:
    return AdverseEvent.objects.get()


def the_latest() -> AdverseEvent:
    return AdverseEvent.objects.latest("received_at")


def waiting(who: str, body: str) -> InboundMessage:
    """A text that stands in the table; nothing has been done about it yet."""
    return InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=create_data_key(), body=body,
        received_at=clock.now(), due_at=clock.now(), lane=Lane.SAFETY,
    )  # fmt: skip
