"""Protocol, sites, trail and system: read only, each for those whose business it is."""

import pytest

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.messaging.models import Alarm, InboundMessage
from apps.messaging.vocabulary import AlarmKind
from apps.trials.models import ProtocolVersion
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, page, signed_in

pytestmark = pytest.mark.django_db


def test_the_protocol_page_says_window_hours_visits_and_chains_in_words(everybody: None) -> None:
    body = page(people.bob(), change_url(ProtocolVersion.objects.get()))

    for said in ("2027-04-14 – 2028-04-14", "21:00 – 08:00", "18 – 70", "主要研究者", "值班研究者", "短信", "第1天"):
        assert said in body
    for raw in ("principal_investigator", "sponsor_monitor", "investigator_on_call"):
        assert raw not in body


def test_the_file_itself_names_all_sites_and_is_for_the_whole_trials_people(everybody: None) -> None:
    version = change_url(ProtocolVersion.objects.get())

    assert "[trial]" in page(people.ada(), version)
    assert "[trial]" not in page(people.alice(), version)


def test_a_site_is_named_in_the_readers_language(everybody: None) -> None:
    beijing = people.site("BJ01")

    assert beijing.name_zh in page(people.bob(), "/admin/trials/site/")
    assert beijing.name_en in page(people.alice(), "/admin/trials/site/")
    assert beijing.team_phone in page(people.alice(), change_url(beijing))


def test_the_trail_names_people_and_rows_and_no_values(scene: Scene) -> None:
    page(people.alice(), change_url(scene.beijing))
    listed = page(people.ada(), "/admin/audit/auditevent/")
    assert "Alice" in listed
    assert "time (utc)" in listed.lower()

    entry = AuditEvent.objects.filter(table="messaging_inboundmessage", operation__iexact="insert").latest("sequence")
    card = page(people.ada(), f"/admin/audit/auditevent/{entry.pk}/change/")

    assert str(entry.row_key) in card
    assert "entered" in card
    assert scenes.BEIJING not in listed + card


@pytest.mark.parametrize("name", ["alice", "carol", "sam", "dan"])
def test_the_trail_and_the_system_are_the_administrators(everybody: None, name: str) -> None:
    client = signed_in(getattr(people, name)())

    assert client.get("/admin/audit/auditevent/").status_code == 403
    assert client.get("/admin/system/").status_code == 403


def test_the_system_page_counts_and_shows_what_was_taken_out_of_the_flow(scene: Scene) -> None:
    now = clock.now()
    InboundMessage.objects.filter(pk=scene.unknown.pk).update(quarantined_at=now, last_error="ValueError")
    Alarm.objects.create(kind=AlarmKind.CALLBACK_REFUSED, gateway="phone", code="", times=3, first_at=now, last_at=now)

    body = page(people.ada(), "/admin/system/")

    assert str(scene.unknown.pk) in body
    assert "ValueError" in body
    assert "3×" in body
    assert scenes.UNKNOWN not in body


def test_overdue_work_stands_by_lane_with_its_age(everybody: None) -> None:
    scenes.text(people.PHONES["wang"], "1")

    body = page(people.ada(), "/admin/system/")

    assert "safety" in body
    assert "oldest" in body
