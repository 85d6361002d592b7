"""The canary crawl: words planted in one site's data, every page of the workplace rendered as each role, every body read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Field
from django.test import RequestFactory

from apps.messaging.models import InboundMessage
from apps.participants.models import Participant
from apps.safety.models import AdverseEvent
from apps.staff.models import User
from apps.staff.services import assign
from apps.staff.vocabulary import Role
from apps.workplace.checks import pages_are_scoped
from apps.workplace.scoped import ScopedModelAdmin
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, every_url, scoped_pages, signed_in

REFUSED = (400, 403, 404)
# Drawn anew for each page: four signs of a site's code or a reference are found in one of them every few runs.
DRAWN = re.compile(r'nonce="[^"]*"|[A-Za-z0-9]{64}')


@pytest.fixture
def scene(db: None) -> Scene:
    return scenes.play()


def _monitor() -> User:
    return people._member("Mona", Role.MONITOR, at="BJ01")


def _crawl(person: User, tokens: list[str]) -> tuple[list[str], int]:
    """(Every leak as `url: token`, how many pages opened)."""
    client = signed_in(person)
    leaks, opened = [], 0
    for url in every_url():
        response = client.get(url)
        body = DRAWN.sub("", response.content.decode())
        opened += response.status_code == 200
        assert response.status_code < 500, url
        # What was asked for stands in the page's own search box and links: that is no answer.
        asked = url.partition("?")[2].lower()
        leaks += [
            f"{url}: {token}" for token in (*tokens, *scenes.OF_THE_ARM) if token in body and token.lower() not in asked
        ]
    return leaks, opened


@pytest.mark.parametrize("make", [people.alice, people.carol, people.chen, _monitor], ids=lambda make: make.__name__)
def test_nobody_of_one_site_sees_anything_of_the_other_on_any_page(scene: Scene, make: Callable[[], User]) -> None:
    leaks, opened = _crawl(make(), scene.tokens_of_shanghai())

    assert leaks == []
    assert opened > 15


def _chen_at_the_duty_desk() -> User:
    """Two assignments: one of the whole trial gives no right that only the one at a site has."""
    chen = people.chen()
    assign(user=chen, role=Role.DUTY_DESK)
    return chen


def test_a_second_role_in_the_whole_trial_opens_nothing_of_another_site(scene: Scene) -> None:
    leaks, opened = _crawl(_chen_at_the_duty_desk(), scene.tokens_of_shanghai())

    assert leaks == []
    assert opened > 15


@pytest.mark.parametrize("make", [people.sam, people.ada, _monitor], ids=lambda make: make.__name__)
def test_sponsor_administrator_and_monitor_see_no_text_and_no_number(scene: Scene, make: Callable[[], User]) -> None:
    leaks, opened = _crawl(make(), scene.tokens_of_texts())

    assert leaks == []
    assert opened > 5


def test_the_duty_desk_sees_unknown_numbers_and_nobody_elses_texts(scene: Scene) -> None:
    leaks, _ = _crawl(people.dan(), [scenes.BEIJING, scenes.SHANGHAI, "BJ01-0", "SH02-0", *people.PHONES.values()])

    assert leaks == []
    assert scenes.UNKNOWN in signed_in(people.dan()).get(change_url(scene.unknown)).content.decode()


def test_the_crawl_finds_what_is_there_to_find(scene: Scene) -> None:
    leaks, _ = _crawl(people.dora(), scene.tokens_of_shanghai())

    found = {leak.rsplit(": ", 1)[1] for leak in leaks}
    assert {scenes.SHANGHAI, "SH02", scene.shanghai.case_number, str(scene.shanghai.pk)} <= found


def test_nobody_who_is_not_signed_in_sees_any_page(scene: Scene, client: Any) -> None:
    opened = [url for url in every_url() if client.get(url).status_code == 200]

    assert opened == []


def test_an_account_without_any_assignment_sees_an_empty_list_and_nothing_else(scene: Scene) -> None:
    from apps.staff.services import create_staff

    nobody = create_staff(username="nora", name="Nora", email="nora@example.org", language="en")

    tokens = [*scene.tokens_of_shanghai(), *scene.tokens_of_texts(), "BJ01", "Alice"]
    leaks, _ = _crawl(nobody, tokens)

    assert leaks == []


def test_a_filter_on_any_field_that_is_not_offered_is_refused(scene: Scene) -> None:
    client = signed_in(people.alice())
    answered = []
    for model, page in scoped_pages().items():
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        if client.get(listed).status_code != 200:
            continue
        for field in [each for each in model._meta.get_fields() if isinstance(each, Field)]:
            for lookup in (f"{field.name}__startswith", f"{field.name}__gt", f"{field.name}", f"{field.name}__isnull"):
                if lookup not in page.lookups and client.get(listed, {lookup: "1"}).status_code not in (400, 302):
                    answered.append(f"{listed}?{lookup}")

    assert answered == []


@pytest.mark.parametrize(
    "lookup",
    [
        "site__name_en__startswith",
        "participant__site__code",
        "line__number__startswith",
        "data_key",
        "phone__startswith",
    ],
)
def test_a_filter_across_relations_is_refused(scene: Scene, lookup: str) -> None:
    client = signed_in(people.alice())

    for path in ("participants/participant", "safety/adverseevent", "escalation/escalation", "followup/checkin"):
        assert client.get(f"/admin/{path}/", {lookup: "S"}).status_code == 400


def test_a_post_to_a_row_of_another_site_is_not_found_whatever_it_asks(scene: Scene) -> None:
    client = signed_in(people.alice())
    pages = scoped_pages()

    for row, acts in ((scene.shanghai, pages[AdverseEvent].acts), (people.li(), pages[Participant].acts)):
        for act in acts:
            assert client.post(change_url(row), {"act": act.name}).status_code == 404


def test_another_sites_rows_are_no_choice_in_any_form(scene: Scene) -> None:
    client = signed_in(people.alice())
    theirs, li = people.site("SH02"), people.li()
    wang = change_url(people.wang())

    phone = li.contact_points.get(kind="participant")
    answers = [
        client.post(wang, {"act": "end_phone", "end_phone-phone": str(phone.pk)}),
        client.post("/admin/participants/participant/add/", {"site": str(theirs.pk), "code": "SH02-077"}),
        client.post("/admin/participants/participant/add/", {"deviation_signer": str(people.erin().pk)}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    phone.refresh_from_db()
    assert phone.ended_at is None
    assert not Participant.objects.filter(code="SH02-077").exists()


def test_the_registry_holds_scoped_pages_only_and_neither_groups_nor_the_admins_own_log() -> None:
    assert pages_are_scoped() == []
    assert Group not in admin.site._registry
    assert not [model for model in admin.site._registry if model._meta.label == "admin.LogEntry"]
    assert not [model for model in admin.site._registry if model._meta.app_label == "blinding"]


def test_the_check_bites_on_a_page_outside_the_wall() -> None:
    admin.site.register(Group)
    try:
        found = pages_are_scoped()
    finally:
        admin.site.unregister(Group)

    assert [problem.id for problem in found] == ["workplace.E001"]


def test_no_page_offers_a_bulk_action_or_deletes(scene: Scene) -> None:
    client = signed_in(people.alice())

    for page in scoped_pages().values():
        assert isinstance(page, ScopedModelAdmin)
        assert page.get_actions(RequestFactory().get("/")) == {}
    assert client.post(f"/admin/safety/adverseevent/{scene.beijing.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AdverseEvent.objects.filter(pk=scene.beijing.pk).exists()


def test_the_admins_own_log_would_keep_an_opaque_id_alone(scene: Scene, rf: Any) -> None:
    page: Any = admin.site._registry[Participant]
    request = rf.get("/admin/")
    request.user = people.alice()

    entry = page.log_change(request, people.wang(), "x")

    assert entry.object_repr == str(people.wang().pk)


def test_a_text_on_a_phone_that_two_sites_share_shows_at_the_site_it_is_about(scene: Scene) -> None:
    from apps.participants.services import add_contact_point
    from apps.participants.vocabulary import ContactKind

    add_contact_point(participant=people.wang(), kind=ContactKind.CAREGIVER, number=people.PHONES["li"])

    body = signed_in(people.alice()).get(change_url(people.wang())).content.decode()

    assert scenes.BEIJING in body
    assert scenes.SHANGHAI not in body
    assert InboundMessage.objects.filter(line=people.li().contact_points.get(kind="participant").line).exists()
