"""One text in, the right thing done: the main job at the level of services, on a clock that stands still."""

import uuid
from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task, Turn
from apps.conversations.vocabulary import TaskKind
from apps.core import clock, phone
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.escalation.models import Escalation, Page
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose
from apps.participants.vocabulary import FollowUp
from apps.safety.models import AdverseEvent
from apps.vault.services import create_data_key
from tests import people
from tests.due import work
from tests.times import MORNING, NIGHT, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)


def line_of(who: str) -> Line:
    number = phone.normalise(people.PHONES[who])
    assert number is not None
    return messaging.line_for(number=number)


def text(who: str, body: str, **values: object) -> InboundMessage:
    """A text as it stands in the table after the web has answered; then the worker's work until nothing is due."""
    message = InboundMessage.objects.create(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=create_data_key(), body=body,
        received_at=clock.now(), due_at=clock.now(), lane=Lane.SAFETY, **values,
    )  # fmt: skip
    work()
    message.refresh_from_db()
    return message


def sent_to(who: str, **narrowed: object) -> list[str]:
    rows = OutboundMessage.objects.filter(line=line_of(who), **narrowed).order_by("planned_at", "key")
    return list(rows.values_list("wording", flat=True))


def test_vomited_blood_in_chinese_reaches_the_investigator_before_any_question() -> None:
    message = text("wang", "今天早上吐血了")
    assert sent_to("wang") == ["emergency"]
    assert OutboundMessage.objects.get(line=line_of("wang")).language == "zh-Hans"
    page = Page.objects.get(person=people.alice(), channel="sms")
    assert page.message is not None
    assert page.message.purpose == Purpose.PAGE
    assert "血" not in page.message.text
    assert people.wang().code not in page.message.text
    event = AdverseEvent.objects.get()
    assert (event.participant, event.verbatim, event.received_at, event.level) == (
        people.wang(),
        "今天早上吐血了",
        message.received_at,
        "R1",
    )
    assert message.disposition == Disposition.SYMPTOM


def test_black_stool_in_english_does_the_same() -> None:
    text("jones", "black stool since last night")
    assert sent_to("jones") == ["emergency"]
    assert OutboundMessage.objects.get(line=line_of("jones")).language == "en"
    assert AdverseEvent.objects.get().level == "R1"
    assert Escalation.objects.get().chain == "R1"


def test_a_code_from_the_paged_phone_ends_the_paging_and_tells_the_participant() -> None:
    text("wang", "今天早上吐血了")
    page = Page.objects.get(person=people.alice(), channel="sms")
    text("alice", page.code)
    running = Escalation.objects.get()
    assert running.acknowledged_by == people.alice()
    assert "taken" in sent_to("wang")
    assert AdverseEvent.objects.get().investigator_aware_at == clock.now()


def test_a_code_from_another_phone_takes_nothing() -> None:
    text("wang", "今天早上吐血了")
    page = Page.objects.get(person=people.alice(), channel="sms")
    text("dora", page.code)
    assert Escalation.objects.get().acknowledged_by is None
    assert sent_to("dora") == ["staff_code_unknown"]


def test_an_unknown_number_with_a_red_flag_is_kept_shown_and_paged() -> None:
    message = text("nobody we know", "help my father is unconscious")
    assert message.disposition == Disposition.UNMATCHED
    assert Task.objects.get(message__isnull=False).kind == TaskKind.UNKNOWN_NUMBER
    assert Escalation.objects.get().chain == "unmatched"
    assert Page.objects.filter(person=people.dan()).exists()
    assert sent_to("nobody we know") == ["emergency_family"]
    assert not AdverseEvent.objects.exists()


def test_a_stranger_who_writes_chinese_is_answered_in_chinese_whatever_the_country_of_the_number() -> None:
    text("nobody we know", "救命，我爸昏迷了")
    said = OutboundMessage.objects.get(line=line_of("nobody we know"))
    assert (said.wording, said.language) == ("emergency_family", "zh-Hans")


def test_stop_is_confirmed_once_and_becomes_a_call() -> None:
    text("wang", "退订")
    assert sent_to("wang") == ["stop_confirm"]
    assert line_of("wang").opted_out_at == clock.now()
    assert Task.objects.get(message__isnull=False).kind == TaskKind.OPTED_OUT


def test_start_brings_them_back() -> None:
    text("jones", "STOP")
    text("jones", "START")
    assert sent_to("jones") == ["stop_confirm", "start"] or sent_to("jones") == ["start", "stop_confirm"]
    assert line_of("jones").opted_out_at is None


def test_a_red_flag_after_stop_still_pages_and_says_that_the_phone_cannot_be_texted() -> None:
    text("jones", "STOP")
    text("jones", "black stool since last night")
    assert Escalation.objects.get().cannot_text
    assert "emergency" in sent_to("jones")


def test_what_nobody_can_parse_goes_to_a_person() -> None:
    message = text("jones", "qwrt zzx plmk")
    assert message.disposition == Disposition.PERSON
    assert Task.objects.filter(kind=TaskKind.READ, participant=people.jones()).exists()
    assert sent_to("jones") == ["unclear1"]


