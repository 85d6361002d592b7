"""Pauses that go with a state of the participant, and what an unexpected end of a pause leaves behind."""

from collections.abc import Callable

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core.clock import VirtualClock
from apps.followup.models import CheckIn, Reminder
from apps.followup.services import could_not_advance_pause, recompute_plan
from apps.participants import pauses
from apps.participants import services as participants
from apps.participants.models import Participant, Pause, Plan
from apps.participants.vocabulary import FollowUp, PauseEnded
from apps.safety.models import OpenItem
from apps.staff.models import User
from tests.followup.days import Kinds, texts_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


@pytest.fixture
def kinds() -> Kinds:
    return (Plan, CheckIn, Reminder, Pause, OpenItem)


def test_a_freeze_is_listed_every_day_until_a_person_confirms_or_restores(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)
    it_is("2027-05-12 20:30")
    assert Task.objects.filter(kind=TaskKind.FROZEN).count() == 1
    Task.objects.update(done_at="2027-05-12T13:00Z", done_by=carol)
    it_is("2027-05-13 21:00")
    assert Task.objects.filter(kind=TaskKind.FROZEN).count() == 2
    assert texts_to(wang) == []

    participants.set_follow_up(participant=wang, wanted=FollowUp.ACTIVE, person=carol)

    assert Pause.objects.get().ended_because == PauseEnded.NO_LONGER
    recompute_plan(participant=wang)
    assert CheckIn.objects.filter(participant=wang, rule="P2", state="planned").exists()


def test_a_number_under_check_is_a_call_again_each_day_that_nobody_has_made_one(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    participants.suspend_texts(participant=wang)
    it_is("2027-05-12 20:30")
    it_is("2027-05-13 20:30")
    assert Task.objects.filter(kind=TaskKind.CHECK_NUMBER, done_at=None).count() == 1
    it_is("2027-05-20 20:30")
    assert Pause.objects.get().ended_at is None

    participants.resume_texts(participant=wang, person=carol)

    assert Pause.objects.get().ended_because == PauseEnded.NO_LONGER


def test_travel_ends_by_itself_and_the_checkins_go_out_again(
    wang: Participant, chen: User, it_is: Callable[[str], None]
) -> None:
    pauses.begin_by_hand(participant=wang, code="travel", person=chen, reason="with her sister")
    it_is("2027-05-12 10:15")
    assert texts_to(wang) == []
    it_is("2027-05-18 20:30")
    it_is("2027-05-26 10:15")
    assert Pause.objects.get().ended_because == PauseEnded.EXPIRED
    assert texts_to(wang) == ["checkin"]
    assert not Task.objects.filter(kind=TaskKind.PAUSE_OVER).exists()


def test_a_pause_that_the_program_cannot_keep_ends_and_a_person_calls(
    wang: Participant, chen: User, trial_time: VirtualClock
) -> None:
    pause = pauses.begin_by_hand(participant=wang, code="travel", person=chen, reason="with her sister")

    could_not_advance_pause(pause)

    assert Pause.objects.get().ended_at is not None
    assert Task.objects.filter(kind=TaskKind.PAUSE_CALL, participant=wang).exists()
