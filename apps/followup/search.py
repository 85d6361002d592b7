"""The search for somebody who cannot be reached: tasks for people day by day, each attempt a source record, "lost" by signature alone.

Lost is who cannot be learnt to live; a silent phone is a missed contact. Whoever writes, or is learnt to live, is found. Texts are two:
the question of the step that looks for vital status, and one goodbye after the principal investigator has recorded the loss.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction

from apps.conversations import returning
from apps.conversations.services import AnotherQuestionOpen, ask, open_task, say
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.core.work import Lane
from apps.followup import cases, rules
from apps.followup.checkins import LOOK_AGAIN, NOT_AGAIN, NotAgain, call_deadline, others_question_open
from apps.followup.heard import calls_done, days_called, last_day, last_heard, last_written
from apps.followup.models import CheckInState, Search, SearchAttempt
from apps.followup.models_end import ALIVE, CALLS, Learnt, SearchState, Way
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import arm_told, pauses
from apps.participants import services as participants
from apps.participants.holding import hold, hold_for
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import SILENT, FollowUp
from apps.staff.models import User
from apps.staff.services import scope, sign
from apps.staff.vocabulary import Action
from apps.trials.protocol import Protocol, SearchStage
from apps.trials.services import current_protocol
from apps.trials.vocabulary import MissedStep, SearchStep

MEANING = "lost to follow-up"
GOODBYE_WITHIN = timedelta(days=3)
OPEN_STATES = (SearchState.RUNNING, SearchState.LOST)
_KINDS = {
    SearchStep.CALL: TaskKind.SEARCH_CALLS,
    SearchStep.SECOND_CONTACT: TaskKind.SEARCH_CONTACT,
    SearchStep.LETTER: TaskKind.SEARCH_LETTER,
    SearchStep.VITAL_STATUS: TaskKind.SEARCH_STATUS,
    SearchStep.RECORD: TaskKind.SEARCH_RECORD,
}


class SearchRefused(Exception):
    """This step of a search is not possible."""


class NotSearchedFor(SearchRefused):
    """Only somebody who is followed can be searched for, and only since a day that has passed."""


class SearchIsOver(SearchRefused):
    """The search has ended: somebody was quicker."""


class NotYet(SearchRefused):
    """The day of the protocol has not come, or calls are missing."""


class NotMade(SearchRefused):
    """An attempt was made before now and since the first missed contact, and says what was said or found."""


# --- beginning


@transaction.atomic
def begin_search(*, participant: Participant, missed_on: date, person: User | None = None) -> Search:
    """Search from now on; `missed_on` is the day of the first missed contact, day 0 of the protocol's steps. Twice is once.

    `person`: who asked for it, None for the chain after an unanswered check-in. Raises SearchRefused.
    """
    row = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    if (running := row.searches.filter(state__in=OPEN_STATES).first()) is not None:
        return running
    if row.follow_up != FollowUp.ACTIVE or missed_on > _today(row):
        raise NotSearchedFor
    return Search.objects.create(
        participant=row, missed_on=missed_on, began_at=clock.now(), began_by=person, due_at=clock.now(), lane=Lane.MESSAGES
    )  # fmt: skip


def begin_if_silent(participant: Participant, protocol: Protocol) -> None:
    """The last step after an unanswered check-in: so long after it nobody has been heard of or reached by a call.

    One that did not arrive, or that a pause or a stop has ended, is no silence.
    In hospital or the like the pause's own contact goes on in place of it.
    """
    step = next((each for each in protocol.missed_reply if each.does == MissedStep.LOST_TO_FOLLOW_UP), None)
    if step is None or participant.follow_up != FollowUp.ACTIVE or pauses.is_away(participant):
        return
    missed = participant.checkins.filter(state=CheckInState.MISSED, sent_at__isnull=False, skipped_because="")
    long_ago = clock.now() - timedelta(minutes=step.after_minutes)
    if not missed.filter(sent_at__lte=long_ago).exists():  # nearly everybody, every night
        return
    if (heard := last_heard(participant)) is not None:
        missed = missed.filter(sent_at__gt=heard)
    first = missed.order_by("sent_at").values_list("sent_at", flat=True).first()
    if first is not None and first <= long_ago:
        begin_search(participant=participant, missed_on=first.astimezone(participant.zone).date())


def _is_heard_of(search: Search) -> bool:
    """They have written, or a person has spoken with them or seen them, since it began."""
    heard = last_heard(search.participant)
    return heard is not None and heard > search.began_at


# --- day by day


def advance_search(search: Search) -> None:
    """Work handler: what this day asks for; over when they have written, or when nobody is to be searched for."""
    with work.finishing(search) as ending:
        hold_for(search, search.participant)
        ending.due_at = _STEPS[SearchState(search.state)](search)
        search.save()


def could_not_search(search: Search) -> None:
    """The program failed five times at this row: a person goes on with the search, from its page."""
    if search.participant.follow_up not in SILENT:
        _task(search, "failed", TaskKind.SEARCH_AGAIN, call_deadline(search.participant))


def _look(search: Search) -> datetime | None:
    """A search that runs: every step whose day has come is a task, however late the program looks."""
    participant, protocol = search.participant, current_protocol()
    if participant.follow_up != FollowUp.ACTIVE:
        return _end(search, SearchState.ENDED)
    if _is_heard_of(search):
        return _end(search, SearchState.FOUND)
    if pauses.is_away(participant):  # in hospital or the like the pause's own contact goes on in place of it
        return clock.now() + LOOK_AGAIN
    silent_from = last_day(search)
    day = (_today(participant) - silent_from).days
    for stage in protocol.lost_to_follow_up:
        if stage.day_from <= day:
            _task(search, stage.code, _KINDS[stage.does], _deadline(search, silent_from, stage))
        if stage.does == SearchStep.VITAL_STATUS and stage.day_from <= day <= stage.day_to:
            _ask(search, silent_from, stage, protocol)
    return clock.now() + LOOK_AGAIN


def _look_for_lost(search: Search) -> datetime | None:
    """Recorded as lost: one goodbye, then a task at each calendar contact. A person decides when somebody comes back."""
    participant, protocol = search.participant, current_protocol()
    if participant.follow_up != FollowUp.LOST:
        return _end(search, SearchState.FOUND if participant.follow_up == FollowUp.ACTIVE else SearchState.ENDED)
    _say_goodbye(search, protocol)
    today = _today(participant)
    for contact in protocol.calendar_contacts:
        opens, closes = (contact.date + timedelta(days=days) for days in contact.window_days)
        if _lost_on(search) < opens <= today:
            deadline = max(_evening(participant, closes), call_deadline(participant))
            _task(search, contact.code, TaskKind.SEARCH_AGAIN, deadline)
    return clock.now() + LOOK_AGAIN


_STEPS: dict[SearchState, Callable[[Search], datetime | None]] = {
    SearchState.RUNNING: _look,
    SearchState.LOST: _look_for_lost,
    SearchState.FOUND: lambda _search: None,
    SearchState.ENDED: lambda _search: None,
}


def _end(search: Search, state: SearchState) -> NotAgain:
    search.state, search.ended_at = state, clock.now()
    return NOT_AGAIN


def _task(search: Search, step: str, kind: TaskKind, deadline: datetime) -> None:
    participant = search.participant
    key = f"search:{search.pk}:{step}"
    open_task(key=key, kind=kind, site=participant.site, participant=participant, deadline=deadline)


def _deadline(search: Search, silent_from: date, stage: SearchStage) -> datetime:
    """The evening of the step's last day; of one that is looked at late, time enough to do it."""
    last = silent_from + timedelta(days=stage.day_to)
    return max(_evening(search.participant, last), call_deadline(search.participant))


