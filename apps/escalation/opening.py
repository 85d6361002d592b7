"""An escalation begins, with a copy of its chain; and a running one becomes more urgent."""

import logging
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import rules
from apps.escalation.chains import own_chain, snapshot_of
from apps.escalation.models import Drill, Escalation
from apps.escalation.paging import locked
from apps.escalation.stepping import begin_round, note, take_due_steps
from apps.escalation.vocabulary import RUNNING, URGENCY, ChainName, EscalationState, MilestoneKind
from apps.trials.models import Site
from apps.trials.services import current_version

log = logging.getLogger(__name__)


@transaction.atomic(savepoint=False)
def start(
    *,
    chain: ChainName,
    site: Site | None,
    received_at: datetime,
    cannot_text: bool = False,
    not_before: datetime | None = None,
) -> Escalation:
    """Begin a chain about a text received at this time; its first step is due at once, or at `not_before`, until when a rule held it (the
    07:00 list, the deadline of a task, a silence): that is no delay.

    The chain is copied: the site's own where it has one, else the protocol's. Raises NoProtocol while none is loaded.
    """
    return begin(
        chain=chain, site=site, received_at=received_at, cannot_text=cannot_text, opens_at=not_before or clock.now(),
        held_until=not_before,
    )  # fmt: skip


def begin(
    *, chain: str, site: Site | None, received_at: datetime, cannot_text: bool, opens_at: datetime,
    drill: Drill | None = None, snapshot: dict[str, Any] | None = None, held_until: datetime | None = None,
) -> Escalation:  # fmt: skip
    """`start` without its defaults; a drill brings its own snapshot."""
    version, own = current_version(), own_chain(chain, site)
    values = {
        "ref": _fresh_ref(),
        "chain": chain,
        "site": site,
        "drill": drill,
        "protocol": version,
        "site_chain": own if snapshot is None else None,
        "snapshot": snapshot or snapshot_of(chain, version=version, own=own),
        "cannot_text": cannot_text,
        "received_at": received_at,
        "opened_at": clock.now(),
        "held_until": held_until,
        "round_started_at": opens_at,
        "next_step_at": opens_at,
        "due_at": opens_at,
        "lane": Lane.SAFETY,
    }
    escalation = Escalation(**values)
    if drill is None and opens_at <= clock.now() and _took_first_step(escalation):
        return escalation
    return Escalation.objects.create(**values)


def _took_first_step(escalation: Escalation) -> bool:
    """The first pages stand as soon as their escalation does: no turn of its own, and nothing that may happen in between.

    False when the step breaks; nothing is written then. The row's own turn takes it, again and again, and tells people if it cannot.
    """
    try:
        with transaction.atomic():
            escalation.due_at = take_due_steps(escalation)
            escalation.save()
    except Exception as error:  # noqa: BLE001 - the edge of the text that it is about: a page that breaks never undoes its reading
        log.error("first step not taken at once", extra={"row": str(escalation.pk), "error": type(error).__name__})
        return False
    return True


def _fresh_ref() -> str:
    def drawn() -> str:
        return "".join(secrets.choice(rules.REF_ALPHABET) for _ in range(rules.REF_LENGTH))

    while Escalation.objects.filter(ref=(ref := drawn())).exists():
        continue
    return ref


@transaction.atomic
def raise_chain(*, escalation: Escalation, chain: ChainName) -> None:
    """A running escalation becomes more urgent: the new chain begins at its first step, at once. Never lowered.

    Who has taken the less urgent one must take this one again: nobody knows yet that they have read the newer text.
    """
    escalation = locked(escalation.pk)
    if escalation.state not in RUNNING or URGENCY.index(chain) >= URGENCY.index(escalation.chain):
        return
    version, own = current_version(), own_chain(chain, escalation.site)
    escalation.chain, escalation.protocol, escalation.site_chain = chain, version, own
    escalation.snapshot = snapshot_of(chain, version=version, own=own)
    if escalation.state == EscalationState.ACKNOWLEDGED:
        escalation.state = EscalationState.OPEN
    escalation.acknowledged_by, escalation.expires_at, escalation.reminded = None, None, 0
    escalation.round, escalation.group_from = 1, 0
    begin_round(escalation)
    if escalation.held_until is not None:
        escalation.held_until = min(escalation.held_until, clock.now())
    escalation.save()
    note(escalation, MilestoneKind.RAISED)
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=escalation.next_step_at)


@transaction.atomic
def hurry(*, escalation: Escalation) -> None:
    """One that waits for the morning list may not wait any longer: its first step is due now."""
    now = clock.now()
    waiting = Escalation.objects.filter(
        pk=escalation.pk, state=EscalationState.OPEN, group_from=0, next_step_at__gt=now
    )
    if waiting.update(next_step_at=now, round_started_at=now, held_until=now):
        work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=now)


@transaction.atomic
def cannot_be_texted(*, escalation: Escalation) -> None:
    """A text to the phone that it is about did not arrive: every later page says so."""
    escalation = locked(escalation.pk)
    if escalation.state in RUNNING and not escalation.cannot_text:
        escalation.cannot_text = True
        escalation.save(update_fields=["cannot_text"])
        work.set_due(
            Escalation.objects.filter(pk=escalation.pk), due_at=escalation.due_at
        )  # a step under way begins anew
