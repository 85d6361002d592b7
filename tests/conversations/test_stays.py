"""A stay in hospital told of by text pauses the check-ins; coming home starts them again, more often for two weeks."""

from datetime import timedelta

import pytest

from apps.conversations import services as conversations
from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.escalation.vocabulary import ContactResult, Via
from apps.followup.models import CheckIn, CheckInState
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants import pauses
from apps.participants import services as participants
from apps.participants.contacts import add_contact_point
from apps.participants.models import ContactPoint, Pause
from apps.participants.vocabulary import ContactKind, FollowUp, PauseEnded, Standing
from apps.safety.models import AdverseEvent
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import MORNING, beginning_at

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
time = beginning_at(MORNING)


def later(time: VirtualClock, by: timedelta) -> None:
    time.advance(by)
    work()


def reached() -> None:
    """Whoever was paged has spoken with them: nothing runs any more."""
    Escalation.objects.update(state="contacted", due_at=None)


def tasks(*kinds: TaskKind) -> list[str]:
    return list(Task.objects.filter(kind__in=kinds).values_list("kind", flat=True))


def test_a_stay_pauses_the_checkins_for_two_weeks_and_the_coordinator_owns_it() -> None:
    text("jones", "I was admitted to hospital last night")
    pause = Pause.objects.get()
    assert sent_to("jones") == ["admitted_reply"]
    assert (pause.code, pause.participant, pause.began_by) == ("in_hospital", people.jones(), None)
    assert pause.expires_at - pause.began_at == timedelta(days=14)
    facts = pauses.facts("in_hospital")
    assert facts is not None
    assert facts.owner == "coordinator"


def test_no_checkin_leaves_meanwhile_and_the_one_that_waits_is_not_reminded_of(time: VirtualClock) -> None:
    text("jones", "I was admitted to hospital last night")
    reached()
    soon = MORNING + timedelta(hours=4)
    CheckIn.objects.update_or_create(
        participant=people.jones(),
        occurrence=MORNING.date(),
        defaults={"rule": "P6", "planned_at": soon, "due_at": soon, "state": CheckInState.PLANNED},
    )
    later(time, timedelta(hours=5))
    assert CheckIn.objects.get(participant=people.jones(), occurrence=MORNING.date()).skipped_because == "paused"
    later(time, timedelta(days=13))
    assert not {"checkin", "checkin_remind1"} & set(sent_to("jones"))


def test_who_was_told_to_hurry_is_not_paused() -> None:
    text("jones", "She is unconscious and was taken to hospital by ambulance, vomiting blood")
    assert not Pause.objects.exists()


def test_after_a_week_the_caregiver_who_agreed_is_asked_how_they_are(time: VirtualClock) -> None:
    text("wang", "昨天住院了")
    reached()
    later(time, 7 * DAY)
    assert sent_to("wang's daughter") == ["caregiver_checkin"]
    text("wang's daughter", "2")
    assert sent_to("wang's daughter") == ["caregiver_checkin", "sym_which"]


def test_a_caregiver_who_says_nothing_becomes_a_call_the_next_day(time: VirtualClock) -> None:
    text("wang", "昨天住院了")
    reached()
    later(time, 7 * DAY)
    later(time, timedelta(hours=23))
    assert not tasks(TaskKind.PAUSE_CALL)
    later(time, timedelta(hours=2))
    assert tasks(TaskKind.PAUSE_CALL) == [TaskKind.PAUSE_CALL]


def test_a_text_that_did_not_reach_the_caregiver_becomes_a_call_the_same_day(time: VirtualClock) -> None:
    text("wang", "昨天住院了")
    reached()
    later(time, 7 * DAY)
    OutboundMessage.objects.filter(wording="caregiver_checkin").update(state=SendState.UNDELIVERED)
    later(time, timedelta(minutes=31))
    assert Task.objects.filter(key__startswith="silence:", kind=TaskKind.UNDELIVERED).exists()


@pytest.mark.parametrize("why", ["not agreed", "on two people's phone", "stopped"])
def test_without_a_caregiver_to_ask_a_person_calls(time: VirtualClock, why: str) -> None:
    text("wang", "昨天住院了")
    reached()
    if why == "not agreed":
        ContactPoint.objects.filter(kind=ContactKind.CAREGIVER).update(agreed_on=None, standing=Standing.WAITING)
    elif why == "stopped":
        text("wang's daughter", "stop")
    else:
        number = people.PHONES["wang's daughter"]
        add_contact_point(participant=people.jones(), kind=ContactKind.CAREGIVER, number=number)
    later(time, 7 * DAY)
    assert "caregiver_checkin" not in sent_to("wang's daughter")
    assert tasks(TaskKind.PAUSE_CALL) == [TaskKind.PAUSE_CALL]


def test_the_caregiver_is_not_texted_at_night(time: VirtualClock) -> None:
    time.advance(timedelta(hours=13))  # 23:05
    text("wang", "昨天住院了")
    reached()
    later(time, 7 * DAY)
    assert sent_to("wang's daughter") == []
    later(time, timedelta(hours=9))
    assert sent_to("wang's daughter") == ["caregiver_checkin"]


