"""Whoever phones hears the emergency number first, is put through to a person on call, and is never forgotten."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client, override_settings

from apps.conversations.models import PhoneCall, Task
from apps.conversations.services import close_task
from apps.conversations.vocabulary import CallState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import EscalationState
from apps.messaging import twilio_voice
from apps.operations import engine
from tests import people
from tests.escalation.calls import SETTINGS, twilio_posts
from tests.fakes.twilio_callbacks import new_sid
from tests.fakes.twilio_exchange import ACCOUNT_SID
from tests.times import NIGHT, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(NIGHT)


@pytest.fixture(autouse=True)
def _twilio() -> Iterator[None]:
    with override_settings(TWILIO=SETTINGS):
        twilio_voice.forget()
        yield
        twilio_voice.forget()


def phones(client: Client, who: str) -> tuple[PhoneCall, str]:
    sid = new_sid("CA")
    said = twilio_posts(client, "/voice/call/", CallSid=sid, From=people.PHONES.get(who, who))
    return PhoneCall.objects.get(provider_id=sid), said


def nobody_answers(client: Client, call: PhoneCall) -> str:
    said = ""
    for place in range(len(call.people)):
        said = twilio_posts(client, f"/voice/call/{call.pk}/{place}/next/", DialCallStatus="no-answer")
    return said


def test_a_participant_hears_the_emergency_number_in_their_language_before_it_rings(client: Client) -> None:
    call, said = phones(client, "wang")
    assert "立即拨打120" in said
    assert "In an emergency" not in said
    assert said.index("120") < said.index("<Dial")
    assert people.PHONES["alice"] in said
    assert 'callerId="+15005550006"' in said  # the caller's own number is shown to nobody's phone
    assert (call.participant, call.site) == (people.wang(), people.site("BJ01"))


def test_a_stranger_hears_it_in_both_languages_and_is_put_through_to_the_duty_desk(client: Client) -> None:
    call, said = phones(client, "nobody we know")
    assert "立即拨打" in said
    assert "In an emergency hang up and call" in said
    assert people.PHONES["dan"] in said
    assert (call.participant, call.site) == (None, None)


def test_a_hidden_number_is_answered_too(client: Client) -> None:
    call, said = phones(client, "anonymous")
    assert (call.line, "<Dial" in said) == (None, True)


def test_who_presses_the_key_is_joined_and_it_is_on_record(client: Client) -> None:
    call, _ = phones(client, "wang")
    assert "Press 1 to speak with the caller" in twilio_posts(client, f"/voice/call/{call.pk}/0/offer/")
    joined = twilio_posts(client, f"/voice/call/{call.pk}/0/accept/", Digits="1")
    call.refresh_from_db()
    assert "<Response />" in joined or "<Response/>" in joined
    assert (call.state, call.answered_by, call.due_at) == (CallState.ANSWERED, people.alice(), None)
    assert "<Hangup" in twilio_posts(client, f"/voice/call/{call.pk}/0/next/", DialCallStatus="completed")
    assert not Task.objects.exists()


def test_a_voicemail_presses_no_key_so_the_next_person_rings(client: Client) -> None:
    call, _ = phones(client, "wang")
    assert "<Hangup" in twilio_posts(client, f"/voice/call/{call.pk}/0/accept/", Digits="")
    said = twilio_posts(client, f"/voice/call/{call.pk}/0/next/", DialCallStatus="completed")
    assert people.PHONES["bob"] in said


def test_a_call_that_nobody_answers_is_a_task_and_pages_the_on_call_at_any_hour(client: Client) -> None:
    call, _ = phones(client, "wang")
    said = nobody_answers(client, call)
    task = Task.objects.get()
    assert "立即拨打120" in said
    assert (task.kind, task.participant, task.call, task.deadline - clock.now()) == (
        TaskKind.MISSED_CALL,
        people.wang(),
        call,
        timedelta(minutes=15),
    )
    assert task.escalation is not None
    assert (task.escalation.chain, task.escalation.site, task.escalation.opened_at) == ("R2", call.site, clock.now())
    assert task.escalation.pages.exists()


@pytest.mark.parametrize("ending", ["caller hangs up", "nobody reports"])
def test_a_call_that_ends_in_the_middle_is_missed(client: Client, time: VirtualClock, ending: str) -> None:
    call, _ = phones(client, "wang")
    if ending == "caller hangs up":
        twilio_posts(client, "/voice/call/ended/", CallSid=call.provider_id, CallStatus="completed")
    else:
        time.advance(timedelta(seconds=301))
        while engine.run_one(lane=Lane.SAFETY):
            continue
    call.refresh_from_db()
    assert call.state == CallState.MISSED
    assert Task.objects.get().kind == TaskKind.MISSED_CALL


def test_a_call_posted_twice_is_one_call_and_one_task(client: Client) -> None:
    call, _ = phones(client, "wang")
    twilio_posts(client, "/voice/call/", CallSid=call.provider_id, From=people.PHONES["wang"])
    nobody_answers(client, call)
    nobody_answers(client, call)
    assert (PhoneCall.objects.count(), Task.objects.count(), Escalation.objects.count()) == (1, 1, 1)


def test_calling_back_and_closing_the_task_ends_its_paging(client: Client) -> None:
    call, _ = phones(client, "wang")
    nobody_answers(client, call)
    close_task(task=Task.objects.get(), person=people.alice(), result="called back, well")
    assert Escalation.objects.get().state == EscalationState.CONTACTED


def test_a_call_without_the_providers_signature_rings_nobody(client: Client) -> None:
    form = {"AccountSid": ACCOUNT_SID, "CallSid": new_sid("CA"), "From": people.PHONES["wang"]}
    assert client.post("/voice/call/", form).status_code == 403
    assert not PhoneCall.objects.exists()
