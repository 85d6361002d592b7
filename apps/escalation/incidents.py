"""What went wrong in the paging itself or in telling the sponsor, once for each thing until somebody has mended it."""

from django.db import transaction

from apps.core import clock
from apps.escalation.models import Escalation, Incident
from apps.escalation.vocabulary import IncidentKind
from apps.staff.models import User
from apps.trials.models import Site


def report(
    kind: IncidentKind,
    *,
    detail: str,
    escalation: Escalation | None = None,
    site: Site | None = None,
    person: User | None = None,
) -> Incident:
    """Write it down, unless the same stands unmended already. `detail` is a role, a channel, a time or a case; never a phone number."""
    place = escalation.site if escalation else site
    standing = Incident.objects.filter(
        kind=kind, detail=detail, site=place, person=person, escalation=escalation, mended_at__isnull=True
    )
    return standing.first() or Incident.objects.create(
        kind=kind, detail=detail, site=place, person=person, escalation=escalation, at=clock.now()
    )


@transaction.atomic
def mend_incident(*, incident: Incident, person: User) -> None:
    """A named person has put it right."""
    if incident.mended_at is None:
        incident.mended_at, incident.mended_by = clock.now(), person
        incident.save(update_fields=["mended_at", "mended_by"])


def end_incident(kind: IncidentKind, *, detail: str, site: Site, person: User | None) -> None:
    """What was wrong is over by itself: by what this person did, or a command that has no name."""
    standing = Incident.objects.filter(kind=kind, detail=detail, site=site, mended_at__isnull=True)
    standing.update(mended_at=clock.now(), mended_by=person)
