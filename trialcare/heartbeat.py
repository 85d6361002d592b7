"""The heartbeat table: every kind of work row and the one service function that handles it. One page, on purpose.

What is nearest to a phone stands first and is done first; a step hands its texts over itself, so a page's own row is left with what a
network carries and with looking after it. Lower floors know nothing of it. It is no event bus: a row is handled by one
function, and that function says when it is due again.
"""

from apps.audit.models import Sealing
from apps.audit.services import seal_due
from apps.conversations import services as conversations
from apps.conversations.models import Arrival, CallAttempt, PhoneCall, Question, SecondReading, Task, Turn
from apps.core.work import Work
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Page, Watch
from apps.followup import services as followup
from apps.followup.models import CheckIn, Farewell, Reminder, Search, Unreached
from apps.messaging import services as messaging
from apps.messaging.models import DeliveryEvent, InboundMessage, OutboundMessage, Reconciliation
from apps.participants.models import Pause, Plan, RoundTrip
from apps.safety.models import OpenItem, SponsorReceipt

TABLE = (
    Work(
        OutboundMessage, messaging.deliver, messaging.could_not_deliver, at_once=8, together=messaging.deliver_together
    ),
    Work(Escalation, escalation.advance, escalation.could_not_advance),
    # It may be an acknowledgement. Several in one turn, so that a crowd's texts find each other in the outbox and leave side by side.
    Work(InboundMessage, conversations.answer, conversations.could_not_process, patience=6, at_once=4),
    Work(Page, escalation.send_page, escalation.could_not_page),
    Work(DeliveryEvent, messaging.apply_delivery, messaging.could_not_apply),
    Work(PhoneCall, conversations.call_due),
    Work(Task, conversations.task_due),
    Work(CallAttempt, conversations.tell_of_attempt),
    Work(Question, conversations.after_silence, conversations.could_not_notice),
    Work(Turn, conversations.reply, conversations.could_not_reply),
    Work(Arrival, conversations.see_arrival, conversations.could_not_see),
    Work(SponsorReceipt, conversations.see_receipt),
    Work(SecondReading, conversations.read_again),
    Work(CheckIn, followup.advance_checkin, followup.could_not_check_in),
    Work(Unreached, followup.pursue, followup.could_not_pursue),
    Work(Reminder, followup.send_reminder, followup.could_not_remind),
    Work(OpenItem, followup.ask_about_item, followup.could_not_ask_about),
    Work(Pause, followup.advance_pause, followup.could_not_advance_pause),
    Work(RoundTrip, followup.advance_round_trip, followup.could_not_ask),
    Work(Farewell, followup.advance_farewell, followup.could_not_say_farewell),
    Work(Search, followup.advance_search, followup.could_not_search),
    Work(Plan, followup.recompute_due),
    Work(Watch, escalation.watch_due),
    Work(Reconciliation, messaging.reconcile_due),
    Work(Sealing, seal_due),
)
