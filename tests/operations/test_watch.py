"""What must hold while the trial runs, and that each promise's breach is seen."""

import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.core import clock
from apps.core.work import Lane
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ChainName, EscalationState, PageState
from apps.messaging.models import Reconciliation
from apps.messaging.services.alarms import sound
from apps.messaging.vocabulary import ROW_UNREADABLE, AlarmKind
from apps.operations import engine, watch
from apps.operations.demo import load_cohort
from tests import people
from tests.operations import rows

pytestmark = pytest.mark.django_db


def codes() -> list[str]:
    return [problem.code for problem in watch.problems() if problem.code != "disk"]


def ago(**length: float) -> dict[str, Any]:
    return {"due_at": clock.now() - timedelta(**length)}


def test_an_installation_without_trouble_has_no_problem() -> None:
    rows.inbound()
    rows.escalation()
    assert codes() == []


def test_a_cohort_that_was_entered_late_is_no_trouble_and_its_plans_bring_none() -> None:
    load_cohort()
    assert codes() == []
    while engine.run_one(lane=Lane.BULK):
        pass
    assert "overdue_messages" not in codes()


def test_a_safety_row_that_waits_longer_than_a_minute_is_seen() -> None:
    rows.inbound(**ago(seconds=59))
    assert codes() == []
    rows.inbound("two", **ago(seconds=61))
    assert codes() == ["overdue_safety"]


def test_a_row_that_is_leased_and_overdue_is_seen_too_because_a_worker_can_be_alive_and_useless() -> None:
    rows.inbound(**ago(minutes=2), lease_until=clock.machine() + timedelta(seconds=20))
    assert codes() == ["overdue_safety"]


@pytest.mark.parametrize(("lane", "code"), [(Lane.MESSAGES, "overdue_messages"), (Lane.BULK, "overdue_bulk")])
def test_other_lanes_have_longer_limits(lane: Lane, code: str) -> None:
    rows.inbound(**ago(seconds=200), lane=lane)
    assert codes() == []
    rows.inbound("two", **ago(hours=1), lane=lane)
    assert codes() == [code]


def _without_next_step() -> None:
    rows.escalation(due_at=None)


def _quarantined() -> None:
    rows.escalation(quarantined_at=clock.now())


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [(_without_next_step, ["silent_escalation"]), (_quarantined, ["silent_escalation", "quarantined_escalation"])],
)
def test_a_running_escalation_without_a_step_ahead_is_seen(arrange: Callable[[], None], expected: list[str]) -> None:
    arrange()
    assert codes() == expected


def test_an_acknowledged_escalation_still_needs_a_step_until_a_contact_is_recorded() -> None:
    taken = rows.escalation(due_at=None, state=EscalationState.ACKNOWLEDGED, acknowledged_by=people.alice())
    assert codes() == ["silent_escalation"]
    Escalation.objects.filter(pk=taken.pk).update(state=EscalationState.CONTACTED)
    assert codes() == []


def test_an_urgent_draft_that_pages_nobody_is_seen() -> None:
    found = rows.event()
    assert codes() == ["event_without_pages"]
    found.escalation = rows.escalation()
    found.save()
    assert codes() == []


def test_an_urgent_draft_whose_chain_had_ended_before_its_text_came_is_seen_until_it_is_read() -> None:
    ended = rows.escalation(state=EscalationState.CONTACTED, contacted_at=clock.now(), due_at=None)
    found = rows.event(escalation=ended, received_at=clock.now() + timedelta(seconds=1))
    assert codes() == ["event_without_pages"]
    found.first_read_at = clock.now()
    found.save()
    assert codes() == []


def test_a_chain_none_of_whose_pages_arrives_is_seen_from_its_second_round_on_or_after_half_an_hour() -> None:
    running = rows.escalation()
    rows.page(running, state=PageState.FAILED)
    assert codes() == []
    Escalation.objects.update(round=2)
    assert codes() == ["unheard_escalation"]
    Escalation.objects.update(round=1, round_started_at=clock.now() - timedelta(minutes=31))
    assert codes() == ["unheard_escalation"]


