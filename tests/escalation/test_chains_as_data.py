"""A site's own chain: what is refused and why, and that a named person can stand in it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.escalation import chains, readiness
from apps.escalation import services as escalation
from apps.escalation.models import Incident
from apps.escalation.vocabulary import ChainName, ChainRule
from apps.staff.models import User
from apps.staff.services import assign, close_account, end_assignment, set_phone, today
from apps.staff.vocabulary import Role
from apps.trials.models import Site
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db
Content = dict[str, Any]


def _no_steps(content: Content) -> None:
    content["steps"] = []


def _late_first(content: Content) -> None:
    for step in content["steps"]:
        step["after_minutes"] += 1


def _out_of_order(content: Content) -> None:
    content["steps"][3]["after_minutes"] = 1


def _twice(content: Content) -> None:
    content["steps"][1] = dict(content["steps"][0])


def _no_channel(content: Content) -> None:
    content["steps"][2]["channels"] = []


def _strange_channel(content: Content) -> None:
    content["steps"][2]["channels"] = ["pigeon"]


def _strange_role(content: Content) -> None:
    content["steps"][2]["who"] = "somebody"


def _strange_person(content: Content) -> None:
    content["steps"][2]["person"] = "00000000-0000-0000-0000-000000000000"


def _wakes_nobody(content: Content) -> None:
    content["steps"][0]["channels"] = ["email"]


def _never_wider(content: Content) -> None:
    content["widen_to"] = []


def _no_length(content: Content) -> None:
    content["acknowledgement_expires_minutes"] = 0


def _no_sponsor(content: Content) -> None:
    content["sponsor_in_chain"] = False


def _no_shape(content: Content) -> None:
    del content["repeat_minutes"]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (_no_steps, ChainRule.NO_STEPS),
        (_late_first, ChainRule.FIRST_NOT_AT_ONCE),
        (_out_of_order, ChainRule.OUT_OF_ORDER),
        (_twice, ChainRule.SAME_TWICE),
        (_no_channel, ChainRule.NO_CHANNEL),
        (_strange_channel, ChainRule.UNKNOWN_CHANNEL),
        (_strange_role, ChainRule.UNKNOWN_ROLE),
        (_strange_person, ChainRule.UNKNOWN_PERSON),
        (_wakes_nobody, ChainRule.WAKES_NOBODY),
        (_never_wider, ChainRule.NO_WIDENING),
        (_no_length, ChainRule.BAD_LENGTH),
        (_no_sponsor, ChainRule.SPONSOR_NOT_ALLOWED),
        (_no_shape, ChainRule.MALFORMED),
    ],
)
def test_a_wrong_chain_is_refused_with_the_rule(
    stage: Stage, carol: User, spoil: Callable[[Content], None], rule: ChainRule
) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    spoil(content)
    with pytest.raises(chains.ChainRefused) as refused:
        escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="a mistake")
    assert rule in {problem.rule for problem in refused.value.problems}


def test_a_change_needs_a_reason(stage: Stage, carol: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    with pytest.raises(chains.ChainRefused):
        escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason=" ")


def test_a_named_person_without_a_mobile_is_refused(stage: Stage, bob: User, carol: User) -> None:
    set_phone(user=bob, number="")
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][2]["person"] = str(bob.pk)
    with pytest.raises(chains.ChainRefused) as refused:
        escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="Bob lives near")
    assert [problem.rule for problem in refused.value.problems] == [ChainRule.CANNOT_BE_WOKEN]


def test_a_named_person_is_paged_whoever_is_on_call(stage: Stage, carol: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][0]["person"] = str(carol.pk)
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="first week")
    running = stage.start()
    stage.drain()
    assert stage.paged(running) == [(0, "Carol")]


def _left(person: User) -> None:
    end_assignment(assignment=person.assignments.get(), ends_on=today() - timedelta(days=1))


def _went_to_another_site(person: User) -> None:
    _left(person)
    assign(user=person, role=Role.INVESTIGATOR, site=Site.objects.get(code="SH02"))


def _only_watches_now(person: User) -> None:
    _left(person)
    assign(user=person, role=Role.MONITOR, site=Site.objects.get(code="BJ01"))


@pytest.mark.parametrize(
    "goes", [_left, _went_to_another_site, _only_watches_now, lambda person: close_account(user=person)]
)
def test_a_named_person_who_may_see_nothing_here_any_more_is_not_paged_the_next_are_at_once_and_people_are_told(
    stage: Stage, bob: User, carol: User, goes: Callable[[User], None]
) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][0] |= {"person": str(bob.pk)}
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="Bob lives near")
    goes(bob)
    readiness.watch_people()
    assert ("named_gone", "R1") in stage.incidents()
    assert [
        problem.step
        for problem in chains.problems_now(ChainName.R1, chains.in_force(site=stage.site)[ChainName.R1], stage.site)
        if problem.rule == ChainRule.NAMED_GONE
    ] == [1]
    assert any("step 1: The person named here has left" in reason for reason in readiness.readiness())
    running = stage.start()
    stage.minutes(20)
    assert "Bob" not in [name for _, name in stage.paged(running)]
    assert stage.paged(running)[0] == (0, "Carol")
    assert Incident.objects.filter(kind="named_gone").count() == 1


def test_a_named_person_is_paged_until_the_last_day_of_their_role(stage: Stage, bob: User, carol: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][0] |= {"person": str(bob.pk)}
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="Bob lives near")
    end_assignment(assignment=bob.assignments.get(), ends_on=today())
    running = stage.start()
    stage.drain()
    assert stage.paged(running) == [(0, "Bob")]


def test_who_may_see_nothing_here_is_not_taken_into_a_chain_by_name(stage: Stage, carol: User, dora: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][2] |= {"person": str(dora.pk)}
    with pytest.raises(chains.ChainRefused) as refused:
        escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="she is near")
    assert [problem.rule for problem in refused.value.problems] == [ChainRule.NAMED_GONE]


def test_another_sites_chain_stays_the_protocols(stage: Stage, carol: User, dora: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][0]["person"] = str(carol.pk)
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="first week")
    assert dora.assignments.get().site is not None
    running = stage.start(site=dora.assignments.get().site)
    stage.drain()
    assert stage.paged(running) == [(0, "Dora")]


def test_a_version_is_never_changed(stage: Stage, carol: User) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    own = escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="as before")
    with pytest.raises(TypeError):
        own.save()


def test_by_rule_a_second_person_must_take_it_which_never_holds_up_the_first(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["second_acknowledgement"] = True
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="two people for R1")
    running = stage.start()
    stage.minutes(1)
    first = stage.text(alice, stage.code(running, alice))
    assert first is not None
    assert first.wording == "staff_contact_menu"
    stage.minutes(6)
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob"]
    second = stage.text(bob, stage.code(running, bob))
    assert second is not None
    assert second.wording == "staff_noted"
    running.refresh_from_db()
    assert (running.acknowledged_by, running.second_wanted) == (alice, False)
    stage.minutes(8)
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob"]


# --- two people at once for an emergency


def wakes_one(site: Site) -> bool:
    """Whether the page Paging says that an emergency wakes one person."""
    plan = chains.in_force(site=site)[ChainName.R1]
    return ChainRule.WAKES_ONE in {problem.rule for problem in chains.problems_now(ChainName.R1, plan, site)}


def also_at_once(stage: Stage, by: User, who: str, *channels: str) -> None:
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"].insert(1, {"after_minutes": 0, "who": who, "channels": [*channels], "task": None})
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=by, reason="two at once")


def test_the_protocols_r1_wakes_one_person_at_minute_0_and_the_page_says_so(stage: Stage, alice: User) -> None:
    """Its second is the coordinator by console and e-mail. R2, which is called back within the hour, is not asked for two."""
    assert wakes_one(stage.site)
    assert readiness.quality(site=stage.site).woken_at_once == [alice]
    r2 = chains.in_force(site=stage.site)[ChainName.R2]
    assert not [one for one in chains.problems_now(ChainName.R2, r2, stage.site) if one.rule == ChainRule.WAKES_ONE]


def test_what_the_protocol_itself_wants_keeps_nobody_from_going_live(stage: Stage) -> None:
    assert not [reason for reason in readiness.readiness() if "fewer than two" in reason]


def test_a_site_whose_own_r1_wakes_a_second_person_at_minute_0_is_not_named(
    stage: Stage, alice: User, bob: User, carol: User
) -> None:
    also_at_once(stage, carol, "second_on_call", "sms", "email")
    assert not wakes_one(stage.site)
    assert readiness.quality(site=stage.site).woken_at_once == [alice, bob]


def test_a_second_person_by_mail_alone_or_without_a_mobile_is_none(stage: Stage, bob: User, carol: User) -> None:
    also_at_once(stage, carol, "principal_investigator", "email", "console")
    assert wakes_one(stage.site)
    also_at_once(stage, carol, "second_on_call", "sms")
    assert not wakes_one(stage.site)
    set_phone(user=bob, number="")
    assert wakes_one(stage.site)
