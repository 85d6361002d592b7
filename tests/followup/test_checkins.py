"""A check-in from its planned minute until it has left or a call takes its place.

Wang is past week 52: every second Wednesday at about ten.
"""

from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.escalation.models import Page
from apps.followup import services as followup
from apps.followup.models import CheckIn, CheckInState
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from tests.conversations.test_story import text
from tests.followup.days import SHANGHAI, THE_DAY, checkin, local, opted_out, tasks, texts_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


def test_a_checkin_leaves_at_its_minute_in_the_participant_s_language(
    wang: Participant, jones: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 09:49")
    assert texts_to(wang) == []

    it_is("2027-05-12 10:10")

    assert texts_to(wang) == texts_to(jones) == ["checkin"]
    languages = dict(OutboundMessage.objects.values_list("line__contact_points__participant__code", "language"))
    assert languages == {wang.code: "zh-Hans", jones.code: "en"}
    assert checkin(wang).state == CheckInState.SENT


def test_a_second_worker_at_the_same_row_sends_nothing_twice(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    CheckIn.objects.filter(pk=checkin(wang).pk).update(state=CheckInState.PLANNED, due_at=clock.now())

    it_is("2027-05-12 10:11")

    assert texts_to(wang) == ["checkin"]


def test_discreet_participants_get_the_discreet_text_and_its_repetition(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    participants.change_preferences(participant=wang, is_discreet=True)

    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin_discreet", "checkin_discreet"]


@pytest.mark.parametrize("back_at", ["2027-05-12 21:00", "2027-05-12 23:30", "2027-05-13 09:00", "2027-05-20 10:00"])
def test_a_worker_that_was_down_all_day_sends_neither_at_night_nor_days_late_but_a_person_calls(
    wang: Participant, it_is: Callable[[str], None], back_at: str
) -> None:
    it_is("2027-05-11 20:01")

    it_is(back_at)

    assert texts_to(wang) == []
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.SKIPPED, "too_late")
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_a_worker_that_was_down_for_some_hours_sends_late_the_same_day(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")

    it_is("2027-05-12 20:30")

    assert texts_to(wang) == ["checkin"]


def test_a_checkin_that_is_due_at_night_waits_for_eight_o_clock(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")
    work.set_due(CheckIn.objects.filter(occurrence=THE_DAY), due_at=local("2027-05-12 04:00"))

    it_is("2027-05-12 04:00")
    assert texts_to(wang) == []
    assert checkin(wang).due_at == local("2027-05-12 08:00")

    it_is("2027-05-12 08:00")
    assert texts_to(wang) == ["checkin"]


@pytest.mark.parametrize("day", [date(2027, 4, 13), date(2028, 4, 15)])
def test_nothing_leaves_outside_the_window_even_if_a_row_says_so(
    wang: Participant, trial_time: VirtualClock, day: date
) -> None:
    noon = datetime.combine(day, local("2027-05-12 12:00").time(), tzinfo=SHANGHAI)
    trial_time.move_to(noon)
    row = CheckIn.objects.create(participant=wang, rule="P6", occurrence=day, planned_at=noon, due_at=noon)

    followup.advance_checkin(_claimed())

    row.refresh_from_db()
    assert texts_to(wang) == []
    assert (row.state, row.skipped_because) == (CheckInState.SKIPPED, "outside_window")


def _claimed() -> CheckIn:
    row = work.claim(CheckIn)
    assert row is not None
    return row


def carrier_blocked(participant: Participant, person: User) -> None:
    Line.objects.filter(contact_points__participant=participant).update(carrier_blocked_at=clock.now())


def cannot_read(participant: Participant, person: User) -> None:
    Participant.objects.filter(pk=participant.pk).update(cannot_read=True)


def suspended(participant: Participant, person: User) -> None:
    participants.suspend_texts(participant=participant)


def frozen(participant: Participant, person: User) -> None:
    participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)


def without_consent(participant: Participant, person: User) -> None:
    participant.consents.filter(kind="sms").update(withdrawn_on=date(2027, 5, 11))


def without_trial_consent(participant: Participant, person: User) -> None:
    participant.consents.filter(kind="trial").update(withdrawn_on=date(2027, 5, 11))


@pytest.mark.parametrize(
    ("happens", "because", "task"),
    [
        (opted_out, "opted_out", TaskKind.OPTED_OUT),
        (carrier_blocked, "carrier_blocked", TaskKind.CANNOT_TEXT),
        (cannot_read, "cannot_read", TaskKind.CANNOT_TEXT),
        (suspended, "suspended", TaskKind.CHECK_NUMBER),
        (frozen, "frozen", None),
        (without_consent, "no_sms_consent", TaskKind.OPTED_OUT),
        (without_trial_consent, "no_consent", None),
    ],
)
def test_what_happens_between_plan_and_sending_holds_the_text_back_and_a_call_takes_its_place(
    wang: Participant,
    carol: User,
    it_is: Callable[[str], None],
    happens: Callable[[Participant, User], None],
    because: str,
    task: TaskKind | None,
) -> None:
    it_is("2027-05-11 20:01")
    happens(wang, carol)

    it_is("2027-05-12 10:10")

    assert texts_to(wang) == []
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.SKIPPED, because)
    assert tasks() == ([(task, wang.code)] if task else [])


def test_who_opted_out_is_called_at_the_monthly_floor_and_who_cannot_read_every_time(
    wang: Participant, jones: Participant, it_is: Callable[[str], None], carol: User
) -> None:
    opted_out(wang, carol)
    cannot_read(jones, carol)

    for day in ("2027-05-12", "2027-05-26", "2027-06-09", "2027-06-23", "2027-07-07"):
        it_is(f"{day} 10:10")

    called = [code for _, code in tasks()]
    assert called.count(jones.code) == 5
    calls = Task.objects.filter(participant=wang, kind=TaskKind.OPTED_OUT).order_by("created_at")
    days = [created.astimezone(SHANGHAI).date() for created in calls.values_list("created_at", flat=True)]
    assert len(days) in (2, 3)
    assert all((later - earlier).days <= 31 for earlier, later in pairwise(days))


def test_two_questions_never_stand_open_on_one_phone(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-11 20:01")
    other = ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)

    it_is("2027-05-12 10:10")
    assert texts_to(wang) == ["sym_which"]
    Question.objects.filter(pk=other.pk).update(state=QuestionState.ANSWERED)

    it_is("2027-05-12 10:45")
    assert texts_to(wang) == ["sym_which", "checkin"]


def test_none_leaves_beside_an_alarm_where_a_two_means_need_help_to_go(
    wang: Participant, alice: User, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 09:30")
    text("wang", "吐血了")
    text("wang", "1")
    it_is("2027-05-12 10:15")
    assert "checkin" not in texts_to(wang)

    text("alice", f"{Page.objects.filter(person=alice).exclude(code='').latest('created_at').code} 1")
    it_is("2027-05-12 10:50")

    assert "checkin" in texts_to(wang), "somebody has spoken with them"


def test_a_question_that_stays_open_delays_the_checkin_by_two_days_at_most(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 09:00")
    ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)
    Question.objects.update(expires_at=local("2027-05-20 10:00"))

    it_is("2027-05-12 10:10")
    it_is("2027-05-14 20:59")
    it_is("2027-05-14 21:30")

    assert texts_to(wang) == ["sym_which"]
    assert checkin(wang).state == CheckInState.SKIPPED
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_two_checkins_that_waited_for_the_same_question_become_one_text(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 10))
    it_is("2027-05-12 09:00")
    ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)
    it_is("2027-05-12 10:10")
    it_is("2027-05-13 10:10")
    Question.objects.update(state=QuestionState.ANSWERED)

    it_is("2027-05-13 10:45")

    assert texts_to(wang) == ["sym_which", "checkin"]
    reasons = [checkin(wang, date(2027, 5, day)).skipped_because for day in (12, 13)]
    assert sorted(reasons) == ["", "just_asked"]
