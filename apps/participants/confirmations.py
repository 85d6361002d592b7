"""Whether a number is right and its owner agrees: asked by text, answered there or told to a person. Only here does that change."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from apps.core import clock, work
from apps.core.work import Lane
from apps.messaging.models import Line
from apps.participants.models import ContactPoint, Participant, Plan, RoundTrip
from apps.participants.vocabulary import Standing
from apps.staff.models import User

AFTER = timedelta(minutes=1)  # what is answered to the text that brought it leaves first


def ask(contact_point: ContactPoint) -> RoundTrip:
    """Promise that this number is asked, as soon as a text may leave."""
    return RoundTrip.objects.create(contact_point=contact_point, due_at=clock.now(), lane=Lane.MESSAGES)


def ask_again(participant: Participant, *, line: Line | None = None) -> None:
    """What held the question back is gone, or what it asks has changed: a new round. The row finds whether there is anything to ask."""
    points = participant.contact_points.filter(ended_at__isnull=True).exclude(standing=Standing.REFUSED)
    if line is not None:
        points = points.filter(line=line)
    _begin_round(RoundTrip.objects.filter(contact_point__in=points))


def ask_point_again(*, contact_point: ContactPoint, person: User) -> None:
    """A person wants one number asked once more. One that said no is not: that is for people to talk about."""
    if not person.is_active or contact_point.standing != Standing.WAITING:
        raise PermissionError
    RoundTrip.objects.get_or_create(contact_point=contact_point, defaults={"lane": Lane.MESSAGES})
    _begin_round(RoundTrip.objects.filter(contact_point=contact_point))


def look_again(contact_point: ContactPoint) -> None:
    """The number stands otherwise than when it was asked: whoever asks must put the question away."""
    work.set_due(RoundTrip.objects.filter(contact_point=contact_point), due_at=clock.now())


def _begin_round(trips: "QuerySet[RoundTrip]") -> None:
    trips.update(round=F("round") + 1, asked=0, asked_at=None, message=None)
    work.set_due(trips, due_at=clock.now() + AFTER)


@transaction.atomic
def confirm_by_answer(contact_point: ContactPoint) -> None:
    """They answered that it is them, or that they agree."""
    if not contact_point.is_confirmed:
        _stand(contact_point, Standing.ANSWERED)


@transaction.atomic
def confirm_by_person(*, contact_point: ContactPoint, person: User) -> None:
    """A person has it from the owner: on paper, by phone, face to face. The one way back after a no."""
    if not person.is_active:
        raise PermissionError
    _stand(contact_point, Standing.CHECKED)
    look_again(contact_point)


@transaction.atomic
def refuse(contact_point: ContactPoint) -> None:
    """They answered no. The number stays on record and gets no unprompted text; only a person ends it."""
    _stand(contact_point, Standing.REFUSED)


def needs_a_person(contact_point: ContactPoint) -> bool:
    """No text can settle it: several people on one phone, whose digit would be nobody's, or a phone that has said no before."""
    others = ContactPoint.objects.filter(line=contact_point.line_id).exclude(pk=contact_point.pk)
    return others.filter(ended_at__isnull=True).exists() or others.filter(standing=Standing.REFUSED).exists()


def _stand(contact_point: ContactPoint, standing: Standing) -> None:
    contact_point.standing, contact_point.stands_since = standing, clock.now()
    contact_point.save(update_fields=["standing", "stands_since"])
    work.set_due(Plan.objects.filter(participant=contact_point.participant_id), due_at=clock.now())
