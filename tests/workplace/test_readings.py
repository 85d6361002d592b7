"""Who saw what: every page that shows somebody's words or health leaves the reader's name, once in a quarter of an hour."""

from datetime import timedelta

import pytest

from apps.audit.models import AuditEvent, Reading
from apps.conversations.models import Task
from apps.core import clock
from apps.staff.models import User
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, page, press


def read_by(person: User) -> set[str]:
    return {row.row_key for row in Reading.objects.filter(actor=f"user:{person.pk}")}


def test_a_page_with_somebodys_words_leaves_the_readers_name(scene: Scene) -> None:
    events, participants = [scene.beijing], [people.wang()]
    tasks = [Task.objects.filter(site__code="BJ01").first()]
    for row in (*events, *participants, *(task for task in tasks if task), scene.beijing.escalation):
        assert row is not None
        page(people.chen(), change_url(row))
        assert str(row.pk) in read_by(people.chen()), row
    assert read_by(people.bob()) == set()


def test_lists_that_show_words_leave_it_too(scene: Scene) -> None:
    assert scenes.BEIJING in page(people.alice(), "/admin/now/")
    assert read_by(people.alice()) == {str(scene.beijing.pk)}

    assert scenes.UNKNOWN in page(people.dan(), "/admin/messaging/inboundmessage/")
    assert read_by(people.dan()) == {str(scene.unknown.pk)}


def test_a_refused_page_was_shown_to_nobody(scene: Scene) -> None:
    press(people.dora(), scene.beijing, "take")
    page(people.sam(), "/admin/")

    assert not Reading.objects.exists()


def test_it_is_one_row_a_quarter_of_an_hour_and_stands_in_the_trail(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.machine().replace(minute=1)
    monkeypatch.setattr(clock, "machine", lambda: now)
    for _ in range(3):
        page(people.alice(), change_url(scene.beijing))
    assert Reading.objects.count() == 1

    monkeypatch.setattr(clock, "machine", lambda: now + timedelta(minutes=14))
    page(people.alice(), change_url(scene.beijing))

    assert Reading.objects.count() == 2
    trail = AuditEvent.objects.filter(table="audit_reading")
    assert [entry.actor for entry in trail] == [f"user:{people.alice().pk}"] * 2


def test_the_history_of_a_row_names_its_readers(scene: Scene) -> None:
    page(people.carol(), change_url(scene.beijing))

    history = page(people.alice(), change_url(scene.beijing).replace("/change/", "/history/"))

    shown = history.partition("Who was shown this, and when")[2]
    assert "Carol" in shown
