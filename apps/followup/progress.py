"""Open items are asked about again: after a day, three days and a week, and weekly while a serious event pauses the check-ins.

The text never names what it is about, so it asks for all open items at once. Where none may be texted, a person calls.
"""

from datetime import datetime, timedelta

from apps.conversations.models import Question, Task
from apps.conversations.services import AnotherQuestionOpen, ask, open_task
from apps.conversations.speaking import About
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.escalation.vocabulary import RUNNING, ChainName
from apps.followup import rules
from apps.followup.checkins import LOOK_AGAIN, NOT_TWICE_WITHIN, WAITS_FOR_QUESTION, call_deadline
from apps.messaging.vocabulary import Purpose
from apps.participants import pauses
from apps.participants.contacts import contact_points_of
from apps.participants.holding import hold_for
from apps.participants.models import Participant
from apps.participants.services import texting_line, texting_status
from apps.participants.vocabulary import LEFT, SILENT, FollowUp, PauseCode, WhyNot
from apps.safety import items
from apps.safety.models import OpenItem
from apps.safety.vocabulary import Outcome
from apps.trials.services import current_protocol

_DAY = timedelta(days=1)


def ask_about_item(item: OpenItem) -> None:
    """Work handler: ask, have a person ask, or wait; done when a person has closed it or they say that it is gone."""
    with work.finishing(item) as ending:
        hold_for(item, item.event.participant)
        ending.due_at = _ask_about(item)


def could_not_ask_about(item: OpenItem) -> None:
    """The program failed five times at this row: a person calls, but nobody who has left, nor the family of somebody reported dead."""
    if item.event.participant.follow_up not in LEFT | SILENT:
        _task(item, TaskKind.PROGRESS, key=f"progress-failed:{item.pk}")


def _ask_about(item: OpenItem) -> datetime | None:
    """Returns when the row is due again."""
    event, now = item.event, clock.now()
    participant = event.participant
    if not event.is_asked_about or item.told == Outcome.RECOVERED or participant.follow_up in LEFT:
        return None
    if _others_speak(participant):
        return now + LOOK_AGAIN
    if participant.follow_up == FollowUp.FROZEN or pauses.is_away(participant):
        return now + _DAY
    if _asked_lately(participant):
        return _step(item)
    if not _may_be_texted(item):
        _call(item)
        return _step(item)
    return _text(item)


def _others_speak(participant: Participant) -> bool:
    """While something urgent runs, a person phones and nothing is asked."""
    running = participant.events.filter(
        escalation__state__in=RUNNING, escalation__chain__in=(ChainName.R1, ChainName.R2)
    )
    return running.exists()


def _asked_lately(participant: Participant) -> bool:
    """About another item, or after an answer that nothing had changed: it was about this one too."""
    since = clock.now() - NOT_TWICE_WITHIN
    return Question.objects.filter(participant=participant, wording="sym_progress", asked_at__gt=since).exists()


def _may_be_texted(item: OpenItem) -> bool:
    """Never in discreet mode, on a phone on which others are meant, after words about suicide, or outside the window."""
    participant = item.event.participant
    line = texting_line(participant)
    if line is None or participant.is_discreet or texting_status(participant, line=line) is not None:
        return False
    if len({point.participant_id for point in contact_points_of(line)}) > 1:
        return False
    if items.tells_of_suicide(item.event):
        return False
    return current_protocol().window.covers(clock.now().astimezone(participant.zone).date())


def _text(item: OpenItem) -> datetime | None:
    participant, now = item.event.participant, clock.now()
    local = now.astimezone(participant.zone)
    if (allowed := rules.allowed_from(local, quiet=current_protocol().quiet_hours)) > local:
        return allowed
    first = item.event.reports.filter(is_first=True).select_related("symptom_report").first()
    about = About(first.symptom_report if first else None, "", item.event)
    key = f"progress:{item.pk}:{item.asked}"
    try:
        ask(participant=participant, wording_key="sym_progress", key=key, purpose=Purpose.CHECKIN, about=about)
    except AnotherQuestionOpen:
        if now < _planned(item) + WAITS_FOR_QUESTION:
            return now + LOOK_AGAIN
        _call(item)
    return _step(item)


def _planned(item: OpenItem) -> datetime:
    hours = current_protocol().conversation.progress_hours
    if item.asked < len(hours):
        return item.event.received_at + timedelta(hours=hours[item.asked])
    return item.due_at or clock.now()


def _step(item: OpenItem) -> datetime | None:
    """One time more. Times that passed meanwhile are not made up for; after the last a person judges what is still open."""
    hours, now = current_protocol().conversation.progress_hours, clock.now()
    times = [item.event.received_at + timedelta(hours=each) for each in hours]
    item.asked = max(item.asked + 1, sum(each <= now for each in times))
    item.save(update_fields=["asked"])
    if item.asked < len(times):
        return times[item.asked]
    _task(item, TaskKind.OUTCOME, key=f"still-open:{item.pk}")
    return _weekly(item.event.participant)


def _weekly(participant: Participant) -> datetime | None:
    """In place of the check-ins, while a serious event pauses them."""
    known = pauses.facts(PauseCode.OPEN_SAE)
    stands = any(pause.code == PauseCode.OPEN_SAE for pause in pauses.standing(participant))
    return clock.now() + timedelta(days=known.every_days) if known and stands else None


def _call(item: OpenItem) -> None:
    """One call about all that is open. Without their consent nobody calls: a person judges from what is known."""
    participant = item.event.participant
    reason = texting_status(participant, line=texting_line(participant))
    kind = TaskKind.OUTCOME if reason == WhyNot.NO_CONSENT else TaskKind.PROGRESS
    if not Task.objects.filter(participant=participant, kind=kind, done_at__isnull=True).exists():
        _task(item, kind, key=f"progress-call:{item.pk}:{item.asked}")


def _task(item: OpenItem, kind: TaskKind, *, key: str) -> None:
    participant = item.event.participant
    open_task(
        key=key, kind=kind, site=participant.site, participant=participant, event=item.event,
        deadline=call_deadline(participant),
    )  # fmt: skip
