"""The last text of the window: once, by day, on its last day. Who cannot be told by text is told by a person."""

from datetime import datetime, timedelta

from apps.conversations.services import say
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.followup import rules
from apps.followup.calling import call
from apps.followup.checkins import CALLS, LOOK_AGAIN, NOT_AGAIN, UNDELIVERED, NotAgain, call_deadline
from apps.followup.models import CheckInState, Farewell
from apps.followup.models_end import FarewellState
from apps.followup.rules import Person
from apps.messaging.vocabulary import FINAL, NOT_REACHED, Purpose, SendState
from apps.participants.holding import hold_for
from apps.participants.models import Participant
from apps.participants.services import texting_line, texting_status
from apps.trials.protocol import Protocol
from apps.trials.services import current_protocol

TOO_LATE = "too_late"
LOOKED_AFTER = timedelta(days=1)
LAST_HOUR = timedelta(
    hours=1
)  # before the quiet hours: then it leaves, whether or not a check-in still waits for its answer


def plan(participant: Participant, person: Person, protocol: Protocol) -> None:
    """The row of this participant, made once and moved while it is only planned. Who enters after the window gets none."""
    at, present = rules.farewell_at(person, protocol), Farewell.objects.filter(participant=participant)
    row = present.first()
    if row is None and person.entered_on <= protocol.window.end:
        Farewell.objects.get_or_create(
            participant=participant, defaults={"planned_at": at, "due_at": at, "lane": Lane.MESSAGES}
        )
    elif row is not None and row.state == FarewellState.PLANNED and row.planned_at != at:
        work.set_due(present, due_at=at)
        present.update(planned_at=at)


def advance_farewell(row: Farewell) -> None:
    """Work handler: say it; then see whether it has arrived."""
    with work.finishing(row) as ending:
        hold_for(row, row.participant)
        if row.state == FarewellState.PLANNED:
            ending.due_at = _say(row)
        elif row.state == FarewellState.SENT:
            ending.due_at = _see(row)
        row.save()


def could_not_say_farewell(row: Farewell) -> None:
    """The program failed five times at this row: a person calls."""
    rows = Farewell.objects.filter(pk=row.pk, state=FarewellState.PLANNED)
    rows.update(state=FarewellState.SKIPPED, skipped_because="failed")
    _call(row)


def _say(row: Farewell) -> datetime | None:
    """Returns when the row is due again. Every check is made at the moment of sending; after the last day nothing leaves."""
    participant, protocol = row.participant, current_protocol()
    local, line = clock.now().astimezone(participant.zone), texting_line(participant)
    reason, quiet = texting_status(participant, line=line), protocol.quiet_hours
    ends = rules.useful_until(protocol.window.end, zone=participant.zone, quiet=quiet)
    if local.date() < protocol.window.end or (local < ends and quiet.covers(local.time())):
        return max(row.planned_at, rules.allowed_from(local, quiet=quiet))
    if reason is not None and reason not in CALLS:
        return _skip(row, reason.value)
    if reason is not None or line is None or local >= ends:
        _call(row)
        return _skip(row, reason.value if reason else TOO_LATE)
    if local < ends - LAST_HOUR and _still_asked(participant, protocol):
        return clock.now() + LOOK_AGAIN
    row.message = say(
        key=f"farewell:{line.pk}", line=line, lang=participant.language, site=participant.site,
        wording_key=protocol.window.last_text, purpose=Purpose.REMINDER, useful_until=ends,
    )  # fmt: skip
    row.state, row.sent_at = FarewellState.SENT, clock.now()
    return clock.now() + LOOK_AGAIN


def _still_asked(participant: Participant, protocol: Protocol) -> bool:
    """Today's check-in is still to come or to be answered: whoever is told that texts have ended is not texted after it."""
    today = participant.checkins.filter(occurrence=protocol.window.end)
    return today.filter(state__in=[CheckInState.PLANNED, CheckInState.SENT]).exists()


def _see(row: Farewell) -> datetime | None:
    message = row.message
    if message is None or message.state in NOT_REACHED | {SendState.CANCELLED}:
        reason = texting_status(row.participant, line=texting_line(row.participant))
        if reason is None or reason in CALLS:  # not of who has died or left meanwhile
            _call(row)
        row.skipped_because = UNDELIVERED
        return NOT_AGAIN
    is_looked_after = row.sent_at is not None and clock.now() < row.sent_at + LOOKED_AFTER
    return clock.now() + LOOK_AGAIN if message.state not in FINAL and is_looked_after else NOT_AGAIN


def _skip(row: Farewell, because: str) -> NotAgain:
    row.state, row.skipped_because = FarewellState.SKIPPED, because
    return NOT_AGAIN


def _call(row: Farewell) -> None:
    participant = row.participant
    call(participant, TaskKind.FAREWELL, key=f"farewell:{row.pk}", deadline=call_deadline(participant))
