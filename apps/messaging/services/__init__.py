"""The only writers of the transport's rows. One file a subject; this page lists what others call."""

from apps.messaging.services.alarms import callback_refused
from apps.messaging.services.inbound import receive, settle
from apps.messaging.services.lines import (
    indexes_of,
    line_for,
    line_of,
    opt_in,
    opt_out,
    reindex_lines,
    show_number,
    unreadable_lines,
)
from apps.messaging.services.outbox import cancel, cancel_queued, queue, release, write_off
from apps.messaging.services.reconciling import Reconciled, ensure_reconciliation, reconcile, reconcile_due
from apps.messaging.services.reports import apply_delivery, could_not_apply, hear, record_delivery, take_delivery
from apps.messaging.services.sending import could_not_deliver, deliver
from apps.messaging.services.side_by_side import deliver_together

__all__ = [
    "Reconciled",
    "apply_delivery",
    "callback_refused",
    "cancel",
    "cancel_queued",
    "could_not_apply",
    "could_not_deliver",
    "deliver",
    "deliver_together",
    "ensure_reconciliation",
    "hear",
    "indexes_of",
    "line_for",
    "line_of",
    "opt_in",
    "opt_out",
    "queue",
    "receive",
    "reconcile",
    "reconcile_due",
    "record_delivery",
    "reindex_lines",
    "release",
    "settle",
    "show_number",
    "take_delivery",
    "unreadable_lines",
    "write_off",
]
