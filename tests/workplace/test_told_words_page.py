"""Told by phone: whose words read as more serious than what they ticked is asked once, on the same form."""

from typing import Any

import pytest

from apps.conversations.models import Task
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.safety.models import AdverseEvent, SpokenReport
from apps.staff.models import User
from tests import people
from tests.conversations.test_the_end import AFTER, closed
from tests.workplace.scenes import change_url, page, press, signed_in
from tests.workplace.test_by_phone_page import filled

pytestmark = pytest.mark.django_db
WARNING, FOR_CHEN = "Your words read as R1 emergency: Vomiting blood", "您记录的内容读作“R1 急救”：呕血"
MILDER = "In my judgement as an investigator"


def tell(person: User, **said: Any) -> Any:
    values: dict[str, Any] = {"words": "sick, then vomited blood", "item": "nausea", "criteria": ["none"]}
    return press(person, people.wang(), "told", **filled(**values | said))


def warned(answer: Any) -> str:
    form = answer.context["offers"]["told"].form
    return str(form["warned"].value())


@pytest.mark.parametrize(("who", "says"), [(people.alice, WARNING), (people.chen, FOR_CHEN)])
def test_the_first_press_writes_nothing_and_says_what_the_words_read_as(everybody: None, who: Any, says: str) -> None:
    answer = tell(who())

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not SpokenReport.objects.exists()


def test_sent_again_as_it_is_it_counts_as_the_words_read(everybody: None) -> None:
    answer = tell(people.chen(), warned=warned(tell(people.chen())))

    assert answer.status_code == 303
    assert Escalation.objects.get().chain == "R1"


def test_other_words_that_read_so_too_are_asked_about_anew(everybody: None) -> None:
    seen = warned(tell(people.chen()))
    assert tell(people.chen(), warned=seen, words="she has black stool").status_code == 422


def test_corrected_it_is_asked_no_more(everybody: None) -> None:
    assert tell(people.chen(), words="sick, he did not vomit").status_code == 303
    assert tell(people.chen(), item="hematemesis").status_code == 303


def test_an_investigator_may_say_that_it_is_not_and_only_once_warned(everybody: None) -> None:
    assert MILDER not in page(people.alice(), change_url(people.wang()))
    answer = tell(people.alice())
    assert MILDER in answer.content.decode()

    assert tell(people.alice(), warned=warned(answer), is_judged_milder="on").status_code == 303

    assert not Escalation.objects.exists()
    assert SpokenReport.objects.get().is_judged_milder


def test_a_tick_without_the_warning_lowers_nothing(everybody: None) -> None:
    assert tell(people.alice(), is_judged_milder="on").status_code == 422


def test_a_coordinator_is_not_asked_for_a_judgement_and_a_forged_one_counts_for_nothing(everybody: None) -> None:
    answer = tell(people.chen())
    assert "is_judged_milder" not in answer.content.decode()

    tell(people.chen(), warned=warned(answer), is_judged_milder="on")

    assert Escalation.objects.get().chain == "R1"


def test_the_case_shows_how_the_words_read_and_who_judged_otherwise(everybody: None) -> None:
    seen = warned(tell(people.alice()))
    tell(people.alice(), warned=seen, is_judged_milder="on")

    body = page(people.bob(), change_url(AdverseEvent.objects.get()))
    assert "R1: 呕血" in body
    body = page(people.carol(), change_url(AdverseEvent.objects.get()))
    assert "The words read as R1: Vomiting blood" in body
    assert "judged as milder by the investigator who wrote it" in body


def test_after_a_site_s_closing_the_page_says_that_nobody_is_paged() -> None:
    with clock.using(VirtualClock(AFTER)):
        people.everybody()
        Task.objects.all().delete()
        closed()
        client = signed_in(people.alice())
        said = {f"told-{name}": value for name, value in filled(words="vomited blood").items()}
        body = client.post(change_url(people.wang()), {"act": "told", **said}, follow=True).content.decode()
    assert "The site is closed: nobody is paged" in body
