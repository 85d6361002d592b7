"""Rows that tests of this folder arrange."""

from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.core.work import Lane
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ChainName, PageKind
from apps.messaging.models import InboundMessage, Line, OutboundMessage, SendAttempt
from apps.messaging.vocabulary import AttemptState, Purpose, SendState
from apps.safety.models import AdverseEvent
from apps.trials.models import ProtocolVersion
from apps.trials.services import current_version
from apps.vault.services import create_data_key, phone_index
from tests import people


def line(number: str = people.PHONES["wang"]) -> Line:
    found, _ = Line.objects.get_or_create(
        index=phone_index(number), defaults={"number": number, "data_key": create_data_key()}
    )
    return found


def inbound(key: str = "one", **columns: Any) -> InboundMessage:
    given = {"due_at": clock.now(), "lane": Lane.SAFETY, "received_at": clock.now(), "gateway": "twilio"} | columns
    return InboundMessage.objects.create(
        dedupe_key=key, data_key=create_data_key(), body="今天早上吐血了", raw="raw", **given
    )


def escalation(**columns: Any) -> Escalation:
    people.trial()
    protocol: ProtocolVersion = current_version()
    given = {"due_at": clock.now() + timedelta(minutes=5), "lane": Lane.SAFETY, "ref": "K7Q2", "chain": ChainName.R1}
    times = {"round_started_at": clock.now(), "received_at": clock.now(), "opened_at": clock.now()}
    return Escalation.objects.create(protocol=protocol, snapshot={}, **(given | times | columns))


def page(running: Escalation, **columns: Any) -> Page:
    """A page to Alice of which nothing is due any more."""
    given = {"channel": "sms", "wakes": True, "occasion": "step 1", "code": "2345", "wording": "staff_page"} | columns
    return Page.objects.create(
        escalation=running, person=people.alice(), kind=PageKind.PAGE, created_at=clock.now(), lane=Lane.SAFETY, **given
    )


def event(**columns: Any) -> AdverseEvent:
    wang = people.wang()
    given = {"level": "R1", "received_at": clock.now(), "changed_at": clock.now(), "reporter": "participant"} | columns
    return AdverseEvent.objects.create(
        case_number="BJ01-AAAAAA", participant=wang, data_key=wang.data_key, verbatim="今天早上吐血了", **given
    )


def unknown_attempt(*, seconds_ago: float) -> SendAttempt:
    message = OutboundMessage.objects.create(
        key="unsure", line=line(), data_key=create_data_key(), purpose=Purpose.CHECKIN, wording="checkin",
        wording_version="1", language="en", text="How are you?", state=SendState.UNKNOWN, planned_at=clock.now(),
    )  # fmt: skip
    started = clock.machine() - timedelta(seconds=seconds_ago)
    return SendAttempt.objects.create(message=message, gateway="twilio", state=AttemptState.UNKNOWN, started_at=started)
