"""A doctor's call within the minutes that a site has set for itself. No setting, no promise (clinical rule 18)."""

from datetime import timedelta

from apps.conversations.board import WITHIN, open_task
from apps.conversations.models import Turn
from apps.conversations.vocabulary import TaskKind
from apps.core import clock


def promise_minutes(turn: Turn) -> None:
    """Just before an urgent text is answered: where the site has its minutes the answer names them, and a task keeps the promise.

    It is due when they are over. A contact recorded since then closes it by itself; closing it ends no chain.
    """
    participant = turn.participant
    if turn.reply_wording != "sym_done_r2" or participant is None or not participant.site.callback_minutes_r2:
        return
    within = timedelta(minutes=participant.site.callback_minutes_r2)
    open_task(
        key=f"{WITHIN}{turn.message_id}", kind=TaskKind.CALL_BACK, site=participant.site, participant=participant,
        message=turn.message, deadline=clock.now() + within, running=turn.escalation,
    )  # fmt: skip
    turn.reply_wording = "sym_done_r2_min"
