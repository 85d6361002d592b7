"""The search for somebody who cannot be reached: a task a step, every attempt a record, "lost" by the investigator's signature alone."""

from collections.abc import Callable
from datetime import date

import pytest

from apps.conversations.models import CallAttempt, Question, Task, Turn
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, work
from apps.followup import heard
from apps.followup import search as searching
from apps.followup import services as followup
from apps.followup.models import Search
from apps.followup.models_end import Learnt, SearchState, Way
from apps.messaging.models import OutboundMessage
from apps.participants import services as participants
from apps.participants.models import Participant, Visit
from apps.participants.services import EnrolmentRefused
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from apps.staff.services import NotSigned
from tests import people
from tests.followup.days import local, opted_out, texts_to, writes
from tests.followup.search.attempts import MISSED, attempt, fresh
from tests.followup.test_checkins import suspended

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


def tasks() -> list[str]:
    return list(Task.objects.order_by("created_at", "key").values_list("kind", flat=True))


def three_calls(search: Search, person: User, it_is: Callable[[str], None]) -> None:
    for day in ("2027-05-12 15:00", "2027-05-13 19:00", "2027-05-15 11:00"):
        it_is(day)
        attempt(search, person, contact_point=search.participant.contact_points.first())


def lost(search: Search, chen: User, carol: User, it_is: Callable[[str], None]) -> None:
    three_calls(search, chen, it_is)
    it_is("2027-06-04 11:00")
    followup.record_lost(search=search, person=carol, password=people.PASSWORD)


# --- step by step


def test_each_step_becomes_a_task_on_its_day_and_only_once(search: Search, it_is: Callable[[str], None]) -> None:
    found = {}
    for day in ("05-12", "05-13", "05-20", "05-27", "06-04"):
        it_is(f"2027-{day} 12:30")
        it_is(f"2027-{day} 14:30")
        found[day] = tasks()

    assert found["05-12"] == ["search_calls"]
    assert found["05-13"] == ["search_calls", "search_contact"]
    assert found["05-20"][2:] == ["search_letter"]
    assert found["05-27"][3:] == ["search_status"]
    assert found["06-04"][4:] == ["search_record"]
    assert Task.objects.get(kind=TaskKind.SEARCH_LETTER).deadline == local("2027-05-26 17:00")


def test_a_program_that_was_down_for_a_month_leaves_no_step_out(search: Search, it_is: Callable[[str], None]) -> None:
    it_is("2027-06-10 12:00")

    assert sorted(tasks()) == ["search_calls", "search_contact", "search_letter", "search_record", "search_status"]
    assert texts_to(search.participant) == [], "the day of the question has passed"


def test_a_search_begun_twice_is_one(search: Search, wang: Participant, carol: User) -> None:
    assert followup.begin_search(participant=wang, missed_on=date(2027, 5, 1), person=carol) == search


@pytest.mark.parametrize("state", [FollowUp.NO_CONTACT, FollowUp.WITHDRAWN, FollowUp.FROZEN, FollowUp.DEAD])
def test_who_does_not_wish_to_be_contacted_is_not_searched_for(
    search: Search, carol: User, it_is: Callable[[str], None], state: FollowUp
) -> None:
    participants.set_follow_up(participant=search.participant, wanted=state, person=carol)

    it_is("2027-05-20 12:00")

    assert (fresh(search).state, tasks()) == (SearchState.ENDED, [])
    with pytest.raises(searching.NotSearchedFor):
        followup.begin_search(participant=search.participant, missed_on=MISSED)


