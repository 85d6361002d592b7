"""What follows the first call after an unanswered check-in: texts only once a call in vain is on record, further calls in any case.

Jones is past week 52: every second Wednesday at about ten. The first call is due on Thursday from twelve, the second on Friday at ten.
"""

from collections.abc import Callable
from datetime import date

import pytest

from apps.conversations.models import CallAttempt, Question, Task
from apps.conversations.services import ask, close_task, nobody_answered
from apps.conversations.vocabulary import Again, QuestionState, TaskKind
from apps.core import clock
from apps.followup.models import CheckIn, Reminder, Unreached
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.models import Participant, Plan
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from tests.followup.days import Kinds, opted_out, tasks, texts_to, writes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


@pytest.fixture
def kinds() -> Kinds:
    return (Plan, CheckIn, CallAttempt, Unreached, Reminder)


def caregiver_line(participant: Participant) -> Line:
    return participant.contact_points.get(kind="caregiver").line


def texts_to_caregiver(participant: Participant) -> list[str]:
    rows = OutboundMessage.objects.filter(line=caregiver_line(participant)).order_by("planned_at")
    return list(rows.values_list("wording", flat=True))


def agreed(participant: Participant) -> None:
    participant.contact_points.filter(kind="caregiver").update(standing="checked")


def first_call(participant: Participant, it_is: Callable[[str], None]) -> Task:
    """The whole of the silence until a person is to call."""
    for time in ("2027-05-12 10:10", "2027-05-12 14:15", "2027-05-13 09:30", "2027-05-13 12:00"):
        it_is(time)
    return Task.objects.get(kind=TaskKind.NO_REPLY, participant=participant)


def in_vain(task: Task, person: User, again: Again = Again.NEXT_DAY) -> Task:
    return nobody_answered(task=task, person=person, again=again)