def _evening(participant: Participant, day: date) -> datetime:
    return rules.end_of_work(day, participant.zone)


def _today(participant: Participant) -> date:
    return clock.now().astimezone(participant.zone).date()


def _lost_on(search: Search) -> date:
    assert search.lost_at is not None
    return search.lost_at.astimezone(search.participant.zone).date()


# --- the two texts


def _ask(search: Search, silent_from: date, stage: SearchStage, protocol: Protocol) -> None:
    """The step's question, once, when a text may go and no other question waits. Its silence is the task of the same step.

    On a shared phone the discreet check-in stands in for it, as after any missed reply.
    """
    participant, line = search.participant, participants.texting_line(search.participant)
    key = f"search:{search.pk}:{stage.code}"
    if line is None or not stage.messages or _has_left(key) or not _may_text_now(participant, protocol):
        return
    if participants.texting_status(participant, line=line) or others_question_open(participant):
        return
    wording = protocol.checkins[-1].discreet_message if participant.is_discreet else stage.messages[0]
    try:
        expires = _evening(participant, silent_from + timedelta(days=stage.day_to))
        ask(participant=participant, wording_key=wording, key=key, purpose=Purpose.CHECKIN, expires_at=expires)
    except AnotherQuestionOpen:
        return  # looked at again before the step is over


def _say_goodbye(search: Search, protocol: Protocol) -> None:
    """Once, inside the window, by day, where a text may go; not when somebody has written meanwhile, and not days late."""
    participant, line = search.participant, participants.texting_line(search.participant)
    key, lost_at = f"search:{search.pk}:goodbye", search.lost_at
    stage = next((each for each in protocol.lost_to_follow_up if each.does == SearchStep.RECORD), None)
    if line is None or lost_at is None or stage is None or not stage.messages or _has_left(key):
        return
    if clock.now() > lost_at + GOODBYE_WITHIN or not _may_text_now(participant, protocol):
        return
    if participants.phone_status(participant, line=line) or last_written(participant, since=lost_at):
        return
    say(
        key=key, line=line, lang=participant.language, site=participant.site, wording_key=stage.messages[0],
        purpose=Purpose.REMINDER,
    )  # fmt: skip


