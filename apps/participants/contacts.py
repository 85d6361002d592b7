"""Phones of participants and caregivers, and whether a text may go to one now."""

from datetime import date

from django.db import transaction
from django.db.models import F

from apps.core import clock, phone
from apps.messaging import services as messaging
from apps.messaging.models import Line
from apps.messaging.vocabulary import UNPROMPTED
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import LEFT, ConsentKind, ContactKind, FollowUp, WhyNot
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
    """The participant's own phone: the one agreed last, when there are several."""
    return _line(participant, ContactKind.PARTICIPANT)


def caregiver_line(participant: Participant) -> Line | None:
    """The caregiver's phone, if one is on record."""
    return _line(participant, ContactKind.CAREGIVER)


def _line(participant: Participant, kind: ContactKind) -> Line | None:
    points = participant.contact_points.filter(kind=kind, ended_at__isnull=True).select_related("line")
    point = points.order_by(F("agreed_on").desc(nulls_last=True), "-id").first()
    return point.line if point else None


def texting_status(participant: Participant, *, line: Line | None) -> WhyNot | None:
    """Why no unprompted text may go to this line now, or None when one may. The gravest reason wins."""
    reasons = (
        (WhyNot.DEAD, participant.follow_up == FollowUp.DEAD),
        (WhyNot.FROZEN, participant.follow_up == FollowUp.FROZEN),
        (WhyNot.LEFT, participant.follow_up in LEFT),
        (WhyNot.NO_CONSENT, not has_consents(participant)),
        (WhyNot.NO_LINE, line is None),
        (WhyNot.SUSPENDED, participant.texts_suspended_at is not None),
        (WhyNot.CANNOT_READ, participant.cannot_read),
        (WhyNot.OPTED_OUT, line is not None and line.opted_out_at is not None),
        (WhyNot.CARRIER_BLOCKED, line is not None and line.carrier_blocked_at is not None),
    )
    return next((reason for reason, holds in reasons if holds), None)


def has_consents(participant: Participant) -> bool:
    """A consent to the trial and one to texts, neither withdrawn."""
    kinds = participant.consents.filter(withdrawn_on__isnull=True).values_list("kind", flat=True)
    return set(ConsentKind.values) <= set(kinds)


@transaction.atomic
def add_contact_point(
    *, participant: Participant, kind: ContactKind, number: str, agreed_on: date | None = None
) -> ContactPoint:
    """A phone of the participant or a caregiver. The same phone may be others' too.

    Raises phone.NotAMobile, and AlreadyOnRecord when this person has the number already.
    """
    parsed = phone.parse_mobile(number, region=participant.site.country)
    line = messaging.line_for(number=parsed)
    same = {"participant": participant, "kind": kind, "line": line}
    if ContactPoint.objects.filter(**same, ended_at__isnull=True).exists():
        raise AlreadyOnRecord
    return ContactPoint.objects.create(**same, agreed_on=agreed_on)


@transaction.atomic
def end_contact_point(*, contact_point: ContactPoint, person: User) -> None:
    """Only a person takes a number away, never a text. Ending one twice keeps the first time."""
    if not person.is_active:
        raise PermissionError
    if contact_point.ended_at is None:
        contact_point.ended_at = clock.now()
        contact_point.save(update_fields=["ended_at"])
        if not contact_points_of(contact_point.line):
            messaging.cancel_queued(line=contact_point.line, purposes=UNPROMPTED)


def silence(participant: Participant) -> None:
    """Take back unprompted texts that wait to be sent, on every phone of this participant.

    On a shared phone this may take back a text of the other one too: that check-in then counts as undelivered, and a person calls.
    """
    for point in participant.contact_points.filter(ended_at__isnull=True).select_related("line"):
        messaging.cancel_queued(line=point.line, purposes=UNPROMPTED)
