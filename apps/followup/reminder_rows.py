"""What every text about a visit, a test, the day's plan or the record book needs: its visit, a call in its place, its end unsent."""

from apps.conversations.vocabulary import TaskKind
from apps.followup.calling import call
from apps.followup.checkins import NOT_AGAIN, NotAgain, call_deadline
from apps.followup.models import CheckInState, Reminder
from apps.participants.models import Visit


def visit_of(reminder: Reminder) -> Visit:
    return Visit.objects.get(participant=reminder.participant, code=reminder.visit_code)


def call_about(reminder: Reminder, kind: TaskKind) -> None:
    """A person calls about the visit, in the time that a call has."""
    participant, visit = reminder.participant, visit_of(reminder)
    call(participant, kind, key=f"reminder:{reminder.pk}", deadline=call_deadline(participant), visit=visit)


def skipped(reminder: Reminder, because: str) -> NotAgain:
    """It is not sent; the caller saves the row, which is not due again."""
    reminder.state, reminder.skipped_because = CheckInState.SKIPPED, because
    return NOT_AGAIN
