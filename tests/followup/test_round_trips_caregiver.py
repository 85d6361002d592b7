"""A caregiver's number is entered and asked whether they agree: nothing about health goes there before they do, or after a no."""

import pytest

from apps.conversations.models import Question
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.vocabulary import ContactKind
from tests import due, people
from tests.followup.test_round_trips import (
    CAREGIVER,
    MARCH,
    calls,
    entered,
    later,
    point_of,
    said_to,
    writes,
)
from tests.times import beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(MARCH)


@pytest.fixture
def invited() -> Participant:
    return entered(is_number_checked="on", caregiver_number=CAREGIVER)


def test_a_caregiver_is_invited_without_a_name_and_gets_no_other_text_before_they_agree(
    time: VirtualClock, invited: Participant
) -> None:
    assert said_to(CAREGIVER) == ["caregiver_invite"]
    assert participants.caregiver_line(invited) is None

    writes(time, CAREGIVER, "I agree")

    assert said_to(CAREGIVER)[-1] == "caregiver_ok"
    assert participants.caregiver_line(invited) == point_of(CAREGIVER).line


@pytest.mark.parametrize("body", ["2", "no", "不同意"])
def test_a_caregiver_who_says_no_is_never_texted_again_and_another_contact_is_looked_for(
    body: str, invited: Participant, time: VirtualClock
) -> None:
    writes(time, CAREGIVER, body)
    assert (said_to(CAREGIVER)[-1], calls(invited)) == ("caregiver_no", ["caregiver_no"])

    later(time, days=4)
    writes(time, CAREGIVER, "thanks")

    assert said_to(CAREGIVER) == ["caregiver_invite", "caregiver_no"]
    assert calls(invited) == ["caregiver_no", "read"]


def test_a_caregiver_who_said_no_and_reports_an_emergency_is_answered(time: VirtualClock, invited: Participant) -> None:
    writes(time, CAREGIVER, "2")
    writes(time, CAREGIVER, "he is vomiting blood")
    assert said_to(CAREGIVER)[-1] == "emergency_family"


def test_a_caregiver_who_says_nothing_is_asked_twice_and_then_phoned(invited: Participant, time: VirtualClock) -> None:
    later(time, days=3)
    assert said_to(CAREGIVER) == ["caregiver_invite"] * 2
    assert calls(invited) == ["caregiver"]


@pytest.mark.parametrize("body", ["he has had a fever since this morning", "qqq zzz", "2", "3"])
def test_who_has_not_agreed_is_asked_nothing_about_health_and_a_person_calls(
    time: VirtualClock, body: str, invited: Participant
) -> None:
    writes(time, CAREGIVER, body)
    asked = Question.objects.filter(line=point_of(CAREGIVER).line).exclude(wording="caregiver_invite")
    assert not asked.exists()
    assert calls(invited) or Escalation.objects.filter(events__participant=invited).exists()


def test_a_number_that_said_no_is_asked_by_people_only_when_it_is_entered_again(
    time: VirtualClock, invited: Participant
) -> None:
    writes(time, CAREGIVER, "2")
    participants.end_contact_point(contact_point=point_of(CAREGIVER), person=people.chen())
    participants.add_contact_point(participant=people.wang(), kind=ContactKind.CAREGIVER, number=CAREGIVER)
    due.work()
    assert said_to(CAREGIVER) == ["caregiver_invite", "caregiver_no"]
    assert calls(people.wang()) == ["caregiver"]
