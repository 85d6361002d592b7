"""A confirmed serious case that the sponsor has not fetched in time: who hears of it, and what ends that.

Once: a task and an incident at the site, and a text and an e-mail to the site's principal investigator and coordinators and to the
sponsor's safety people. It wakes nobody, so no chain runs: the participant was spoken with, only the report is late. The words name the
case and nothing of it. The fetch ends all of it by itself; what the site notes of another way closes the task alone.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.conversations.board import finish, open_task
from apps.conversations.models import Task
from apps.conversations.speaking import morning_list
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, phone, wording, work
from apps.core.wording import Text
from apps.escalation import incidents
from apps.escalation.texts import language_of
from apps.escalation.vocabulary import IncidentKind
from apps.messaging import services as messaging
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants.holding import hold_for
from apps.safety.models import AdverseEvent, SponsorReceipt
from apps.staff.models import User
from apps.staff.services import on_call
from apps.staff.telling import send
from apps.staff.vocabulary import Role
from apps.trials.services import current_protocol

_AT_THE_SITE = (Role.PRINCIPAL_INVESTIGATOR, Role.COORDINATOR)
_USEFUL_FOR = timedelta(days=3)


def see_receipt(receipt: SponsorReceipt) -> None:
    """Work handler: the hours are over, or the waiting is."""
    with work.finishing(receipt):
        hold_for(receipt, receipt.event.participant)
        event = AdverseEvent.objects.select_related("participant__site").get(pk=receipt.event_id)
        if receipt.ended_at is not None:
            _over(receipt, event)
        elif receipt.told_at is None:
            _tell(receipt, event)


def sponsors() -> list[User]:
    """The sponsor's safety people: whom the texts go to, and whom the site phones."""
    return list(on_call(site=None, roles=[Role.SPONSOR_SAFETY]))


def _tell(receipt: SponsorReceipt, event: AdverseEvent) -> None:
    site = event.participant.site
    receipt.told_at = clock.now()
    receipt.save()
    task = open_task(
        key=f"{_key(receipt)}task", kind=TaskKind.UNFETCHED, site=site, participant=event.participant, event=event,
        deadline=receipt.deadline,
    )  # fmt: skip
    work.set_due(Task.objects.filter(pk=task.pk), due_at=None)
    incidents.report(IncidentKind.UNFETCHED, detail=event.case_number, site=site)
    _say(receipt, event, sponsors(), "staff_unfetched_sponsor")
    _say(receipt, event, on_call(site=site, roles=_AT_THE_SITE), "staff_unfetched_site")


def _say(receipt: SponsorReceipt, event: AdverseEvent, people: Iterable[User], wording_key: str) -> None:
    """By text where they have a mobile, and by e-mail: the sponsor's people may have none, and no chain reaches them."""
    hours = str(current_protocol().reporting.sponsor_within_hours)
    for person in people:
        text = wording.say(wording_key, lang=language_of(person), case=event.case_number, hours=hours)
        number = phone.normalise(person.phone) if person.phone_index else None
        if number is not None:
            messaging.queue(
                key=f"{_key(receipt)}{person.pk}", line=messaging.line_for(number=number), purpose=Purpose.NOTICE, text=text,
                due_at=morning_list(event.participant.site), useful_until=clock.now() + _USEFUL_FOR,
            )  # fmt: skip
        _write(person, text)


def _write(person: User, text: Text) -> None:
    with override(person.language.lower()):
        subject = _("trialcare: the sponsor has not fetched a serious case in time")
    body = f"{text.text}\n\n{settings.PUBLIC_BASE_URL}/admin/"
    transaction.on_commit(lambda: send(person, str(subject), body))


def _over(receipt: SponsorReceipt, event: AdverseEvent) -> None:
    """A task is done by a person: where a command wrote the cut into a folder, somebody of the site closes it."""
    incidents.end_incident(
        IncidentKind.UNFETCHED, detail=event.case_number, site=event.participant.site, person=receipt.ended_by
    )
    messaging.cancel(messages=OutboundMessage.objects.filter(key__startswith=_key(receipt)))
    if receipt.ended_by is None:
        return
    for task in Task.objects.filter(event=event, kind=TaskKind.UNFETCHED, done_at__isnull=True).select_for_update():
        finish(task, receipt.ended_by, str(receipt.get_ended_because_display()))


def _key(receipt: SponsorReceipt) -> str:
    """Of this wait: one that a correction begins anew is another, with a time of its own. What became graver meanwhile is the same."""
    return f"unfetched:{receipt.pk}:{receipt.deadline:%Y%m%d%H%M%S}:"
