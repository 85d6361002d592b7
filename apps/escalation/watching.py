"""The row that looks ahead: gaps in the rota of the next 72 hours, people whom nothing could wake, and drills that are due."""

from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation.drills import run_due_drills
from apps.escalation.models import Watch
from apps.escalation.readiness import watch_people
from apps.escalation.rota import watch_rota
from apps.trials.services import NoProtocol

LOOK_EVERY = 900.0
_NAME = "paging"


def ensure_watch() -> None:
    """The watch's row exists and is due."""
    Watch.objects.get_or_create(name=_NAME, defaults={"due_at": clock.now(), "lane": Lane.MESSAGES})


def watch_due(row: Watch) -> None:
    """Work handler: look, and look again in a quarter of an hour."""
    with work.finishing(row) as ending:
        try:
            watch_rota()
            watch_people()
            run_due_drills()
        except NoProtocol:
            ending.note = "no protocol"
        row.looked_at = clock.now()
        row.save()
        ending.due_at = clock.now() + work.seconds(LOOK_EVERY)
