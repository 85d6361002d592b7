"""The page of a search, and closing a site: what each role may press, what a refusal says."""

from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.followup import services as followup
from apps.followup.models import Search
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from apps.staff.vocabulary import Role
from tests import due, people
from tests.times import beginning_at
from tests.workplace.scenes import change_url, page, press, signed_in, text

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
LISTED = "/admin/followup/search/"
time = beginning_at(datetime(2027, 5, 12, 12, 0, tzinfo=SHANGHAI))


def wang() -> Participant:
    return people.wang()


def begun(person: User) -> Search:
    assert press(person, wang(), "search", missed_on="2027-05-05").status_code == 303
    return Search.objects.get()


def call(person: User, row: Search, **said: str) -> int:
    values = {
        "way": "participant",
        "made_at": f"{clock.now().astimezone(SHANGHAI):%Y-%m-%dT%H:%M}",
        "learnt": "nothing",
        "words": "rang out",
    }
    return int(press(person, row, "attempt", **(values | said)).status_code)


def test_a_coordinator_begins_a_search_and_finds_it_from_the_card_the_list_and_the_tasks(chen: User) -> None:
    row = begun(chen)

    assert change_url(row) in page(chen, change_url(wang()))
    assert change_url(row) in page(chen, LISTED)
    assert "2027-05-13" in page(chen, change_url(row)), "the days of the next step"
    assert press(chen, wang(), "search", missed_on="2027-05-05").status_code == 303, "pressed twice it is one"
    assert Search.objects.count() == 1


def test_an_attempt_stands_on_the_page_with_its_words_and_a_masked_number(chen: User) -> None:
    row = begun(chen)
    point = wang().contact_points.get(kind="participant")

    assert call(chen, row, phone=str(point.pk), words="the line is dead") == 303

    body = unescape(page(chen, change_url(row)))
    assert "the line is dead" in body
    assert point.line.masked in body
    assert people.PHONES["wang"] not in body


def test_an_attempt_without_words_is_refused_on_the_same_page(chen: User) -> None:
    assert call(chen, begun(chen), words="") == 422


def test_loss_is_offered_to_the_principal_investigator_alone_and_not_too_early(
    chen: User, carol: User, time: VirtualClock
) -> None:
    row = begun(chen)
    for day in (12, 13, 14):
        time.move_to(datetime(2027, 5, day, 15, 0, tzinfo=SHANGHAI))
        assert call(chen, row) == 303
    assert 'value="lost"' not in page(carol, change_url(row))
    assert press(carol, row, "lost", password=people.PASSWORD).status_code == 422
    time.move_to(datetime(2027, 6, 4, 11, 0, tzinfo=SHANGHAI))

    assert 'value="lost"' not in page(chen, change_url(row))
    assert press(chen, row, "lost", password=people.PASSWORD).status_code == 403
    assert press(carol, row, "lost", password="no").status_code == 422
    assert press(carol, row, "lost", password=people.PASSWORD).status_code == 303
    assert wang().follow_up == FollowUp.LOST


@pytest.mark.parametrize("make", [people.dora, people.sam, people.ada, people.dan])
def test_nobody_else_opens_a_search(chen: User, make: object) -> None:
    row = begun(chen)
    person = make()  # type: ignore[operator]

    assert signed_in(person).get(change_url(row)).status_code in (403, 404)


def test_the_pages_speak_chinese(bob: User) -> None:
    row = followup.begin_search(participant=wang(), missed_on=clock.today("Asia/Shanghai"))

    assert "首次失联" in page(bob, change_url(row))


# --- closing a site


@pytest.fixture
def after(time: VirtualClock) -> None:
    time.move_to(datetime(2028, 5, 20, 11, 0, tzinfo=SHANGHAI))
    for row in wang().site.tasks.all():
        row.delete()


