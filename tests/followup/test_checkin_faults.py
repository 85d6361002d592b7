"""Check-ins when phones are shared, people move, stop or die, and the program breaks."""

from collections.abc import Callable
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.conversations.models import Question, Turn
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.followup import services as followup
from apps.followup.models import CheckIn, CheckInState
from apps.messaging.models import InboundMessage
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from apps.vault.services import create_data_key
from tests.followup.days import THE_DAY, answers, checkin, local, opted_out, run_due, tasks, texts_to
from trialcare import heartbeat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


@pytest.fixture
def sharing(wang: Participant, jones: Participant) -> tuple[Participant, Participant]:
    """Wang and Jones on one phone."""
    jones.contact_points.filter(kind="participant").update(line=participants.texting_line(wang))
    return wang, jones


@pytest.mark.fault
def test_fault_30_two_participants_on_one_phone_are_asked_one_after_the_other(
    sharing: tuple[Participant, Participant], it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    states = {row.participant_id: row.state for row in CheckIn.objects.filter(occurrence=THE_DAY)}
    assert sorted(states.values()) == [CheckInState.PLANNED, CheckInState.SENT]
    assert Question.objects.filter(state=QuestionState.OPEN).count() == 1

    Question.objects.update(state=QuestionState.ANSWERED)
    it_is("2027-05-12 10:45")

    assert texts_to(sharing[0]) == ["checkin", "checkin"]


@pytest.mark.fault
def test_fault_30_a_text_from_a_shared_phone_is_no_silence_of_either(
    sharing: tuple[Participant, Participant], it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    key = create_data_key()
    message = InboundMessage.objects.create(
        gateway="phone", dedupe_key="1", data_key=key, body="1", raw="1", received_at=clock.now()
    )
    line = participants.texting_line(sharing[0])
    Turn.objects.create(message=message, line=line, arrived_at=clock.now() + timedelta(minutes=1))

    it_is("2027-05-12 14:15")

    assert "checkin_remind1" not in texts_to(sharing[0])


@pytest.mark.fault
def test_fault_22_who_moves_after_the_day_s_text_gets_no_second_one_and_keeps_the_hour(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    answers(checkin(wang))

    participants.change_preferences(participant=wang, timezone="America/New_York")
    for time in ("2027-05-12 10:11", "2027-05-12 22:10", "2027-05-13 10:10"):
        it_is(time)

    assert texts_to(wang) == ["checkin"]
    following = CheckIn.objects.filter(occurrence__gt=THE_DAY).order_by("occurrence").first()
    assert following is not None
    there = following.planned_at.astimezone(ZoneInfo("America/New_York"))
    assert there.date() == following.occurrence
    assert abs(there.hour * 60 + there.minute - 600) <= 10


@pytest.mark.fault
def test_fault_31_a_stop_between_checkin_and_reminder_is_obeyed_and_a_person_calls(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    opted_out(wang, carol)

    it_is("2027-05-12 14:15")
    it_is("2027-05-13 12:00")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == [(TaskKind.OPTED_OUT, wang.code)]


@pytest.mark.fault
def test_fault_29_a_number_under_check_gets_no_reminder_and_a_person_calls(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    participants.suspend_texts(participant=wang)

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == [(TaskKind.CHECK_NUMBER, wang.code)]


def test_after_a_death_text_no_reminder_leaves_and_nobody_is_called_about_the_checkin(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == []


def test_the_last_checkin_of_the_window_is_not_reminded_of_after_it_but_a_person_calls(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2028, 3, 1))
    it_is("2028-04-14 10:10")
    it_is("2028-04-14 14:15")
    assert texts_to(wang)[-2:] == ["checkin", "checkin_remind1"]
    before = texts_to(wang)

    it_is("2028-04-15 10:00")

    assert texts_to(wang) == before
    assert tasks()[-1] == (TaskKind.NO_REPLY, wang.code)


def test_a_checkin_that_the_program_cannot_handle_becomes_a_call(
    wang: Participant, trial_time: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 10:10"))
    entry = next(each for each in heartbeat.TABLE if each.model is CheckIn)
    broken = work.Work(CheckIn, _breaks, entry.gave_up)

    for _ in range(work.MAX_ATTEMPTS + 1):
        if (row := work.claim(CheckIn)) is not None:
            work.run(broken, row)
        trial_time.advance(timedelta(minutes=5))

    assert checkin(wang).quarantined_at is not None
    assert checkin(wang).state == CheckInState.SKIPPED
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def _breaks(row: CheckIn) -> None:
    row.state = CheckInState.SENT
    raise ZeroDivisionError


def test_a_checkin_can_be_brought_forward_to_now(wang: Participant, trial_time: VirtualClock) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 08:30"))

    assert followup.bring_forward(participant=wang)
    run_due()

    assert texts_to(wang) == ["checkin"]
    assert not followup.bring_forward(participant=wang)


def test_trial_time_is_kept_in_utc(wang: Participant) -> None:
    followup.recompute_plan(participant=wang)

    assert all(row.planned_at.tzinfo == UTC for row in CheckIn.objects.all())
