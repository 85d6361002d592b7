"""STOP and START: what a provider obeys by itself holds here too, for whoever's phone it is, and everybody whose texts stop is called."""

from datetime import timedelta

import pytest

from apps.conversations.models import Task
from apps.conversations.services import ask
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.escalation.channels.sms import SmsChannel
from apps.escalation.models import Escalation
from apps.messaging.models import Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.participants import services as participants
from apps.participants.contacts import add_contact_point, caregiver_line, texting_status
from apps.participants.models import Participant
from apps.participants.vocabulary import ContactKind, FollowUp
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import TUESDAY, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(TUESDAY)


def called_after_stop() -> set[str]:
    tasks = Task.objects.filter(kind=TaskKind.OPTED_OUT)
    return set(tasks.values_list("participant__code", flat=True))


def share(participant: Participant) -> None:
    add_contact_point(participant=participant, kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"])


@pytest.mark.parametrize(("body", "pictures"), [("BASTA", 0), ("STOP", 1), ("", 1)])
def test_a_stop_that_the_provider_obeyed_is_a_stop_whatever_the_word(body: str, pictures: int) -> None:
    text("jones", body, opt_out_hint="STOP", media_count=pictures)
    assert line_of("jones").carrier_blocked_at == clock.now()
    assert called_after_stop() == {"BJ01-002"}
    assert all(running.cannot_text for running in Escalation.objects.all())
    assert Escalation.objects.exists() == bool(pictures)


def test_a_start_that_the_provider_obeyed_lifts_its_block() -> None:
    text("jones", "STOP", opt_out_hint="STOP")
    text("jones", "yes", opt_out_hint="START")
    assert (line_of("jones").opted_out_at, line_of("jones").carrier_blocked_at) == (None, None)


def test_a_yes_undoes_no_wish_that_no_provider_knows_of() -> None:
    text("wang", "不要发了")
    text("wang", "yes", opt_out_hint="START")
    assert line_of("wang").opted_out_at is not None


def test_a_cancel_that_the_provider_obeyed_is_called_about_the_same_day_and_not_asked_about() -> None:
    given = {"date": "12 May", "time": "10:00"}
    ask(participant=people.jones(), wording_key="visit_1d", key="reminder", purpose=Purpose.REMINDER, given=given)
    work()

    text("jones", "cancel", opt_out_hint="STOP")

    assert sent_to("jones") == ["visit_1d"]
    assert line_of("jones").carrier_blocked_at is not None
    assert Task.objects.get(kind=TaskKind.OPTED_OUT).deadline < clock.now() + timedelta(hours=12)


def test_who_is_on_call_and_stopped_their_texts_gets_pages_again_after_start() -> None:
    text("alice", "STOP", opt_out_hint="STOP")
    assert not SmsChannel().reaches(people.alice())
    text("alice", "START", opt_out_hint="START")
    assert SmsChannel().reaches(people.alice())
    assert sent_to("alice") == []


def test_an_unknown_number_may_start_again_too() -> None:
    text("nobody we know", "STOP")
    text("nobody we know", "START")
    assert line_of("nobody we know").opted_out_at is None


def test_everybody_on_a_shared_phone_is_called_after_its_stop() -> None:
    share(people.li())
    text("wang", "退订")
    assert called_after_stop() == {"BJ01-001", "SH02-001"}
    assert sent_to("wang") == ["stop_confirm"]


def test_a_shared_phone_may_start_again() -> None:
    share(people.jones())
    text("wang", "退订")
    text("wang", "恢复")
    assert line_of("wang").opted_out_at is None
    assert sorted(sent_to("wang")) == ["start", "stop_confirm"]


def test_a_provider_s_stop_on_a_shared_phone_is_told_to_everybody_too() -> None:
    share(people.li())
    text("wang", "吐血了", opt_out_hint="STOP")
    assert line_of("wang").carrier_blocked_at is not None
    assert called_after_stop() == {"BJ01-001", "SH02-001"}
    assert Escalation.objects.get(events__participant=people.wang()).cannot_text
    assert not Escalation.objects.get(events__participant=people.li()).cannot_text, "she has a phone of her own"


@pytest.mark.parametrize("body", ["N", "n.", "T"])
def test_a_single_letter_stops_texts_only_where_carriers_take_it_so(body: str) -> None:
    text("jones", body)
    assert line_of("jones").opted_out_at is None
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).exists()

    Line.objects.filter(pk=line_of("wang").pk).update(country="CN")
    text("wang", body)
    assert line_of("wang").opted_out_at is not None