@pytest.mark.parametrize("state", [PageState.DELIVERED, PageState.ANSWERED])
def test_a_chain_of_whose_pages_one_that_wakes_has_arrived_is_heard(state: PageState) -> None:
    running = rows.escalation(round=2)
    rows.page(running, state=state, wakes=False, channel="email")
    assert codes() == ["unheard_escalation"]
    rows.page(running, state=state)
    assert codes() == []


@pytest.mark.parametrize("columns", [{"chain": ChainName.R3}, {"state": EscalationState.CONTACTED}])
def test_a_chain_that_wakes_nobody_or_is_over_need_not_be_heard(columns: dict[str, Any]) -> None:
    rows.escalation(round=2, **columns)
    assert codes() == []


def test_a_draft_of_a_routine_symptom_needs_no_pages() -> None:
    rows.event(level="R3")
    assert codes() == []


def test_a_waiting_text_without_a_due_row_is_seen() -> None:
    rows.inbound(due_at=None)
    assert codes() == ["text_without_work"]


def test_an_unknown_outcome_is_seen_after_a_minute() -> None:
    attempt = rows.unknown_attempt(seconds_ago=30)
    assert codes() == []
    attempt.started_at -= timedelta(seconds=60)
    attempt.save()
    assert codes() == ["unknown_outcome"]


def test_a_quarantined_text_is_seen() -> None:
    rows.inbound(quarantined_at=clock.now())
    assert codes() == ["quarantined_inboundmessage"]


def test_a_missing_audit_trigger_is_seen() -> None:
    table = "" if connection.vendor == "sqlite" else ' ON "audit_auditevent"'
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "trialcare_audit_guard_audit_auditevent_delete"{table}')
    assert codes() == ["triggers"]


def test_a_message_log_that_was_not_read_for_a_quarter_of_an_hour_is_seen() -> None:
    Reconciliation.objects.create(gateway="phone", completed_at=clock.machine() - timedelta(minutes=14))
    assert codes() == []
    Reconciliation.objects.update(completed_at=clock.machine() - timedelta(minutes=16))
    assert codes() == ["reconcile_phone"]


def test_a_message_log_that_was_never_read_whole_is_seen_once_it_was_tried() -> None:
    Reconciliation.objects.create(gateway="phone", due_at=clock.now())
    assert codes() == []
    Reconciliation.objects.update(fence=1)
    assert codes() == ["reconcile_phone"]


def test_rows_of_a_message_log_that_could_not_be_read_are_seen_for_a_day() -> None:
    for about in ("SM1", "SM2"):
        sound(kind=AlarmKind.LOG_INCOMPLETE, gateway="twilio", code=ROW_UNREADABLE, about=about, once=True)
    [problem] = [each for each in watch.problems() if each.code != "disk"]
    assert (problem.code, "2 rows" in problem.says) == ("log_rows_twilio", True)
    with clock.using(clock.ShiftedClock(timedelta(days=1, minutes=1))):
        assert "log_rows_twilio" not in codes()


def test_the_log_of_a_gateway_that_is_switched_off_is_nobodys_trouble() -> None:
    Reconciliation.objects.create(gateway="twilio", completed_at=clock.machine() - timedelta(days=9))
    assert codes() == []


def test_a_full_disk_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1000, 901, 99))
    assert [problem.code for problem in watch.problems()] == ["disk"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1000, 890, 110))
    assert watch.problems() == []


def test_what_is_found_names_no_person_number_or_text() -> None:
    rows.inbound(**ago(minutes=2), quarantined_at=clock.now())
    rows.event()
    said = " ".join(str(problem) for problem in watch.problems())
    assert "BJ01" not in said
    assert "吐血" not in said
