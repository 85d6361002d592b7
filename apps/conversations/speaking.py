"""Saying a text to a participant's line, and asking a question on it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.conversations import promises
from apps.conversations.models import Question
from apps.conversations.promises import Promise
from apps.conversations.vocabulary import QuestionState
from apps.core import clock, wording, work
from apps.core.work import Lane
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import UNPROMPTED, Purpose, SendState
from apps.participants.contacts import texting_line
from apps.participants.models import Participant
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.triage.models import SymptomReport
from apps.trials.models import Site
from apps.trials.services import current_protocol
from apps.trials.vocabulary import MissedStep

QUESTION_LIVES = timedelta(hours=48)
NIGHT_MINUTES = 10  # clinical rule 19
DAY_MINUTES = 60
ARRIVES_MINUTES = 30  # then an unprompted question is known to have arrived, or not
CHECKIN_FAMILY = frozenset(
    {
        "checkin",
        "checkin_discreet",
        "checkin_remind1",
        "checkin_remind2",
        "checkin_missed",
        "caregiver_missed",
        "caregiver_checkin",
        "help",
        "unclear1",
        "status_check",
    }
)
EMERGENCY = frozenset({"emergency", "emergency_check"})
# What is asked about one complaint after it was told of (interview.py); the catalogue says which of it.
INTERVIEW = frozenset(
    {
        "sym_severity",
        "sym_frequency",
        "sym_interfere",
        "sym_presence",
        "sym_onset",
        "sym_hospital",
        "sym_ongoing",
        "sym_who",
        "sym_temp",
        "sym_amount",
        "sym_colour",
        "sym_urine",
        "sym_weight",
        "sym_side",
        "sym_change",
    }
)
# The automatic questions of one conversation, of which there are four at most (clinical rule 2).
COUNTED = INTERVIEW | {"sym_which", "sym_other", "sym_progress"}
CONVERSATION = safety.STORM  # a conversation is over when so long nothing was asked
QUESTIONS = (
    CHECKIN_FAMILY | INTERVIEW | EMERGENCY | frozenset({"sym_which", "sym_other", "sym_progress", "visit_change"})
)


@dataclass(frozen=True)
class About:
    """What a question of the interview is about: the decision that found the complaint, the item of the catalogue, the case.

    `silence_acts`: it stands in for a question whose silence is not taken for good news (clinical rule 19).
    """

    report: SymptomReport | None
    item: str
    event: AdverseEvent | None
    silence_acts: bool = False


class AnotherQuestionOpen(Exception):
    """An unprompted question waits: never two open questions at once on one line."""


class NoLine(Exception):
    """The participant has no phone of their own on record."""


def local_time(site: Site, *, at: datetime | None = None) -> datetime:
    """Trial time, or another, in the site's zone."""
    return (at or clock.now()).astimezone(ZoneInfo(site.timezone))


def is_night(site: Site, *, at: datetime | None = None) -> bool:
    return current_protocol().quiet_hours.covers(local_time(site, at=at).time())


def morning_list(site: Site) -> datetime | None:
    """Until when an urgent item that may wait at night waits (decision 30); None when it is paged at once."""
    return promises.morning_list(local_time(site), is_night=is_night(site), list_at=current_protocol().night.list_at)


def morning_call(site: Site) -> Promise | None:
    """The call that goes with what waits for the list now; None when nothing waits."""
    listed = morning_list(site)
    if listed is None:
        return None
    return promises.call_of_the_list(listed, call_by=current_protocol().night.call_by, today=local_time(site).date())


def is_over(site: Site) -> bool:
    """Whether the last day of the trial's window has passed there: texts are read and answered, and none is promised."""
    return local_time(site).date() > site.trial.window_to


def promised_call(site: Site) -> Promise:
    """When a person of this site will call about something that is not urgent."""
    return promises.call_same_day(local_time(site), holidays=public_holidays())


def public_holidays() -> frozenset[date]:
    spans = ((holiday.date, holiday.days) for holiday in current_protocol().holidays)
    return frozenset(first + timedelta(days=later) for first, days in spans for later in range(days))


def values_for(key: str, *, lang: str, site: Site, given: dict[str, str] | None = None) -> dict[str, str]:
    """The values that a text needs: the site's numbers, the promised time, and what the caller gives."""
    known = {
        "emergency": site.emergency_number,
        "phone": site.team_phone,
        "crisis": site.crisis_number,
        "time": f"{local_time(site):%H:%M}",
        "minutes": str(site.callback_minutes_r2),
    } | (given or {})
    wanted = wording.message(key, lang=lang).placeholders
    if "when" in wanted and "when" not in known:
        known["when"] = promised_call(site).words(lang)
    return {name: known[name] for name in wanted}


def say(
    *,
    key: str,
    line: Line,
    lang: str,
    site: Site,
    wording_key: str,
    purpose: Purpose,
    given: dict[str, str] | None = None,
    useful_until: datetime | None = None,
) -> OutboundMessage:
    """Queue one text. The key makes a second one impossible."""
    text = wording.say(wording_key, lang=lang, **values_for(wording_key, lang=lang, site=site, given=given))
    return messaging.queue(key=key, line=line, purpose=purpose, text=text, useful_until=useful_until)


