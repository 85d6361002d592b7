"""A serious draft is judged while the sponsor can still be told in time: the task that asks for it, and the acts that end it.

A draft reaches nobody outside the site, so the contact that ends the paging leaves the next promise: one task a draft, due with the site's
time to tell the sponsor. An investigator's confirmation or dismissal ends it in their name. What is kept as a draft is not judged.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.conversations.board import finish, open_task
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.escalation.models import ContactRecord
from apps.escalation.vocabulary import IS_CONTACT, RUNNING
from apps.participants.holding import hold
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from apps.trials.services import current_protocol


def after_contact(record: ContactRecord) -> None:
    """The paging has ended: what it was about is to be judged now."""
    if record.result in IS_CONTACT:
        ask(
            AdverseEvent.objects.filter(escalation=record.escalation_id).select_related(
                "participant__site", "escalation"
            )
        )


@transaction.atomic
def assess(*, event: AdverseEvent, person: User, **said: Any) -> AdverseEvent:
    """See `safety.services`, which says what is raised; here and below."""
    hold([event.participant])
    return _followed(safety.assess(event=event, person=person, **said), person)


@transaction.atomic
def confirm(*, event: AdverseEvent, person: User, **said: Any) -> AdverseEvent:
    hold([event.participant])
    return _followed(safety.confirm(event=event, person=person, **said), person)


@transaction.atomic
def dismiss(*, event: AdverseEvent, person: User, **said: Any) -> AdverseEvent:
    hold([event.participant])
    return _followed(safety.dismiss(event=event, person=person, **said), person)


@transaction.atomic
def reopen(*, event: AdverseEvent, person: User, **said: Any) -> AdverseEvent:
    hold([event.participant])
    return _followed(safety.reopen(event=event, person=person, **said), person)


def _followed(event: AdverseEvent, person: User) -> AdverseEvent:
    if event.state == EventState.DRAFT:
        ask([event])
        return event
    for task in _asked(event).select_for_update():
        finish(task, person, str(event.get_state_display()))
    return event


def ask(events: Iterable[AdverseEvent]) -> None:
    """For the judgement of what is to be judged: at once where nobody is being paged about it; else the contact asks."""
    within = timedelta(hours=current_protocol().reporting.sponsor_within_hours)
    for event in events:
        is_paged = event.escalation is not None and event.escalation.state in RUNNING
        if not event.is_to_be_judged or is_paged or _asked(event).exists():
            continue
        open_task(
            key=f"judge:{event.pk}:{event.version}", kind=TaskKind.JUDGE, site=event.participant.site,
            participant=event.participant, event=event, deadline=event.serious_since + within,
        )  # fmt: skip


def _asked(event: AdverseEvent) -> QuerySet[Task]:
    return Task.objects.filter(event=event, kind=TaskKind.JUDGE, done_at__isnull=True)
