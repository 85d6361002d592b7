"""One text in, the right thing done. Safety first: triage, event, escalation and emergency text are committed before any courtesy."""

from datetime import timedelta

from apps.conversations import (
    admission,
    alarm,
    arrivals,
    callback,
    enrolment,
    interview,
    progress,
    routing,
    silent_sign,
)
from apps.conversations.arrivals import could_not_see, see_arrival
from apps.conversations.board import close_task, open_task, task_due
from apps.conversations.callers import call_due
from apps.conversations.judged import assess, confirm, dismiss, reopen
from apps.conversations.models import Turn
from apps.conversations.routing import record_contact, take
from apps.conversations.second_opinion import read_again
from apps.conversations.silence import after_silence, could_not_notice
from apps.conversations.speaking import (
    INTERVIEW,
    QUESTIONS,
    AnotherQuestionOpen,
    NoLine,
    ask,
    local_time,
    promised_call,
    say,
)
from apps.conversations.telling import note_arm
from apps.conversations.unanswered import nobody_answered, tell_of_attempt
from apps.conversations.unfetched import see_receipt
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, wording, work
from apps.core.work import Lane
from apps.escalation import services as escalation
from apps.escalation.vocabulary import ChainName
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants.contacts import contact_points_of
from apps.participants.vocabulary import SILENT

__all__ = [
    "AnotherQuestionOpen",
    "NoLine",
    "after_silence",
    "answer",
    "ask",
    "assess",
    "call_due",
    "close_task",
    "confirm",
    "could_not_notice",
    "could_not_process",
    "could_not_reply",
    "could_not_see",
    "dismiss",
    "nobody_answered",
    "open_task",
    "read_again",
    "record_contact",
    "reopen",
    "reply",
    "say",
    "see_arrival",
    "see_receipt",
    "take",
    "task_due",
    "tell_of_attempt",
]

DEATH_TEXTS = frozenset({"death_reply", "death_hold"})
THANKS = "checkin_ok"
PROMISE_A_CALL = frozenset({"sym_done_r3", "checkin_call"})


def answer(message: InboundMessage) -> None:
    """Work handler of an inbound text: route it, in one transaction with the end of its lease."""
    with work.finishing(message):
        routing.route(message)
        note_arm(message)


def could_not_process(message: InboundMessage) -> None:
    """A text that broke the program five times goes to people at once, as an emergency: nobody knows what it says."""
    points = contact_points_of(message.line) if message.line else []
    site = points[0].participant.site if points else None
    chain = ChainName.R1 if site else ChainName.UNMATCHED
    running = escalation.start(chain=chain, site=site, received_at=message.received_at)
    participant = points[0].participant if len({point.participant_id for point in points}) == 1 else None
    open_task(
        key=f"not-processed:{message.pk}",
        kind=TaskKind.NOT_PROCESSED,
        site=site,
        participant=participant,
        message=message,
        running=running,
        deadline=clock.now() + timedelta(minutes=15),
    )
    values = {"line": message.line, "participant": participant, "site": site, "escalation": running}
    Turn.objects.get_or_create(
        message=message, defaults=values | {"arrived_at": message.received_at, "lane": Lane.MESSAGES}
    )
    messaging.settle(message=message, disposition=Disposition.PERSON)


def reply(turn: Turn) -> None:
    """Work handler of a turn: say the courtesy answer, and open its question where it asks one."""
    with work.finishing(turn):
        enrolment.spare(turn)
        if turn.reply_wording and turn.line and not _is_silenced(turn):
            _say_reply(turn)
        arrivals.expect(turn)
        silent_sign.watch(turn)


def _is_silenced(turn: Turn) -> bool:
    """After a report of a death nothing is sent but the one text that answers it."""
    participant = turn.participant
    return participant is not None and participant.follow_up in SILENT and turn.reply_wording not in DEATH_TEXTS


def _say_reply(turn: Turn) -> None:
    key, purpose = f"turn:{turn.pk}", Purpose.REPLY
    if turn.participant is None:
        _say_to_staff(turn, key)
        return
    callback.promise_minutes(turn)
    _promise_nothing_later(turn)
    if turn.reply_wording == admission.ASKS:
        turn.reply = admission.ask_now(turn, key=key)
    elif turn.reply_wording in INTERVIEW:
        turn.reply = interview.ask_now(turn, key=key)
    elif turn.reply_wording in QUESTIONS:
        about = progress.about_the_gravest(turn.participant) if turn.reply_wording == progress.ASKS else None
        question = ask(
            participant=turn.participant, wording_key=turn.reply_wording, key=key, purpose=purpose, line=turn.line, about=about
        )  # fmt: skip
        turn.reply = question.message
    elif turn.line:
        site, lang = turn.participant.site, turn.participant.language
        turn.reply = say(
            key=key, line=turn.line, lang=lang, site=site, wording_key=turn.reply_wording, purpose=purpose, given=turn.reply_values
        )  # fmt: skip
    turn.save()


def _promise_nothing_later(turn: Turn) -> None:
    """While people are paged about them, nobody is told that a person calls tomorrow, or thanked as if all were well (clinical rule 6).

    What waits for the morning list is not paged about yet: its hour, in the turn's values, is the promise.
    """
    if turn.participant is None or turn.reply_values:
        return
    site = turn.participant.site
    is_of_another_day = promised_call(site).deadline.date() > local_time(site).date()
    if turn.reply_wording == THANKS or (turn.reply_wording in PROMISE_A_CALL and is_of_another_day):
        turn.reply_wording = "reassure" if alarm.is_running(turn.participant) else turn.reply_wording


def _say_to_staff(turn: Turn, key: str) -> None:
    if turn.line is None:
        return
    text = wording.say(turn.reply_wording, lang=turn.reply_language, **turn.reply_values)
    turn.reply = messaging.queue(key=key, line=turn.line, purpose=Purpose.NOTICE, text=text)
    turn.save()


def could_not_reply(turn: Turn) -> None:
    """The courtesy answer failed: the text was handled, but a person should know that no answer left."""
    arrivals.expect(turn)  # an emergency text had left before
    open_task(
        key=f"no-answer:{turn.pk}",
        kind=TaskKind.READ,
        site=turn.site,
        participant=turn.participant,
        message=turn.message,
        deadline=clock.now() + timedelta(hours=4),
    )
