"""A confirmed serious event is waited for until the sponsor has fetched it: when that begins, and what ends it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.core import clock, work
from apps.core.work import Lane
from apps.safety.models import AdverseEvent
from apps.safety.models_receipt import SponsorReceipt
from apps.safety.vocabulary import ReceiptEnd
from apps.staff.models import User
from apps.trials.services import current_protocol


def expect(event: AdverseEvent, *, known_since: datetime, person: User, is_graver: bool = False) -> None:
    """After a signed judgement: what is serious now is to be fetched within the site's hours to tell the sponsor, from `known_since`
    on; what is not any more is waited for no longer. What has become graver is to be fetched as it is now: who fetched it before was told
    of something milder, and where nobody has, the time that runs already is not made longer. Judged again as it was, nothing changes.
    """
    rows = SponsorReceipt.objects.filter(event=event)
    if not event.is_serious:
        _end(rows, ReceiptEnd.NOT_SERIOUS, person)
        return
    deadline = known_since + timedelta(hours=current_protocol().reporting.sponsor_within_hours)
    facts = {"since": event.changed_at, "deadline": deadline}
    _, is_new = SponsorReceipt.objects.get_or_create(
        event=event, defaults=facts | {"due_at": deadline, "lane": Lane.SAFETY}
    )
    if is_new:
        return
    over = [ReceiptEnd.NOT_SERIOUS, ReceiptEnd.FETCHED] if is_graver else [ReceiptEnd.NOT_SERIOUS]
    if (again := rows.filter(ended_because__in=over)).exists():
        work.set_due(again, due_at=deadline)
        again.update(**facts, told_at=None, ended_at=None, ended_because="", ended_by=None)
    elif is_graver:
        rows.update(since=event.changed_at)


def note_fetched(*, cases: Collection[str], as_of: datetime, person: User | None) -> None:
    """A cut as of then, with these case numbers, is in the sponsor's hands."""
    rows = SponsorReceipt.objects.filter(event__case_number__in=cases, since__lte=as_of)
    _end(rows, ReceiptEnd.FETCHED, person)


def _end(rows: QuerySet[SponsorReceipt], because: ReceiptEnd, person: User | None) -> None:
    """What people were told because it was late is ended by the row's own handler, which is due now."""
    ended = list(rows.filter(ended_at__isnull=True).values_list("pk", flat=True))
    standing = SponsorReceipt.objects.filter(pk__in=ended, ended_at__isnull=True)
    now = clock.now()
    work.set_due(standing, due_at=now)
    standing.update(ended_at=now, ended_because=because, ended_by=person)
