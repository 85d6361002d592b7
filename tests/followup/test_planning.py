"""When the year's check-ins are planned, and planned again.

Wang is past week 52: every second Wednesday at about ten.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F

from apps.core import work
from apps.core.clock import VirtualClock
from apps.core.work import StaleLease
from apps.followup import services as followup
from apps.followup.models import CheckIn, CheckInState
from apps.participants import services as participants
from apps.participants.models import Participant, Plan
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from tests.followup.days import SHANGHAI, THE_DAY, checkin, local, texts_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


def snapshot() -> list[tuple[Any, ...]]:
    return list(CheckIn.objects.order_by("pk").values_list("pk", "state", "planned_at", "due_at", "fence"))


def test_computing_the_plan_again_changes_nothing(wang: Participant) -> None:
    followup.recompute_plan(participant=wang)
    before = snapshot()

    followup.recompute_plan(participant=wang)

    assert len(before) == 25
    assert snapshot() == before


def test_the_plan_computes_itself_at_once_and_again_every_night(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")

    again = Plan.objects.get(participant=wang).due_at
    assert CheckIn.objects.filter(participant=wang).exists()
    assert again is not None
    assert again.astimezone(SHANGHAI).date() == THE_DAY
    assert again.astimezone(SHANGHAI).hour == 3


def test_a_day_that_is_over_gets_no_checkin(wang: Participant, trial_time: VirtualClock) -> None:
    trial_time.move_to(local("2027-05-12 21:00"))

    followup.recompute_plan(participant=wang)

    assert not CheckIn.objects.filter(occurrence__lte=THE_DAY).exists()


def test_a_later_plan_never_touches_what_was_sent(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    sent = checkin(wang)

    participants.change_preferences(participant=wang, send_time=local("2027-05-12 19:00").time())
    it_is("2027-05-12 10:11")

    after = checkin(wang)
    assert (after.state, after.planned_at, after.message_id) == (CheckInState.SENT, sent.planned_at, sent.message_id)
    assert texts_to(wang) == ["checkin"]
    later = CheckIn.objects.filter(occurrence__gt=THE_DAY)
    assert {row.planned_at.astimezone(SHANGHAI).hour for row in later} <= {18, 19}


def test_who_leaves_has_no_future_and_gets_it_back_on_return(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")
    planned = CheckIn.objects.filter(state=CheckInState.PLANNED).count()

    participants.set_follow_up(participant=wang, wanted=FollowUp.NO_CONTACT, person=carol)
    it_is("2027-05-11 20:02")
    assert set(CheckIn.objects.values_list("state", "due_at")) == {(CheckInState.CANCELLED, None)}

    participants.set_follow_up(participant=wang, wanted=FollowUp.ACTIVE, person=carol)
    it_is("2027-05-11 20:03")
    assert CheckIn.objects.filter(state=CheckInState.PLANNED, due_at=F("planned_at")).count() == planned


def test_a_checkin_taken_out_of_the_plan_while_a_worker_holds_it_is_not_sent(
    wang: Participant, carol: User, trial_time: VirtualClock
) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 10:10"))
    held = work.claim(CheckIn)
    assert held is not None

    participants.set_follow_up(participant=wang, wanted=FollowUp.WITHDRAWN, person=carol)
    followup.recompute_plan(participant=wang)

    with pytest.raises(StaleLease):
        followup.advance_checkin(held)
    assert texts_to(wang) == []
    assert checkin(wang).state == CheckInState.CANCELLED
