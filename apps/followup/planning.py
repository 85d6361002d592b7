"""Writing the plan: check-ins, visits and reminders as rows, compared with what stands, so that nothing is ever sent again."""

from datetime import date, datetime, timedelta

from django.db import transaction

from apps.core import clock, work
from apps.core.work import Lane
from apps.followup import farewell, nudge_rules, rules, search
from apps.followup.models import CheckIn, CheckInState, Reminder
from apps.followup.rules import Occurrence, Person, PlannedReminder
from apps.participants import pauses
from apps.participants.holding import hold
from apps.participants.models import Participant, Plan, Visit
from apps.participants.services import plan_visits
from apps.participants.vocabulary import LEFT, FollowUp
from apps.safety import items
from apps.trials.protocol import Protocol
from apps.trials.services import current_protocol

NIGHTLY_AT = 3  # o'clock, where the participant lives


def person_of(participant: Participant) -> Person:
    """What a participant's plan depends on."""
    return Person(
        id=participant.pk,
        day_zero=participant.day_zero,
        zone=participant.zone,
        entered_at=participant.enrolled_at,
        send_time=participant.send_time,
        wishes=participant.wishes,
        closely_from=pauses.closely_from(participant),
    )


@transaction.atomic
def recompute_plan(*, participant: Participant) -> None:
    """Bring the rows of one participant's plan up to date. Doing it twice changes nothing.

    What was sent, answered, missed or skipped is never touched; a future row that fell out of the plan is cancelled, and comes back
    when the plan asks for it again. A day that is over gets no row.
    """
    hold([participant])  # before the plan, as everybody who asks for it to be recomputed
    Plan.objects.select_for_update().get(participant=participant)
    participant = Participant.objects.select_related("site").get(pk=participant.pk)
    protocol, person = current_protocol(), person_of(participant)
    left = participant.follow_up in LEFT
    _put_checkins(participant, [] if left else rules.plan_checkins(person, protocol), protocol)
    _put_reminders(participant, [] if left else _planned_reminders(participant, person, protocol), protocol)
    farewell.plan(participant, person, protocol)
    search.begin_if_silent(participant, protocol)
    if participant.follow_up == FollowUp.ACTIVE:
        items.ask_again(participant)
    Plan.objects.filter(participant=participant).update(computed_at=clock.now())


def recompute_due(plan: Plan) -> None:
    """Work handler of a plan's row: recompute, and again next night while the window is open, and while a search may follow from it."""
    with work.finishing(plan) as ending:
        recompute_plan(participant=plan.participant)
        ending.due_at = _next_night(plan.participant)


@transaction.atomic
def bring_forward(*, participant: Participant) -> bool:
    """Today's check-in, if it is still only planned, is due now instead of at its minute. Every check at sending stands.

    False when there is none.
    """
    today = clock.now().astimezone(participant.zone).date()
    rows = CheckIn.objects.filter(participant=participant, occurrence=today, state=CheckInState.PLANNED)
    return work.set_due(rows, due_at=clock.now()) == 1


def _next_night(participant: Participant) -> datetime | None:
    """03:00 to 03:59 where the participant lives, spread so that not everybody is recomputed in one minute."""
    local = clock.now().astimezone(participant.zone)
    if local.date() > _last_night(current_protocol()):
        return None
    minute = participant.pk.int % 60
    night = (local + timedelta(days=1)).replace(hour=NIGHTLY_AT, minute=minute, second=0, microsecond=0, tzinfo=None)
    return rules.existing(night, participant.zone)


def _last_night(protocol: Protocol) -> date:
    """Long enough after the window for a search that the last check-in's silence begins, and for the days of its steps."""
    begins = max((step.after_minutes for step in protocol.missed_reply), default=0)
    steps = max((stage.day_to for stage in protocol.lost_to_follow_up), default=0)
    return protocol.window.end + timedelta(minutes=begins) + timedelta(days=steps + 1)


