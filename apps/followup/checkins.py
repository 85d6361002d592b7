"""One check-in from its planned minute to an answer, or to a person who calls. Every check is made at the moment of sending."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from apps.conversations import alarm
from apps.conversations.models import Question, Task, Turn
from apps.conversations.services import AnotherQuestionOpen, ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.followup import rules
from apps.followup.calling import call, is_searched_for
from apps.followup.models import CheckIn, CheckInState, Unreached
from apps.followup.rules import Chase
from apps.messaging.models import Line
from apps.messaging.vocabulary import NOT_REACHED, Purpose, SendState
from apps.participants import pauses
from apps.participants.holding import hold_for
from apps.participants.models import Participant
from apps.participants.services import texting_line, texting_status
from apps.participants.vocabulary import WhyNot
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import EventState
from apps.trials.protocol import Protocol
from apps.trials.services import current_protocol

LOOK_AGAIN = timedelta(minutes=30)  # for a report that the text did not arrive, or for another question to be answered
NOT_TWICE_WITHIN = timedelta(hours=12)
WAITS_FOR_QUESTION = timedelta(days=2)
CALL_IN_WORKING_DAYS = 2
UNDELIVERED = "undelivered"
QUESTION_OPEN = "question_open"
PAUSED = "paused"
# When a row is due again that is at its end.
NotAgain = datetime | None
NOT_AGAIN: NotAgain = None
# A person calls instead of the text; of the others a person knows already, or nobody is to be called.
CALLS: dict[WhyNot, TaskKind] = {
    WhyNot.CANNOT_READ: TaskKind.CANNOT_TEXT,
    WhyNot.CARRIER_BLOCKED: TaskKind.CANNOT_TEXT,
    WhyNot.OPTED_OUT: TaskKind.OPTED_OUT,
    WhyNot.NO_SMS_CONSENT: TaskKind.OPTED_OUT,  # still in the trial
    WhyNot.SUSPENDED: TaskKind.CHECK_NUMBER,
    WhyNot.NO_LINE: TaskKind.CHECK_NUMBER,
    WhyNot.UNCONFIRMED: TaskKind.CONFIRM,
}


def advance_checkin(checkin: CheckIn) -> None:
    """Work handler: send what is planned, or see what became of what was sent."""
    with work.finishing(checkin) as ending:
        hold_for(checkin, checkin.participant)
        if checkin.state == CheckInState.PLANNED:
            ending.due_at = _send(checkin)
        elif checkin.state == CheckInState.SENT:
            ending.due_at = _see(checkin)
        checkin.save()


def could_not_check_in(checkin: CheckIn) -> None:
    """The program failed five times at this row: a person calls. The row in hand may hold what was rolled back, so it is not saved."""
    rows = CheckIn.objects.filter(pk=checkin.pk)
    rows.filter(state=CheckInState.PLANNED).update(state=CheckInState.SKIPPED, skipped_because="failed")
    rows.filter(state=CheckInState.SENT).update(state=CheckInState.MISSED, skipped_because="failed")
    _call(checkin, TaskKind.UNDELIVERED, key=f"checkin-failed:{checkin.pk}")


# --- sending


def _send(checkin: CheckIn) -> datetime | None:
    """Returns when the row is due again."""
    participant, protocol, local = checkin.participant, current_protocol(), _local(checkin)
    if pauses.in_place_of_checkins(participant) is not None:
        return _skip(checkin, PAUSED)  # the pause has contacts of its own, also where no text may go
    if not protocol.window.covers(local.date()):
        return _skip(checkin, "outside_window")
    if (reason := texting_status(participant, line=texting_line(participant))) is not None:
        return _not_texted(checkin, reason, protocol)
    if _too_late(checkin, protocol):
        _call(checkin, TaskKind.UNDELIVERED, key=f"checkin-late:{checkin.pk}")
        return _skip(checkin, "too_late")
    if (allowed := rules.allowed_from(local, quiet=protocol.quiet_hours)) > local:
        return allowed
    if participant.checkins.filter(sent_at__gt=clock.now() - NOT_TWICE_WITHIN).exists():
        return _skip(checkin, "just_asked")  # an earlier one had waited for another question, until now
    return _ask_first(checkin, protocol)


def _ask_first(checkin: CheckIn, protocol: Protocol) -> datetime:
    """Not beside an alarm: "2" would be "something new" where the emergency text has just said that it is "need help to go"."""
    wording = _wordings(checkin, protocol)[checkin.participant.is_discreet]
    if alarm.is_running(checkin.participant) or not _ask(checkin, wording, number=0):
        checkin.skipped_because = QUESTION_OPEN
        return clock.now() + LOOK_AGAIN
    checkin.state, checkin.sent_at, checkin.skipped_because = CheckInState.SENT, clock.now(), ""
    return clock.now() + LOOK_AGAIN


def _ask(checkin: CheckIn, wording: str, *, number: int, when: str = "") -> bool:
    """False when another question waits for its answer on this phone: never two at once, whoever they are about."""
    given = {"when": when} if when else None
    key, purpose = f"checkin:{checkin.pk}:{number}", Purpose.CHECKIN
    if others_question_open(checkin.participant):
        return False
    try:
        question = ask(participant=checkin.participant, wording_key=wording, key=key, purpose=purpose, given=given)
    except AnotherQuestionOpen:
        return False
    checkin.question, checkin.message = question, question.message
    return True


def others_question_open(participant: Participant, *, line: Line | None = None) -> bool:
    """On a shared phone, their own unless another is given: a question about somebody else stands open. A digit would then answer for
    the wrong one."""
    line = line or texting_line(participant)
    waiting = Question.objects.filter(line=line, state=QuestionState.OPEN, expires_at__gt=clock.now())
    return waiting.exclude(participant=participant).exists()


def _wordings(checkin: CheckIn, protocol: Protocol) -> tuple[str, str]:
    """The open and the discreet text of the row's rule; the monthly floor speaks as the last rule does."""
    rule = next((rule for rule in protocol.checkins if rule.code == checkin.rule), protocol.checkins[-1])
    return rule.message, rule.discreet_message