def _has_left(key: str) -> bool:
    return OutboundMessage.objects.filter(key=key).exists()


def _may_text_now(participant: Participant, protocol: Protocol) -> bool:
    local = clock.now().astimezone(participant.zone)
    return protocol.window.covers(local.date()) and not protocol.quiet_hours.covers(local.time())


# --- what people record


@transaction.atomic
def record_attempt(
    *,
    search: Search,
    person: User,
    way: Way,
    learnt: Learnt,
    words: str,
    made_at: datetime,
    contact_point: ContactPoint | None = None,
    alive_on: date | None = None,
    is_dealt_with: bool = False,
) -> SearchAttempt:
    """One attempt as a source record. Who is learnt to live is found, and called when they were lost; a death, a transplant and a stay
    in hospital are cases, with all that follows.

    `alive_on`: the day on which they were known alive, the attempt's own unless told. `is_dealt_with`: by the investigator who writes
    it, who is then the contact. Raises SearchRefused, SafetyError, PermissionError.
    """
    hold([search.participant])
    search = Search.objects.select_for_update().select_related("participant__site").get(pk=search.pk)
    participant = search.participant
    if not scope(person).may(Action.SEND, site=participant.site_id):
        raise PermissionError
    if search.state not in OPEN_STATES:
        raise SearchIsOver
    made_on = made_at.astimezone(participant.zone).date()
    if made_at > clock.now() or made_on < search.missed_on or not words.strip() or (alive_on or made_on) > made_on:
        raise NotMade
    is_alive = learnt in ALIVE
    attempt = SearchAttempt.objects.create(
        search=search, person=person, made_at=made_at, recorded_at=clock.now(), way=way, learnt=learnt,
        contact_point=contact_point if way in CALLS else None, alive_on=(alive_on or made_on) if is_alive else None,
        data_key=participant.data_key, words=words.strip(),
    )  # fmt: skip
    arm_told.note(row=attempt, field="words", text=words, participant=participant, said_by=person)
    if is_alive:
        _close(search, SearchState.FOUND)
        if participant.follow_up == FollowUp.LOST:
            returning.call(participant, key=f"returned:{attempt.pk}")
    elif learnt == Learnt.DEAD:
        _close(search, SearchState.ENDED)
    cases.open_case(attempt, is_dealt_with=is_dealt_with)
    return attempt


def _close(search: Search, state: SearchState) -> None:
    _end(search, state)
    search.save()
    work.set_due(Search.objects.filter(pk=search.pk), due_at=None)


@transaction.atomic
def record_lost(*, search: Search, person: User, password: str) -> None:
    """The principal investigator signs that vital status cannot be learnt, with every attempt. One goodbye follows.

    Raises PermissionError, NotSigned, SearchRefused.
    """
    hold([search.participant])
    search = Search.objects.select_for_update().select_related("participant__site").get(pk=search.pk)
    participant = Participant.objects.select_for_update(no_key=True).get(pk=search.participant_id)
    if not scope(person).may(Action.SIGN_ENROLMENT, site=participant.site_id):
        raise PermissionError
    if search.state != SearchState.RUNNING or participant.follow_up != FollowUp.ACTIVE:
        raise SearchIsOver
    if _is_heard_of(search):
        raise SearchIsOver
    if missing := what_is_missing(search):
        raise NotYet(missing)
    search.signature = sign(
        signer=person, password=password, meaning=MEANING, record=f"{Search._meta.db_table}:{search.pk}",
        content=_content(search),
    )  # fmt: skip
    search.state, search.lost_at = SearchState.LOST, clock.now()
    search.save()
    participants.set_follow_up(participant=participant, wanted=FollowUp.LOST, person=person)
    work.set_due(Search.objects.filter(pk=search.pk), due_at=clock.now())


def what_is_missing(search: Search) -> list[str]:
    """Codes of the protocol's steps that still stand before "lost": its day since they were last heard of, and calls on so many days."""
    stages, day = current_protocol().lost_to_follow_up, (_today(search.participant) - last_day(search)).days
    missing = [stage.code for stage in stages if stage.does == SearchStep.RECORD and day < stage.day_from]
    return missing + [stage.code for stage in stages if len(days_called(search)) < stage.calls]


def _content(search: Search) -> str:
    """What the signature is about: the participant, day 0, and every attempt."""
    attempts = [
        [
            f"{each.made_at.isoformat()}",
            str(each.person_id),
            each.way,
            str(each.contact_point_id),
            each.learnt,
            each.words,
        ]
        for each in search.tries.all()
    ]
    calls = [[str(task.done_at), str(task.done_by_id), task.kind, task.result] for task in calls_done(search)]
    return json.dumps([str(search.participant_id), str(search.missed_on), attempts, calls], ensure_ascii=False)
