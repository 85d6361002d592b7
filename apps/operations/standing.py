"""Work rows that must always be there: one that is missing would be a promise that nobody misses.

The sentinel makes them, so that a fresh database, a restored one and a gateway that was just switched on need no step by hand.
"""

from collections.abc import Callable, Mapping

from apps.audit.models import Sealing
from apps.audit.services import ensure_sealing
from apps.core.work import WorkRow
from apps.escalation.models import Watch
from apps.escalation.services import ensure_watch
from apps.messaging.models import Reconciliation
from apps.messaging.services import ensure_reconciliation
from apps.operations import engine

STANDING: Mapping[type[WorkRow], Callable[[], None]] = {
    Sealing: ensure_sealing,
    Reconciliation: ensure_reconciliation,
    Watch: ensure_watch,
}


def ensure() -> None:
    """Make what is missing, but nothing that no line of the heartbeat table handles."""
    handled = {entry.model for entry in engine.table()}
    for model, make in STANDING.items():
        if model in handled:
            make()
