"""The only writers of paging: an escalation starts, goes on by itself, and ends with a named person and a recorded contact."""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.core import clock, work
from apps.core.work import Lane
from apps.escalation import incidents, rules
from apps.escalation.chains import own_chain, set_chain, snapshot_of
from apps.escalation.incidents import mend_incident
from apps.escalation.models import Drill, Escalation
from apps.escalation.paging import could_not_page, send_page
from apps.escalation.stepping import begin_round, take_due_steps
from apps.escalation.taking import Answer, NotYours, acknowledge, answer_staff_text, nag, record_contact
from apps.escalation.vocabulary import (
    RUNNING,
    URGENCY,
    ChainName,
    EscalationState,
    IncidentKind,
)
from apps.trials.models import Site
from apps.trials.services import current_version

__all__ = [
    "Answer",
    "NotYours",
    "acknowledge",
    "advance",
    "answer_staff_text",
    "could_not_advance",
    "could_not_page",
    "mend_incident",
    "raise_chain",
    "record_contact",
    "send_page",
    "set_chain",
    "start",
]

_PAUSE_AFTER_FAULT = 60.0


@transaction.atomic
def start(
    *,
    chain: ChainName,
    site: Site | None,
    received_at: datetime,
    cannot_text: bool = False,
    not_before: datetime | None = None,
) -> Escalation:
    """Begin a chain about a text received at this time; its first step is due at once, or at `not_before` (the 07:00 list).

    The chain is copied: the site's own where it has one, else the protocol's. Raises NoProtocol while none is loaded.
    """
    return begin(
        chain=chain, site=site, received_at=received_at, cannot_text=cannot_text, opens_at=not_before or clock.now()
    )


def begin(
    *, chain: str, site: Site | None, received_at: datetime, cannot_text: bool, opens_at: datetime,
    drill: Drill | None = None, snapshot: dict[str, object] | None = None,
) -> Escalation:  # fmt: skip
    version, own = current_version(), own_chain(chain, site)
    return Escalation.objects.create(
        ref=_fresh_ref(),
        chain=chain,
        site=site,
        drill=drill,
        protocol=version,
        site_chain=own if snapshot is None else None,
        snapshot=snapshot or snapshot_of(chain, version=version, own=own),
        cannot_text=cannot_text,
        received_at=received_at,
        opened_at=clock.now(),
        round_started_at=opens_at,
        next_step_at=opens_at,
        due_at=opens_at,
        lane=Lane.SAFETY,
    )


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
    escalation = Escalation.objects.select_for_update(of=("self",)).select_related("site").get(pk=escalation.pk)
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
    escalation.save()
    work.set_due(Escalation.objects.filter(pk=escalation.pk), due_at=escalation.next_step_at)


def advance(escalation: Escalation) -> None:
    """Work handler: the next steps of an open chain, or the reminders of a taken one."""
    with work.finishing(escalation) as ending:
        if escalation.state == EscalationState.OPEN:
            ending.due_at = take_due_steps(escalation)
        elif escalation.state == EscalationState.ACKNOWLEDGED:
            ending.due_at = nag(escalation)


def could_not_advance(escalation: Escalation) -> None:
    """A step broke the program five times: it is left out, the next one is due soon, and people are told. Never only parked."""
    incidents.report(
        IncidentKind.COULD_NOT_ADVANCE, detail=f"{escalation.chain} {escalation.place}", escalation=escalation
    )
    rows = Escalation.objects.filter(pk=escalation.pk)
    steps = rules.plan(escalation.snapshot).steps
    again = clock.now() + work.seconds(_PAUSE_AFTER_FAULT)
    place = (escalation.place + 1) % max(1, len(steps))
    rows.update(place=place, next_step_at=again, quarantined_at=None, attempts=0, due_at=again, fence=F("fence") + 1)
