"""Shifts are entered for colleagues: only for those whom something has proved to wake, or with a written reason; and they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.escalation import channel as channels
from apps.escalation import incidents, readiness, rota
from apps.escalation.models import Shift
from apps.escalation.rota import Gap, RotaRefused
from apps.escalation.telling import tell_entered, tell_in_turn
from apps.escalation.vocabulary import Duty, IncidentKind, RotaRule
from apps.staff.models import User
from apps.trials.models import Site

MOST_TURNS = 100


class NeedsReason(RotaRefused):
    """Nothing proves yet that these people would wake and could answer. With a written reason they are entered all the same."""

    def __init__(self, lacking: dict[User, list[str]]) -> None:
        super().__init__([RotaRule.NOT_TESTED])
        self.lacking = lacking


@transaction.atomic
def enter_shift(
    *,
    site: Site | None,
    duty: Duty,
    person: User,
    starts_at: datetime,
    ends_at: datetime,
    by: User,
    is_override: bool = False,
    reason: str = "",
) -> Shift:
    """Put a colleague (or oneself) on duty; they are told by whom. Raises RotaRefused, and NeedsReason for one who is not tested."""
    _be_sure_of([person], reason=reason)
    shift = rota.add_shift(
        site=site, duty=duty, person=person, starts_at=starts_at, ends_at=ends_at, by=by, is_override=is_override,
        reason=reason.strip(),
    )  # fmt: skip
    _note_untested([shift])
    if person != by:
        tell_entered(shift, by=by)
    return shift


@dataclass(frozen=True)
class Turn:
    person: User
    starts_at: datetime
    ends_at: datetime


def turns_of(
    *, site: Site | None, people: Sequence[User], starts_at: datetime, until: datetime, days: int
) -> list[Turn]:
    """People one after the other without a gap, so many days each by the clock on the wall; the last turn ends with the rotation.

    Raises RotaRefused for a time that ends before it begins, and for more turns than anybody could look over.
    """
    zone = ZoneInfo(site.timezone if site else settings.TIME_ZONE)
    first, turns = starts_at.astimezone(zone), list[Turn]()
    if until <= starts_at:
        raise RotaRefused([RotaRule.ENDS_BEFORE_START])
    while (begins := _at(first, len(turns) * days)) < until:
        if len(turns) == MOST_TURNS:
            raise RotaRefused([RotaRule.TOO_MANY_TURNS])
        ends = min(_at(first, (len(turns) + 1) * days), until)
        turns.append(Turn(people[len(turns) % len(people)], begins, ends))
    return turns


def _at(first: datetime, days: int) -> datetime:
    return (first + timedelta(days=days)).astimezone(
        ZoneInfo("UTC")
    )  # added by the wall clock: summer time moves nobody's hour


@transaction.atomic
def plan_rotation(
    *,
    site: Site | None,
    duty: Duty,
    people: Sequence[User],
    starts_at: datetime,
    until: datetime,
    days: int,
    by: User,
    reason: str = "",
) -> list[Shift]:
    """All of it or nothing: raises RotaRefused and NeedsReason. Each colleague is told once."""
    turns = turns_of(site=site, people=people, starts_at=starts_at, until=until, days=days)
    _be_sure_of([turn.person for turn in turns], reason=reason)
    shifts = [
        rota.add_shift(
            site=site, duty=duty, person=turn.person, starts_at=turn.starts_at, ends_at=turn.ends_at, by=by,
            reason=reason.strip(),
        )
        for turn in turns
    ]  # fmt: skip
    _note_untested(shifts)
    for person in dict.fromkeys(shift.person for shift in shifts):
        if person != by:
            tell_in_turn([shift for shift in shifts if shift.person == person], by=by)
    return shifts


def _be_sure_of(people: Sequence[User], *, reason: str) -> None:
    """Coverage before purity: an untested colleague is better than nobody, so a reason suffices; one whom nothing could wake is nobody."""
    once = dict.fromkeys(people)
    if any(person.phone_index and not channels.waking(person) for person in once):
        raise RotaRefused([RotaRule.CANNOT_BE_WOKEN])
    lacking = {person: lacks for person in once if (lacks := readiness.lacks(person))}
    if lacking and not reason.strip():
        raise NeedsReason(lacking)


def _note_untested(shifts: Sequence[Shift]) -> None:
    for shift in {shift.person: shift for shift in reversed(shifts)}.values():
        if readiness.lacks(shift.person):
            incidents.report(IncidentKind.UNTESTED, detail=shift.duty, site=shift.site, person=shift.person)


# --- what a rotation would do


@dataclass(frozen=True)
class TurnSeen:
    """A turn that would be written. `refused`: why it cannot be. `is_away`: on leave for a part of it, which becomes nobody's."""

    turn: Turn
    refused: list[RotaRule]
    is_away: bool


@dataclass(frozen=True)
class Preview:
    """`gaps` are the hours of this duty that would be nobody's until the rotation ends, `lacking` who is not tested and why."""

    turns: list[TurnSeen]
    gaps: list[Gap]
    lacking: dict[User, list[str]]

    @property
    def can_be_written(self) -> bool:
        return not any(seen.refused for seen in self.turns)


def preview_rotation(
    *, site: Site | None, duty: Duty, people: Sequence[User], starts_at: datetime, until: datetime, days: int
) -> Preview:
    """What `plan_rotation` would write, turn by turn. Nothing is written. Raises RotaRefused like `turns_of`."""
    turns = turns_of(site=site, people=people, starts_at=starts_at, until=until, days=days)
    seen = [_seen(site, duty, turn) for turn in turns]
    return Preview(
        turns=seen,
        gaps=_gaps_after(site, duty, [each.turn for each in seen if not each.refused], until),
        lacking={person: lacks for person in dict.fromkeys(people) if (lacks := readiness.lacks(person))},
    )


def _seen(site: Site | None, duty: Duty, turn: Turn) -> TurnSeen:
    return TurnSeen(
        turn=turn,
        refused=rota.shift_problems(
            site=site, duty=duty, person=turn.person, starts_at=turn.starts_at, ends_at=turn.ends_at
        ),
        is_away=bool(rota.away([turn.person], turn.starts_at, turn.ends_at)),
    )


def _gaps_after(site: Site | None, duty: Duty, turns: Sequence[Turn], until: datetime) -> list[Gap]:
    """Written for a moment, asked of the rota itself, and taken back."""
    with transaction.atomic():
        for turn in turns:
            rota.add_shift(
                site=site, duty=duty, person=turn.person, starts_at=turn.starts_at, ends_at=turn.ends_at, by=None
            )
        found = rota.gaps(site=site, ahead=until - clock.now(), duties=[duty])
        transaction.set_rollback(True)
    return [
        replace(gap, ends_at=min(gap.ends_at, until)) for gap in found if gap.starts_at < until
    ]  # the clock went on
