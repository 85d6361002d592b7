"""How a search begins by itself, and whom nobody calls: who is searched for, away, or reported dead."""

from collections.abc import Callable
from datetime import date

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.followup import missed as missing
from apps.followup import services as followup
from apps.followup.models import CheckIn, CheckInState, Reminder, Search, Unreached
from apps.followup.models_end import Learnt, SearchState
from apps.participants import pauses
from apps.participants import services as participants
from apps.participants.models import Participant, Pause, Plan
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from tests.followup.days import THE_DAY, Kinds, checkin, local, opted_out, tasks, writes
from tests.followup.search.attempts import MISSED, attempt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]
It = Callable[[str], None]
AWAY = {"code": "travel", "reason": "with her sister"}


@pytest.fixture
def begins() -> str:
    return "2027-05-12 09:00"


@pytest.fixture
def kinds() -> Kinds:
    return (Plan, CheckIn, Unreached, Search, Pause)


@pytest.fixture
def unanswered(jones: Participant, it_is: It) -> CheckIn:
    """Jones's check-in of the day, until the evening before its first call."""
    for time in ("2027-05-12 10:10", "2027-05-12 14:15", "2027-05-13 09:30"):
        it_is(time)
    return checkin(jones)


def missed(participant: Participant, sent: str) -> None:
    CheckIn.objects.create(
        participant=participant, rule="P6", occurrence=local(sent).date(), planned_at=local(sent), sent_at=local(sent),
        state=CheckInState.MISSED,
    )  # fmt: skip


def begun_for(participant: Participant) -> list[date]:
    followup.recompute_plan(participant=participant)
    return list(participant.searches.values_list("missed_on", flat=True))


def test_it_begins_a_week_after_a_check_in_that_nobody_answered(wang: Participant) -> None:
    missed(wang, "2027-05-05 09:01")
    assert begun_for(wang) == []
    CheckIn.objects.update(sent_at=local("2027-05-05 08:59"))

    assert begun_for(wang) == begun_for(wang) == [date(2027, 5, 5)]


def wrote(participant: Participant, person: User) -> None:
    writes(participant, "I was away")


def was_called(participant: Participant, person: User, kind: TaskKind = TaskKind.NO_REPLY) -> None:
    Task.objects.create(
        key="x", kind=kind, site=participant.site, participant=participant, created_at=clock.now(),
        deadline=clock.now(), done_at=clock.now(), done_by=person, result="is well, was away",
    )  # fmt: skip


def was_called_about_a_medicine(participant: Participant, person: User) -> None:
    was_called(participant, person, TaskKind.ADVICE)


def came(participant: Participant, person: User) -> None:
    participant.visits.create(code="X1", planned_on=date(2027, 5, 10), done_on=date(2027, 5, 10))


def was_found(participant: Participant, person: User) -> None:
    row = followup.begin_search(participant=participant, missed_on=MISSED)
    attempt(row, person, learnt=Learnt.ALIVE)
    Search.objects.update(missed_on=date(2027, 1, 1))


@pytest.mark.parametrize("happens", [wrote, was_called, was_called_about_a_medicine, came, was_found])
def test_whoever_was_heard_of_meanwhile_is_not_searched_for(
    wang: Participant, chen: User, happens: Callable[[Participant, User], None]
) -> None:
    missed(wang, "2027-05-04 10:00")
    happens(wang, chen)

    assert date(2027, 5, 4) not in begun_for(wang)


def test_whoever_answers_a_number_under_check_may_be_a_stranger(wang: Participant, chen: User) -> None:
    missed(wang, "2027-05-04 10:00")
    was_called(wang, chen, TaskKind.CHECK_NUMBER)

    assert begun_for(wang) == [date(2027, 5, 4)]


def test_a_check_in_that_did_not_arrive_is_no_silence(wang: Participant) -> None:
    missed(wang, "2027-05-04 10:00")
    CheckIn.objects.update(skipped_because="undelivered")

    assert begun_for(wang) == []


def test_the_silence_of_the_last_days_of_the_window_begins_a_search_after_it(wang: Participant, it_is: It) -> None:
    missed(wang, "2028-04-13 10:00")
    for day in range(13, 22):
        it_is(f"2028-04-{day} 04:30")

    assert list(wang.searches.values_list("missed_on", flat=True)) == [date(2028, 4, 13)]
    assert Plan.objects.get(participant=wang).due_at is not None, "while the steps of a search may follow"
    it_is("2028-06-10 04:30")
    assert Plan.objects.get(participant=wang).due_at is None


# --- while somebody is searched for


def calls_of(participant: Participant) -> list[str]:
    return [kind for kind, code in tasks() if code == participant.code]


