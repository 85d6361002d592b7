"""Logging that a text claims an allocation, and a named person's word on what came of it.

Whoever stores words that people wrote calls `note` in the same transaction, after what may not wait. It reads the text once, and writes
nothing for nearly every one. Pages mask such words for everybody (`apps.core.arm_words`): all who work here are blinded.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Model

from apps.core import arm_words, clock
from apps.participants.models import ArmTold, Participant
from apps.participants.vocabulary import ToldWas
from apps.staff.models import User
from apps.staff.rules import Scope
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials.models import Site
from apps.vault.services import text_marks


class NotYourIncident(Exception):
    """This person may not say what came of incidents of this site."""


def note(
    *,
    row: Model,
    field: str,
    text: str,
    participant: Participant | None = None,
    sites: Iterable[Site | None] = (),
    said_by: User | None = None,
) -> None:
    """An incident if these words of `row` claim an allocation; the same words again are none. At the participant's site unless told."""
    if not arm_words.told(text):
        return
    newest, *older = text_marks(text)
    for site in dict.fromkeys(sites) or [participant.site if participant else None]:
        place = {"table": row._meta.db_table, "row_key": str(row.pk), "field": field, "site": site}
        if older and ArmTold.objects.filter(**place, mark__in=older).exists():
            continue
        ArmTold.objects.get_or_create(
            **place, mark=newest, defaults={"participant": participant, "said_by": said_by, "at": clock.now()}
        )


def waiting_for(seen: Scope) -> int:
    """How many incidents wait for a word of somebody with this scope."""
    rows = ArmTold.objects.filter(seen_at__isnull=True)
    count = rows.filter(site__in=seen.sites_for(Action.CONFIRM_EVENTS)).count()
    return count + (rows.filter(site__isnull=True).count() if seen.may(Action.VIEW_UNMATCHED) else 0)


@transaction.atomic
def see_to(*, incident: ArmTold, person: User, was: ToldWas) -> None:
    """A named person says what it was; the first word stays. Raises NotYourIncident."""
    right = Action.CONFIRM_EVENTS if incident.site_id else Action.VIEW_UNMATCHED
    if not scope(person).may(right, site=incident.site_id):
        raise NotYourIncident
    incident = ArmTold.objects.select_for_update().get(pk=incident.pk)
    if incident.seen_at is None:
        incident.seen_at, incident.seen_by, incident.was = clock.now(), person, was
        incident.save(update_fields=["seen_at", "seen_by", "was"])
