"""A device that never confirms is remembered: the chain passes it each time, and people see it until it confirms again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from apps.core import clock
from apps.escalation import readiness
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Incident, Route
from apps.escalation.vocabulary import ChainName, ContactResult, IncidentKind, PageState, Via
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.staff.models import User
from apps.staff.services import set_phone
from tests import people
from tests.escalation.stage import Stage
from tests.workplace.scenes import page, signed_in

pytestmark = pytest.mark.django_db
LACK = "alice has a device that confirms no page any more"


def doctor() -> str:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    return out.getvalue()


def incidents() -> list[Incident]:
    return [*Incident.objects.filter(kind=IncidentKind.NEVER_CONFIRMS).order_by("at")]


@pytest.fixture
def silent(stage: Stage, alice: User) -> Stage:
    """Her phone has been tested by a drill. Since then every text to it is sent, and nobody ever says that it arrived."""
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(1)
    stage.text(alice, stage.code(drill.escalations.get(pages__person=alice, pages__channel="sms"), alice))
    stage.minutes(60)
    index = bytes(alice.phone_index)

    def outcome(message: OutboundMessage) -> SendState:
        return SendState.SENT if bytes(message.line.index) == index else SendState.DELIVERED

    stage.carrier.outcome = outcome
    return stage


def a_case_that_bob_takes(stage: Stage) -> Escalation:
    running = stage.start(ChainName.R1)
    stage.minutes(3)
    bob = people.bob()
    escalation.acknowledge(escalation=running, person=bob, via=Via.ADMIN)
    escalation.record_contact(escalation=running, person=bob, result=ContactResult.REACHED, via=Via.ADMIN)
    stage.minutes(57)
    return running


def test_each_time_the_next_person_is_paged_after_ninety_seconds_and_the_third_silent_text_is_one_incident(
    silent: Stage, alice: User, bob: User
) -> None:
    """Each case sends her two: the page, and that Bob has it."""
    for number in range(1, 5):
        running = a_case_that_bob_takes(silent)
        first, second = (running.pages.get(person=person, channel="sms", kind="page") for person in (alice, bob))
        assert (first.state, first.error) == (PageState.FAILED, "not_delivered")
        assert second.created_at - first.created_at == timedelta(seconds=90)
        assert Route.objects.get(person=alice, channel="sms").unconfirmed == 2 * number
        assert len(incidents()) == (number > 1)
    [incident] = incidents()
    assert (incident.person, incident.site, incident.detail) == (alice, silent.site, "sms")


def test_doctor_names_the_person_though_a_drill_had_reached_the_same_phone(silent: Stage) -> None:
    assert "alice" not in doctor()
    for _ in range(2):
        a_case_that_bob_takes(silent)
    assert f"BJ01: {LACK}: set up the person's channels, then send a test page" in doctor()


def test_a_route_that_was_never_answered_and_confirms_no_more_is_no_tested_route(silent: Stage, alice: User) -> None:
    Route.objects.filter(person=alice).update(answered_at=None)
    assert "alice has no tested route that wakes" not in doctor()
    for _ in range(2):
        a_case_that_bob_takes(silent)
    assert "alice has no tested route that wakes" in doctor()


def test_the_quality_page_shows_whose_device_it_is_in_words(silent: Stage, carol: User, bob: User) -> None:
    for _ in range(2):
        a_case_that_bob_takes(silent)
    body = page(carol, "/admin/duty/")
    row = next(row for row in body.split("<tr>") if "a phone never confirms delivery" in row)
    assert "text message" in row
    assert "Alice" in row
    assert "has a device that confirms no page any more" in body
    assert "有一台设备不再确认收到任何呼叫" in page(bob, "/admin/duty/")


def test_taken_for_mended_and_silent_all_the_same_it_is_an_incident_again(silent: Stage, carol: User) -> None:
    for _ in range(2):
        a_case_that_bob_takes(silent)
    [first] = incidents()
    wish = {"act": "mend", "site": "BJ01", "row": str(first.pk)}
    assert signed_in(carol).post("/admin/duty/", wish).status_code == 303
    assert LACK in doctor()  # a button mends no phone
    a_case_that_bob_takes(silent)
    assert [each.mended_by for each in incidents()] == [carol, None]


def test_another_failure_than_silence_is_not_counted(silent: Stage, carol: User) -> None:
    for _ in range(2):
        a_case_that_bob_takes(silent)
    escalation.mend_incident(incident=incidents()[0], person=carol)
    silent.carrier.outcome = lambda _message: SendState.FAILED
    a_case_that_bob_takes(silent)
    assert len(incidents()) == 1


def test_one_page_that_arrives_makes_it_good_again(silent: Stage, alice: User) -> None:
    for _ in range(2):
        a_case_that_bob_takes(silent)
    silent.carrier.outcome = lambda _message: SendState.DELIVERED
    a_case_that_bob_takes(silent)
    assert "alice" not in doctor()
    assert Route.objects.get(person=alice, channel="sms").unconfirmed == 0
    assert clock.now() > incidents()[0].at


# --- another number


def proved(stage: Stage, person: User) -> None:
    drill = escalation.start_drill(site=stage.site)
    stage.minutes(1)
    stage.text(person, stage.code(drill.escalations.get(pages__person=person, pages__channel="sms"), person))
    stage.minutes(60)


def test_another_number_is_untested_until_it_has_itself_been_reached_and_answered(stage: Stage, alice: User) -> None:
    proved(stage, alice)
    assert readiness.lacks(alice) == []

    set_phone(user=alice, number="+12025550131")
    assert readiness.lacks(alice) == ["has no tested route that wakes", "has no tested way to acknowledge"]
    stage.minutes(1)
    proved(stage, alice)
    assert readiness.lacks(User.objects.get(pk=alice.pk)) == []


def test_the_same_number_entered_again_stays_tested(stage: Stage, alice: User) -> None:
    proved(stage, alice)
    set_phone(user=alice, number="+1 202 555 0111")
    assert readiness.lacks(alice) == []


def test_what_is_told_late_of_the_old_number_proves_nothing_of_the_new(stage: Stage, alice: User) -> None:
    stage.carrier.outcome = lambda _message: SendState.SENT
    running = stage.start(ChainName.R1)
    stage.minutes(0.5)
    set_phone(user=alice, number="+12025550131")
    text = running.pages.get(person=alice, channel="sms").message_id
    assert text is not None
    OutboundMessage.objects.filter(pk=text).update(state=SendState.DELIVERED, delivered_at=clock.now())
    stage.minutes(1)
    assert running.pages.get(person=alice, channel="sms").state == PageState.DELIVERED
    assert Route.objects.get(person=alice, channel="sms").delivered_at is None
    assert "has no tested route that wakes" in readiness.lacks(alice)


def test_a_silent_phone_that_was_replaced_is_named_no_more_and_counts_anew(silent: Stage, alice: User) -> None:
    for _ in range(2):
        a_case_that_bob_takes(silent)
    silent.carrier.outcome = lambda _message: SendState.SENT
    set_phone(user=alice, number="+12025550131")
    assert "has a device that confirms no page any more" not in readiness.lacks(alice)
    silent.minutes(1)
    a_case_that_bob_takes(silent)
    assert Route.objects.get(person=alice, channel="sms").unconfirmed < 3