def test_twice_unclear_is_answered_by_the_second_text() -> None:
    text("jones", "qwrt zzx plmk")
    text("jones", "mmmm kkkk")
    assert set(sent_to("jones")) == {"unclear1", "unclear2"}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("1谢谢", "checkin_ok"), ("1和以前一样", "checkin_ok"), ("1 = as before or better", "checkin_ok"), ("1，一切正常", "checkin_ok"),
        ("2有新情况", "sym_which"), ("2 please", "sym_which"), ("3请来电", "checkin_call"), ("please call me", "checkin_call"),
    ],
)  # fmt: skip
def test_an_answer_with_a_courtesy_or_its_own_words_is_not_said_to_be_unclear(body: str, answer: str) -> None:
    text("wang", body)
    assert sent_to("wang") == [answer]


def test_one_is_thanked() -> None:
    message = text("wang", "１")
    assert sent_to("wang") == ["checkin_ok"]
    assert message.disposition == Disposition.ANSWER


def test_two_asks_which_and_a_menu_digit_two_escalates_on_the_digit_alone() -> None:
    text("jones", "2")
    assert sent_to("jones") == ["sym_which"]
    text("jones", "2")
    assert "emergency" in sent_to("jones")
    assert AdverseEvent.objects.get().level == "R1"


def test_three_by_day_is_a_call_and_three_at_night_is_a_page(time: VirtualClock) -> None:
    text("jones", "3")
    assert Task.objects.get(message__isnull=False).kind == TaskKind.CALL_BACK
    assert not Escalation.objects.exists()
    time.move_to(NIGHT)
    text("wang", "3")
    assert (
        Escalation.objects.get(events__participant=people.wang()).chain == "R2"
    )  # the call that was not made is a case of its own


def test_a_digit_outside_the_list_is_asked_again() -> None:
    text("jones", "7")
    assert sent_to("jones") == ["bad_number"]


def test_several_texts_of_one_participant_are_one_case() -> None:
    text("wang", "今天早上吐血了")
    text("wang", "又吐血了，头晕")
    assert AdverseEvent.objects.count() == 1
    assert AdverseEvent.objects.get().reports.count() == 2
    assert Escalation.objects.count() == 1
    assert sent_to("wang", purpose=Purpose.EMERGENCY) == ["emergency"]


def test_a_caregiver_is_told_to_call_for_them() -> None:
    text("jones's husband", "she is vomiting blood")
    assert sent_to("jones's husband") == ["emergency_family"]
    assert AdverseEvent.objects.get().reporter == "caregiver"


def test_a_death_text_stops_all_sending_and_is_read_by_a_person() -> None:
    text("wang's daughter", "我爸昨晚去世了")
    participant = people.wang()
    participant.refresh_from_db()
    assert participant.follow_up == FollowUp.FROZEN
    assert sent_to("wang's daughter") == ["death_reply"]
    assert Task.objects.filter(kind=TaskKind.DEATH).exists()
    assert Escalation.objects.get().chain != "R1"


def test_after_a_death_text_nothing_is_sent_but_every_text_is_read_and_a_red_flag_is_phoned_about() -> None:
    text("wang's daughter", "我爸昨晚去世了")

    unclear, serious = text("wang", "qqq zzz"), text("wang", "他吐血了")

    assert (sent_to("wang"), sent_to("wang's daughter")) == ([], ["death_reply"])
    assert Task.objects.filter(message=unclear, kind=TaskKind.READ).exists()
    assert Escalation.objects.get(events__reports__symptom_report__message=serious).chain == "R1"


def test_a_phone_of_two_participants_escalates_for_both_and_asks_nothing() -> None:
    from apps.participants.contacts import add_contact_point
    from apps.participants.vocabulary import ContactKind

    add_contact_point(participant=people.jones(), kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"])
    text("wang", "今天早上吐血了")
    assert set(AdverseEvent.objects.values_list("participant__code", flat=True)) == {"BJ01-001", "BJ01-002"}
    assert Task.objects.filter(kind=TaskKind.READ).count() == 2


def test_a_picture_goes_to_a_person_as_urgent() -> None:
    text("jones", "", media_count=1)
    assert sent_to("jones") == ["no_media"]
    assert Escalation.objects.get().chain == "R2"


def test_language_words_change_the_language() -> None:
    text("wang", "EN")
    assert sent_to("wang") == ["lang_en"]
    people.wang().refresh_from_db()
    assert people.wang().language == "en"


def test_who_is_this_from_a_phone_that_has_answered_is_first_a_brain_sign() -> None:
    text("wang", "1")
    text("wang", "你是谁")
    assert Escalation.objects.get().chain in ("R1", "R2")
    assert Task.objects.filter(kind=TaskKind.CHECK_NUMBER).exists()


def test_a_text_that_breaks_the_program_is_an_emergency_for_people(
    monkeypatch: pytest.MonkeyPatch, time: VirtualClock
) -> None:
    def explode(_: InboundMessage) -> None:
        raise RuntimeError

    monkeypatch.setattr("apps.conversations.services.routing.route", explode)
    text("wang", "1")
    for _ in range(6):
        time.advance(timedelta(minutes=5))
        work()
    assert InboundMessage.objects.get().quarantined_at is not None
    assert Task.objects.filter(kind=TaskKind.NOT_PROCESSED, participant=people.wang()).exists()
    assert Escalation.objects.get().chain == "R1"


def test_an_answer_belongs_to_the_newest_question() -> None:
    text("jones", "2")
    text("jones", "5")
    answered = Question.objects.get(wording="sym_which")
    assert answered.answer == "5"
    assert sent_to("jones", wording="sym_weight"), "the first question about the choice"
    assert Turn.objects.filter(due_at__isnull=False).count() == 0