def _too_late(checkin: CheckIn, protocol: Protocol) -> bool:
    """A text that waits for another question to be answered may leave later than its day, every other one may not."""
    day = checkin.occurrence + (WAITS_FOR_QUESTION if checkin.skipped_because == QUESTION_OPEN else timedelta(0))
    return clock.now() >= rules.useful_until(day, zone=_zone(checkin), quiet=protocol.quiet_hours)


def _not_texted(checkin: CheckIn, reason: WhyNot, protocol: Protocol) -> NotAgain:
    """Never a text, never nothing: a call in its place. Who cannot read is called each time, the others at least at the floor."""
    kind = CALLS.get(reason)
    if kind is not None and (reason == WhyNot.CANNOT_READ or _call_is_due(checkin, protocol.cadence.floor_days)):
        _call(checkin, kind, key=f"call:{checkin.pk}")
    return _skip(checkin, reason.value)


def _call_is_due(checkin: CheckIn, floor_days: int) -> bool:
    """Whether waiting for the next check-in would leave this participant longer than the floor without a call."""
    calls = Task.objects.filter(participant=checkin.participant, kind__in=set(CALLS.values()))
    last = calls.order_by("created_at").last()
    later = checkin.participant.checkins.filter(state=CheckInState.PLANNED, occurrence__gt=checkin.occurrence)
    following: date | None = later.order_by("occurrence").values_list("occurrence", flat=True).first()
    if last is None or following is None:
        return True
    return (following - last.created_at.astimezone(_zone(checkin)).date()).days > floor_days


# --- what became of it


def _see(checkin: CheckIn) -> datetime | None:
    """Returns when the row is due again: an answer ends it, an undelivered text too; else the next step after silence."""
    participant, protocol = checkin.participant, current_protocol()
    if is_answered(checkin):
        checkin.state = CheckInState.ANSWERED
        return None
    if pauses.in_place_of_checkins(participant) is not None:
        return _miss(checkin, PAUSED)
    if (reason := texting_status(participant, line=texting_line(participant))) is not None:
        if (kind := CALLS.get(reason)) is not None:
            _call(checkin, kind, key=f"call:{checkin.pk}")
        return _miss(checkin, reason.value)
    if checkin.message is not None and checkin.message.state in NOT_REACHED | {SendState.CANCELLED}:
        _undelivered(checkin, protocol)
        return _miss(checkin, UNDELIVERED)
    return _next_step(checkin, protocol)


def is_answered(checkin: CheckIn) -> bool:
    """A digit to the question, or any text of theirs or their caregiver since: whoever writes in words is not silent."""
    if checkin.question_id and Question.objects.filter(pk=checkin.question_id, state=QuestionState.ANSWERED).exists():
        return True
    theirs = Q(participant=checkin.participant)
    if checkin.message is not None:  # on a shared phone nobody knows yet who wrote, and a person finds out
        theirs |= Q(participant__isnull=True, line=checkin.message.line)
    return Turn.objects.filter(theirs, arrived_at__gte=checkin.sent_at).exists()