def test_a_call_in_vain_brings_both_texts_on_the_third_day_and_a_second_call(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    in_vain(first_call(jones, it_is), carol)

    it_is("2027-05-14 09:59")
    assert "checkin_missed" not in texts_to(jones)
    it_is("2027-05-14 10:10")

    assert texts_to(jones)[-2:] == ["call_missed", "checkin_missed"]
    assert texts_to_caregiver(jones) == ["caregiver_missed"]
    assert (TaskKind.SECOND_CALL, jones.code) in tasks()


def test_without_a_logged_call_the_texts_wait_and_the_calls_do_not(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    call = first_call(jones, it_is)
    it_is("2027-05-14 10:10")
    assert texts_to_caregiver(jones) == []
    assert (TaskKind.SECOND_CALL, jones.code) in tasks()

    in_vain(call, carol)
    it_is("2027-05-14 10:45")

    assert texts_to(jones)[-1] == "checkin_missed"
    assert texts_to_caregiver(jones) == ["caregiver_missed"]


def test_who_has_not_agreed_is_never_texted_but_the_participant_is(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    participant = jones
    participant.contact_points.filter(kind="caregiver").update(standing="waiting")
    in_vain(first_call(jones, it_is), carol)

    it_is("2027-05-14 10:10")

    assert texts_to(jones)[-1] == "checkin_missed"
    assert texts_to_caregiver(jones) == []


def test_whoever_was_reached_is_neither_texted_nor_called_again(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    next_call = in_vain(first_call(jones, it_is), carol)
    close_task(task=next_call, person=carol, result="well, the phone lay in the kitchen")

    it_is("2027-05-14 10:10")
    it_is("2027-05-20 10:10")

    assert "checkin_missed" not in texts_to(jones)
    assert texts_to_caregiver(jones) == []
    assert [kind for kind, _ in tasks()] == [TaskKind.NO_REPLY, TaskKind.NO_REPLY]
    assert Unreached.objects.get().due_at is None


def test_a_text_of_the_caregiver_ends_it_as_well(jones: Participant, carol: User, it_is: Callable[[str], None]) -> None:
    agreed(jones)
    in_vain(first_call(jones, it_is), carol)
    it_is("2027-05-13 15:00")
    writes(jones, "she is fine")

    it_is("2027-05-14 10:10")

    assert texts_to_caregiver(jones) == []
    assert TaskKind.SECOND_CALL not in dict(tasks())


def test_on_the_fourth_day_a_third_call_until_the_evening_and_the_investigator_is_told(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    in_vain(first_call(jones, it_is), carol)
    it_is("2027-05-14 10:10")

    it_is("2027-05-15 10:10")

    third = Task.objects.get(kind=TaskKind.THIRD_CALL)
    assert third.deadline.astimezone(jones.zone).strftime("%d %H:%M") == "15 21:00"
    assert Task.objects.filter(kind=TaskKind.NOT_REACHED).count() == 1


def test_in_discreet_mode_nobody_is_texted_and_a_person_calls(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    participants.change_preferences(participant=jones, is_discreet=True)
    in_vain(first_call(jones, it_is), carol)

    it_is("2027-05-14 10:10")
    it_is("2027-05-14 18:00")

    assert set(texts_to(jones)) == {"checkin_discreet"}
    assert texts_to_caregiver(jones) == []
    assert (TaskKind.SECOND_CALL, jones.code) in tasks()


def test_a_text_that_would_leave_at_night_waits_for_the_morning(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    call = first_call(jones, it_is)
    it_is("2027-05-14 22:00")
    in_vain(call, carol)

    it_is("2027-05-15 03:00")
    assert texts_to_caregiver(jones) == []
    it_is("2027-05-15 08:30")

    assert texts_to_caregiver(jones) == ["caregiver_missed"]


def test_once_is_once_however_often_the_row_is_looked_at(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    in_vain(first_call(jones, it_is), carol)
    it_is("2027-05-14 10:10")
    Unreached.objects.update(due_at=clock.now())

    it_is("2027-05-14 10:11")

    assert texts_to(jones).count("checkin_missed") == 1
    assert texts_to_caregiver(jones) == ["caregiver_missed"]
    assert Task.objects.filter(kind=TaskKind.SECOND_CALL).count() == 1


@pytest.mark.parametrize("state", [FollowUp.FROZEN, FollowUp.WITHDRAWN])
def test_nothing_follows_a_reported_death_or_a_withdrawal(
    jones: Participant, carol: User, it_is: Callable[[str], None], state: FollowUp
) -> None:
    agreed(jones)
    in_vain(first_call(jones, it_is), carol)
    participants.set_follow_up(participant=jones, wanted=state, person=carol)

    it_is("2027-05-14 10:10")

    assert "checkin_missed" not in texts_to(jones)
    assert texts_to_caregiver(jones) == []
    assert TaskKind.SECOND_CALL not in dict(tasks())


def test_who_stopped_the_texts_meanwhile_gets_none_and_the_call_stays(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    in_vain(first_call(jones, it_is), carol)
    opted_out(jones, carol)

    it_is("2027-05-14 10:10")

    assert "checkin_missed" not in texts_to(jones)
    assert (TaskKind.SECOND_CALL, jones.code) in tasks()


def test_a_caregiver_s_phone_with_a_question_about_somebody_else_is_texted_later(
    wang: Participant, jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    in_vain(first_call(jones, it_is), carol)
    it_is("2027-05-14 09:50")
    other = ask(participant=wang, wording_key="sym_which", key="x", purpose=Purpose.REPLY, line=caregiver_line(jones))
    it_is("2027-05-14 10:10")
    assert texts_to_caregiver(jones) == ["sym_which"]
    Question.objects.filter(pk=other.pk).update(state=QuestionState.ANSWERED)

    it_is("2027-05-14 10:45")

    assert texts_to_caregiver(jones) == ["sym_which", "caregiver_missed"]


def test_in_the_first_weeks_the_caregiver_is_asked_as_soon_as_the_call_was_in_vain_and_people_decide_next_day(
    jones: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    agreed(jones)
    Participant.objects.filter(pk=jones.pk).update(day_zero=date(2027, 5, 10))
    for time in ("2027-05-11 20:10", "2027-05-12 10:10", "2027-05-12 12:15", "2027-05-12 14:15"):
        it_is(time)
    in_vain(Task.objects.get(kind=TaskKind.NO_REPLY), carol)

    it_is("2027-05-12 14:50")
    assert texts_to_caregiver(jones) == ["caregiver_missed"]
    it_is("2027-05-12 18:15")
    assert (TaskKind.NOT_REACHED, jones.code) in tasks()
    it_is("2027-05-13 10:15")
    assert (TaskKind.WELFARE, jones.code) in tasks()


@pytest.mark.parametrize("whose", ["jones", "wang"])
def test_no_word_about_somebody_goes_to_a_phone_that_they_or_another_participant_use_as_their_own(
    wang: Participant, jones: Participant, carol: User, it_is: Callable[[str], None], whose: str
) -> None:
    agreed(jones)
    own = participants.texting_line({"jones": jones, "wang": wang}[whose])
    assert own is not None
    jones.contact_points.filter(kind="caregiver").update(line=own)
    in_vain(first_call(jones, it_is), carol)
    Question.objects.filter(participant=wang).update(state=QuestionState.ANSWERED)

    it_is("2027-05-14 10:10")

    assert not OutboundMessage.objects.filter(wording="caregiver_missed").exists()