def test_while_the_calls_of_a_search_stand_no_second_and_third_call_are_asked_for(
    jones: Participant, unanswered: CheckIn, it_is: It
) -> None:
    followup.begin_search(participant=jones, missed_on=THE_DAY)
    for time in ("2027-05-13 12:00", "2027-05-14 10:10", "2027-05-15 10:10"):
        it_is(time)

    assert not {TaskKind.SECOND_CALL, TaskKind.THIRD_CALL} & set(calls_of(jones))
    assert {TaskKind.SEARCH_CALLS, TaskKind.NOT_REACHED} <= set(calls_of(jones)), (
        "the investigator is told all the same"
    )


def test_a_search_that_asks_for_no_call_any_more_keeps_nobody_from_being_called(
    jones: Participant, chen: User, unanswered: CheckIn, it_is: It
) -> None:
    followup.begin_search(participant=jones, missed_on=THE_DAY)
    it_is("2027-05-13 12:00")
    standing = Task.objects.filter(kind=TaskKind.SEARCH_CALLS)
    standing.update(done_at=clock.now(), done_by=chen, result="nobody answered")
    for time in ("2027-05-14 10:10", "2027-05-15 10:10"):
        it_is(time)

    assert TaskKind.SECOND_CALL in calls_of(jones)


def test_a_search_is_over_when_a_person_has_spoken_with_them(wang: Participant, chen: User, it_is: It) -> None:
    row = followup.begin_search(participant=wang, missed_on=date(2027, 5, 12))
    it_is("2027-05-12 10:00")
    was_called(wang, chen)
    it_is("2027-05-12 15:00")

    row.refresh_from_db()
    assert row.state == SearchState.FOUND


# --- who is away


def test_who_has_come_to_hospital_or_travels_meanwhile_is_not_chased(
    jones: Participant, chen: User, unanswered: CheckIn, it_is: It
) -> None:
    it_is("2027-05-13 12:00")
    pauses.begin_by_hand(participant=jones, person=chen, **AWAY)
    for time in ("2027-05-14 10:10", "2027-05-15 10:10"):
        it_is(time)

    assert [kind for kind, code in tasks() if code == jones.code] == [TaskKind.NO_REPLY]


def test_a_search_waits_while_they_are_away_and_goes_on_after_it(wang: Participant, chen: User, it_is: It) -> None:
    followup.begin_search(participant=wang, missed_on=date(2027, 5, 12))
    pause = pauses.begin_by_hand(participant=wang, person=chen, **AWAY)
    it_is("2027-05-12 10:00")
    assert not Task.objects.filter(kind=TaskKind.SEARCH_CALLS).exists()

    pauses.end_by_hand(pause=pause, person=chen, reason="home again")
    it_is("2027-05-12 11:00")

    assert Task.objects.filter(kind=TaskKind.SEARCH_CALLS).count() == 1


def test_in_a_pause_its_own_contact_stands_for_a_check_in_also_where_no_text_may_go(
    wang: Participant, chen: User, it_is: It
) -> None:
    it_is("2027-05-12 09:10")
    opted_out(wang, chen)
    pauses.begin_by_hand(participant=wang, person=chen, **AWAY)

    it_is("2027-05-12 10:10")

    assert (checkin(wang).skipped_because, [kind for kind, code in tasks() if code == wang.code]) == ("paused", [])


# --- who is reported dead


def frozen(participant: Participant) -> None:
    participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)


@pytest.mark.parametrize("code", ["in_hospital", "number_check"])
def test_no_pause_asks_how_they_are_after_a_death_was_reported(wang: Participant, it_is: It, code: str) -> None:
    pauses.begin(participant=wang, code=code)
    if code == "number_check":
        Participant.objects.filter(pk=wang.pk).update(texts_suspended_at=clock.now())
        wang.refresh_from_db()
    frozen(wang)
    for day in (13, 14, 19, 26, 27):
        it_is(f"2027-05-{day} 12:00")

    assert {kind for kind, code in tasks() if code == wang.code} == {TaskKind.FROZEN}


def test_whatever_the_program_could_not_do_nobody_phones_the_family(wang: Participant, it_is: It) -> None:
    pause = pauses.begin(participant=wang, code="in_hospital")
    it_is("2027-05-12 09:10")
    frozen(wang)
    row = checkin(wang)
    assert pause is not None

    followup.could_not_advance_pause(pause)
    followup.could_not_check_in(row)
    missing.could_not_pursue(Unreached.objects.create(checkin=row))
    followup.could_not_remind(
        Reminder.objects.create(
            participant=wang,
            visit_code=wang.visits.order_by("code")[0].code,
            wording="visit_1d",
            for_day=THE_DAY,
            planned_at=clock.now(),
        )
    )

    assert [kind for kind, _ in tasks()] == []


def test_a_freeze_that_the_program_cannot_keep_on_the_list_is_listed_once_more(wang: Participant) -> None:
    frozen(wang)

    followup.could_not_advance_pause(Pause.objects.get(participant=wang, code="death_path"))

    assert tasks() == [(TaskKind.FROZEN, wang.code)]
