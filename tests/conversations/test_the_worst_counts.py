"""Answers that say two things, from two people or about what was thought over: the worse one acts, and no text is kept back by another."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Disposition, SendState
from apps.participants.contacts import add_contact_point
from apps.participants.vocabulary import ContactKind, FollowUp
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import MORNING, NIGHT, beginning_at

pytestmark = pytest.mark.django_db
AFTER_THE_END = datetime(2028, 4, 20, 11, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
time = beginning_at(MORNING)


# --- the emergency text


@pytest.mark.parametrize("body", ["1 2", "4 2", "１，３", "4和2"])
def test_on_the_way_and_in_need_of_help_is_in_need_of_help(body: str) -> None:
    text("jones", "black stool since last night")
    text("jones", body)
    assert Task.objects.get(key__startswith="emergency-help:").kind == TaskKind.CALL_BACK
    assert not sent_to("jones", wording="emergency_close")


def test_who_thinks_of_death_gets_the_text_about_that_also_after_an_emergency_text(time: VirtualClock) -> None:
    text("jones", "black stool since last night")
    time.advance(timedelta(minutes=5))
    text("jones", "I want to kill myself")
    assert sent_to("jones") == ["emergency", "crisis"]


@pytest.mark.parametrize("is_spoken_with", [False, True])
def test_after_words_about_suicide_as_before_is_not_asked_by_text_how_that_is_now(
    time: VirtualClock, is_spoken_with: bool
) -> None:
    text("jones", "I want to end my life")
    if is_spoken_with:
        text("alice", f"{Page.objects.filter(person=people.alice()).exclude(code='').latest('created_at').code} 1")
    time.advance(timedelta(minutes=20))

    text("jones", "1")

    assert "sym_progress" not in sent_to("jones")
    assert sent_to("jones")[-1] == ("sym_done_r3" if is_spoken_with else "reassure")


@pytest.mark.parametrize(
    ("who", "body", "said"),
    [
        ("jones's husband", "she is not waking up", "emergency_family"),
        ("jones's husband", "still not waking up", "emergency_family"),
        ("jones", "she is not waking up", "emergency"),
        ("jones", "I am not waking up tomorrow, I want to die", "crisis"),
        ("jones's husband", "she says she wants to die", "crisis"),
        ("jones's husband", "he would rather die", "crisis"),
        ("jones's husband", "she says she will die", "emergency_family"),
        ("jones's husband", "she wanted to die and now she is dead", "death_reply"),
        ("jones's husband", "she died this morning", "death_reply"),
        ("jones's husband", "she passed out", "emergency_family"),
        ("jones's husband", "she's gone grey and sweaty, hand flat on her chest", "emergency_family"),
        ("wang's daughter", "他快死了，快来", "emergency_family"),
        ("wang's daughter", "他心跳停了", "emergency_family"),
        ("wang's daughter", "他差点死了", "emergency_family"),
        ("wang's daughter", "他说死了算了", "crisis"),
        ("wang's daughter", "他很快就去世了", "death_reply"),
    ],
)
def test_who_is_not_waking_up_is_not_sent_the_words_for_somebody_who_thinks_of_death(
    who: str, body: str, said: str
) -> None:
    text(who, body)
    assert sent_to(who) == [said]


def test_which_hospital_is_no_text_that_was_not_understood(time: VirtualClock) -> None:
    """Beside an alarm no check-in's list of digits is offered, whatever text began it."""
    text("li", "我住院了")
    time.advance(timedelta(minutes=3))
    text("li", "昨天，市一医院")
    assert sent_to("li") == ["admitted_reply", "unclear2"]


def test_who_bleeds_after_a_crisis_text_is_told_where_to_call(time: VirtualClock) -> None:
    text("jones", "I want to kill myself")
    time.advance(timedelta(minutes=5))
    text("jones", "black stool since last night")
    assert sent_to("jones") == ["crisis", "emergency"]


