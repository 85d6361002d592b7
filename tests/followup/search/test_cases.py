"""What a search learns is a case as if it had been told on the phone, and what is told on the phone ends a search."""

from collections.abc import Callable

import pytest

from apps.conversations import by_phone
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.followup.models import Search
from apps.followup.models_end import Learnt, SearchState, Way
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, SpokenReport
from apps.safety.vocabulary import Teller
from apps.staff.models import User
from tests.followup.search.attempts import attempt, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_time")]


@pytest.mark.parametrize(
    ("learnt", "item", "pause"),
    [(Learnt.TRANSPLANTED, "evt_transplant", "transplant"), (Learnt.IN_HOSPITAL, "evt_admitted", "in_hospital")],
)
def test_a_transplant_or_a_stay_that_a_search_finds_opens_a_case_and_pages(
    search: Search, chen: User, learnt: Learnt, item: str, pause: str
) -> None:
    attempt(search, chen, way=Way.CAREGIVER, learnt=learnt, words="as his wife says")

    assert fresh(search).state == SearchState.FOUND
    report = SpokenReport.objects.get()
    assert (report.item, report.teller, report.told_at) == (item, "caregiver", clock.now())
    assert report.event.escalation is not None
    assert search.participant.pauses.get().code == pause


def test_a_death_that_a_search_finds_is_a_case_with_its_clock_and_its_page(search: Search, chen: User) -> None:
    attempt(search, chen, way=Way.RECORDS, learnt=Learnt.DEAD, words="registry")

    event = AdverseEvent.objects.get()
    assert (event.death, event.received_at) == (True, clock.now())
    assert event.escalation is not None
    assert event.escalation.state == "open"
    assert Task.objects.get().event == event


def test_an_investigator_who_has_dealt_with_a_death_found_is_the_contact(search: Search, alice: User) -> None:
    attempt(search, alice, way=Way.NAMED, learnt=Learnt.DEAD, words="his brother", is_dealt_with=True)

    event = AdverseEvent.objects.get()
    assert event.escalation is not None
    assert event.escalation.state == "contacted"
    assert Participant.objects.get(pk=search.participant_id).follow_up == FollowUp.FROZEN
    assert Task.objects.get().kind == TaskKind.JUDGE


def test_whoever_is_told_of_by_phone_is_found(search: Search, chen: User, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 12:30")
    telling = Telling(teller=Teller.FAMILY, told_at=clock.now(), words="she is sick", item="nausea")
    by_phone.tell(participant=search.participant, person=chen, telling=telling)

    it_is("2027-05-12 18:00")

    assert fresh(search).state == SearchState.FOUND
