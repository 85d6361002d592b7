"""Adverse events that tests of this folder arrange, through the services that make them in life."""

from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.participants.models import Participant
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from tests import people

VERBATIM = "我叫王小明，今天早上吐血了，电话13812345678"


def draft(
    participant: Participant | None = None, *, words: str = VERBATIM, number: str = "", **columns: Any
) -> AdverseEvent:
    person = participant or people.wang()
    now = clock.now()
    return AdverseEvent.objects.create(
        case_number=number or f"{person.site.code}-{AdverseEvent.objects.count():06d}",
        participant=person,
        data_key=person.data_key,
        verbatim=words,
        reporter="participant",
        **({"level": "R1", "received_at": now - timedelta(minutes=5), "changed_at": now} | columns),
    )


def confirmed(
    participant: Participant | None = None, *, by: User | None = None, term: str = "Haematemesis", **given: Any
) -> AdverseEvent:
    names = ("words", "number", "received_at")
    event = draft(participant, **{name: given.pop(name) for name in names if name in given})
    assessment: dict[str, Any] = {
        "severity_grade": 3,
        "causality_investigator": "possible",
        "hospitalisation": True,
    } | given
    return safety.confirm(event=event, person=by or people.alice(), term=term, **assessment)
