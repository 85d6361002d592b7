"""The words of a telling are read like a text's. More serious than what was ticked, they count, unless a clinician says otherwise."""

from datetime import timedelta
from typing import Any

import pytest

from apps.conversations import by_phone
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.participants import pauses
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp, PauseCode
from apps.safety.by_person import NotAnInvestigator, Telling
from apps.safety.models import OpenItem, SpokenReport
from apps.safety.vocabulary import Teller
from apps.staff.models import User
from tests import people
from tests.due import work
from tests.times import MORNING, NIGHT, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)
BLOOD = "felt sick, then he vomited blood"


def told(person: User, words: str = BLOOD, *, item: str = "nausea", **said: Any) -> SpokenReport:
    telling = Telling(teller=Teller.FAMILY, told_at=clock.now(), words=words, item=item, **said)
    report = by_phone.tell(participant=people.wang(), person=person, telling=telling)
    work()
    return report


def test_words_that_are_more_serious_than_what_a_coordinator_chose_page_like_a_text() -> None:
    report = told(people.chen())

    assert (report.level, report.event.level) == ("R1", "R1")
    assert Escalation.objects.get().chain == "R1"
    assert Page.objects.filter(person=people.alice()).exists()


def test_at_night_too(time: VirtualClock) -> None:
    time.advance(NIGHT - MORNING)
    told(people.chen())
    assert Page.objects.filter(person=people.alice()).exists()


def test_how_the_words_were_read_and_by_which_rules_stands_in_the_record() -> None:
    report = told(people.chen())

    assert (report.reading["label"], report.reading["level"]) == ("serious", "R1")
    assert report.reading["rules_version"]
    [found] = [each for each in report.reading["findings"] if each["id"] == "hematemesis"]
    assert BLOOD[found["start"] : found["end"]] in BLOOD
    assert BLOOD not in str(report.reading)
    assert not report.is_judged_milder


def test_a_clinician_who_says_that_it_is_not_as_the_words_read_pages_nobody_and_stands_by_name() -> None:
    report = told(people.alice(), is_judged_milder=True)

    assert report.level not in ("R1", "R2")
    assert (report.is_judged_milder, report.person, report.reading["level"]) == (True, people.alice(), "R1")
    assert not Escalation.objects.exists()


def test_a_clinician_who_has_said_nothing_of_it_has_lowered_nothing() -> None:
    told(people.alice())
    assert Escalation.objects.get().chain == "R1"


def test_nobody_else_can_say_so() -> None:
    with pytest.raises(NotAnInvestigator):
        told(people.chen(), is_judged_milder=True)
    assert not SpokenReport.objects.exists()


def test_words_never_lower_what_was_ticked() -> None:
    report = told(people.chen(), "he is well, nothing special", item="hematemesis")
    assert report.level == "R1"


def test_nothing_to_say_against_is_no_judgement_on_record() -> None:
    assert not told(people.alice(), "a little sick", is_judged_milder=True).is_judged_milder


def test_words_of_a_death_stop_all_texts_and_are_read_at_once_whatever_was_chosen() -> None:
    report = told(people.chen(), "his son says he died", item="evt_admitted")

    assert Participant.objects.get(pk=people.wang().pk).follow_up == FollowUp.FROZEN
    assert Task.objects.get(kind=TaskKind.DEATH).event == report.event
    assert not OpenItem.objects.filter(event=report.event).exists()
    assert not report.event.death  # a person judges it


def test_home_from_a_stay_that_is_known_is_no_alarm_and_from_one_that_is_not_is_one() -> None:
    pauses.begin(participant=people.wang(), code=PauseCode.IN_HOSPITAL)
    assert told(people.chen(), "he was discharged from hospital this morning", item="evt_discharged").level == "R4"
    pauses.end(pause=people.wang().pauses.get(), because="person")  # type: ignore[arg-type]
    people.wang().pauses.update(began_at=MORNING - timedelta(days=200), expires_at=MORNING - timedelta(days=100))
    report = told(people.chen(), "he was discharged from hospital this noon", item="evt_discharged")
    assert report.level == "R1"