@transaction.atomic
def ask(
    *,
    participant: Participant,
    wording_key: str,
    key: str,
    purpose: Purpose,
    given: dict[str, str] | None = None,
    line: Line | None = None,
    expires_at: datetime | None = None,
    about: About | None = None,
) -> Question:
    """Text a question and open it. An unprompted one raises AnotherQuestionOpen while a different one waits for its answer."""
    line = line or texting_line(participant)
    if line is None:
        raise NoLine
    now = clock.now()
    _make_room(line, wording_key, purpose, now)
    site, lang = participant.site, participant.language
    message = say(key=key, line=line, lang=lang, site=site, wording_key=wording_key, purpose=purpose, given=given)
    existing = None if message.is_new else Question.objects.filter(message=message).first()
    return existing or Question.objects.create(
        line=line,
        participant=participant,
        message=message,
        wording=wording_key,
        asked_at=now,
        expires_at=expires_at or now + _lives(wording_key, about),
        due_at=_silence_acts_at(wording_key, site=site, about=about),
        lane=Lane.SAFETY,
        report=about.report if about else None,
        item=about.item if about else "",
        event=about.event if about else None,
    )


def _lives(wording_key: str, about: About | None) -> timedelta:
    """Where silence brings a call, the question is then a person's, and makes room for others."""
    minutes = _call_after(wording_key, about.event if about else None)
    return QUESTION_LIVES if minutes is None else work.seconds(minutes * 60)


def _call_after(wording_key: str, event: AdverseEvent | None) -> int | None:
    """How soon the protocol calls whoever does not answer: sooner about what was urgent. None for questions with a silence of their own."""
    if wording_key not in ("sym_progress", "caregiver_checkin"):
        return None
    protocol = current_protocol()
    is_fast = event is not None and event.level in ("R1", "R2")
    steps = protocol.fast_track.steps if is_fast else protocol.missed_reply
    return next(step.after_minutes for step in steps if step.does == MissedStep.CALL)


def _silence_acts_at(wording_key: str, *, site: Site, about: About | None) -> datetime | None:
    """When no answer must be noticed; the acts stand in `silence.py`."""
    limits, at_night = current_protocol().conversation, is_night(site)
    by_wording = {
        "emergency": limits.emergency_check_after_minutes,
        "visit_change": limits.visit_change_call_after_minutes,
        **dict.fromkeys(("sym_which", "sym_other"), NIGHT_MINUTES if at_night else DAY_MINUTES),
        **dict.fromkeys(("sym_progress", "caregiver_checkin"), ARRIVES_MINUTES),
    }
    if at_night:
        by_wording["unclear1"] = NIGHT_MINUTES
    if about is not None and about.silence_acts:
        by_wording[wording_key] = NIGHT_MINUTES
    minutes = by_wording.get(wording_key)
    return None if minutes is None else clock.now() + work.seconds(minutes * 60)


def _make_room(line: Line, wording_key: str, purpose: Purpose, now: datetime) -> None:
    waiting = Question.objects.filter(line=line, state=QuestionState.OPEN).first()
    if waiting is None:
        return
    same_family = waiting.wording in CHECKIN_FAMILY and wording_key in CHECKIN_FAMILY
    if purpose in UNPROMPTED and waiting.expires_at > now and not same_family:
        raise AnotherQuestionOpen
    waiting.state = QuestionState.REPLACED if waiting.expires_at > now else QuestionState.EXPIRED
    waiting.save()


def open_question(line: Line) -> Question | None:
    """The newest question that still waits for an answer on this line.

    One about a complaint soon makes room for a check-in; while nothing newer was asked, a late answer is still its own.
    """
    now = clock.now()
    is_awaited = Q(expires_at__gt=now) | Q(wording__in=INTERVIEW | {"sym_progress"}, asked_at__gt=now - QUESTION_LIVES)
    waiting = Question.objects.filter(is_awaited, line=line, state=QuestionState.OPEN)
    return waiting.select_related("report__message", "event__escalation", "participant__site", "message").first()


def was_asked_enough(line: Line | None) -> bool:
    """Whether one more question would be the fifth of this conversation."""
    asked = Question.objects.filter(line=line, wording__in=COUNTED, asked_at__gt=clock.now() - CONVERSATION)
    return asked.count() >= current_protocol().conversation.automatic_questions


def was_asked_before(message: InboundMessage, question: Question) -> bool:
    """Whether a text may be the answer to this question. One of the interview counts as asked when a gateway has taken it.

    Until then what they write is still about the question before: "1", and at once "4, I meant". A sending whose outcome is unknown
    counts as asked.
    """
    if message.received_at < question.asked_at:
        return False
    sent = question.message
    if question.wording not in INTERVIEW or sent.handed_over_at is None:
        return question.wording not in INTERVIEW or sent.state != SendState.PLANNED
    return sent.handed_over_at <= message.received_at
