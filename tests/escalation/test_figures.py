"""How fast people were, by site and level, counted from the text that was received."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.escalation import figures
from apps.escalation import services as escalation
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ChainName, ContactResult, Via
from apps.staff.models import User
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def played(stage: Stage, *, taken: int, reached: int, chain: ChainName = ChainName.R1, person: User) -> Escalation:
    """Taken and reached so many minutes after the text, which was two minutes old when it was read."""
    received = clock.now()
    stage.minutes(2)
    site = person.assignments.get().site
    running = escalation.start(chain=chain, site=site, received_at=received)
    stage.minutes(taken - 2)
    escalation.acknowledge(escalation=running, person=person, via=Via.ADMIN)
    stage.minutes(reached - taken)
    escalation.record_contact(escalation=running, person=person, result=ContactResult.REACHED, via=Via.ADMIN)
    return running


def test_from_the_text_to_the_page_to_the_acknowledgement_to_the_contact(stage: Stage, alice: User, dora: User) -> None:
    began = clock.now()
    # In minutes; the last one opens again after half an hour, and is taken by nobody else.
    times = ((4, 10), (6, 20), (8, 60))
    for taken, reached in times:
        played(stage, taken=taken, reached=reached, person=alice)
    played(stage, taken=30, reached=31, chain=ChainName.R2, person=alice)
    played(stage, taken=3, reached=5, person=dora)
    stage.start()
    escalation.start_drill(site=stage.site)
    stage.minutes(1)
    rows = figures.figures(since=began, until=clock.now())
    found = {(row.site.code if row.site else "", row.chain): row for row in rows}
    assert [*found] == [("BJ01", "R1"), ("BJ01", "R2"), ("SH02", "R1")]
    row = found["BJ01", "R1"]
    assert (row.escalations, row.still_running, row.reopened) == (4, 1, 1)
    taken_after = row.to_acknowledgement
    assert (taken_after.count, taken_after.median, taken_after.longest) == (3, 360, 480)
    assert (row.to_contact.count, row.to_contact.median, row.to_contact.longest) == (3, 1200, 3600)
    assert row.to_page.count == 4
    assert row.to_page.longest is not None
    assert 120 <= row.to_page.longest < 130
    assert found["SH02", "R1"].to_contact.median == 300
    assert [each.site for each in figures.figures(since=began, until=clock.now(), site=stage.site)] == [stage.site] * 2


def test_only_what_was_opened_in_the_time_is_counted(stage: Stage, alice: User) -> None:
    began = clock.now()
    played(stage, taken=3, reached=5, person=alice)
    ended = clock.now()
    stage.minutes(10)
    assert figures.figures(since=ended, until=clock.now()) == []
    assert len(figures.figures(since=began, until=ended)) == 1


def test_where_nobody_has_answered_yet_there_is_no_time(stage: Stage) -> None:
    stage.start(ChainName.UNMATCHED)
    stage.drain()
    [row] = figures.figures(since=clock.now() - timedelta(days=1), until=clock.now() + timedelta(days=1))
    assert (row.site, row.to_contact) == (None, figures.Spread(0, None, None, None))
