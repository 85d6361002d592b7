"""Who is due what, and when: the plan, the check-ins and the reminders of visits. The only writers of this floor."""

from apps.followup.checkins import advance_checkin, could_not_check_in
from apps.followup.planning import bring_forward, recompute_due, recompute_plan
from apps.followup.reminders import could_not_remind, send_reminder

__all__ = [
    "advance_checkin",
    "bring_forward",
    "could_not_check_in",
    "could_not_remind",
    "recompute_due",
    "recompute_plan",
    "send_reminder",
]