def test_a_site_s_card_says_what_still_stands_against_closing_it(carol: User) -> None:
    site = people.site("BJ01")

    assert "too early" in page(carol, change_url(site))
    answer = press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD)
    assert answer.status_code == 422
    assert "too early" in answer.content.decode()


@pytest.mark.usefixtures("after")
def test_a_site_is_not_closed_while_somebody_is_searched_for(carol: User, bob: User) -> None:
    site = people.site("BJ01")
    row = followup.begin_search(participant=wang(), missed_on=clock.today("Asia/Shanghai"))

    answer = press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD)

    assert answer.status_code == 422
    assert "Participants are still searched for: 1" in answer.content.decode()
    assert "仍有受试者正在寻找中：1" in page(bob, change_url(site))
    Search.objects.filter(pk=row.pk).update(state="found", ended_at=clock.now())
    assert press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD).status_code == 303


@pytest.mark.usefixtures("after")
def test_the_investigator_signs_then_the_sponsor_and_the_card_says_so(carol: User, sam: User) -> None:
    site = people.site("BJ01")
    assert 'value="countersign"' not in page(sam, change_url(site))
    assert press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD).status_code == 303
    assert "the sponsor has not signed yet" in page(carol, change_url(site))

    assert press(carol, site, "countersign", password=people.PASSWORD).status_code == 403
    assert press(sam, site, "countersign", password=people.PASSWORD).status_code == 303

    body = page(carol, change_url(site))
    assert "2028-11-16" in body
    assert 'value="take_back"' not in body


@pytest.mark.usefixtures("after")
@pytest.mark.parametrize("make", [people.alice, people.chen, people.ada, people.sam])
def test_nobody_else_closes_a_site(make: object) -> None:
    person = make()  # type: ignore[operator]

    answer = press(person, people.site("BJ01"), "close", closes_on="2028-05-20", password=people.PASSWORD)

    assert answer.status_code == 403


def mona() -> User:
    return people._member("Mona", Role.MONITOR, at="BJ01")


OPEN = "Adverse events are not judged yet"
OTHERS = [people.sam, people.ada, mona]


def draft() -> None:
    """The participant writes of an event that nobody has judged."""
    text(people.PHONES["wang"], "今天早上吐血了")
    due.work()


@pytest.mark.usefixtures("after")
def test_a_site_reads_how_many_of_its_events_are_open(carol: User) -> None:
    draft()

    assert f"{OPEN}: 1" in page(carol, change_url(people.site("BJ01")))


@pytest.mark.usefixtures("after")
@pytest.mark.parametrize("make", OTHERS)
def test_before_the_site_has_signed_nobody_else_reads_that_something_is_open_or_that_nothing_is(make: object) -> None:
    person, url = make(), change_url(people.site("BJ01"))  # type: ignore[operator]
    before = closure_box(page(person, url))

    draft()

    assert closure_box(page(person, url)) == before
    assert "Not yet" not in before
    assert "Nothing is open" not in before


@pytest.mark.usefixtures("after")
@pytest.mark.parametrize("make", OTHERS)
def test_after_it_they_read_what_is_open_and_no_number(make: object, carol: User) -> None:
    site = people.site("BJ01")
    assert press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD).status_code == 303
    draft()

    shown = closure_box(page(make(), change_url(site)))  # type: ignore[operator]

    assert OPEN in shown
    assert f"{OPEN}:" not in shown


@pytest.mark.usefixtures("after")
def test_the_sponsor_s_refused_signature_says_no_number_either(carol: User, sam: User) -> None:
    site = people.site("BJ01")
    press(carol, site, "close", closes_on="2028-05-20", password=people.PASSWORD)
    draft()

    answer = press(sam, site, "countersign", password=people.PASSWORD)

    assert answer.status_code == 422
    assert OPEN in answer.content.decode()
    assert f"{OPEN}:" not in answer.content.decode()


def closure_box(body: str) -> str:
    """What the card says about the closure."""
    return body.split("<h2>Closure</h2>")[1].split("<form")[0]
