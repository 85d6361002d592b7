"""Pauses: for a time the form of safety contact changes. Begun by a text or a person, renewed by a person alone, and always over one day.

Names, owners, lengths and what takes the place of the check-ins stand in the trial file.
"""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Max

from apps.core import clock, work
from apps.core.work import Lane
from apps.participants import arm_told
from apps.participants.models import Participant, Pause, Plan
from apps.participants.vocabulary import PauseCode, PauseEnded
from apps.staff.models import User
from apps.staff.services import scope
from apps.staff.vocabulary import Action
from apps.trials import protocol
from apps.trials.services import current_protocol
from apps.trials.vocabulary import PauseContact

# How long after its last sign a stay in hospital still explains a text that says "I am home".
STAY_IS_KNOWN = timedelta(days=90)
# They go with a state of the participant: only a person changes that, and until then the pause is listed again at each expiry.
BOUND = frozenset({PauseCode.NUMBER_CHECK, PauseCode.DEATH_PATH})
# After these a participant is asked more often for some days (the trial file's `after_discharge`).
_CLOSELY_AFTER = frozenset({PauseCode.IN_HOSPITAL, PauseCode.DEATH_PATH})
_IN_PLACE_OF_CHECKINS = frozenset({PauseContact.CAREGIVER_OR_CALL, PauseContact.PROGRESS})


class NotYourPause(Exception):
    """This person may not change the contact of a participant of this site."""


class PauseNeedsReason(Exception):
    """A pause is begun, renewed or ended by a person with a reason."""


class PauseStands(Exception):
    """This pause stands already: it can be renewed."""


def facts(code: str) -> protocol.Pause | None:
    """What the trial file says of a pause; None when it knows none of this code."""
    return next((each for each in current_protocol().pauses if each.code == code), None)


def by_hand() -> tuple[protocol.Pause, ...]:
    """The pauses that a person may begin: those in which something else takes the place of the check-ins."""
    return tuple(each for each in current_protocol().pauses if each.contact in _IN_PLACE_OF_CHECKINS)


def standing(participant: Participant) -> list[Pause]:
    """Oldest first."""
    return list(participant.pauses.filter(ended_at__isnull=True).order_by("began_at"))


def in_place_of_checkins(participant: Participant) -> Pause | None:
    """The pause in which no check-in leaves. One with contacts of its own comes before one whose open items are asked about.

    One whose time is over holds nothing back, though its row may still wait for a worker.
    """
    forms = {each.code: each.contact for each in by_hand()}
    found = [each for each in standing(participant) if each.code in forms and each.expires_at > clock.now()]
    return min(found, key=lambda each: forms[each.code] == PauseContact.PROGRESS, default=None)


def is_away(participant: Participant) -> bool:
    """In hospital or the like: not even an open item is asked about by text, the pause's own contact does that."""
    pause = in_place_of_checkins(participant)
    known = facts(pause.code) if pause else None
    return known is not None and known.contact == PauseContact.CAREGIVER_OR_CALL


def known_stay(participant: Participant) -> Pause | None:
    """The stay in hospital that the team knows of and from which nobody has come home yet."""
    rows = participant.pauses.filter(code=PauseCode.IN_HOSPITAL).exclude(ended_because=PauseEnded.BACK_HOME)
    return rows.filter(expires_at__gt=clock.now() - STAY_IS_KNOWN).order_by("-began_at").first()


def closely_from(participant: Participant) -> date | None:
    """The last day after which they are asked more often for a while."""
    last: date | None = participant.pauses.aggregate(last=Max("closely_from"))["last"]
    return last


# --- beginning and ending


@transaction.atomic
def begin(*, participant: Participant, code: str) -> Pause | None:
    """Without a person: a text, or what a person has just decided elsewhere. Nothing when it stands already or the trial file has none."""
    known = facts(code)
    return _begin(participant, known) if known is not None else None


