"""The question after a number is entered: is it yours, do you agree, which language. Asked twice, a day apart; then a person phones.

It may go before the window opens, never in the quiet hours. What an answer does stands in `conversations/enrolment.py`.
"""

from datetime import datetime, timedelta

from apps.conversations.enrolment import ASKED, INVITE, LANGUAGE, WELCOME
from apps.conversations.models import Question
from apps.conversations.services import AnotherQuestionOpen, ask
from apps.conversations.speaking import is_over, promised_call
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.followup import rules
from apps.followup.calling import call
from apps.followup.checkins import LOOK_AGAIN, NOT_AGAIN, NotAgain
from apps.messaging.vocabulary import NOT_REACHED, Purpose, SendState
from apps.participants import confirmations
from apps.participants.holding import hold_for
from apps.participants.models import ContactPoint, RoundTrip
from apps.participants.services import asking_status
from apps.participants.vocabulary import ContactKind, Standing, WhyNot
from apps.trials.services import current_protocol

# scripts.json, welcome_confirm: sent once, repeated once after 24 h, then the coordinator phones.
TEXTS = 2
APART = timedelta(hours=24)
# A late answer is still one while nothing else was asked: until it came, no check-in leaves that could be meant.
ANSWER_LIVES = timedelta(days=14)
# A person phones; for the other reasons somebody knows already, or nobody is to be reached.
CALLS = {
    WhyNot.CANNOT_READ: TaskKind.CONFIRM,
    WhyNot.OPTED_OUT: TaskKind.CONFIRM,
    WhyNot.CARRIER_BLOCKED: TaskKind.CANNOT_TEXT,
}


def advance_round_trip(trip: RoundTrip) -> None:
    """Work handler: ask, see whether the text arrived, ask once more, and hand it to a person."""
    with work.finishing(trip) as ending:
        hold_for(trip, trip.contact_point.participant)
        ending.due_at = _advance(trip)
        trip.save()


def could_not_ask(trip: RoundTrip) -> None:
    """The program failed five times at this row: a person phones."""
    _call(trip, _silence(trip.contact_point))


def _advance(trip: RoundTrip) -> datetime | None:
    """Returns when the row is due again."""
    point = trip.contact_point
    wording = _what_to_ask(point)
    if not wording:
        _put_away(point)
        return NOT_AGAIN
    if (reason := asking_status(point)) is not None:
        return _not_asked(trip, reason)
    if trip.message is not None and trip.message.state in NOT_REACHED | {SendState.CANCELLED}:
        return _call(trip, TaskKind.UNDELIVERED)
    if trip.asked_at is not None and (again := trip.asked_at + APART) > clock.now():
        return again
    if trip.asked >= TEXTS:
        return _call(trip, _silence(point))
    if confirmations.needs_a_person(point) or is_over(point.participant.site):
        return _call(trip, _silence(point))
    local = clock.now().astimezone(point.participant.zone)
    if (allowed := rules.allowed_from(local, quiet=current_protocol().quiet_hours)) > local:
        return allowed
    return _ask(trip, wording)


def _what_to_ask(point: ContactPoint) -> str:
    """The language before all else, for the other texts are written in it; "" when nothing is left to ask."""
    if point.ended_at is not None or point.standing == Standing.REFUSED:
        return ""
    if point.kind == ContactKind.PARTICIPANT and not point.participant.language_is_known:
        return LANGUAGE
    if point.standing != Standing.WAITING:
        return ""
    return WELCOME if point.kind == ContactKind.PARTICIPANT else INVITE


def _ask(trip: RoundTrip, wording: str) -> datetime:
    point, now = trip.contact_point, clock.now()
    _put_away(point)
    try:
        question = ask(
            participant=point.participant,
            wording_key=wording,
            key=f"round-trip:{point.pk}:{trip.round}:{trip.asked}:{wording}",
            purpose=Purpose.ENROLMENT,
            line=point.line,
            expires_at=None if wording == LANGUAGE else now + ANSWER_LIVES,
        )
    except AnotherQuestionOpen:
        return now + LOOK_AGAIN
    trip.asked, trip.asked_at, trip.message = trip.asked + 1, now, question.message
    return now + LOOK_AGAIN


def _put_away(point: ContactPoint) -> None:
    """A question that is asked anew, or that nobody need answer any more, stands in no other's way."""
    asked = Question.objects.filter(line=point.line, participant=point.participant, wording__in=ASKED)
    asked.filter(state=QuestionState.OPEN).update(state=QuestionState.REPLACED)


def _not_asked(trip: RoundTrip, reason: WhyNot) -> NotAgain:
    """Never a text, never nothing: a person phones. After a STOP to this very question the call about the STOP is open already."""
    _put_away(trip.contact_point)
    if reason == WhyNot.OPTED_OUT and trip.asked:
        return NOT_AGAIN
    if (kind := CALLS.get(reason)) is not None:
        return _call(trip, kind)
    return NOT_AGAIN


def _silence(point: ContactPoint) -> TaskKind:
    return TaskKind.CONFIRM if point.kind == ContactKind.PARTICIPANT else TaskKind.CAREGIVER


def _call(trip: RoundTrip, kind: TaskKind) -> NotAgain:
    participant, key = trip.contact_point.participant, f"round-trip:{trip.pk}:{trip.round}"
    call(participant, kind, key=key, deadline=promised_call(participant.site).deadline)
    return NOT_AGAIN
