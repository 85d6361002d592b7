"""Who is due what, and when: the plan, the check-ins and the reminders of visits. The only writers of this floor."""

from apps.followup.checkins import advance_checkin, could_not_check_in
from apps.followup.farewell import advance_farewell, could_not_say_farewell
from apps.followup.missed import could_not_pursue, pursue
from apps.followup.pauses import advance_pause, could_not_advance_pause
from apps.followup.planning import bring_forward, recompute_due, recompute_plan
from apps.followup.progress import ask_about_item, could_not_ask_about
from apps.followup.reminders import could_not_remind, send_reminder
from apps.followup.round_trips import advance_round_trip, could_not_ask
from apps.followup.search import advance_search, begin_search, could_not_search, record_attempt, record_lost

__all__ = [
    "advance_checkin",
    "advance_farewell",
    "advance_pause",
    "advance_round_trip",
    "advance_search",
    "ask_about_item",
    "begin_search",
    "bring_forward",
    "could_not_advance_pause",
    "could_not_ask",
    "could_not_ask_about",
    "could_not_check_in",
    "could_not_pursue",
    "could_not_remind",
    "could_not_say_farewell",
    "could_not_search",
    "pursue",
    "recompute_due",
    "recompute_plan",
    "record_attempt",
    "record_lost",
    "send_reminder",
]