@transaction.atomic
def begin_by_hand(*, participant: Participant, code: str, person: User, reason: str) -> Pause:
    """Raises NotYourPause, PauseNeedsReason, PauseStands, or ValueError for a pause that no person begins."""
    _may(participant, person, reason)
    known = next((each for each in by_hand() if each.code == code), None)
    if known is None:
        raise ValueError(f"no pause that a person begins: {code}")
    if participant.pauses.filter(code=code, ended_at__isnull=True).exists():
        raise PauseStands
    pause = _begin(participant, known, person=person, reason=reason.strip())
    arm_told.note(row=pause, field="reason", text=pause.reason, participant=participant, said_by=person)
    return pause


@transaction.atomic
def renew(*, pause: Pause, person: User, reason: str) -> Pause:
    """For as long again as the trial file says, from now. Raises NotYourPause or PauseNeedsReason. One that is over is begun anew."""
    pause = Pause.objects.select_for_update().get(pk=pause.pk)
    _may(pause.participant, person, reason)
    known = facts(pause.code)
    if pause.ended_at is not None or known is None:
        return begin_by_hand(participant=pause.participant, code=pause.code, person=person, reason=reason)
    pause.expires_at = clock.now() + timedelta(days=known.expires_days)
    pause.renewed_by, pause.reason = person, reason.strip()
    pause.save()
    work.set_due(Pause.objects.filter(pk=pause.pk), due_at=min(pause.contact_at, pause.expires_at))
    arm_told.note(row=pause, field="reason", text=pause.reason, participant=pause.participant, said_by=person)
    return pause


@transaction.atomic
def end_by_hand(*, pause: Pause, person: User, reason: str) -> None:
    """Raises NotYourPause or PauseNeedsReason. The normal contact starts again."""
    _may(pause.participant, person, reason)
    end(pause=pause, because=PauseEnded.BY_PERSON, person=person, reason=reason.strip())
    arm_told.note(row=pause, field="reason", text=reason, participant=pause.participant, said_by=person)


@transaction.atomic
def end(*, pause: Pause, because: PauseEnded, person: User | None = None, reason: str = "") -> None:
    """The check-ins start again, more often for some days after a stay in hospital. Ending twice keeps the first end.

    A stay whose time was over already is closed by who comes home later.
    """
    row = Pause.objects.select_for_update().get(pk=pause.pk)
    is_later_news = because == PauseEnded.BACK_HOME and row.ended_because == PauseEnded.EXPIRED
    if row.ended_at is not None and not is_later_news:
        return
    participant = row.participant
    row.ended_at, row.ended_by, row.ended_because = clock.now(), person, because
    row.reason = reason or row.reason
    if row.code in _CLOSELY_AFTER:
        row.closely_from = clock.now().astimezone(participant.zone).date()
    row.save()
    _replan(participant)


@transaction.atomic
def end_bound(*, participant: Participant, code: PauseCode) -> None:
    """A person has changed the state that this pause went with."""
    for pause in participant.pauses.filter(code=code, ended_at__isnull=True):
        end(pause=pause, because=PauseEnded.NO_LONGER)


def _begin(participant: Participant, known: protocol.Pause, *, person: User | None = None, reason: str = "") -> Pause:
    now = clock.now()
    contact_at, expires_at = now + timedelta(days=known.every_days), now + timedelta(days=known.expires_days)
    values = {
        "began_at": now, "began_by": person, "reason": reason[:300], "contact_at": contact_at, "expires_at": expires_at,
        "due_at": now, "lane": Lane.MESSAGES,
    }  # fmt: skip
    pause, _ = Pause.objects.get_or_create(
        participant=participant, code=known.code, ended_at__isnull=True, defaults=values
    )
    return pause


def _may(participant: Participant, person: User, reason: str) -> None:
    if not scope(person).may(Action.SEND, site=participant.site_id):
        raise NotYourPause
    if not reason.strip():
        raise PauseNeedsReason


def _replan(participant: Participant) -> None:
    work.set_due(Plan.objects.filter(participant=participant), due_at=clock.now())
