"""Phones of participants and caregivers, and whether a text may go to one now."""

from collections.abc import Iterator
from datetime import date

from django.db import transaction
from django.db.models import F

from apps.core import clock, phone
from apps.messaging import services as messaging
from apps.messaging.models import Line
from apps.messaging.vocabulary import UNPROMPTED
from apps.participants import confirmations
from apps.participants.holding import hold
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import CONFIRMED, LEFT, ConsentKind, ContactKind, FollowUp, Standing, WhyNot
from apps.staff.models import User


class AlreadyOnRecord(Exception):
    """This number is on record already for the same person."""


def contact_points_of(line: Line) -> list[ContactPoint]:
    """Whose phone this is: every contact point that has not ended, oldest first. A shared phone has several."""
    rows = ContactPoint.objects.filter(line=line, ended_at__isnull=True)
    points = list(
        rows.select_related("participant__site", "participant__data_key").order_by("participant__code", "kind", "id")
    )
    for point in points:
        point.line = line
    return points


def texting_line(participant: Participant) -> Line | None:
    """The participant's own phone: of several the one agreed last among those that are confirmed."""
    points = _points(participant, ContactKind.PARTICIPANT)
    point = next((each for each in points if each.is_confirmed), points[0] if points else None)
    return point.line if point else None


def caregiver_line(participant: Participant) -> Line | None:
    """The phone of a caregiver who has agreed, if there is one: whom people phone beside the participant."""
    points = _points(participant, ContactKind.CAREGIVER)
    return next((point.line for point in points if point.is_confirmed), None)


def agreed_caregiver_line(participant: Participant) -> Line | None:
    """The phone of a caregiver who has agreed and takes texts, and on which nobody else is meant: an answer must be about this one."""
    for point in _points(participant, ContactKind.CAREGIVER):
        line = point.line
        is_open = line.opted_out_at is None and line.carrier_blocked_at is None
        if point.is_confirmed and is_open and has_consents(participant) and len(contact_points_of(line)) == 1:
            return line
    return None


def _points(participant: Participant, kind: ContactKind) -> list[ContactPoint]:
    points = participant.contact_points.filter(kind=kind, ended_at__isnull=True).select_related("line")
    return list(points.order_by(F("agreed_on").desc(nulls_last=True), "-id"))


def texting_status(participant: Participant, *, line: Line | None) -> WhyNot | None:
    """Why no unprompted text may go to this line now, or None when one may. The gravest reason wins."""
    return next(_reasons(participant, line), None)


def asking_status(contact_point: ContactPoint) -> WhyNot | None:
    """Why nobody may be asked by text now whether this number is right. A caregiver can read though the participant cannot."""
    beside = {WhyNot.UNCONFIRMED}
    if contact_point.kind == ContactKind.CAREGIVER:
        beside |= {WhyNot.SUSPENDED, WhyNot.CANNOT_READ}
    reasons = _reasons(contact_point.participant, contact_point.line)
    return next((reason for reason in reasons if reason not in beside), None)


def phone_status(participant: Participant, *, line: Line | None) -> WhyNot | None:
    """The same, wherever the follow-up stands: for the one text that says goodbye to who is lost."""
    return next(_reasons_of_phone(participant, line), None)


def _reasons(participant: Participant, line: Line | None) -> Iterator[WhyNot]:
    reasons = (
        (WhyNot.DEAD, participant.follow_up == FollowUp.DEAD),
        (WhyNot.FROZEN, participant.follow_up == FollowUp.FROZEN),
        (WhyNot.LEFT, participant.follow_up in LEFT),
    )
    yield from (reason for reason, holds in reasons if holds)
    yield from _reasons_of_phone(participant, line)


def _reasons_of_phone(participant: Participant, line: Line | None) -> Iterator[WhyNot]:
    consents = _consents(participant)
    reasons = (
        (WhyNot.NO_CONSENT, ConsentKind.TRIAL not in consents),
        (WhyNot.NO_SMS_CONSENT, ConsentKind.SMS not in consents),
        (WhyNot.NO_LINE, line is None),
        (WhyNot.SUSPENDED, participant.texts_suspended_at is not None),
        (WhyNot.CANNOT_READ, participant.cannot_read),
        (WhyNot.OPTED_OUT, line is not None and line.opted_out_at is not None),
        (WhyNot.CARRIER_BLOCKED, line is not None and line.carrier_blocked_at is not None),
        (WhyNot.UNCONFIRMED, line is not None and not _is_confirmed(participant, line)),
    )
    yield from (reason for reason, holds in reasons if holds)


def _is_confirmed(participant: Participant, line: Line) -> bool:
    points = participant.contact_points.filter(line=line, ended_at__isnull=True)
    return points.filter(standing__in=CONFIRMED).exists()


def has_consents(participant: Participant) -> bool:
    """A consent to the trial and one to texts, neither withdrawn."""
    return set(ConsentKind.values) <= _consents(participant)


def _consents(participant: Participant) -> set[str]:
    return set(participant.consents.filter(withdrawn_on__isnull=True).values_list("kind", flat=True))


@transaction.atomic
def add_contact_point(
    *,
    participant: Participant,
    kind: ContactKind,
    number: str,
    agreed_on: date | None = None,
    is_checked: bool = False,
) -> ContactPoint:
    """A phone of the participant or a caregiver. The same phone may be others' too.

    `is_checked`: a person knows from its owner that the number is right. A caregiver's `agreed_on` says the same, for they gave it
    themselves; the participant's is the day of a form. Any other number is asked by text, and until then gets no other unprompted one.

    Raises phone.NotAMobile, and AlreadyOnRecord when this person has the number already.
    """
    parsed = phone.parse_mobile(number, region=participant.site.country)
    line = messaging.line_for(number=parsed)
    same = {"participant": participant, "kind": kind, "line": line}
    if ContactPoint.objects.filter(**same, ended_at__isnull=True).exists():
        raise AlreadyOnRecord
    is_known = is_checked or (kind == ContactKind.CAREGIVER and agreed_on is not None)
    standing = Standing.CHECKED if is_known else Standing.WAITING
    point = ContactPoint.objects.create(**same, agreed_on=agreed_on, standing=standing, stands_since=clock.now())
    if not is_known or not participant.language_is_known:
        confirmations.ask(point)
    return point


@transaction.atomic
def end_contact_point(*, contact_point: ContactPoint, person: User) -> None:
    """Only a person takes a number away, never a text. Ending one twice keeps the first time."""
    if not person.is_active:
        raise PermissionError
    hold([contact_point.participant])
    if contact_point.ended_at is None:
        contact_point.ended_at = clock.now()
        contact_point.save(update_fields=["ended_at"])
        confirmations.look_again(contact_point)
        if not contact_points_of(contact_point.line):
            messaging.cancel_queued(line=contact_point.line, purposes=UNPROMPTED)


def silence(participant: Participant) -> None:
    """Take back unprompted texts that wait to be sent, on every phone of this participant.

    On a shared phone this may take back a text of the other one too: that check-in then counts as undelivered, and a person calls.
    """
    for point in participant.contact_points.filter(ended_at__isnull=True).select_related("line"):
        messaging.cancel_queued(line=point.line, purposes=UNPROMPTED)
