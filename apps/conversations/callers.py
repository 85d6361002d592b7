"""Whoever phones our number hears the emergency number, is put through to those on call, and is called back if nobody answers.

Decision: a missed call counts like an urgent text whose words nobody knows. It is a task with a time, and people are paged.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.conversations import alarm
from apps.conversations.board import open_task
from apps.conversations.models import PhoneCall
from apps.conversations.vocabulary import CallState, TaskKind
from apps.core import clock, phone, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.people import on_duty
from apps.escalation.rules import Step
from apps.escalation.vocabulary import ChainName
from apps.messaging import services as messaging
from apps.messaging import twilio_voice
from apps.participants.contacts import contact_points_of
from apps.staff.models import User
from apps.trials.models import Site
from apps.trials.vocabulary import Who

CALL_BACK_WITHIN = timedelta(minutes=15)
RINGS_AT_MOST = 300.0  # seconds: three people at 20 seconds each, and what is said in between
_SITE = (Who.INVESTIGATOR_ON_CALL, Who.SECOND_ON_CALL, Who.LEAD_COORDINATOR)
_NOBODYS = (Who.DUTY_DESK, Who.DUTY_DOCTOR)


@transaction.atomic
def begin_call(*, provider_id: str, sender: str) -> PhoneCall:
    """A call has come in; the same one however often it is posted. It is stored before anything is said."""
    number = phone.normalise(sender)
    line = messaging.line_for(number=number) if number is not None else None
    points = contact_points_of(line) if line is not None else []
    known = {point.participant_id: point.participant for point in points}
    site = points[0].participant.site if points else None
    values = {
        "line": line,
        "participant": next(iter(known.values())) if len(known) == 1 else None,
        "site": site,
        "people": [str(person.pk) for person in people_for(site)],
        "began_at": clock.now(),
        "due_at": clock.now() + work.seconds(RINGS_AT_MOST),
        "lane": Lane.SAFETY,
    }
    call, _ = PhoneCall.objects.get_or_create(provider_id=provider_id, defaults=values)
    return call


def people_for(site: Site | None) -> list[User]:
    """Whom a call is put through to, first the one on call; only phones that may be called from here."""
    steps = [Step(timedelta(0), who, ()) for who in (_SITE if site else _NOBODYS)]
    people = dict.fromkeys(person for step in steps for person in on_duty(step, site=site).people)
    return [person for person in people if _may_ring(person)]


def _may_ring(person: User) -> bool:
    number = phone.normalise(person.phone) if person.phone else None
    return number is not None and twilio_voice.may_call(number.country)


def person_at(call: PhoneCall, place: int) -> User | None:
    """The person at this place of the call's list, from 0; None after the last one."""
    return User.objects.filter(pk=UUID(call.people[place])).first() if place < len(call.people) else None


def language_of_caller(call: PhoneCall) -> tuple[str, ...]:
    """What is said to a known participant in their language, to everybody else in both."""
    return (call.participant.language,) if call.participant else ("zh-Hans", "en")


def emergency_number(call: PhoneCall) -> str:
    """Of the site, or for a stranger of the nearest one; empty before any protocol is loaded."""
    site: Site | None = call.site or alarm.site_nearest_to(call.line)
    return site.emergency_number if site else ""


@transaction.atomic
def answered(*, call: PhoneCall, person: User) -> None:
    """This person has pressed the key and speaks with the caller. Only the first one is kept."""
    values = {"state": CallState.ANSWERED, "answered_by": person, "answered_at": clock.now()}
    if PhoneCall.objects.filter(pk=call.pk, state=CallState.RINGING).update(**values):
        work.set_due(PhoneCall.objects.filter(pk=call.pk), due_at=None)


@transaction.atomic
def missed(*, call: PhoneCall) -> None:
    """Nobody came to the phone: a task with a time, and the on-call is paged, at any hour. Once."""
    if not PhoneCall.objects.filter(pk=call.pk, state=CallState.RINGING).update(state=CallState.MISSED):
        return
    work.set_due(PhoneCall.objects.filter(pk=call.pk), due_at=None)
    _call_back(call)


def call_due(call: PhoneCall) -> None:
    """Work handler: nobody has reported how this call ended, so it counts as missed."""
    with work.finishing(call):
        if call.state == CallState.RINGING:
            call.state = CallState.MISSED
            call.save()
            _call_back(call)


def _call_back(call: PhoneCall) -> None:
    running = _page_about(call)
    deadline = clock.now() + CALL_BACK_WITHIN
    open_task(
        key=f"missed-call:{call.pk}", kind=TaskKind.MISSED_CALL, site=call.site, participant=call.participant, call=call,
        running=running, deadline=deadline,
    )  # fmt: skip


def _page_about(call: PhoneCall) -> Escalation:
    if call.participant is not None:
        return alarm.page(participant=call.participant, level="R2", received_at=call.began_at)
    chain = ChainName.R2 if call.site else ChainName.UNMATCHED
    return escalation.start(chain=chain, site=call.site, received_at=call.began_at)
