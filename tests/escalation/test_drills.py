"""Drills go the real way, say TEST, and end by themselves; no figure of real escalations counts them."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock, work
from apps.escalation import figures
from apps.escalation import services as escalation
from apps.escalation.models import Drill, Escalation, Watch
from apps.escalation.vocabulary import DrillKind, EscalationState
from apps.escalation.watching import LOOK_EVERY
from apps.staff.models import User
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def of(drill: Drill, person: User) -> Escalation:
    return drill.escalations.filter(pages__person=person).distinct().get()


def test_everybody_on_call_gets_a_page_that_says_test(stage: Stage, alice: User, bob: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.drain()
    assert stage.carrier.texts_to(alice)[0].startswith(f"TEST {of(drill, alice).ref}: this is a drill, 10:00. No case.")
    assert stage.carrier.texts_to(bob)[0].startswith("演练")


def test_a_quick_colleague_spares_nobody_and_the_report_has_each_time(stage: Stage, alice: User, bob: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(2)
    answer = stage.text(alice, stage.code(of(drill, alice), alice))
    stage.minutes(3)
    stage.text(bob, stage.code(of(drill, bob), bob))
    assert answer is not None
    assert answer.wording == "staff_noted"
    lines = {
        line.person.name: (line.seconds, line.via, line.arrived_by) for line in escalation.drill_report(drill=drill)
    }
    assert lines["Alice"] == (120.0, "sms", ["sms"])
    assert lines["Bob"] == (300.0, "sms", ["sms"])
    assert lines["Carol"][0] is None


def test_a_drill_ends_by_itself_and_silence_is_an_incident(stage: Stage, alice: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(29)
    assert of(drill, alice).state == EscalationState.OPEN
    stage.minutes(2)
    ended = of(drill, alice)
    assert (ended.state, ended.due_at) == (EscalationState.DRILL_OVER, None)
    assert any(kind == "drill_failed" for kind, _ in stage.incidents())


def test_a_drill_is_in_no_figure(stage: Stage) -> None:
    escalation.start_drill(site=stage.site)
    stage.minutes(5)
    assert figures.figures(since=clock.now() - timedelta(days=1), until=clock.now()) == []


def test_the_first_drill_of_a_site_is_started_by_a_person(stage: Stage) -> None:
    assert escalation.run_due_drills() == []


def test_the_month_brings_a_drill_and_the_week_a_test_page_in_working_hours(stage: Stage) -> None:
    escalation.start_drill(site=stage.site)
    stage.time.move_to(datetime(2027, 5, 19, 16, 0, tzinfo=UTC))
    assert escalation.run_due_drills() == []
    stage.time.move_to(datetime(2027, 5, 20, 2, 0, tzinfo=UTC))
    assert [drill.kind for drill in escalation.run_due_drills()] == [DrillKind.TEST_PAGE]
    assert escalation.run_due_drills() == []
    stage.time.move_to(datetime(2027, 6, 11, 2, 0, tzinfo=UTC))
    assert [drill.kind for drill in escalation.run_due_drills()] == [DrillKind.DRILL]
    assert escalation.run_due_drills() == []


def test_the_watch_looks_every_quarter_of_an_hour(stage: Stage) -> None:
    escalation.ensure_watch()
    escalation.ensure_watch()
    row = work.claim(Watch)
    assert row is not None
    escalation.watch_due(row)
    row.refresh_from_db()
    assert row.due_at == clock.now() + timedelta(seconds=LOOK_EVERY)
    assert any(kind == "gap_ahead" for kind, _ in stage.incidents())