def _next_step(checkin: CheckIn, protocol: Protocol) -> datetime | None:
    steps, now = _chase(checkin, protocol), clock.now()
    checkin.reminders = min(checkin.reminders, len(steps) - 1)
    while checkin.reminders < len(steps) - 1 and steps[checkin.reminders + 1].at <= now:
        checkin.reminders += 1  # the program was down: no reminder is made up for
    step = steps[checkin.reminders]
    if step.at > now:
        return step.at
    if not step.wording or not protocol.window.covers(_local(checkin).date()):
        kind, key = TaskKind.NO_REPLY, f"no-reply:{checkin.pk}"
        _call(checkin, kind, key=key, deadline=steps[-1].at + timedelta(hours=4))
        Unreached.objects.get_or_create(checkin=checkin, defaults={"due_at": now})
        return _miss(checkin, "")
    if (allowed := rules.allowed_from(_local(checkin), quiet=protocol.quiet_hours)) > now:
        return allowed
    _remind(checkin, step, call=steps[-1])
    return min(steps[checkin.reminders].at, now + LOOK_AGAIN)


def _remind(checkin: CheckIn, step: Chase, *, call: Chase) -> None:
    lang, today = checkin.participant.language, _local(checkin).date()
    when = rules.call_words(call.at, today=today, lang=lang) if step.names_call else ""
    _ask(checkin, step.wording, number=checkin.reminders + 1, when=when)
    checkin.reminders += 1


def _chase(checkin: CheckIn, protocol: Protocol) -> list[Chase]:
    if checkin.sent_at is None:
        raise ValueError("a check-in that was sent has its time")
    discreet = _wordings(checkin, protocol)[1] if checkin.participant.is_discreet else ""
    sent = checkin.sent_at.astimezone(_zone(checkin))
    return rules.chase(sent, protocol=protocol, fast=is_fast(checkin, protocol), discreet_wording=discreet)


def is_fast(checkin: CheckIn, protocol: Protocol) -> bool:
    """The first weeks, and the days after an urgent event, have a faster chain."""
    fast = protocol.fast_track
    since = clock.now() - timedelta(days=fast.after_urgent_days)
    urgent = AdverseEvent.objects.filter(participant=checkin.participant, level__in=["R1", "R2"], received_at__gt=since)
    urgent = urgent.exclude(state=EventState.DISMISSED)
    return checkin.rule in fast.checkins or urgent.exists()


def _undelivered(checkin: CheckIn, protocol: Protocol) -> None:
    """Undelivered is not missed: phone the same day. Too many in a few days: check the number."""
    limits = protocol.undelivered
    since = clock.now() - timedelta(days=limits.in_days)
    before = checkin.participant.checkins.filter(skipped_because=UNDELIVERED, sent_at__gt=since).count()
    kind = TaskKind.CHECK_NUMBER if before + 1 >= limits.failures else TaskKind.UNDELIVERED
    deadline = clock.now() + timedelta(hours=limits.call_within_hours)
    _call(checkin, kind, key=f"undelivered:{checkin.pk}", deadline=deadline)


# --- small words


def _skip(checkin: CheckIn, because: str) -> NotAgain:
    checkin.state, checkin.skipped_because = CheckInState.SKIPPED, because
    return NOT_AGAIN


def _miss(checkin: CheckIn, because: str) -> NotAgain:
    checkin.state, checkin.skipped_because = CheckInState.MISSED, because
    return NOT_AGAIN


def _call(checkin: CheckIn, kind: TaskKind, *, key: str, deadline: datetime | None = None) -> None:
    """About silence nobody is asked twice: a search may have asked for the same call, though not for one that is due within hours."""
    participant = checkin.participant
    if kind != TaskKind.NO_REPLY or is_fast(checkin, current_protocol()) or not is_searched_for(participant):
        call(participant, kind, key=key, deadline=deadline or call_deadline(participant))


def call_deadline(participant: Participant) -> datetime:
    """The end of the second working day from now, where the participant lives."""
    local = clock.now().astimezone(participant.zone)
    return rules.end_of_working_day(local, days=CALL_IN_WORKING_DAYS, protocol=current_protocol())


def _zone(checkin: CheckIn) -> ZoneInfo:
    return checkin.participant.zone


def _local(checkin: CheckIn) -> datetime:
    return clock.now().astimezone(_zone(checkin))
