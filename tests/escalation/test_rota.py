"""Who is on duty when; what is refused; and the hours ahead in which nobody would be."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import clock
from apps.escalation import chains, feed, readiness, rota
from apps.escalation import services as escalation
from apps.escalation.models import Incident, Shift
from apps.escalation.vocabulary import ChainName, Duty, RotaRule
from apps.staff.models import SiteAssignment, User
from apps.staff.services import close_account, end_assignment, set_phone
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shift(stage: Stage, person: User, begins: float, ends: float, *, duty: Duty = Duty.FIRST, **given: object) -> Shift:
    now = clock.now()
    return rota.add_shift(
        site=stage.site, duty=duty, person=person, starts_at=now + begins * HOUR, ends_at=now + ends * HOUR, by=None, **given,  # type: ignore[arg-type]
    )  # fmt: skip


def first_paged(stage: Stage) -> str:
    running = stage.start()
    stage.drain()
    return stage.paged(running)[0][1]


def test_the_person_of_the_shift_is_paged_first(stage: Stage, bob: User) -> None:
    shift(stage, bob, 0, 8)
    assert first_paged(stage) == "Bob"


def test_second_on_call_is_somebody_else_than_the_first(stage: Stage, bob: User) -> None:
    shift(stage, bob, 0, 8)
    running = stage.start()
    stage.minutes(6)
    assert stage.paged(running) == [(0, "Bob"), (5, "Alice")]


def test_who_takes_the_duty_while_it_is_paged_is_paged_with_the_next_step_in_place_of_who_gives_it(
    stage: Stage, alice: User, bob: User
) -> None:
    shift(stage, alice, 0, 0.05)  # three minutes
    shift(stage, bob, 0.05, 8)
    running = stage.start()
    stage.minutes(9)
    assert stage.paged(running) == [(0, "Alice"), (5, "Bob")]
    assert running.pages.get(person=bob, channel="sms").who == "investigator_on_call"
    stage.minutes(11)
    assert [name for _, name in stage.paged(running)].count("Alice") == 1


def test_the_next_round_begins_with_who_is_on_duty_then(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, alice, 0, 0.7)
    shift(stage, bob, 0.7, 8)
    running = stage.start()
    stage.minutes(76)
    second = [name for minute, name in stage.paged(running) if minute >= 50]
    assert second[0] == "Bob"
    assert second.count("Bob") == 1


def test_a_second_on_call_of_the_rota_is_paged_beside_the_new_first(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    shift(stage, alice, 0, 0.05)
    shift(stage, bob, 0.05, 8)
    shift(stage, carol, 0, 8, duty=Duty.SECOND)
    running = stage.start()
    stage.minutes(6)
    assert sorted(stage.paged(running)) == [(0, "Alice"), (5, "Bob"), (5, "Carol")]


def test_a_new_first_whom_nothing_wakes_takes_nobodys_page(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, alice, 0, 0.05)
    shift(stage, bob, 0.05, 8)
    set_phone(user=bob, number="")
    running = stage.start()
    stage.minutes(6)
    assert stage.paged(running) == [(0, "Alice"), (5, "Alice")]


def test_an_override_stands_before_the_plan(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, alice, 0, 8)
    shift(stage, bob, 0, 2, is_override=True)
    assert first_paged(stage) == "Bob"
    stage.play(3 * HOUR)
    assert first_paged(stage) == "Alice"


def test_who_is_on_leave_is_not_paged_and_the_gap_is_an_incident(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, alice, 0, 8)
    rota.add_leave(person=alice, starts_at=clock.now(), ends_at=clock.now() + 4 * HOUR)
    assert first_paged(stage) == "Bob"
    assert ("rota_gap", "investigator_on_call") in stage.incidents()


def test_who_has_left_the_site_is_not_paged_for_a_shift_that_still_stands(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, bob, 0, 8)
    today = clock.now().date()
    end_assignment(assignment=SiteAssignment.objects.get(user=bob), ends_on=today - DAY)
    assert first_paged(stage) == "Alice"
    assert ("rota_gap", "investigator_on_call") in stage.incidents()


@pytest.mark.parametrize("what", ["account", "assignment"])
def test_a_shift_after_the_last_day_of_its_person_is_a_gap_ahead(stage: Stage, bob: User, what: str) -> None:
    shift(stage, bob, 0, 72)
    last = (clock.now() + DAY).date()
    if what == "account":
        User.objects.filter(pk=bob.pk).update(expires_on=last)
    else:
        end_assignment(assignment=SiteAssignment.objects.get(user=bob), ends_on=last)
    [gap] = rota.gaps(site=stage.site, duties=[Duty.FIRST])
    assert gap.starts_at == datetime(2027, 5, 13, 16, 0, tzinfo=UTC)  # midnight in Shanghai after the 13th
    assert gap.ends_at == clock.now() + 3 * DAY


def test_a_cancelled_shift_is_nobodys(stage: Stage, bob: User) -> None:
    rota.cancel_shift(shift=shift(stage, bob, 0, 8))
    assert first_paged(stage) == "Alice"


def test_a_gap_falls_back_to_the_fixed_order(stage: Stage, bob: User) -> None:
    shift(stage, bob, 4, 8)
    assert first_paged(stage) == "Alice"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"begins": 2, "ends": 1}, RotaRule.ENDS_BEFORE_START),
        ({"begins": -2, "ends": -1}, RotaRule.IN_THE_PAST),
        ({"duty": Duty.DESK}, RotaRule.NO_SITE),
        ({"who": "chen"}, RotaRule.WRONG_ROLE),
        ({"who": "dora"}, RotaRule.WRONG_ROLE),
        ({"who": "no mobile"}, RotaRule.NO_MOBILE),
        ({"who": "overlap"}, RotaRule.OVERLAP),
    ],
)
def test_a_wrong_shift_is_refused_with_the_rule(
    stage: Stage, alice: User, chen: User, dora: User, given: dict[str, object], rule: RotaRule
) -> None:
    person = {"chen": chen, "dora": dora}.get(str(given.get("who")), alice)
    if given.get("who") == "no mobile":
        set_phone(user=alice, number="")
    if given.get("who") == "overlap":
        shift(stage, alice, 0, 1)
    with pytest.raises(rota.RotaRefused) as refused:
        shift(
            stage,
            person,
            float(str(given.get("begins", 0))),
            float(str(given.get("ends", 8))),
            duty=Duty(str(given.get("duty", Duty.FIRST))),
        )
    assert rule in refused.value.rules


def test_a_gap_on_a_public_holiday_says_so(stage: Stage, alice: User) -> None:
    stage.time.move_to(datetime(2027, 9, 30, 0, 0, tzinfo=UTC))
    shift(stage, alice, 0, 20)
    [gap] = rota.gaps(site=stage.site, duties=[Duty.FIRST])
    assert gap.on_holiday


def test_the_watch_reports_a_gap_once(stage: Stage, alice: User) -> None:
    shift(stage, alice, 0, 40)
    rota.watch_rota()
    rota.watch_rota()
    ahead = Incident.objects.filter(kind="gap_ahead", site=stage.site, detail__startswith=Duty.FIRST)
    assert [incident.detail for incident in ahead] == ["investigator_on_call 2027-05-14 02:00"]


def test_a_calendars_address_is_signed_and_ends_with_the_account(alice: User) -> None:
    token = feed.feed_address(alice).rsplit("/", 1)[1].removesuffix(".ics")
    assert feed.person_of(token) == alice
    assert feed.person_of(token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    close_account(user=alice)
    assert feed.person_of(token) is None


# --- which duties the chains ask for


def own_chain(stage: Stage, by: User, *who: str, person: User | None = None) -> None:
    """A chain R3 of the site's own: these roles, one after the other; the last is the person where one is named."""
    content = chains.content_of(ChainName.R3, site=stage.site)
    steps = [
        {"after_minutes": number, "who": word, "channels": ["console"], "task": None} for number, word in enumerate(who)
    ]
    if person is not None:
        steps[-1] |= {"person": str(person.pk)}
    widen = {"widen_to": ["principal_investigator"]}
    chains.set_chain(
        site=stage.site, chain=ChainName.R3, content=content | widen | {"steps": steps}, by=by, reason="ours"
    )


