"""What users of other paging systems complained about, each as a test named after the thread (complaints 2 to 10)."""

from datetime import timedelta

import pytest

from apps.audit.models import AuditEvent
from apps.core import clock, work
from apps.escalation import chains, readiness
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Incident, Page, Watch
from apps.escalation.timeline import timeline
from apps.escalation.vocabulary import ChainName, ChainRule, EscalationState, IncidentKind, PageState, Via
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.staff.models import User
from apps.staff.services import close_account, set_phone
from apps.trials.services import load_trial
from tests import people
from tests.escalation.stage import Stage

pytestmark = pytest.mark.django_db


def test_oncall_1206_a_worker_that_dies_in_the_wait_loses_no_step(stage: Stage) -> None:
    """Complaint 2: a paused escalation never resumed. The next step is a row: whoever claims it takes it."""
    running = stage.start()
    stage.minutes(4)
    stage.time.advance(timedelta(minutes=1))
    dead = work.claim(Escalation)  # claimed by a worker that is killed now
    assert dead is not None
    Escalation.objects.filter(pk=running.pk).update(lease_until=clock.machine() - timedelta(seconds=1))
    stage.drain()
    assert stage.paged(running) == [(0, "Alice"), (5, "Bob")]
    with pytest.raises(work.StaleLease), work.finishing(dead):
        pass


def test_oncall_4974_goalert_2775_acknowledge_by_a_short_code_and_hear_who_has_it(
    stage: Stage, alice: User, carol: User
) -> None:
    """Complaint 3."""
    running = stage.start()
    stage.minutes(42)
    stage.text(alice, stage.code(running, alice))
    answer = stage.text(carol, stage.code(running, carol))
    assert answer is not None
    assert (answer.wording, answer.values["time"]) == ("staff_taken", "10:42")
    assert answer.values["name_role"] == "Alice, Sub-investigator"


def look_ahead() -> None:
    """The watch's own row comes due every quarter of an hour."""
    escalation.ensure_watch()
    Watch.objects.update(due_at=clock.now())
    row = work.claim(Watch)
    assert row is not None
    escalation.watch_due(row)


def test_oncall_1326_oneuptime_1809_a_next_level_without_a_contact_blocks_the_go_live(
    stage: Stage, bob: User, carol: User
) -> None:
    """Complaint 4: the chain's linter names the step. The watch looks again day and night, so nobody learns of it by an escalation."""
    look_ahead()
    assert not Incident.objects.filter(kind=IncidentKind.NO_ROUTE).exists()
    set_phone(user=bob, number="")
    assert (
        "R1 step 3 (second_on_call): Somebody of this step cannot be woken by any channel that is set up."
        in chains.problems_in_force(site=stage.site)
    )
    assert any("bob cannot be woken" in reason for reason in readiness.readiness())
    for _ in range(2):
        look_ahead()
    incident = Incident.objects.get(kind=IncidentKind.NO_ROUTE)
    assert (incident.person, incident.site) == (bob, stage.site)
    escalation.mend_incident(incident=incident, person=carol)
    look_ahead()
    assert Incident.objects.filter(kind=IncidentKind.NO_ROUTE, mended_at__isnull=True).count() == 1


def test_goalert_4548_oncall_4846_an_empty_step_waits_for_nobody(stage: Stage, alice: User, bob: User) -> None:
    """Complaint 5."""
    close_account(user=alice)
    close_account(user=bob)
    running = stage.start()
    stage.minutes(5)
    assert stage.paged(running)[:2] == [(0, "Carol"), (5, "Carol")]
    assert ("rota_gap", "second_on_call") in stage.incidents()