@pytest.mark.parametrize("body", ["\u200bSTOP", "STOP\ufeff", "\u200e退订\u200f", "ST\u00adOP"])
def test_signs_that_nobody_sees_hide_no_stop(body: str) -> None:
    text("wang", body)
    assert sent_to("wang") == ["stop_confirm"]


def test_signs_that_nobody_sees_hide_no_answer() -> None:
    text("wang", "\u200e1\u200b")
    assert sent_to("wang") == ["checkin_ok"]


@pytest.mark.parametrize("body", ["回复TD", "TD退订", "reply STOP", "stop all"])
def test_stop_as_our_texts_ask_for_it_is_obeyed(body: str) -> None:
    text("wang", body)
    assert sent_to("wang") == ["stop_confirm"]
    assert called_after_stop() == {"BJ01-001"}


@pytest.mark.parametrize("body", ["please stop", "STOP please", "请退订", "请停止"])
def test_a_polite_stop_is_obeyed_after_triage_and_called_about_the_same_day(body: str) -> None:
    text("jones", body)
    assert sent_to("jones") == ["stop_confirm"]
    assert Task.objects.get(kind=TaskKind.OPTED_OUT).deadline < clock.now() + timedelta(hours=24)


@pytest.mark.parametrize("body", ["please stop the bleeding", "请停止出血", "please stop the pain"])
def test_a_stop_that_may_be_about_health_stops_no_texts_and_a_person_sees_it_the_same_day(body: str) -> None:
    text("jones", body)
    assert line_of("jones").opted_out_at is None
    seen = Task.objects.filter(participant=people.jones(), deadline__lt=clock.now() + timedelta(hours=24))
    assert seen.exists() or Escalation.objects.exists()


@pytest.mark.parametrize("body", ["HELP", "帮助", "?"])
def test_help_from_a_shared_phone_is_answered(body: str) -> None:
    share(people.li())
    text("wang", body)
    assert sent_to("wang") == ["help"]


def test_on_a_phone_of_two_languages_chinese_is_answered_in_chinese() -> None:
    for participant in (people.jones(), people.wang()):
        add_contact_point(participant=participant, kind=ContactKind.CAREGIVER, number=people.PHONES["li's son"])
    participants.change_preferences(participant=people.li(), language="en")
    text("li's son", "她昏迷了")
    said = OutboundMessage.objects.get(line=line_of("li's son"), wording="emergency_family")
    assert said.language == "zh-Hans"


@pytest.mark.parametrize("body", ["EN", "英文"])
def test_a_caregivers_language_is_a_persons_task_and_changes_nobodys(body: str) -> None:
    text("wang's daughter", body)
    assert people.wang().language == "zh-Hans"
    assert sent_to("wang's daughter") == ["unclear2"]
    assert Task.objects.get(message__isnull=False).kind == TaskKind.READ


def test_a_wrong_number_of_a_caregiver_stops_that_phone_and_not_the_participants() -> None:
    text("wang's daughter", "打错了")
    wang = people.wang()
    assert wang.texts_suspended_at is None
    assert texting_status(wang, line=line_of("wang")) is None
    assert caregiver_line(wang) is None, "until a person has spoken with them"
    assert sent_to("wang's daughter", state="accepted") == ["wrong_number"]
    assert Task.objects.get(message__isnull=False).kind == TaskKind.CHECK_NUMBER


def test_a_wrong_number_of_the_participants_own_still_suspends_theirs() -> None:
    text("wang", "打错了")
    assert people.wang().texts_suspended_at is not None


@pytest.mark.parametrize("stands", [FollowUp.WITHDRAWN, FollowUp.NO_CONTACT, FollowUp.RECORDS_ONLY, FollowUp.LOST])
def test_who_has_left_and_writes_start_is_not_told_that_texts_are_on_and_a_person_hears_of_it(stands: FollowUp) -> None:
    participants.set_follow_up(participant=people.jones(), wanted=stands, person=people.carol())

    text("jones", "START")

    assert sent_to("jones") == ["unclear2"], "a person will read this and contact you"
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).exists()
    assert line_of("jones").opted_out_at is None


def test_a_start_beside_a_number_under_check_waits_for_the_person_who_checks_it() -> None:
    text("wang", "打错了")

    text("wang", "START")

    assert sorted(sent_to("wang")) == ["unclear2", "wrong_number"]
    assert people.wang().texts_suspended_at is not None, "only a person restores a number"