def test_whoever_writes_is_found(search: Search, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-14 12:00")
    writes(search.participant, "I was away")

    it_is("2027-05-14 13:00")

    assert fresh(search).state == SearchState.FOUND
    assert fresh(search).due_at is None


# --- the question of the fourth step


@pytest.mark.parametrize(("is_discreet", "asked"), [(False, "status_check"), (True, "checkin_discreet")])
def test_the_step_of_vital_status_asks_once_by_day(
    search: Search, it_is: Callable[[str], None], is_discreet: bool, asked: str
) -> None:
    participants.change_preferences(participant=search.participant, is_discreet=is_discreet)

    it_is("2027-05-27 06:00")
    assert texts_to(search.participant) == []
    for hour in ("09:00", "12:00", "20:00"):
        it_is(f"2027-05-27 {hour}")
    it_is("2027-05-29 12:00")

    assert texts_to(search.participant) == [asked]
    assert Question.objects.get().expires_at == local("2027-06-03 17:00")


@pytest.mark.parametrize("happens", [opted_out, suspended])
def test_no_question_goes_where_no_text_may_and_the_task_stands(
    search: Search, carol: User, it_is: Callable[[str], None], happens: Callable[[Participant, User], None]
) -> None:
    happens(search.participant, carol)

    it_is("2027-05-27 12:00")

    assert texts_to(search.participant) == []
    assert TaskKind.SEARCH_STATUS in tasks()


# --- attempts


def test_an_attempt_keeps_who_when_which_number_and_the_words_sealed(search: Search, chen: User) -> None:
    point = search.participant.contact_points.get(kind="participant")
    attempt(search, chen, contact_point=point, words="his wife answered")

    row = search.tries.get()
    assert (row.person, row.made_at, row.contact_point, row.learnt) == (chen, clock.now(), point, Learnt.NOTHING)
    assert row.words == "his wife answered"
    assert b"wife" not in bytes(type(row).objects.filter(pk=row.pk).values_list("words", flat=True)[0])
    assert fresh(search).state == SearchState.RUNNING


def test_who_is_known_alive_by_anybody_is_found(search: Search, chen: User) -> None:
    attempt(search, chen, way=Way.RECORDS, learnt=Learnt.ALIVE, alive_on=date(2027, 5, 10))

    assert fresh(search).state == SearchState.FOUND
    assert search.tries.get().alive_on == date(2027, 5, 10)


def test_a_death_stops_all_texts_and_is_read_at_once(search: Search, chen: User) -> None:
    attempt(search, chen, way=Way.NAMED, learnt=Learnt.DEAD, words="his brother says he died on 3 May")

    assert Participant.objects.get(pk=search.participant_id).follow_up == FollowUp.FROZEN
    assert Task.objects.get().kind == TaskKind.DEATH
    assert fresh(search).state == SearchState.ENDED


@pytest.mark.parametrize(
    "said",
    [
        {"words": " "},
        {"made_at": local("2027-05-12 12:01")},
        {"made_at": local("2027-05-04 12:00")},
        {"learnt": Learnt.ALIVE, "alive_on": date(2027, 5, 13)},
    ],
)
def test_an_attempt_that_cannot_have_been_is_refused(search: Search, chen: User, said: dict[str, object]) -> None:
    with pytest.raises(searching.NotMade):
        attempt(search, chen, **said)


def test_nobody_of_another_site_records_an_attempt_or_a_loss(search: Search, dora: User, erin: User) -> None:
    with pytest.raises(PermissionError):
        attempt(search, dora)
    with pytest.raises(PermissionError):
        followup.record_lost(search=search, person=erin, password=people.PASSWORD)


# --- lost


def test_lost_needs_the_day_and_calls_on_three_days(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    three_calls(search, chen, it_is)
    assert searching.what_is_missing(fresh(search)) == ["record"]
    with pytest.raises(searching.NotYet):
        followup.record_lost(search=search, person=carol, password=people.PASSWORD)
    it_is("2027-06-04 11:00")
    assert searching.what_is_missing(fresh(search)) == []


def call_task(participant: Participant, person: User, at: str, *, in_vain: bool) -> None:
    """A call that was asked for elsewhere, and what came of it."""
    again, done = (
        Task.objects.create(
            key=f"{key}:{at}", kind=TaskKind.NO_REPLY, site=participant.site, participant=participant,
            created_at=clock.now(), deadline=clock.now(), done_at=done_at, done_by=by,
        )
        for key, done_at, by in (("again", None, None), ("call", local(at), person))
    )  # fmt: skip
    if in_vain:
        CallAttempt.objects.create(participant=participant, person=person, at=local(at), task=done, again=again)


def test_call_tasks_in_vain_count_as_days_with_a_call(search: Search, chen: User, wang: Participant) -> None:
    call_task(wang, chen, "2027-05-06 15:00", in_vain=True)

    assert heard.days_called(search) == {date(2027, 5, 6)}


def spoken_with(wang: Participant, chen: User) -> None:
    call_task(wang, chen, "2027-05-10 15:00", in_vain=False)


def seen_on_site(wang: Participant, chen: User) -> None:
    Visit.objects.create(participant=wang, code="W2", planned_on=date(2027, 5, 10), done_on=date(2027, 5, 10))


def has_written(wang: Participant, chen: User) -> None:
    writes(wang, "1")
    assert Turn.objects.filter(participant=wang).update(arrived_at=local("2027-05-10 15:00")) == 1


@pytest.mark.parametrize("happened", [spoken_with, seen_on_site, has_written])
def test_the_days_before_lost_count_from_the_day_on_which_they_were_last_heard_of(
    happened: Callable[[Participant, User], None], wang: Participant, chen: User, it_is: Callable[[str], None]
) -> None:
    happened(wang, chen)
    call_task(wang, chen, "2027-05-06 15:00", in_vain=True)
    row = followup.begin_search(participant=wang, missed_on=MISSED)
    three_calls(row, chen, it_is)
    assert heard.days_called(row) == {date(2027, 5, day) for day in (12, 13, 15)}, "what reached them is no search"

    it_is("2027-06-04 11:00")
    assert searching.what_is_missing(fresh(row)) == ["record"]
    it_is("2027-06-09 11:00")
    assert searching.what_is_missing(fresh(row)) == []


def test_only_the_principal_investigator_records_a_loss_and_with_a_password(
    search: Search, chen: User, alice: User, carol: User, it_is: Callable[[str], None]
) -> None:
    three_calls(search, chen, it_is)
    it_is("2027-06-04 11:00")
    for person in (chen, alice):
        with pytest.raises(PermissionError):
            followup.record_lost(search=search, person=person, password=people.PASSWORD)
        with pytest.raises(EnrolmentRefused):
            participants.set_follow_up(participant=search.participant, wanted=FollowUp.LOST, person=person)
    with pytest.raises(NotSigned):
        followup.record_lost(search=search, person=carol, password="no")

    followup.record_lost(search=search, person=carol, password=people.PASSWORD)

    row = fresh(search)
    assert (row.state, row.participant.follow_up) == (SearchState.LOST, FollowUp.LOST)
    assert row.signature is not None
    assert row.signature.meaning == "lost to follow-up"


def test_one_goodbye_follows_by_day_and_then_no_check_in(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    three_calls(search, chen, it_is)
    it_is("2027-06-04 22:00")
    before = texts_to(search.participant)
    followup.record_lost(search=search, person=carol, password=people.PASSWORD)

    it_is("2027-06-04 22:30")
    assert texts_to(search.participant) == before
    for hour in ("08:10", "09:00", "12:00"):
        it_is(f"2027-06-05 {hour}")
    it_is("2027-07-20 12:00")

    assert texts_to(search.participant)[len(before) :] == ["ltfu_last"]


def test_no_goodbye_goes_to_a_phone_that_stopped_its_texts_or_after_the_window(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    opted_out(search.participant, carol)
    lost(search, chen, carol, it_is)

    it_is("2027-06-04 12:00")

    assert not OutboundMessage.objects.filter(wording="ltfu_last").exists()


def test_who_is_lost_is_searched_for_again_at_each_calendar_contact(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    lost(search, chen, carol, it_is)
    found = []
    for day in ("2027-06-29", "2027-06-30", "2027-10-01", "2028-01-10", "2028-03-25", "2028-04-08", "2028-04-20"):
        it_is(f"{day} 12:00")
        found.append(Task.objects.filter(kind=TaskKind.SEARCH_AGAIN).count())

    assert found == [0, 1, 2, 3, 4, 5, 5]
    last = Task.objects.get(key=f"search:{search.pk}:CAL-END2")
    assert last.deadline == local("2028-04-14 17:00")


def test_when_a_person_takes_them_back_the_search_is_over(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    lost(search, chen, carol, it_is)
    participants.set_follow_up(participant=fresh(search).participant, wanted=FollowUp.ACTIVE, person=carol)

    it_is("2027-06-30 12:00")

    assert fresh(search).state == SearchState.FOUND
    assert not Task.objects.filter(kind=TaskKind.SEARCH_AGAIN).exists()


def test_who_is_lost_and_learnt_to_live_is_called_and_only_a_person_takes_them_back(
    search: Search, chen: User, carol: User, it_is: Callable[[str], None]
) -> None:
    lost(search, chen, carol, it_is)
    attempt(search, chen, way=Way.RECORDS, learnt=Learnt.ALIVE, words="seen in the clinic of another town")

    row = fresh(search)
    assert (row.state, row.participant.follow_up) == (SearchState.FOUND, FollowUp.LOST)
    assert Task.objects.get(kind=TaskKind.RETURNED, done_at__isnull=True).participant == row.participant


def test_a_second_worker_at_the_same_row_opens_nothing_twice(search: Search, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-27 12:00")
    before = (tasks(), texts_to(search.participant))
    work.set_due(Search.objects.all(), due_at=clock.now())

    it_is("2027-05-27 12:01")

    assert (tasks(), texts_to(search.participant)) == before


def test_a_row_that_fails_five_times_is_a_task(search: Search) -> None:
    followup.could_not_search(search)

    assert tasks() == [TaskKind.SEARCH_AGAIN]
