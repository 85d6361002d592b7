"""Told by phone: the form on the cards of a participant, a call's task and a case, who may use it, and what it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.conversations.board import open_task
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.models import Escalation
from apps.safety import services as safety
from apps.safety.models import AdverseEvent, SpokenReport
from apps.staff.models import User
from apps.trials.models import Site
from tests import due, people
from tests.exports.test_cuts import lines, make
from tests.house.test_blinding_crawl import _monitor
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, page, press, signed_in

pytestmark = pytest.mark.django_db
WORDS = "he vomited blood last night, he is in hospital canaryspoken"


def filled(**said: Any) -> dict[str, Any]:
    at = clock.now().astimezone(people.wang().zone)
    values = {"teller": "family", "told_at": f"{at:%Y-%m-%dT%H:%M}", "words": WORDS, "item": "hematemesis"}
    return {**values, "criteria": ["hospitalisation"], **said}


def tell(person: User, row: Any = None, **said: Any) -> Any:
    return press(person, row or people.wang(), "told", **filled(**said))


@pytest.fixture
def call(everybody: None) -> Task:
    wang = people.wang()
    deadline = clock.now() + timedelta(hours=2)
    return open_task(key="call", kind=TaskKind.CALL_BACK, site=wang.site, participant=wang, deadline=deadline)


def test_a_coordinator_writes_down_what_the_family_says_and_the_investigator_is_paged(everybody: None) -> None:
    assert tell(people.chen()).status_code == 303

    event = AdverseEvent.objects.get()
    assert (event.participant, event.level, event.verbatim) == (people.wang(), "R1", WORDS)
    assert Escalation.objects.get().state == "open"


def test_the_case_shows_the_words_who_told_them_and_who_wrote_them_down(everybody: None) -> None:
    tell(people.chen())

    body = page(people.alice(), change_url(AdverseEvent.objects.get()))

    assert body.count("canaryspoken") == 1
    for said in ("somebody else of the family", "written down by Chen", "Vomiting blood", "hospitalisation"):
        assert said in body
    assert "canaryspoken" in page(people.alice(), change_url(people.wang()))  # between the texts


def test_the_form_speaks_chinese(everybody: None) -> None:
    body = page(people.chen(), change_url(people.wang()))

    for said in ("记录电话告知的内容", "对方的原话", "呕血", "其他家属"):
        assert said in body


def test_a_form_that_lacks_something_keeps_what_was_typed_and_says_what_is_missing(everybody: None) -> None:
    answer = tell(people.alice(), teller="", criteria=[], item="", told_at="")

    body = answer.content.decode()
    assert answer.status_code == 422
    assert "canaryspoken" in body
    assert "Tick what makes it serious" in body
    assert body.count("This field is required.") == 3
    assert not AdverseEvent.objects.exists()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"told_at": "2099-01-01T10:00"}, "The time lies ahead"),
        ({"told_at": "2019-01-01T10:00"}, "The time lies ahead"),
        ({"criteria": ["none", "death"]}, "Either “not serious”"),
        ({"words": "   "}, "This field is required."),
    ],
)
def test_what_cannot_be_is_refused_on_the_same_page(everybody: None, said: dict[str, Any], why: str) -> None:
    answer = tell(people.alice(), **said)

    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not AdverseEvent.objects.exists()


def test_a_double_press_is_one_report(everybody: None) -> None:
    once = filled()
    for _ in range(2):
        assert press(people.chen(), people.wang(), "told", **once).status_code == 303

    assert (AdverseEvent.objects.count(), SpokenReport.objects.count(), Escalation.objects.count()) == (1, 1, 1)


def test_the_time_is_that_of_the_participants_site(everybody: None) -> None:
    Site.objects.filter(code="BJ01").update(timezone="Asia/Urumqi")

    tell(people.chen(), told_at="2026-01-05T09:30")

    assert SpokenReport.objects.get().told_at == datetime(2026, 1, 5, 3, 30, tzinfo=UTC)


def test_an_investigator_says_that_it_is_dealt_with_and_a_coordinator_is_not_asked(everybody: None) -> None:
    assert "told-is_dealt_with" not in page(people.chen(), change_url(people.wang()))
    assert "told-is_dealt_with" in page(people.alice(), change_url(people.wang()))

    tell(people.alice(), is_dealt_with="on")

    assert Escalation.objects.get().state == "contacted"


def test_a_coordinator_who_forges_the_tick_pages_people_all_the_same(everybody: None) -> None:
    tell(people.chen(), is_dealt_with="on")

    assert Escalation.objects.get().state == "open"


@pytest.mark.parametrize(
    ("who", "status"),
    [(people.dora, 404), (_monitor, 403), (people.sam, 403), (people.ada, 403), (people.dan, 403)],
)
def test_nobody_else_has_the_form(everybody: None, who: Any, status: int) -> None:
    assert tell(who()).status_code == status
    assert not AdverseEvent.objects.exists()


def test_a_call_in_which_it_was_told_is_done_with_it(call: Task) -> None:
    assert 'value="told"' in page(people.chen(), change_url(call))

    assert tell(people.chen(), call).status_code == 303

    call.refresh_from_db()
    assert call.done_by == people.chen()
    assert AdverseEvent.objects.get().case_number in call.result


def test_a_task_that_is_no_call_does_not_ask(everybody: None) -> None:
    scenes.text(people.PHONES["wang"], "qwxz")
    due.work()

    assert 'value="told"' not in page(people.chen(), change_url(Task.objects.get(kind="read")))


def test_a_task_about_nobody_in_particular_takes_no_report(everybody: None) -> None:
    site = people.site("BJ01")
    task = open_task(key="who", kind=TaskKind.READ, site=site, deadline=clock.now() + timedelta(hours=2))

    assert tell(people.chen(), task).status_code == 403


def test_what_is_told_on_the_card_of_a_case_joins_it(scene: Scene) -> None:
    assert tell(people.chen(), scene.beijing, told_at=soon()).status_code == 303

    assert SpokenReport.objects.get().event == scene.beijing
    body = page(people.alice(), change_url(scene.beijing))
    assert "canaryspoken" in body
    assert scenes.BEIJING in body


def test_a_case_may_be_named_and_one_of_somebody_else_may_not(scene: Scene) -> None:
    assert tell(people.chen(), told_at=soon(), case=str(scene.shanghai.pk)).status_code == 422
    assert tell(people.chen(), told_at=soon(), case=str(scene.beijing.pk)).status_code == 303

    assert SpokenReport.objects.get().event == scene.beijing


def soon() -> str:
    """The minute of the text, as the clock of the site shows it."""
    return f"{clock.now().astimezone(people.wang().zone):%Y-%m-%dT%H:%M}"


def test_a_search_that_finds_a_death_opens_its_case(everybody: None) -> None:
    press(people.chen(), people.wang(), "search", missed_on=f"{clock.today('Asia/Shanghai')}")
    search = people.wang().searches.get()

    answer = press(
        people.chen(), search, "attempt", way="named", made_at=soon(), learnt="dead", words="his brother: he died"
    )  # fmt: skip

    assert answer.status_code == 303
    report = SpokenReport.objects.get()
    assert (report.event.death, report.teller, report.words) == (True, "family", "his brother: he died")
    assert Escalation.objects.get().chain == "R2"


def test_the_monitor_sees_the_case_by_code_and_none_of_the_words(everybody: None) -> None:
    tell(people.chen())

    body = page(_monitor(), change_url(AdverseEvent.objects.get()))

    assert "canaryspoken" not in body
    assert "Chen" not in body


def test_the_sponsors_listing_has_the_case_with_its_clock_and_masked_words(everybody: None) -> None:
    tell(people.alice(), words="Chen heard that he got the placebo and vomited blood, call 13812345678")
    event = AdverseEvent.objects.get()
    judged: dict[str, Any] = {"term": "haematemesis", "severity_grade": 3, "causality_investigator": "possible"}
    safety.confirm(event=event, person=people.alice(), **judged)

    (line,) = lines(make())

    assert line["case_number"] == event.case_number
    assert line["reported_by"] == "family"
    assert line["text_received"] == line["awareness_investigator"]
    assert (line["serious"], line["hospitalisation"]) == ("Y", "Y")
    for hidden in ("Chen", "placebo", "13812345678"):
        assert hidden not in line["verbatim"]


def test_the_history_of_a_told_case_opens(everybody: None) -> None:
    tell(people.chen())
    event = AdverseEvent.objects.get()

    assert signed_in(people.alice()).get(f"/admin/safety/adverseevent/{event.pk}/history/").status_code == 200