def test_nobody_pauses_for_ever_a_person_hears_of_the_end_and_checkins_start_again(time: VirtualClock) -> None:
    text("jones", "I was admitted to hospital last night")
    reached()
    later(time, 7 * DAY)
    later(time, 7 * DAY)
    assert Pause.objects.get().ended_because == PauseEnded.EXPIRED
    assert tasks(TaskKind.PAUSE_OVER) == [TaskKind.PAUSE_OVER]
    planned = CheckIn.objects.filter(participant=people.jones(), state=CheckInState.PLANNED, rule="P2")
    assert planned.count() == 8


# --- coming home


def test_home_from_a_known_stay_is_thanked_for_and_read_by_a_person(time: VirtualClock) -> None:
    text("jones", "I was admitted to hospital last night")
    reached()
    later(time, 3 * DAY)
    events, pages = AdverseEvent.objects.count(), Escalation.objects.count()
    text("jones", "I was discharged today")
    assert sent_to("jones")[-1] == "discharged_reply"
    assert tasks(TaskKind.HOME) == [TaskKind.HOME]
    assert Task.objects.get(kind=TaskKind.HOME).deadline == clock.now() + timedelta(hours=4)
    assert (AdverseEvent.objects.count(), Escalation.objects.count()) == (events, pages)
    assert Pause.objects.get().ended_because == PauseEnded.BACK_HOME
    assert CheckIn.objects.filter(state=CheckInState.PLANNED, rule="P2").count() == 8


def test_the_checkins_go_out_again_after_it(time: VirtualClock) -> None:
    text("wang", "昨天住院了")
    reached()
    later(time, timedelta(hours=2))
    text("wang", "今天出院了")
    assert sent_to("wang")[-1] == "discharged_reply"
    later(time, 2 * DAY)  # Friday: a day of the closer rule alone
    assert sent_to("wang")[-1] in ("checkin", "sym_progress")


def test_home_from_a_stay_that_nobody_knew_of_is_an_emergency() -> None:
    text("jones", "I was discharged today")
    assert "discharged_reply" not in sent_to("jones")
    assert AdverseEvent.objects.get().level == "R1"
    assert not tasks(TaskKind.HOME)


@pytest.mark.parametrize(
    "body", ["discharged Monday, back in hospital since last night", "self discharged, no money", "出院了，又吐血"]
)
def test_in_again_out_against_advice_or_ill_at_home_is_an_emergency_though_the_stay_is_known(
    time: VirtualClock, body: str
) -> None:
    text("jones", "I was admitted to hospital last night")
    reached()
    time.advance(3 * DAY)
    text("jones", body)
    assert Escalation.objects.filter(state="open", chain="R1").exists()
    assert "discharged_reply" not in sent_to("jones")


def test_who_comes_home_after_the_pause_was_over_is_known_too(time: VirtualClock) -> None:
    text("jones", "I was admitted to hospital last night")
    reached()
    later(time, 14 * DAY)
    time.advance(6 * DAY)
    text("jones", "I was discharged today")
    assert sent_to("jones")[-1] == "discharged_reply"


def test_on_a_phone_of_two_nobody_is_paused_until_a_person_knows_who_wrote() -> None:
    add_contact_point(participant=people.wang(), kind=ContactKind.PARTICIPANT, number=people.PHONES["jones"])
    text("jones", "I was admitted to hospital last night")
    assert not Pause.objects.exists()


def test_the_same_text_twice_is_one_pause() -> None:
    text("jones", "I was admitted to hospital last night")
    text("jones", "I was admitted to hospital last night")
    assert Pause.objects.count() == 1


def test_a_caregivers_question_is_never_a_second_one_on_their_phone(time: VirtualClock) -> None:
    text("wang", "昨天住院了")
    reached()
    later(time, 7 * DAY)
    assert Question.objects.filter(line=line_of("wang's daughter"), state="open").count() == 1


@pytest.mark.parametrize("by", ["button", "code"])
def test_a_colleague_s_at_hospital_begins_the_stay_like_the_participant_s_own(by: str) -> None:
    text("jones", "black stool since last night")
    if by == "button":
        conversations.record_contact(
            running=Escalation.objects.get(), person=people.alice(), result=ContactResult.HOSPITAL, via=Via.ADMIN
        )
    else:
        text("alice", f"{Page.objects.get(person=people.alice(), channel='sms').code} 3")
    assert Escalation.objects.get().state == "contacted"
    assert [(pause.participant, pause.code) for pause in Pause.objects.all()] == [(people.jones(), "in_hospital")]


def test_a_stay_that_is_known_already_is_begun_no_second_time() -> None:
    text("jones", "I was admitted to hospital last night")
    conversations.record_contact(
        running=Escalation.objects.get(), person=people.alice(), result=ContactResult.HOSPITAL, via=Via.ADMIN
    )
    assert Pause.objects.count() == 1


@pytest.mark.parametrize("result", [ContactResult.REACHED, ContactResult.NO_ANSWER])
def test_any_other_result_of_a_call_begins_none(result: ContactResult) -> None:
    text("jones", "black stool since last night")
    conversations.record_contact(running=Escalation.objects.get(), person=people.alice(), result=result, via=Via.ADMIN)
    assert not Pause.objects.exists()


def test_at_hospital_about_somebody_who_was_reported_dead_begins_none() -> None:
    text("jones", "black stool since last night")
    participants.set_follow_up(participant=people.jones(), wanted=FollowUp.FROZEN, person=people.carol())
    conversations.record_contact(
        running=Escalation.objects.get(), person=people.alice(), result=ContactResult.HOSPITAL, via=Via.ADMIN
    )
    assert not Pause.objects.filter(code="in_hospital").exists()