def test_half_an_hour_is_counted_from_the_emergency_text_and_not_from_the_question_after_it(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    time.advance(timedelta(minutes=10))
    work()
    assert sent_to("wang", wording="emergency_check")
    time.advance(timedelta(minutes=21))
    text("wang", "又吐血了")
    assert len(sent_to("wang", wording="emergency")) == 2


def test_an_emergency_text_that_did_not_arrive_is_said_again(time: VirtualClock) -> None:
    text("wang", "今天早上吐血了")
    OutboundMessage.objects.filter(line=line_of("wang")).update(state=SendState.UNDELIVERED)
    time.advance(timedelta(minutes=5))
    text("wang", "又吐血了")
    assert sent_to("wang") == ["emergency", "emergency"]


@pytest.mark.parametrize(("who", "body"), [("jones", "I was admitted to hospital"), ("wang's daughter", "我爸住院了")])
def test_who_is_in_hospital_is_not_sent_there(who: str, body: str) -> None:
    text(who, body)
    assert sent_to(who) == ["admitted_reply"]


@pytest.mark.parametrize(
    ("who", "body", "reply"),
    [
        ("jones", "vomiting blood, going to hospital now", "emergency"),
        ("wang's daughter", "昏迷了，要送医院", "emergency_family"),
    ],
)
def test_who_is_not_there_yet_is_told_to_call(who: str, body: str, reply: str) -> None:
    text(who, body)
    assert sent_to(who) == [reply]


# --- a shared phone at night


@pytest.mark.parametrize("digit", ["2", "3", "三"])
def test_at_night_somebody_is_paged_about_a_shared_phone_that_asks_for_a_call(time: VirtualClock, digit: str) -> None:
    add_contact_point(participant=people.jones(), kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"])
    time.move_to(NIGHT)
    text("wang", digit)
    for who in (people.wang(), people.jones()):
        assert Escalation.objects.get(events__participant=who).chain == "R2"
    assert Page.objects.filter(person=people.alice()).exists()
    assert sent_to("wang") == []


# --- reported dead


@pytest.mark.parametrize("body", ["I am alive", "人没事", "搞错了"])
def test_who_is_alive_after_all_is_read_at_once_and_nothing_is_restored(time: VirtualClock, body: str) -> None:
    text("wang's daughter", "我爸昨晚去世了")
    page = Page.objects.filter(person=people.alice(), channel="sms").first()
    assert page is not None
    text("alice", f"{page.code} 1")
    time.advance(timedelta(days=1))
    message = text("wang", body)
    assert message.disposition == Disposition.PERSON
    assert Task.objects.get(message=message).deadline == clock.now() + timedelta(minutes=15)
    assert Escalation.objects.filter(events__participant=people.wang(), state="open").exists()
    assert people.wang().follow_up == FollowUp.FROZEN
    assert sent_to("wang") == []


def test_an_all_is_well_from_the_phone_of_one_reported_dead_is_read() -> None:
    text("wang's daughter", "我爸昨晚去世了")
    message = text("wang", "1")
    assert Task.objects.filter(message=message, kind=TaskKind.READ).exists()


@pytest.mark.parametrize("body", ["2", "不舒服", "START"])
def test_something_new_from_the_phone_of_one_reported_dead_is_read_though_no_question_may_be_texted(body: str) -> None:
    text("wang's daughter", "我爸昨晚去世了")
    message = text("wang", body)
    assert Task.objects.filter(message=message, kind=TaskKind.READ).exists() or Escalation.objects.filter(
        turns__message=message
    )
    assert sent_to("wang") == []


def test_at_night_it_pages_like_any_other_two_without_an_answer(time: VirtualClock) -> None:
    text("wang's daughter", "我爸昨晚去世了")
    code = Page.objects.filter(person=people.alice()).exclude(code="").latest("created_at").code
    text("alice", f"{code} 1")
    time.move_to(NIGHT)
    text("wang", "2")
    assert Escalation.objects.filter(events__participant=people.wang(), state="open").exists()


# --- numbers and the end


@pytest.mark.parametrize(("who", "body"), [("wang", "换号了"), ("jones", "my new number")])
def test_a_new_number_is_asked_about_by_a_person(who: str, body: str) -> None:
    text(who, body)
    assert sent_to(who) == ["new_number"]
    assert Task.objects.get(message__isnull=False).kind == TaskKind.CHECK_NUMBER


@pytest.mark.parametrize("body", ["1", "都好", "谢谢", "恢复", "今天天气好"])
def test_after_the_last_day_no_further_text_is_promised(time: VirtualClock, body: str) -> None:
    time.move_to(AFTER_THE_END)
    text("wang", body)
    assert sent_to("wang") == ["after_end_auto"]
