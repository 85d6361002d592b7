"""Shifts that are entered for colleagues: only for whom something proves to wake, or with a written reason; and each is told."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock, phone
from apps.escalation import rota
from apps.escalation import services as escalation
from apps.escalation.models import Incident, Route, Shift
from apps.escalation.planning import NeedsReason, preview_rotation, turns_of
from apps.escalation.vocabulary import Duty, IncidentKind, RotaRule
from apps.messaging import services as messaging
from apps.messaging.models import Line, OutboundMessage
from apps.staff.models import User
from apps.trials.models import Site
from tests.escalation.stage import START, Stage

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def answered(*persons: User) -> None:
    now = clock.now()
    for person in persons:
        Route.objects.create(person=person, channel="sms", delivered_at=now, answered_at=now)


def enter(stage: Stage, person: User, by: User, **given: object) -> Shift:
    now = clock.now()
    values: dict[str, object] = {
        "site": stage.site, "duty": Duty.FIRST, "starts_at": now + HOUR, "ends_at": now + 9 * HOUR,
    } | given  # fmt: skip
    return escalation.enter_shift(person=person, by=by, **values)  # type: ignore[arg-type]


def rotation(stage: Stage, people: list[User], **given: object) -> dict[str, object]:
    return {
        "site": stage.site, "duty": Duty.FIRST, "people": people, "starts_at": clock.now(),
        "until": clock.now() + 4 * DAY, "days": 1,
    } | given  # fmt: skip


# --- who is not tested


@pytest.mark.parametrize("is_override", [True, False])
@pytest.mark.parametrize("reason", ["", "   "])
def test_an_untested_colleague_is_not_put_on_call_without_a_reason_and_what_is_missing_is_named(
    stage: Stage, bob: User, carol: User, is_override: bool, reason: str
) -> None:
    with pytest.raises(NeedsReason) as refused:
        enter(stage, bob, carol, is_override=is_override, reason=reason)
    assert refused.value.lacking == {bob: ["has no tested route that wakes", "has no tested way to acknowledge"]}
    assert not Shift.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_with_a_reason_coverage_stands_before_purity_and_the_incident_names_the_colleague(
    stage: Stage, bob: User, carol: User
) -> None:
    shift = enter(stage, bob, carol, is_override=True, reason=" Alice is ill ")
    assert shift.reason == "Alice is ill"
    incident = Incident.objects.get(kind=IncidentKind.UNTESTED)
    assert (incident.person, incident.site, incident.detail) == (bob, stage.site, Duty.FIRST)


def test_a_tested_colleague_needs_no_reason_and_is_no_incident(stage: Stage, bob: User, carol: User) -> None:
    answered(bob)
    enter(stage, bob, carol, is_override=True)
    assert not Incident.objects.filter(kind=IncidentKind.UNTESTED).exists()


def test_no_reason_helps_where_nothing_could_wake_them(stage: Stage, bob: User, carol: User) -> None:
    number = phone.normalise(bob.phone)
    assert number is not None
    Line.objects.filter(pk=messaging.line_for(number=number).pk).update(carrier_blocked_at=clock.now())
    with pytest.raises(rota.RotaRefused) as refused:
        enter(stage, bob, carol, reason="nobody else")
    assert refused.value.rules == [RotaRule.CANNOT_BE_WOKEN]


# --- in turn


def test_a_rotation_has_no_gap_between_turns_and_ends_when_it_should(stage: Stage, alice: User, bob: User) -> None:
    answered(alice, bob)
    until = clock.now() + 3 * DAY + 12 * HOUR
    shifts = escalation.plan_rotation(**rotation(stage, [alice, bob], until=until), by=alice)  # type: ignore[arg-type]
    assert [shift.person.name for shift in shifts] == ["Alice", "Bob", "Alice", "Bob"]
    assert shifts[-1].ends_at == until
    assert rota.gaps(site=stage.site, duties=[Duty.FIRST], ahead=3 * DAY) == []


def test_a_turn_changes_at_the_same_hour_of_the_wall_clock_through_the_night_of_summer_time(
    stage: Stage, alice: User, bob: User
) -> None:
    Site.objects.filter(code="BJ01").update(timezone="Europe/Berlin")
    begins = datetime(2028, 3, 25, 7, 0, tzinfo=UTC)  # 08:00; the clocks change in the night to the 26th
    turns = turns_of(site=stage.site, people=[alice, bob], starts_at=begins, until=begins + 71 * HOUR, days=1)
    assert [turn.starts_at.hour for turn in turns] == [7, 6, 6]
    assert all(one.ends_at == other.starts_at for one, other in itertools.pairwise(turns))


def test_a_rotation_is_written_whole_or_not_at_all(stage: Stage, alice: User, bob: User, carol: User) -> None:
    answered(alice, bob, carol)
    enter(stage, carol, carol, starts_at=clock.now() + 2 * DAY, ends_at=clock.now() + 3 * DAY)
    with pytest.raises(rota.RotaRefused) as refused:
        escalation.plan_rotation(**rotation(stage, [alice, bob]), by=carol)  # type: ignore[arg-type]
    assert refused.value.rules == [RotaRule.OVERLAP]
    assert [shift.person for shift in Shift.objects.all()] == [carol]


def test_a_rotation_of_untested_people_needs_one_reason_and_makes_one_incident_each(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    answered(alice)
    with pytest.raises(NeedsReason) as refused:
        escalation.plan_rotation(**rotation(stage, [alice, bob, carol]), by=alice)  # type: ignore[arg-type]
    assert {*refused.value.lacking} == {bob, carol}
    escalation.plan_rotation(**rotation(stage, [alice, bob, carol]), by=alice, reason="the site begins")  # type: ignore[arg-type]
    assert {one.person for one in Incident.objects.filter(kind=IncidentKind.UNTESTED)} == {bob, carol}


def test_a_rotation_without_end_is_refused(stage: Stage, alice: User) -> None:
    for until, rule in ((START + 3000 * DAY, RotaRule.TOO_MANY_TURNS), (START, RotaRule.ENDS_BEFORE_START)):
        with pytest.raises(rota.RotaRefused) as refused:
            preview_rotation(**rotation(stage, [alice], until=until))  # type: ignore[arg-type]
        assert refused.value.rules == [rule]


def test_the_preview_shows_conflicts_gaps_and_who_is_untested_and_writes_nothing(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    answered(alice, carol)
    now = clock.now()
    taken = enter(stage, carol, carol, starts_at=now + 2 * DAY, ends_at=now + 3 * DAY)
    rota.add_leave(person=bob, starts_at=now + 1 * DAY + 6 * HOUR, ends_at=now + 1 * DAY + 8 * HOUR)

    seen = preview_rotation(**rotation(stage, [alice, bob]))  # type: ignore[arg-type]

    assert [(each.turn.person, each.refused, each.is_away) for each in seen.turns] == [
        (alice, [], False), (bob, [], True), (alice, [RotaRule.OVERLAP], False), (bob, [], False),
    ]  # fmt: skip
    assert not seen.can_be_written
    assert [(gap.starts_at - now, gap.ends_at - now) for gap in seen.gaps] == [(30 * HOUR, 32 * HOUR)]
    assert [*seen.lacking] == [bob]
    assert [*Shift.objects.all()] == [taken]
