"""What must hold while the trial runs, one function a promise. The sentinel, the ledger and the readiness gate all read it from here.

A problem is a code with a count; it names no participant, number or text, since it travels by e-mail and stands on `/healthz`.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from apps.audit import triggers
from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import RUNNING, ChainName, EscalationState, PageKind, PageState
from apps.messaging import routes
from apps.messaging.models import Alarm, InboundMessage, Reconciliation, SendAttempt
from apps.messaging.vocabulary import ROW_UNREADABLE, AlarmKind, AttemptState, Disposition, SendState
from apps.operations import engine
from apps.operations.models import SentinelBeat
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.triage.models import Level

OVERDUE_LIMIT = {Lane.SAFETY: 60.0, Lane.MESSAGES: 300.0, Lane.BULK: 1800.0}  # seconds
UNKNOWN_LIMIT = 60.0
UNHEARD_LIMIT = 1800.0
RECONCILE_LIMIT = 900.0  # three runs missed
DISK_FREE = 0.10
CLOCKS_APART = 5.0
_WAKING = (ChainName.R1, ChainName.R2, ChainName.UNMATCHED)


@dataclass(frozen=True)
class Problem:
    """`code` is stable and is what a problem is counted by; `says` is for the operator, `mend` is what to do."""

    code: str
    says: str
    mend: str

    def __str__(self) -> str:
        return f"{self.says}: {self.mend}"


def problems() -> list[Problem]:
    """Everything that does not hold now; empty when all is well. Raises django.db.Error when the database does not answer."""
    return [problem for look in LOOKS for problem in look()]


def overdue() -> Iterator[Problem]:
    """Keyed on rows, not on processes: a worker can be alive and useless."""
    for lane, limit in OVERDUE_LIMIT.items():
        age = engine.backlog(lane).age_seconds
        if age > work.seconds(limit).total_seconds():
            says = f"the oldest due row of the {lane.label} lane has waited {age:.0f} s"
            yield Problem(f"overdue_{lane.label}", says, "look at the worker's log and at quarantined rows")


def silent_escalations() -> Iterator[Problem]:
    """Promise I3: a running escalation has an unquarantined due row until a contact is recorded."""
    stuck = Q(due_at__isnull=True) | Q(quarantined_at__isnull=False)
    if count := Escalation.objects.filter(stuck, state__in=RUNNING).count():
        yield Problem(
            "silent_escalation", f"{count} running escalations have no next step", "phone the on-call person now"
        )


def unescalated_events() -> Iterator[Problem]:
    """Promise I3 from the other side: an urgent draft has a paging chain, and not one that had ended before its text came.

    At a closed site nothing pages, and tasks ask for it: no draft was left there, so what is one was told since."""
    unread_since = Q(first_read_at__isnull=True, received_at__gt=F("escalation__contacted_at"))
    urgent = AdverseEvent.objects.filter(
        Q(escalation__isnull=True) | unread_since, level__in=(Level.R1, Level.R2), state=EventState.DRAFT
    )
    if count := urgent.exclude(participant__site__closures__closed_at__isnull=False).count():
        yield Problem("event_without_pages", f"{count} urgent events page nobody", "phone the on-call person now")


def unheard_escalations() -> Iterator[Problem]:
    """Every page fails, round after round: the chain itself runs well, and nobody outside would hear of it. A page counts as heard when
    it wakes and is known to have arrived; by night an R3 need wake nobody."""
    late = Q(round__gt=1) | Q(round_started_at__lt=clock.now() - work.seconds(UNHEARD_LIMIT))
    heard = Q(state__in=(PageState.DELIVERED, PageState.ANSWERED)) | Q(message__delivered_at__isnull=False)
    pages = Page.objects.filter(heard, escalation=OuterRef("pk"), kind=PageKind.PAGE, wakes=True)
    rows = Escalation.objects.filter(late, state=EscalationState.OPEN, drill__isnull=True, chain__in=_WAKING)
    if count := rows.exclude(Exists(pages)).count():
        says = f"{count} escalations have reached nobody: no page that wakes is known to have arrived"
        yield Problem(
            "unheard_escalation", says, "phone the on-call person now, then look at the channels of the paging"
        )


def unread_texts() -> Iterator[Problem]:
    """Promise I2: a text that waits to be read has a due row."""
    if count := InboundMessage.objects.filter(disposition=Disposition.WAITING, due_at__isnull=True).count():
        yield Problem(
            "text_without_work",
            f"{count} texts wait and nothing will read them",
            "read them by hand, then tell the developers",
        )


def unknown_outcomes() -> Iterator[Problem]:
    """A send whose outcome nobody has cleared up in a minute."""
    before = clock.machine() - work.seconds(UNKNOWN_LIMIT)
    attempts = SendAttempt.objects.filter(
        state=AttemptState.UNKNOWN, message__state=SendState.UNKNOWN, started_at__lt=before
    )
    if count := attempts.values("message").distinct().count():
        yield Problem(
            "unknown_outcome",
            f"it is not known whether {count} texts were sent",
            "manage.py reconcile; then look at the alarms",
        )


def quarantined_rows() -> Iterator[Problem]:
    for model in work.all_models():
        if count := model._default_manager.filter(quarantined_at__isnull=False).count():
            name = str(model._meta.verbose_name)
            yield Problem(
                f"quarantined_{model._meta.model_name}",
                f"{count} quarantined rows ({name})",
                "see last_error of the rows",
            )


def missing_triggers() -> Iterator[Problem]:
    if count := len(triggers.problems()):
        yield Problem(
            "triggers",
            f"{count} audit triggers are missing or changed",
            "manage.py migrate installs them; manage.py verify_audit says what happened",
        )


def late_reconciliation() -> Iterator[Problem]:
    before = clock.machine() - work.seconds(RECONCILE_LIMIT)
    running = Reconciliation.objects.filter(gateway__in=routes.enabled())
    tried_in_vain = Q(
        completed_at__isnull=True, fence__gt=0, lease_until__isnull=True
    )  # a new row is watched as overdue
    for row in running.filter(tried_in_vain | Q(completed_at__lt=before)):
        says = f"the message log of {row.gateway} was last read whole " + (
            f"at {row.completed_at:%Y-%m-%d %H:%M} UTC" if row.completed_at else "never"
        )
        yield Problem(
            f"reconcile_{row.gateway}", says, "manage.py reconcile says why; check the provider's account and network"
        )


def unreadable_log_rows() -> Iterator[Problem]:
    """A row of a provider's message log may be a text that nobody has got: for a day it is somebody's to look at."""
    since = clock.now() - timedelta(days=1)
    seen = Alarm.objects.filter(kind=AlarmKind.LOG_INCOMPLETE, code=ROW_UNREADABLE, first_at__gt=since)
    for gateway, count in Counter(seen.values_list("gateway", flat=True)).items():
        says = f"{count} rows of the message log of {gateway} could not be read whole"
        yield Problem(f"log_rows_{gateway}", says, "look in the provider's console for texts that are not here")


def clocks_apart() -> Iterator[Problem]:
    """Due times are the program's clock, leases the database's. A clock that was set back makes every deadline late without one row
    being overdue, so it is seen by the sentinel's own last look: that lies in the future then.
    """
    now = clock.machine()
    apart = abs((work.lease_time() - now).total_seconds())
    if apart > CLOCKS_APART:
        yield Problem(
            "clock",
            f"the clocks of the program and the database are {apart:.0f} s apart",
            "set both by NTP",
        )
    last = SentinelBeat.objects.order_by("-at").values_list("at", flat=True).first()
    if last is not None and (last - now).total_seconds() > CLOCKS_APART:
        back = (last - now).total_seconds()
        yield Problem(
            "clock_back", f"the clock was set back by at least {back:.0f} s", "set it by NTP; deadlines wait for it"
        )


def full_disks() -> Iterator[Problem]:
    for folder in sorted(_data_folders()):
        usage = shutil.disk_usage(folder)
        if usage.free < DISK_FREE * usage.total:
            yield Problem(
                "disk",
                f"only {100 * usage.free / usage.total:.0f} % of a data disk is free",
                "make room before texts cannot be stored",
            )
            return


def _data_folders() -> set[Path]:
    folders = {Path(settings.VAR_DIR)}
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and "memory" not in name:
        folders.add(Path(name).resolve().parent)
    return {folder for folder in folders if folder.exists()}


LOOKS: tuple[Callable[[], Iterator[Problem]], ...] = (
    overdue,
    silent_escalations,
    unescalated_events,
    unheard_escalations,
    unread_texts,
    unknown_outcomes,
    quarantined_rows,
    missing_triggers,
    late_reconciliation,
    unreadable_log_rows,
    clocks_apart,
    full_disks,
)
