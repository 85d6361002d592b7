"""Work for people: tasks that stay until a named person closes them. One whose time has passed is no longer only a line on a list."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from apps.conversations import aware
from apps.conversations.models import PhoneCall, Task, Turn
from apps.conversations.promises import Promise, morning_list
from apps.conversations.speaking import promised_call
from apps.conversations.vocabulary import CALLS, NOT_BY_HAND, TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import IS_CONTACT, RUNNING, ChainName, ContactResult, Via
from apps.messaging.models import InboundMessage
from apps.participants import arm_told
from apps.participants.holding import hold, hold_for
from apps.participants.models import Participant, Visit
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.trials.services import current_protocol

# What was promised within the hour is urgent when it is late; anything else is late in working hours, and wakes nobody.
URGENT_WITHIN = timedelta(hours=1)
LOOK_AGAIN = timedelta(hours=4)
READ_WITHIN = timedelta(hours=4)  # a text that no program understood
CALL_WITHIN = timedelta(minutes=15)  # where something urgent may have been said and nothing more is heard
WITHIN = "within:"  # begins the key of a call that was promised within minutes


class NotYourTask(Exception):
    """This person may not close tasks of this site."""


class NotByHand(Exception):
    """What this task asks for ends it, and nothing else does."""


class ResultMissing(Exception):
    """Closing a task needs a word about what came of it."""


def open_task(
    *,
    key: str,
    kind: TaskKind,
    site: Site | None,
    deadline: datetime,
    participant: Participant | None = None,
    message: InboundMessage | None = None,
    event: AdverseEvent | None = None,
    call: PhoneCall | None = None,
    visit: Visit | None = None,
    running: Escalation | None = None,
) -> Task:
    """One task per key, however often it is asked for. `running` is the escalation that is about it already."""
    values = {
        "kind": kind, "site": site, "participant": participant, "message": message, "event": event, "call": call,
        "visit": visit, "escalation": running, "created_at": clock.now(), "deadline": deadline, "due_at": deadline, "lane": Lane.SAFETY,
    }  # fmt: skip
    task, _ = Task.objects.get_or_create(key=key, defaults=values)
    return task


def contact_today(turn: Turn, *, about: InboundMessage | None = None) -> Task:
    """A person of the site speaks with them the same day; one task a complaint, whose first text is `about`."""
    participant = turn.participant
    assert participant is not None
    return open_task(
        key=symptom_key(about or turn.message), kind=TaskKind.SYMPTOM, site=participant.site, participant=participant,
        message=turn.message, deadline=promised_call(participant.site).deadline,
    )  # fmt: skip


def contact_in_the_morning(turn: Turn, promise: Promise) -> None:
    """An urgent text that waits for the morning list: the reply names the hour by which a person calls, and the task keeps it.

    Whoever is paged by the list and records the contact has made this call.
    """
    participant = turn.participant
    assert participant is not None
    open_task(
        key=symptom_key(turn.message), kind=TaskKind.SYMPTOM, site=participant.site, participant=participant,
        message=turn.message, running=turn.escalation, deadline=promise.deadline,
    )  # fmt: skip
    turn.reply_values = {"when": promise.words(participant.language)}


def find_out_which(turn: Turn) -> Task:
    """Two answers to one question, or one that is on no list: a person finds out which is meant."""
    return open_task(
        key=f"which:{turn.message_id}", kind=TaskKind.READ, site=turn.site, participant=turn.participant, message=turn.message,
        deadline=clock.now() + READ_WITHIN,
    )  # fmt: skip


def symptom_key(message: InboundMessage) -> str:
    """The key of the task about a symptom that this text brought."""
    return f"symptom:{message.pk}"


def task_due(task: Task) -> None:
    """Work handler: the deadline has passed. People are paged until one of them has it; then looked at again until it is closed."""
    with work.finishing(task) as ending:
        hold_for(task, task.participant)
        if task.done_at is not None or _is_kept(task):
            return
        if not _is_running(task):
            task.escalation = _start(task)
            task.save()
        ending.due_at = clock.now() + work.seconds(LOOK_AGAIN.total_seconds())


def _is_kept(task: Task) -> bool:
    """Whether somebody has spoken with them since a call was promised within minutes, or since people were paged as this task was
    opened: it is then closed in that person's name. Paging that began because it was late ends it only by its own result."""
    running = task.escalation
    if running is None or not (task.key.startswith(WITHIN) or running.opened_at <= task.created_at):
        return False
    spoken = running.contacts.filter(result__in=IS_CONTACT, at__gte=task.created_at)
    record = spoken.select_related("person").order_by("at").first()
    if record is not None:
        task.done_at, task.done_by, task.result = record.at, record.person, record.get_result_display()
        task.save()
    return record is not None


def _is_running(task: Task) -> bool:
    """Somebody is being paged about it, or about the same participant, already."""
    if task.escalation is not None and task.escalation.state in RUNNING:
        return True
    about = Escalation.objects.filter(state__in=RUNNING, events__participant=task.participant)
    return task.participant is not None and about.exists()


def _start(task: Task) -> Escalation:
    urgent = task.deadline - task.created_at <= URGENT_WITHIN and task.kind not in NOT_BY_HAND
    chain = (ChainName.R2 if urgent else ChainName.R3) if task.site else ChainName.UNMATCHED
    morning = _morning() if chain == ChainName.UNMATCHED and not urgent else None
    # The task is late, not the text that it came from.
    return escalation.start(chain=chain, site=task.site, received_at=task.created_at, not_before=morning or task.due_at)


def _morning() -> datetime | None:
    """The chain of unknown numbers wakes people, and a text that raised no alarm is no reason to: at night it waits for 07:00."""
    local, protocol = clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)), current_protocol()
    return morning_list(local, is_night=protocol.quiet_hours.covers(local.time()), list_at=protocol.night.list_at)


@transaction.atomic
def close_task(*, task: Task, person: User, result: str) -> Task:
    """A named person says what came of it. Closing twice keeps the first."""
    hold([task.participant] if task.participant else [])
    task = Task.objects.select_for_update().get(pk=task.pk)
    action = Action.SEND if task.site_id else Action.VIEW_UNMATCHED
    if not scope(person).may(action, site=task.site_id):
        raise NotYourTask
    if not result.strip():
        raise ResultMissing
    if task.kind in NOT_BY_HAND:
        raise NotByHand
    if task.done_at is None:
        finish(task, person, result.strip()[:200])
        arm_told.note(
            row=task, field="result", text=task.result, participant=task.participant, sites=[task.site], said_by=person
        )
    return task


def finish(task: Task, person: User, result: str) -> None:
    """It is done by this person, now, and with it the paging because it was late."""
    task.done_at, task.done_by, task.result = clock.now(), person, result
    task.save()
    work.set_due(Task.objects.filter(pk=task.pk), due_at=None)
    aware.of_task(task, person=person, at=task.done_at)
    _end(task, person)


def _end(task: Task, person: User) -> None:
    """The paging about it was for this: a named person has done what was to be done. Only a call says that somebody was spoken with;
    a text that was read, or a number that is a stranger's, is closed without a contact.
    """
    if task.escalation is not None and task.escalation.state in RUNNING and not task.escalation.events.exists():
        is_call = task.kind in CALLS and task.participant is not None
        result = ContactResult.REACHED if is_call else ContactResult.CLOSED
        escalation.record_contact(escalation=task.escalation, person=person, result=result, via=Via.ADMIN)
