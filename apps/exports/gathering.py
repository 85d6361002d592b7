"""What a cut is made of: confirmed events as they stood, in one view of the database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from apps.exports import history
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.staff.models import User
from apps.trials.models import ProtocolVersion, Site

# A draft is the site's own work and may yet turn out to be no adverse event. What cannot wait for a confirmation, the initial report
# of a serious event, leaves by its own export, marked preliminary; a listing of unread words would serve neither.
LISTED = frozenset({EventState.CONFIRMED, EventState.CLOSED})


class TrailLacks(Exception):
    """An event stands in its table and not in the trail, so what it was then is not known."""


@contextmanager
def one_view() -> Iterator[None]:
    """All reads inside see the same moment. Inside a transaction of the caller's it is that transaction's view."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def events_as_of(as_of: datetime, *, site: Site | None = None, case: str = "") -> list[AdverseEvent]:
    """Listed events, each with its participant and site as all of them stood. Raises TrailLacks.

    An event's own `changed_at` says when a version began: it is trial time, and every change of a listed fact renews it.
    """
    events = history.last_versions(AdverseEvent, stood=lambda _, new: history.moment(new["changed_at"]) <= as_of)
    if lost := set(AdverseEvent.objects.filter(changed_at__lte=as_of).values_list("pk", flat=True)) - set(events):
        raise TrailLacks(f"{len(lost)} events")
    listed = [event for event in events.values() if event.state in LISTED and case in ("", event.case_number)]
    _put_participants(listed, as_of)
    return [event for event in listed if site is None or event.participant.site_id == site.pk]


def _put_participants(events: Iterable[AdverseEvent], as_of: datetime) -> None:
    before = history.machine_time(as_of)
    people = history.last_versions(Participant, stood=lambda at, _: at <= before, or_first=True)
    sites = history.last_versions(Site, stood=lambda at, _: at <= before, or_first=True)
    for event in events:
        person = people[event.participant_id]
        person.site = sites[person.site_id]
        event.participant = person


def names_as_of(as_of: datetime) -> set[str]:
    """Names of staff by then, whole and in parts, for the masking."""
    before = history.machine_time(as_of)
    whole = {str(new["name"]).strip() for _, at, new in history.versions(User) if at <= before}
    return {part for name in whole for part in (name, *name.split()) if len(part) > 1}


def protocol_as_of(as_of: datetime) -> ProtocolVersion | None:
    return ProtocolVersion.objects.filter(loaded_at__lte=as_of).defer("text").order_by("id").last()
