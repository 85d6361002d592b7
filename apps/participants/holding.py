"""One thing at a time about a participant: texts that come at once are acted on one after the other."""

from collections.abc import Iterable

from apps.core import work
from apps.participants.models import Participant


def hold(participants: Iterable[Participant]) -> None:
    """Until the transaction ends nobody else acts on these. Rows that only refer to them need not wait (no_key).

    The order that everybody keeps, else two would wait for each other: participants, by their key, before an escalation, a case, a visit,
    the plan or a due row of theirs (`held_under` says so where a program gives up on one). Of several participants only those of one
    phone or one escalation are held together; whoever goes through all of them holds one at a time. What was read before is read again
    after it.
    """
    keys = sorted({participant.pk for participant in participants})
    rows = Participant.objects.filter(pk__in=keys).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def hold_for(row: work.WorkRow, participant: Participant | None) -> None:
    """The same for a handler: its claimed row is read again, since an act may have come between the claim and now.

    Without a participant there is nobody to hold, and the row is read again all the same.
    """
    hold([participant] if participant is not None else [])
    work.read_again(row)