def only_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a site's chains R3 alone, so that what it names is seen."""
    every = chains.in_force
    monkeypatch.setattr(
        rota,
        "in_force",
        lambda *, site: {name: plan for name, plan in every(site=site).items() if site is None or name == ChainName.R3},
    )


def test_a_duty_that_a_sites_own_chain_names_is_asked_for_and_one_that_none_names_is_not(
    stage: Stage, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_chain(monkeypatch)
    own_chain(stage, carol, "second_on_call")
    assert rota.needed_duties(stage.site) == {Duty.SECOND}
    own_chain(stage, carol, "lead_coordinator", "coordinator")
    assert rota.needed_duties(stage.site) == {Duty.COORDINATOR}


def test_a_step_that_names_a_person_asks_the_rota_for_nobody(
    stage: Stage, carol: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_chain(monkeypatch)
    own_chain(stage, carol, "lead_coordinator", "second_on_call", person=bob)
    assert rota.needed_duties(stage.site) == {Duty.COORDINATOR}


def test_whoever_is_paged_from_the_second_round_on_is_asked_for_too(stage: Stage, carol: User) -> None:
    assert {Duty.FIRST, Duty.SECOND, Duty.COORDINATOR} == rota.needed_duties(stage.site)
    content = chains.content_of(ChainName.R1, site=stage.site)
    steps = [step for step in content["steps"] if step["who"] != "lead_coordinator"]
    for name in (ChainName.R1, ChainName.R2, ChainName.R3):
        mine = {"steps": steps, "widen_to": ["lead_coordinator"] if name == ChainName.R2 else ["coordinator"]}
        chains.set_chain(site=stage.site, chain=name, content=content | mine, by=carol, reason="ours")
    assert Duty.COORDINATOR in rota.needed_duties(stage.site)


def test_a_duty_of_the_whole_trial_is_needed_where_any_sites_chain_names_it(
    stage: Stage, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_chain(monkeypatch)
    content = chains.content_of(ChainName.UNMATCHED, site=None)
    mine = {"steps": [content["steps"][0]], "widen_to": ["duty_desk"]}
    chains.set_chain(site=None, chain=ChainName.UNMATCHED, content=content | mine, by=carol, reason="desk alone")
    assert rota.needed_duties(None) == {Duty.DESK}
    own_chain(stage, carol, "duty_doctor")
    assert rota.needed_duties(None) == {Duty.DESK, Duty.DOCTOR}
    assert rota.needed_duties(stage.site) == set()


# --- ready to go live


def said() -> list[str]:
    """The reasons without their mends."""
    return [reason.rsplit(": ", 1)[0] for reason in readiness.readiness()]


def test_nobody_is_ready_before_a_drill(stage: Stage) -> None:
    reasons = said()
    assert "BJ01: alice has no tested route that wakes" in reasons
    assert "BJ01: alice has no tested way to acknowledge" in reasons
    assert "BJ01: no drill yet" in reasons


def test_an_answered_drill_makes_a_person_ready(stage: Stage, alice: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(1)
    running = drill.escalations.get(pages__person=alice, pages__channel="sms")
    stage.text(alice, stage.code(running, alice))
    reasons = said()
    assert not [reason for reason in reasons if "alice" in reason]
    assert "BJ01: bob has no tested way to acknowledge" in reasons
    assert "BJ01: no drill yet" not in reasons


def test_doctor_knows_the_last_drill_and_what_it_proved_is_not_proved_for_ever(stage: Stage, alice: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(1)
    stage.text(alice, stage.code(drill.escalations.get(pages__person=alice, pages__channel="sms"), alice))
    stage.play(34 * DAY)  # a month, and some days until it has failed to come
    assert not [reason for reason in said() if "BJ01: the last drill" in reason or "alice" in reason]
    stage.play(2 * DAY)
    assert {"BJ01: the last drill was on 2027-05-12", "BJ01: alice has no tested way to acknowledge"} <= {*said()}


def test_a_person_without_a_mobile_is_a_reason(stage: Stage, alice: User) -> None:
    set_phone(user=alice, number="")
    reasons = said()
    assert "BJ01: alice cannot be woken by any channel that is set up" in reasons
    assert any(reason.startswith("BJ01: chain R1 step 1") for reason in reasons)


def test_the_quality_page_tells_the_load_of_each_person(stage: Stage, alice: User, bob: User) -> None:
    shift(stage, bob, 0, 10)
    stage.start(ChainName.R2)
    stage.drain()
    loads = {load.person.name: (load.hours_ahead, load.pages) for load in readiness.quality(site=stage.site).loads}
    assert loads["Bob"] == (10.0, 1)
    assert loads["Alice"] == (0.0, 0)
