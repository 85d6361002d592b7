"""Whose awareness a page sets: the investigator's by a case, the sponsor's by whatever tells the monitor of it."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.followup.models import CheckIn
from apps.messaging.models import NumberShown
from apps.participants.models import ArmTold, Participant
from apps.participants.vocabulary import FollowUp
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.staff.vocabulary import Role
from tests import due, people
from tests.workplace import scenes
from tests.workplace.scenes import JUDGED, Scene, change_url, fresh, page, press, signed_in


def monitor() -> User:
    return people._member("Mona", Role.MONITOR, at="BJ01")


def test_a_monitor_reads_the_coded_case_and_does_nothing(scene: Scene) -> None:
    body = page(monitor(), change_url(scene.beijing))

    assert scene.beijing.case_number in body
    assert scenes.BEIJING not in body
    assert 'name="act"' not in body
    for act in ("take", "call", "contact", "confirm", "assess", "dismiss", "correct"):
        assert press(monitor(), scene.beijing, act).status_code == 403
    assert not NumberShown.objects.exists()


def test_what_the_sponsors_monitor_reads_sets_the_sponsors_awareness(scene: Scene) -> None:
    page(people.alice(), change_url(scene.beijing))
    assert fresh(scene.beijing).sponsor_aware_at is None

    page(monitor(), change_url(scene.beijing))

    assert fresh(scene.beijing).sponsor_aware_at is not None


def test_an_investigator_who_opens_a_case_is_aware_of_it_and_a_coordinator_is_no_investigator(scene: Scene) -> None:
    page(people.chen(), change_url(scene.beijing))
    assert fresh(scene.beijing).investigator_aware_at is None

    page(people.alice(), change_url(scene.beijing))
    aware = fresh(scene.beijing).investigator_aware_at
    assert aware is not None

    press(people.alice(), scene.beijing, "take")
    assert fresh(scene.beijing).investigator_aware_at == aware


@pytest.mark.parametrize("view", ["", "change/", "history/"])
def test_whatever_page_names_the_case_to_the_monitor_sets_it_and_no_other_does(scene: Scene, view: str) -> None:
    listed = "/admin/safety/adverseevent/"
    asked = "/admin/autocomplete/?term=&app_label=conversations&model_name=task&field_name=event"
    assert signed_in(monitor()).get(asked).status_code == 403
    assert fresh(scene.beijing).sponsor_aware_at is None

    body = page(monitor(), f"{listed}{scene.beijing.pk}/{view}" if view else listed)

    assert scene.beijing.case_number in body
    assert fresh(scene.beijing).sponsor_aware_at is not None


@pytest.fixture
def dead(scene: Scene) -> AdverseEvent:
    """Wang's daughter tells of his death long after the first event; it is a case of its own, and the check-ins end by it."""
    now = clock.now()
    AdverseEvent.objects.filter(pk=scene.beijing.pk).update(received_at=now - timedelta(days=9), state="confirmed")
    scenes.text(people.PHONES["wang's daughter"], "my father died this morning")
    due.work()
    wang = people.wang()
    assert wang.follow_up == FollowUp.FROZEN
    CheckIn.objects.filter(participant=wang).delete()
    CheckIn.objects.create(
        participant=wang, occurrence=now.date(), planned_at=now, state="skipped", skipped_because="frozen"
    )
    return AdverseEvent.objects.exclude(pk=scene.beijing.pk).get(participant=wang)


def _checkin_card() -> str:
    return change_url(CheckIn.objects.get(participant=people.wang()))


@pytest.mark.parametrize(
    "url",
    [
        "/admin/participants/participant/",
        "/admin/participants/participant/?follow_up__exact=frozen",
        "/admin/followup/checkin/?at=BJ01",
        "",
    ],
    ids=["participants", "filtered", "check-ins", "check-in"],
)
def test_a_page_that_tells_the_monitor_of_a_death_sets_it_for_that_case_alone(
    scene: Scene, dead: AdverseEvent, url: str
) -> None:
    url = url or _checkin_card()
    page(people.chen(), url)
    page(monitor(), "/admin/participants/participant/?q=BJ01-002")
    assert fresh(dead).sponsor_aware_at is None

    assert "BJ01-001" in page(monitor(), url)

    assert fresh(dead).sponsor_aware_at is not None
    assert fresh(scene.beijing).sponsor_aware_at is None
    assert fresh(dead).first_shown_at is None, "no page of the site's has named the case"


def test_while_no_case_tells_of_the_death_every_open_one_counts(scene: Scene) -> None:
    Participant.objects.filter(pk=people.wang().pk).update(follow_up=FollowUp.DEAD)

    page(monitor(), "/admin/participants/participant/")

    assert fresh(scene.beijing).sponsor_aware_at is not None
    assert fresh(scene.shanghai).sponsor_aware_at is None


def test_no_list_counts_the_dead_whom_it_does_not_show(scene: Scene, dead: AdverseEvent) -> None:
    body = page(monitor(), "/admin/participants/participant/?q=BJ01&_facets=True")

    assert "(1)" not in body.split("<main")[-1]


@pytest.mark.parametrize("is_card", [False, True], ids=["list", "card"])
def test_an_incident_in_the_words_of_a_case_sets_it_too(scene: Scene, is_card: bool) -> None:
    press(people.alice(), scene.beijing, "assess", **JUDGED | {"term": "Bleeding in pt on placebo"})
    incident = ArmTold.objects.get(field="term")
    assert fresh(scene.beijing).sponsor_aware_at is None

    assert "adverse event" in page(monitor(), change_url(incident) if is_card else "/admin/participants/armtold/")

    assert fresh(scene.beijing).sponsor_aware_at is not None
    assert fresh(scene.shanghai).sponsor_aware_at is None


def test_the_monitor_reads_the_term_as_the_sponsors_files_have_it(scene: Scene) -> None:
    press(people.alice(), scene.beijing, "confirm", **JUDGED | {"term": "Bleeding, ask Alice or +61 491 570 006"})

    assert "Bleeding, ask [name] or [number]" in page(monitor(), change_url(scene.beijing))
    assert "Bleeding, ask Alice or +61 491 570 006" in page(people.chen(), change_url(scene.beijing))
