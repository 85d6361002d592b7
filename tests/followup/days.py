"""A day of the follow-up in the tests of this folder: local times, what is due, what was texted and asked of people."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.conversations.models import Question, Task, Turn
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.followup.models import CheckIn, Reminder
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.participants import services as participants
from apps.participants.models import Participant, Plan
from apps.staff.models import User
from apps.vault.services import create_data_key
from trialcare import heartbeat

SHANGHAI = ZoneInfo("Asia/Shanghai")
THE_DAY = date(2027, 5, 12)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


Kinds = tuple[type[work.WorkRow], ...]


def run_due(kinds: Kinds = (Plan, CheckIn, Reminder)) -> None:
    table = [entry for entry in heartbeat.TABLE if entry.model in kinds]
    while any(handled_one(entry) for entry in table):
        pass


def handled_one(entry: work.Work) -> bool:
    row = work.claim(entry.model)
    if row is not None:
        entry.handle(row)
    return row is not None


def checkin(participant: Participant, day: date = THE_DAY) -> CheckIn:
    return CheckIn.objects.get(participant=participant, occurrence=day)


def texts_to(participant: Participant) -> list[str]:
    """What was queued for the participant's phone, oldest first."""
    rows = OutboundMessage.objects.filter(line=participants.texting_line(participant))
    return list(rows.order_by("planned_at", "key").values_list("wording", flat=True))


def tasks() -> list[tuple[str, str]]:
    """What people were asked to do, apart from setting appointments."""
    rows = Task.objects.exclude(kind=TaskKind.APPOINTMENT).order_by("created_at", "key")
    return list(rows.values_list("kind", "participant__code"))


def writes(participant: Participant, text: str) -> None:
    """A text of theirs, as the conversation leaves it behind."""
    key = create_data_key()
    message = InboundMessage.objects.create(
        gateway="phone", dedupe_key=str(key.pk), data_key=key, body=text, raw=text, received_at=clock.now()
    )
    Turn.objects.create(message=message, participant=participant, arrived_at=clock.now())


def answers(row: CheckIn) -> None:
    assert row.question is not None
    Question.objects.filter(pk=row.question.pk).update(state=QuestionState.ANSWERED, answered_at=clock.now())


def opted_out(participant: Participant, person: User) -> None:
    Line.objects.filter(contact_points__participant=participant).update(opted_out_at=clock.now())
