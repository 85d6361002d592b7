"""While a pause stands: whom it asks in place of the check-ins, and what its end does. The row is due at the next contact or the expiry."""

from datetime import datetime, timedelta

from apps.conversations.models import Task
from apps.conversations.services import AnotherQuestionOpen, ask, open_task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.followup import rules
from apps.followup.checkins import LOOK_AGAIN, WAITS_FOR_QUESTION, call_deadline
from apps.messaging.models import Line
from apps.messaging.vocabulary import Purpose
from apps.participants import pauses
from apps.participants.contacts import agreed_caregiver_line
from apps.participants.holding import hold_for
from apps.participants.models import Participant, Pause
from apps.participants.vocabulary import LEFT, FollowUp, PauseCode, PauseEnded
from apps.safety import items
from apps.trials import protocol
from apps.trials.services import current_protocol
from apps.trials.vocabulary import PauseContact, PauseEnd

_CALLS: dict[str, TaskKind] = {PauseCode.NUMBER_CHECK: TaskKind.CHECK_NUMBER, PauseCode.DEATH_PATH: TaskKind.FROZEN}


def advance_pause(pause: Pause) -> None:
    """Work handler: the next contact, the expiry, or the end of what the pause stood for."""
    with work.finishing(pause) as ending:
        hold_for(pause, pause.participant)
        ending.due_at = _advance(pause)


def could_not_advance_pause(pause: Pause) -> None:
    """The program failed five times at this row: it ends, so that the check-ins start again, and a person calls."""
    _call(pause, _CALLS.get(pause.code, TaskKind.PAUSE_CALL), key=f"pause-failed:{pause.pk}")
    pauses.end(pause=pause, because=PauseEnded.EXPIRED)


def _advance(pause: Pause) -> datetime | None:
    """Returns when the row is due again."""
    known = pauses.facts(pause.code)
    if pause.ended_at is not None:
        return None
    if known is None or _is_over(pause):
        pauses.end(pause=pause, because=PauseEnded.NO_LONGER)
        return None
    if clock.now() >= pause.expires_at:
        return _expire(pause, known)
    if clock.now() >= pause.contact_at and (wait := _contact(pause, known)) is not None:
        return min(wait, pause.expires_at)
    return min(pause.contact_at, pause.expires_at)


def _is_over(pause: Pause) -> bool:
    """Whoever has left is contacted no more; the others end with what they stand for, whoever changed that."""
    participant = pause.participant
    if pause.code == PauseCode.DEATH_PATH:
        return participant.follow_up != FollowUp.FROZEN
    if pause.code == PauseCode.NUMBER_CHECK and participant.texts_suspended_at is None:
        return True
    if pause.code == PauseCode.OPEN_SAE and not items.keep_asking(participant):
        return True
    return participant.follow_up in LEFT


# --- the contacts


def _contact(pause: Pause, known: protocol.Pause) -> datetime | None:
    """Make the contact that is due, and None; or when to try again."""
    if known.contact == PauseContact.CAREGIVER_OR_CALL and pause.participant.follow_up != FollowUp.FROZEN:
        line = _caregiver(pause.participant)
        if line is None:
            _call(pause, TaskKind.PAUSE_CALL)
        elif (wait := _ask(pause, line)) is not None:
            return wait
    elif known.contact == PauseContact.CALL:
        _call(pause, _CALLS.get(pause.code, TaskKind.PAUSE_CALL))
    pause.contacts += 1
    pause.contact_at = clock.now() + timedelta(days=known.every_days)
    pause.save(update_fields=["contacts", "contact_at"])
    return None


def _caregiver(participant: Participant) -> Line | None:
    """The phone of a caregiver who has agreed and can be texted, inside the trial's window."""
    covers = current_protocol().window.covers(clock.now().astimezone(participant.zone).date())
    return agreed_caregiver_line(participant) if covers else None


def _ask(pause: Pause, line: Line) -> datetime | None:
    """Silence is noticed by the question itself (`conversations.silence`): then a person calls."""
    local, now = clock.now().astimezone(pause.participant.zone), clock.now()
    if (allowed := rules.allowed_from(local, quiet=current_protocol().quiet_hours)) > local:
        return allowed
    key = f"pause:{pause.pk}:{pause.contacts}"
    try:
        ask(
            participant=pause.participant,
            wording_key="caregiver_checkin",
            key=key,
            purpose=Purpose.CHECKIN,
            line=line,
        )
    except AnotherQuestionOpen:
        if now < pause.contact_at + WAITS_FOR_QUESTION:
            return now + LOOK_AGAIN
        _call(pause, TaskKind.PAUSE_CALL)
    return None


def _call(pause: Pause, kind: TaskKind, *, key: str = "") -> None:
    """One call at a time: while the last one still stands with a person, and pages when it is late, no second is asked for.

    Of somebody reported dead only the freeze is listed again, and nobody phones the family to ask how they are.
    """
    participant = pause.participant
    if participant.follow_up in LEFT or (participant.follow_up == FollowUp.FROZEN and kind != TaskKind.FROZEN):
        return
    if Task.objects.filter(participant=participant, kind=kind, done_at__isnull=True).exists():
        return
    key = key or f"pause-call:{pause.pk}:{pause.contacts}"
    deadline = call_deadline(participant)
    open_task(key=key, kind=kind, site=participant.site, participant=participant, deadline=deadline)


# --- the end


def _expire(pause: Pause, known: protocol.Pause) -> datetime | None:
    """The normal check-ins start again and a person hears of it; what goes with a state of theirs is listed once more instead."""
    if pause.code in pauses.BOUND:
        _call(pause, _CALLS[pause.code], key=f"pause-over:{pause.pk}:{pause.expires_at:%Y%m%d}")
        pause.expires_at = clock.now() + timedelta(days=known.expires_days)
        pause.save(update_fields=["expires_at"])
        return min(max(pause.contact_at, clock.now() + LOOK_AGAIN), pause.expires_at)
    if known.at_expiry != PauseEnd.NORMAL:
        _call(pause, TaskKind.PAUSE_OVER, key=f"pause-over:{pause.pk}")
    pauses.end(pause=pause, because=PauseEnded.EXPIRED)
    return None