def _put_checkins(participant: Participant, wanted: list[Occurrence], protocol: Protocol) -> None:
    present = {row.occurrence: row for row in participant.checkins.all()}
    new = []
    for each in wanted:
        row = present.pop(each.day, None)
        if rules.useful_until(each.day, zone=participant.zone, quiet=protocol.quiet_hours) <= clock.now():
            continue
        if row is None:
            values = {
                "occurrence": each.day,
                "rule": each.rule,
                "planned_at": each.at,
                "due_at": _not_before_now(each.at),
            }
            new.append(CheckIn(participant=participant, lane=Lane.MESSAGES, **values))
        elif row.state == CheckInState.CANCELLED or _differs(row, each):
            _plan_again(row, rule=each.rule, planned_at=each.at)
    CheckIn.objects.bulk_create(new)
    for row in present.values():
        _take_out(row)


def _not_before_now(planned_at: datetime) -> datetime:
    """A row of the past (somebody was entered late) has waited since now, not since then: nobody is at fault."""
    return max(planned_at, clock.now())


def _differs(row: CheckIn, wanted: Occurrence) -> bool:
    return row.state == CheckInState.PLANNED and (row.rule, row.planned_at) != (wanted.rule, wanted.at)


def _plan_again(row: CheckIn | Reminder, *, planned_at: datetime, **values: str) -> None:
    """Only while nobody has touched the row since it was read: a row in flight is left to its worker, and to the next night."""
    mine = type(row)._default_manager.filter(pk=row.pk, state=row.state, fence=row.fence, quarantined_at__isnull=True)
    if work.set_due(mine, due_at=_not_before_now(planned_at)):
        same = type(row)._default_manager.filter(pk=row.pk)
        same.update(state=CheckInState.PLANNED, planned_at=planned_at, skipped_because="", **values)


def _take_out(row: CheckIn | Reminder) -> None:
    """Cancel a row that is still only planned; its worker, if one is at it, loses its lease and rolls back."""
    mine = type(row)._default_manager.filter(pk=row.pk, state=CheckInState.PLANNED)
    if row.state == CheckInState.PLANNED and work.set_due(mine, due_at=None):
        mine.update(state=CheckInState.CANCELLED)


# --- visits and their reminders


def _planned_reminders(participant: Participant, person: Person, protocol: Protocol) -> list[PlannedReminder]:
    now = clock.now()
    today = now.astimezone(participant.zone).date()
    found = list(nudge_rules.wished(person, protocol, now=now))
    wanted = rules.plan_visits(person, protocol)
    visits = plan_visits(participant=participant, planned={planned.code: planned.on for planned in wanted})
    for planned in wanted:
        visit = visits[planned.code]
        if visit.done_on is None and not _is_over(visit, planned.closes < today):
            appointment = visit.appointment_at
            found += rules.reminders_of(planned, appointment=appointment, zone=person.zone, protocol=protocol)
            found += nudge_rules.test_due(planned, person, protocol)
    return found


def _is_over(visit: Visit, window_closed: bool) -> bool:
    return visit.appointment_at <= clock.now() if visit.appointment_at else window_closed


def _put_reminders(participant: Participant, wanted: list[PlannedReminder], protocol: Protocol) -> None:
    present = {(row.visit_code, row.wording, row.for_day): row for row in participant.reminders.all()}
    new = []
    for each in wanted:
        row = present.pop((each.visit, each.wording, each.for_day), None)
        too_late = rules.useful_until(each.at.date(), zone=participant.zone, quiet=protocol.quiet_hours) <= clock.now()
        if each.wording and too_late:
            continue
        if row is None:
            new.append(_new_reminder(participant, each))
        elif row.state == CheckInState.CANCELLED or (row.state == CheckInState.PLANNED and row.planned_at != each.at):
            _plan_again(row, planned_at=each.at)
    Reminder.objects.bulk_create(new)
    for row in present.values():
        _take_out(row)


def _new_reminder(participant: Participant, planned: PlannedReminder) -> Reminder:
    return Reminder(
        participant=participant,
        visit_code=planned.visit,
        wording=planned.wording,
        for_day=planned.for_day,
        planned_at=planned.at,
        due_at=_not_before_now(planned.at),
        lane=Lane.MESSAGES,
    )
