"""The only writers of paging: an escalation starts, goes on by itself, and ends with a named person and a recorded contact.

One file a subject; this page lists what others call, and holds the work handlers of an escalation.
"""

from django.db.models import F

from apps.core import clock, work
from apps.escalation import incidents, rules
from apps.escalation.chains import set_chain, use_protocols_chain
from apps.escalation.drills import drill_report, run_due_drills, start_drill
from apps.escalation.endpoints import remove_endpoint, set_endpoint, set_voice_pin
from apps.escalation.handing import CannotBeNamed, hand_to
from apps.escalation.handover import (
    accept_hand_over,
    give_shift,
    offer_shift,
    refuse_hand_over,
    withdraw_hand_over,
)
from apps.escalation.incidents import mend_incident
from apps.escalation.models import Escalation
from apps.escalation.opening import cannot_be_texted, hurry, raise_chain, start
from apps.escalation.paging import could_not_page, send_page
from apps.escalation.planning import NeedsReason, cancel_shift, enter_shift, plan_rotation, preview_rotation
from apps.escalation.rota import add_leave, cancel_leave
from apps.escalation.stepping import take_due_steps
from apps.escalation.taking import (
    Answer,
    NotYours,
    acknowledge,
    answer_staff_text,
    meant_by,
    nag,
    record_contact,
    tell_holder,
    use_keys,
    use_link,
)
from apps.escalation.vocabulary import EscalationState, IncidentKind
from apps.escalation.watching import ensure_watch, watch_due

__all__ = [
    "Answer",
    "CannotBeNamed",
    "NeedsReason",
    "NotYours",
    "accept_hand_over",
    "acknowledge",
    "add_leave",
    "advance",
    "answer_staff_text",
    "cancel_leave",
    "cancel_shift",
    "cannot_be_texted",
    "could_not_advance",
    "could_not_page",
    "drill_report",
    "ensure_watch",
    "enter_shift",
    "give_shift",
    "hand_to",
    "hurry",
    "meant_by",
    "mend_incident",
    "offer_shift",
    "plan_rotation",
    "preview_rotation",
    "raise_chain",
    "record_contact",
    "refuse_hand_over",
    "remove_endpoint",
    "run_due_drills",
    "send_page",
    "set_chain",
    "set_endpoint",
    "set_voice_pin",
    "start",
    "start_drill",
    "tell_holder",
    "use_keys",
    "use_link",
    "use_protocols_chain",
    "watch_due",
    "withdraw_hand_over",
]

_PAUSE_AFTER_FAULT = 60.0


def advance(escalation: Escalation) -> None:
    """Work handler: the next steps of an open chain, or the reminders of a taken one."""
    with work.finishing(escalation) as ending:
        if escalation.state == EscalationState.OPEN:
            ending.due_at = take_due_steps(escalation)
            escalation.save()
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