def test_oncall_4062_3870_goalert_1919_taken_and_forgotten_opens_again(stage: Stage, alice: User) -> None:
    """Complaint 6: an acknowledgement ends by the chain's minutes, 30 for R1 and 60 for R2."""
    for chain, minutes in ((ChainName.R1, 30), (ChainName.R2, 60)):
        running = stage.start(chain)
        stage.drain()
        stage.text(alice, stage.code(running, alice))
        stage.minutes(minutes - 1)
        running.refresh_from_db()
        assert running.state == EscalationState.ACKNOWLEDGED
        stage.minutes(1)
        running.refresh_from_db()
        assert running.state == EscalationState.OPEN
        assert running.due_at is not None
        escalation.record_contact(escalation=running, person=alice, result="1", via=Via.ADMIN)  # type: ignore[arg-type]


def test_oncall_4654_934_no_text_after_the_acknowledgement_and_no_unreachable_step(
    stage: Stage, alice: User, carol: User
) -> None:
    """Complaint 7."""
    stage.carrier.outcome = lambda _message: None  # the provider is down: texts wait
    running = stage.start()
    stage.minutes(8)
    waiting = OutboundMessage.objects.filter(state=SendState.PLANNED).count()
    escalation.acknowledge(escalation=running, person=carol, via=Via.ADMIN)
    stage.carrier.outcome = lambda _message: SendState.DELIVERED
    stage.minutes(10)
    assert waiting > 1
    assert {message.wording for _, message in stage.carrier.sent} == {"staff_contact_menu"}
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][-1]["after_minutes"] = content["repeat_minutes"]
    assert ChainRule.NEVER_REACHED in {problem.rule for problem in chains.problems(content, site=stage.site)}


def test_oncall_1503_one_failing_channel_blocks_no_other(
    stage: Stage, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Complaint 8: one row per recipient and channel, and one that breaks the program is set aside alone."""

    def breaks(_channel: object, _page: Page) -> object:
        raise RuntimeError("a channel with a bug")

    monkeypatch.setattr("apps.escalation.channels.email.EmailChannel.hand_over", breaks)
    running = stage.start()
    stage.minutes(15)
    assert Page.objects.get(escalation=running, person=alice, channel="sms").state == PageState.DELIVERED
    assert Page.objects.get(escalation=running, person=alice, channel="email", step=1).state == PageState.FAILED
    assert ("could_not_page", "email") in stage.incidents()
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob", "Carol", "Chen", "Dan"]


def test_oncall_3698_sent_is_not_done(stage: Stage) -> None:
    """Complaint 9."""
    stage.carrier.outcome = lambda _message: SendState.SENT
    running = stage.start()
    stage.minutes(2)
    assert [name for _, name in stage.paged(running)] == ["Alice", "Bob"]
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_oncall_3138_goalert_2617_which_chain_ran_and_who_changed_it(stage: Stage, carol: User) -> None:
    """Complaint 10: the escalation keeps its copy; a later protocol and a site's own chain touch new ones only, and the trail has who."""
    first = stage.start()
    kept = first.snapshot
    text = people.PROTOCOL.read_text(encoding="utf-8")
    load_trial(
        text=text.replace('after_minutes = 5\nwho = "second', 'after_minutes = 7\nwho = "second'),
        source_name="amended.toml",
    )
    second = stage.start()
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][2]["after_minutes"] = 2
    escalation.set_chain(site=stage.site, chain=ChainName.R1, content=content, by=carol, reason="nearer second on call")
    third = stage.start()
    stage.minutes(9)
    seconds = {
        running: next(minute for minute, name in stage.paged(running) if name == "Bob")
        for running in (first, second, third)
    }
    assert [seconds[running] for running in (first, second, third)] == [5, 7, 2]
    assert [running.version for running in (first, second, third)] == ["protocol v1", "protocol v2", "site chain R1 v1"]
    first.refresh_from_db()
    assert first.snapshot == kept
    [change] = AuditEvent.objects.filter(table="escalation_sitechain")
    assert (change.operation, change.actor) == ("insert", "test")
    assert any("protocol v1" in moment.what for moment in timeline(first))
