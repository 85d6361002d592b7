"""When somebody was last heard of in any way, and what was tried since: from that day on the steps before "lost" are counted."""

from datetime import date, datetime

from django.db.models import Max

from apps.conversations.models import Task, Turn
from apps.conversations.vocabulary import SPOKEN
from apps.escalation.models import ContactRecord
from apps.escalation.vocabulary import IS_CONTACT
from apps.followup import rules
from apps.followup.models import Search
from apps.followup.models_end import CALLS
from apps.participants.models import Participant
from apps.safety.models import SpokenReport

# What these words say may come from whoever has the phone now: no sign of life.
_NOT_THEIRS = ("wrong_number", "stop", "staff")


def last_heard(participant: Participant) -> datetime | None:
    """The last sign of life: a text, a call or a visit that somebody has recorded, or the end of an earlier search."""
    spoken = participant.tasks.filter(kind__in=SPOKEN, done_at__isnull=False, attempt__isnull=True)
    called = spoken.aggregate(last=Max("done_at"))["last"]
    contacts = ContactRecord.objects.filter(escalation__events__participant=participant, result__in=IS_CONTACT)
    reached = contacts.aggregate(last=Max("at"))["last"]
    told = SpokenReport.objects.filter(event__participant=participant, event__death=False)
    spoken_of = told.aggregate(last=Max("told_at"))["last"]
    searched = participant.searches.aggregate(last=Max("ended_at"))["last"]
    visited = participant.visits.aggregate(last=Max("done_on"))["last"]
    visit = rules.end_of_work(visited, participant.zone) if visited else None
    return max(filter(None, (last_written(participant), called, reached, spoken_of, searched, visit)), default=None)


def last_written(participant: Participant, *, since: datetime | None = None) -> datetime | None:
    """The last text of theirs or their caregiver that tells of them. On a shared phone nobody knows who wrote: a person finds out."""
    turns = Turn.objects.filter(participant=participant).exclude(command__in=_NOT_THEIRS)
    if since is not None:
        turns = turns.filter(arrived_at__gte=since)
    return turns.order_by("arrived_at").values_list("arrived_at", flat=True).last()


def last_day(search: Search) -> date:
    """The day of the first missed contact, or a later one on which they were heard of all the same: day 0 of the protocol's steps."""
    heard = last_heard(search.participant)
    return max(search.missed_on, heard.astimezone(search.participant.zone).date()) if heard else search.missed_on


def days_called(search: Search) -> set[date]:
    """The days of calls in vain since they were last heard of: attempts on record, and call tasks that a named person has tried."""
    zone, since = search.participant.zone, _since(search)
    recorded = search.tries.filter(way__in=CALLS, made_at__gt=since).values_list("made_at", flat=True)
    tried = (task.done_at for task in calls_done(search))
    return {at.astimezone(zone).date() for at in (*recorded, *tried) if at is not None}


def calls_done(search: Search) -> list[Task]:
    """Calls to this participant that were asked for elsewhere and made in vain since then. One that reached them is no search."""
    tried = search.participant.tasks.filter(attempt__isnull=False, done_at__gt=_since(search))
    return list(tried.select_related("done_by").order_by("done_at"))


def _since(search: Search) -> datetime:
    """The start of the first missed day, or the hour at which they were heard of after it."""
    start = rules.existing(datetime.combine(search.missed_on, datetime.min.time()), search.participant.zone)
    return max(start, last_heard(search.participant) or start)
