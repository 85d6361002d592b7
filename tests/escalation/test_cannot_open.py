"""Who answers a page and cannot open the case has answered by name, holds nothing, and everybody who can is looked for at once."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.escalation import services as escalation
from apps.escalation.figures import figures
from apps.escalation.models import Acknowledgement, Escalation
from apps.escalation.timeline import timeline
from apps.escalation.vocabulary import ChainName, ContactResult, EscalationState, Via
from apps.staff.models import SiteAssignment, User
from apps.staff.services import assign, end_assignment, set_phone
from apps.staff.vocabulary import Role
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def asleep_until_the_duty_doctor(stage: Stage, minutes: float = 15.5) -> Escalation:
    """Nobody of the site answers; Dan, who is paged in minute 15 of R1, is awake."""
    running = stage.start()
    stage.minutes(minutes)
    assert "Dan" in {name for _minute, name in stage.paged(running)}
    return running


def paged_since(stage: Stage, running: Escalation, minute: float) -> list[tuple[int, str]]:
    return [(when, name) for when, name in stage.paged(running) if when >= minute]


def test_the_duty_doctors_code_counts_as_an_answer_by_name_and_nobody_has_the_case(stage: Stage, dan: User) -> None:
    running = asleep_until_the_duty_doctor(stage)

    answer = stage.text(dan, stage.code(running, dan))

    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    assert answer is not None
    assert answer.wording == "staff_cannot_open"
    assert answer.values["phone"] == stage.site.team_phone
    kept = Acknowledgement.objects.get(escalation=running)
    assert (kept.person, kept.is_late, kept.cannot_open) == (dan, False, True)
    assert ("answered, cannot open it: somebody who can is still wanted", dan) in [
        (moment.what, moment.person) for moment in timeline(running)
    ]


def test_the_whole_chain_of_the_site_is_paged_again_five_minutes_after_its_last_page_and_the_duty_doctor_is_not(
    stage: Stage, dan: User
) -> None:
    """Without the answer only the sponsor would be paged in the next half hour, and the principal investigator in minute 45."""
    running = asleep_until_the_duty_doctor(stage)
    stage.text(dan, stage.code(running, dan))

    stage.minutes(15)

    again = paged_since(stage, running, 16)
    assert {(20, "Alice"), (20, "Bob"), (20, "Carol"), (20, "Chen")} <= {*again}
    assert "Dan" not in {name for _minute, name in again}


def test_who_of_the_site_answers_then_has_it_and_the_duty_doctor_is_told(stage: Stage, dan: User, bob: User) -> None:
    running = asleep_until_the_duty_doctor(stage)
    stage.text(dan, stage.code(running, dan))

    answer = stage.text(bob, stage.code(running, bob))

    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, bob)
    assert answer is not None
    assert answer.wording == "staff_contact_menu"
    assert stage.carrier.texts_to(dan)[-1].startswith(f"{running.ref} is already taken by Bob")
    before = len(stage.paged(running))
    stage.minutes(10)
    assert len(stage.paged(running)) == before


def test_answering_again_and_again_pages_the_site_once_more_and_not_each_time(stage: Stage, dan: User) -> None:
    running = asleep_until_the_duty_doctor(stage)
    for _time in range(3):
        stage.text(dan, stage.code(running, dan))
        stage.minutes(1)
    stage.minutes(6)
    assert [minute for minute, name in paged_since(stage, running, 16) if name == "Alice"] == [20]


def test_in_the_next_round_the_duty_doctor_is_paged_again(stage: Stage, dan: User) -> None:
    """They are the last who wake: an answer an hour ago, and still nobody of the site."""
    running = asleep_until_the_duty_doctor(stage)
    stage.text(dan, stage.code(running, dan))
    stage.minutes(90)
    assert "Dan" in {name for _minute, name in paged_since(stage, running, 60)}


@pytest.mark.parametrize("result", ["1", "2", "3", "4"])
def test_no_result_texted_by_who_cannot_open_it_ends_or_delays_anything(stage: Stage, dan: User, result: str) -> None:
    running = asleep_until_the_duty_doctor(stage)
    answer = stage.text(dan, f"{stage.code(running, dan)} {result}")
    running.refresh_from_db()
    assert answer is not None
    assert (answer.wording, running.state) == ("staff_cannot_open", EscalationState.OPEN)
    assert not running.contacts.exists()


def test_what_a_colleague_of_the_site_has_is_not_closed_by_the_duty_doctors_code(
    stage: Stage, dan: User, alice: User
) -> None:
    running = asleep_until_the_duty_doctor(stage)
    stage.text(alice, stage.code(running, alice))
    answer = stage.text(dan, f"{stage.code(running, dan)} 1")
    running.refresh_from_db()
    assert answer is not None
    assert (answer.wording, running.state) == ("staff_taken", EscalationState.ACKNOWLEDGED)
    with pytest.raises(escalation.NotYours):
        escalation.record_contact(escalation=running, person=dan, result=ContactResult.REACHED, via=Via.ADMIN)


def test_by_voice_the_text_after_the_call_says_whom_to_phone(stage: Stage, dan: User) -> None:
    running = asleep_until_the_duty_doctor(stage)
    escalation.acknowledge(escalation=running, person=dan, via=Via.VOICE)
    stage.drain()
    assert stage.carrier.texts_to(dan)[-1] == (
        f"{running.ref}: your answer is noted, 10:15. Only its site can open it: phone the site, {stage.site.team_phone}, until "
        "somebody there takes it. Its people are paged again."
    )
    assert "told that somebody who can open it must take it" in [moment.what for moment in timeline(running)]


def test_the_sponsors_monitor_is_told_neither_the_site_nor_its_number(stage: Stage, sam: User) -> None:
    set_phone(user=sam, number="+12025550119")
    running = asleep_until_the_duty_doctor(stage, 31)
    answer = stage.text(sam, stage.code(running, sam))
    running.refresh_from_db()
    assert answer is not None
    assert (answer.wording, running.state) == ("staff_others_open", EscalationState.OPEN)
    assert "phone" not in answer.values


def test_who_left_the_site_after_the_page_takes_it_no_more(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.drain()
    end_assignment(assignment=SiteAssignment.objects.get(user=alice), ends_on=clock.now().date() - timedelta(days=1))
    assign(user=alice, role=Role.INVESTIGATOR, site=people.site("SH02"), starts_on=clock.now().date())
    stage.text(alice, stage.code(running, alice))
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    stage.minutes(6)
    assert {(5, "Bob"), (5, "Carol")} <= {*stage.paged(running)}  # Bob is first on call now, and has not been asked yet


def test_what_belongs_to_no_site_is_the_duty_desks_to_take(stage: Stage, dan: User) -> None:
    running = stage.start(ChainName.UNMATCHED)
    stage.drain()
    stage.text(dan, stage.code(running, dan))
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, dan)


def test_a_drill_is_answered_by_whoever_was_paged(stage: Stage, dan: User) -> None:
    drill = escalation.start_drill(site=stage.site, people=[dan])
    stage.drain()
    running = drill.escalations.get()
    stage.text(dan, stage.code(running, dan))
    running.refresh_from_db()
    assert running.state == EscalationState.CONTACTED


def test_the_figures_measure_until_somebody_who_can_open_it_has_it(stage: Stage, dan: User, bob: User) -> None:
    running = asleep_until_the_duty_doctor(stage)
    stage.text(dan, stage.code(running, dan))
    stage.minutes(4)
    stage.text(bob, stage.code(running, bob))
    [row] = figures(since=running.opened_at, until=clock.now(), site=stage.site)
    assert row.to_acknowledgement.longest is not None
    assert row.to_acknowledgement.longest >= 19 * 60
