"""After the window, after the closure, and when somebody writes who was recorded as lost."""

from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from apps.conversations import by_phone, closure
from apps.conversations.closure import ClosureRefused, NotThisDay, Why
from apps.conversations.models import Closure, Task, Turn
from apps.conversations.services import ask
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import Purpose
from apps.operations import watch
from apps.participants import services as participants
from apps.participants.contacts import add_contact_point
from apps.participants.models import Participant
from apps.participants.vocabulary import ContactKind, FollowUp
from apps.safety.by_person import Telling
from apps.safety.models import AdverseEvent, OpenItem, SpokenReport
from apps.safety.vocabulary import Teller
from apps.staff.services import NotSigned
from apps.triage.models import SymptomReport
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import beginning_at

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
AFTER = datetime(2028, 5, 20, 11, 0, tzinfo=SHANGHAI)
DAY = date(2028, 5, 20)
time = beginning_at(AFTER)


@pytest.fixture(autouse=True)
def _nothing_is_to_do(time: VirtualClock) -> None:
    Task.objects.all().delete()


def signed(closes_on: date = DAY) -> Closure:
    return closure.sign_closure(
        site=people.site("BJ01"), closes_on=closes_on, person=people.carol(), password=people.PASSWORD
    )


def closed() -> Closure:
    signed()
    return closure.countersign_closure(site=people.site("BJ01"), person=people.sam(), password=people.PASSWORD)


# --- two signatures


def test_until_both_have_signed_texts_are_read_answered_and_paged_as_before() -> None:
    signed()

    text("wang", "今天早上吐血了")

    assert sent_to("wang") == ["emergency"]
    assert Escalation.objects.get().chain == "R1"


def test_the_sponsor_s_signature_closes_the_site_and_the_number_is_kept_180_days() -> None:
    row = closed()

    assert (row.closed_at, row.number_kept_until) == (AFTER, date(2028, 11, 16))
    assert row.sponsor is not None
    assert (row.investigator.signer, row.sponsor.signer) == (people.carol(), people.sam())
    assert not closure.is_closed(people.site("SH02"), at=clock.now()), "another site goes on"


def test_the_sponsor_does_not_sign_before_the_named_day_nor_alone(time: VirtualClock) -> None:
    site = people.site("BJ01")
    with pytest.raises(NotThisDay):
        closure.countersign_closure(site=site, person=people.sam(), password=people.PASSWORD)
    signed(DAY + timedelta(days=3))
    with pytest.raises(NotThisDay):
        closure.countersign_closure(site=site, person=people.sam(), password=people.PASSWORD)

    time.advance(timedelta(days=3))

    assert (
        closure.countersign_closure(site=site, person=people.sam(), password=people.PASSWORD).closed_at == clock.now()
    )


def test_only_the_site_s_principal_investigator_and_the_sponsor_sign_each_for_their_side() -> None:
    site = people.site("BJ01")
    for person in (people.alice(), people.chen(), people.erin(), people.sam(), people.ada()):
        with pytest.raises(PermissionError):
            closure.sign_closure(site=site, closes_on=DAY, person=person, password=people.PASSWORD)
    signed()
    for person in (people.carol(), people.alice(), people.ada()):
        with pytest.raises(PermissionError):
            closure.countersign_closure(site=site, person=person, password=people.PASSWORD)
    with pytest.raises(NotSigned):
        closure.countersign_closure(site=site, person=people.sam(), password="no")


def test_nothing_open_is_left_behind(time: VirtualClock) -> None:
    time.move_to(AFTER - timedelta(days=20))
    text("wang", "今天早上吐血了")
    text("jones", "my cousin's neighbour asked about the bus")

    with pytest.raises(ClosureRefused) as refused:
        signed()

    assert {why for why, _count in refused.value.reasons} == {Why.TOO_EARLY, Why.EVENTS, Why.PAGING, Why.TASKS}


def test_what_comes_up_after_the_first_signature_stands_against_the_second() -> None:
    signed()
    text("wang", "今天早上吐血了")

    with pytest.raises(ClosureRefused):
        closure.countersign_closure(site=people.site("BJ01"), person=people.sam(), password=people.PASSWORD)


def test_the_site_takes_its_signature_back_while_it_is_the_only_one() -> None:
    signed()
    closure.take_back_closure(site=people.site("BJ01"), person=people.carol())
    closed()

    with pytest.raises(NotThisDay):
        closure.take_back_closure(site=people.site("BJ01"), person=people.carol())
    assert Closure.objects.count() == 2


def test_close_study_names_every_reason_and_signs_nothing() -> None:
    said = StringIO()
    text("li", "my cousin's neighbour asked about the bus")
    closed()

    with pytest.raises(CommandError):
        call_command("close_study", stdout=said)

    assert said.getvalue().splitlines() == [
        "SH02: Tasks are not done: 1",
        "SH02: the principal investigator has not signed",
    ]


# --- after the closure


def test_a_text_in_quarantine_is_a_task_and_no_second_reason() -> None:
    message = text("wang", "谢谢")
    InboundMessage.objects.filter(pk=message.pk).update(due_at=AFTER, quarantined_at=AFTER)

    assert Why.TEXTS not in {why for why, _count in closure.reasons_against(people.site("BJ01"))}


@pytest.mark.parametrize("body", ["1", "谢谢", "今天天气好", "帮助", "EN"])
def test_every_text_is_stored_reported_and_told_that_nobody_reads_it(body: str) -> None:
    closed()

    message = text("wang", body)

    assert sent_to("wang") == ["after_closure_auto"]
    assert "120" in OutboundMessage.objects.get().text
    assert Task.objects.get().kind == TaskKind.AFTER_CLOSURE
    assert Task.objects.get().message == message
    assert Turn.objects.get().message == message


def test_a_red_flag_is_told_whom_to_call_also_on_a_stopped_phone_and_is_read_soon_but_pages_nobody() -> None:
    closed()
    Line.objects.filter(pk=line_of("jones").pk).update(opted_out_at=clock.now())

    text("jones", "black stool since last night")

    sent = OutboundMessage.objects.get(line=line_of("jones"))
    assert (sent.wording, sent.purpose) == ("after_closure_auto", Purpose.EMERGENCY)
    assert sent.state != "cancelled"
    assert SymptomReport.objects.get().level == "R1"
    assert Task.objects.get().deadline == AFTER + timedelta(hours=4)
    assert not Escalation.objects.exists()
    assert not AdverseEvent.objects.exists(), "a draft that pages nobody would be an alarm: a person opens the case"


def test_a_death_stops_whatever_texts_there_may_be() -> None:
    closed()

    text("wang's daughter", "我爸昨晚去世了")
    text("wang", "1")

    assert people.wang().follow_up == FollowUp.FROZEN
    assert (sent_to("wang's daughter"), sent_to("wang")) == (["after_closure_auto"], [])
    assert Task.objects.filter(kind=TaskKind.AFTER_CLOSURE).count() == 2


def test_stop_is_obeyed_in_silence() -> None:
    closed()

    text("wang", "退订")
    text("wang", "你好")

    assert Line.objects.get(pk=line_of("wang").pk).opted_out_at is not None
    states = OutboundMessage.objects.filter(line=line_of("wang")).values_list("state", flat=True)
    assert set(states) <= {"cancelled", "refused"}


def test_a_single_n_is_no_stop_where_carriers_take_no_letters() -> None:
    closed()

    text("jones", "N")

    assert Line.objects.get(pk=line_of("jones").pk).opted_out_at is None


def told(
    words: str = "he vomited blood", *, item: str = "hematemesis", person: Any = None, **said: Any
) -> SpokenReport:
    telling = Telling(teller=Teller.FAMILY, told_at=clock.now(), words=words, item=item, **said)
    report = by_phone.tell(participant=people.wang(), person=person or people.chen(), telling=telling)
    work()
    return report


def kinds() -> dict[str, datetime]:
    return dict(Task.objects.filter(done_at__isnull=True).values_list("kind", "deadline"))


def test_what_is_told_after_it_is_a_case_that_pages_nobody_and_is_read_and_judged_in_time() -> None:
    closed()

    report = told()

    assert (report.event.level, report.event.received_at) == ("R1", AFTER)
    assert not Escalation.objects.exists()
    assert kinds() == {TaskKind.AFTER_CLOSURE: AFTER + timedelta(hours=4), TaskKind.JUDGE: AFTER + timedelta(hours=24)}
    assert {task.event for task in Task.objects.all()} == {report.event}
    assert "event_without_pages" not in {problem.code for problem in watch.problems()}


def test_what_is_told_after_it_and_is_not_urgent_is_read_by_the_next_day() -> None:
    closed()
    told("a little sick", item="nausea")
    assert list(kinds()) == [TaskKind.AFTER_CLOSURE]


def test_an_investigator_who_has_dealt_with_it_is_asked_for_the_judgement_alone() -> None:
    closed()
    told(person=people.alice(), is_dealt_with=True)
    assert list(kinds()) == [TaskKind.JUDGE]
    assert not Escalation.objects.exists()


def test_a_death_told_after_it_stops_all_texts_and_pages_nobody(time: VirtualClock) -> None:
    closed()

    told("he died on Tuesday", item="evt_death")
    time.advance(timedelta(hours=1))
    work()

    assert Participant.objects.get(pk=people.wang().pk).follow_up == FollowUp.FROZEN
    assert TaskKind.AFTER_CLOSURE in kinds()
    assert not Escalation.objects.exists()


def test_a_stay_told_after_it_begins_no_pause_and_nothing_is_asked_about() -> None:
    closed()
    report = told("in hospital since noon", item="evt_admitted")
    assert not people.wang().pauses.exists()
    assert not OpenItem.objects.filter(event=report.event).exists()


def test_what_is_told_after_the_first_signature_alone_pages_as_before() -> None:
    signed()
    told()
    assert Escalation.objects.get().chain == "R1"


def test_the_other_site_s_participants_are_answered_as_before() -> None:
    closed()

    text("li", "今天早上吐血了")

    assert sent_to("li") == ["emergency"]


def test_a_phone_that_is_also_one_s_of_an_open_site_is_still_read() -> None:
    add_contact_point(participant=people.li(), kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"])
    closed()

    text("wang", "今天早上吐血了")

    assert "after_closure_auto" not in sent_to("wang")
    assert Escalation.objects.exists()


def test_two_of_one_closed_phone_are_told_once_and_reported_each() -> None:
    add_contact_point(participant=people.jones(), kind=ContactKind.PARTICIPANT, number=people.PHONES["wang"])
    closed()

    text("wang", "今天天气好")

    assert sent_to("wang") == ["after_closure_auto"]
    assert Task.objects.filter(kind=TaskKind.AFTER_CLOSURE).count() == 2


def test_a_text_that_came_before_the_closure_and_is_read_after_it_is_handled_as_before(time: VirtualClock) -> None:
    row = closed()
    Closure.objects.filter(pk=row.pk).update(closed_at=clock.now() + timedelta(seconds=1))

    text("wang", "今天早上吐血了")

    assert sent_to("wang") == ["emergency"]


# --- somebody who was lost


@pytest.fixture
def lost(time: VirtualClock) -> Participant:
    time.move_to(datetime(2027, 7, 1, 11, 0, tzinfo=SHANGHAI))
    participants.set_follow_up(participant=people.wang(), wanted=FollowUp.LOST, person=people.carol())
    return people.wang()


def test_whoever_writes_from_a_lost_phone_is_answered_and_called_once(lost: Participant) -> None:
    text("wang", "1")
    text("wang's daughter", "爸爸出院了")

    task = Task.objects.get(kind=TaskKind.RETURNED)
    assert task.participant == lost
    assert sent_to("wang") == ["checkin_ok"]
    assert people.wang().follow_up == FollowUp.LOST, "only a person takes somebody back"


def test_a_red_flag_of_somebody_lost_pages_as_ever(lost: Participant) -> None:
    text("wang", "今天早上吐血了")

    assert sent_to("wang") == ["emergency"]
    assert Escalation.objects.get().chain == "R1"
    assert Task.objects.filter(kind=TaskKind.RETURNED).exists()


def test_a_death_told_from_a_lost_phone_is_no_call_to_the_family_today(lost: Participant) -> None:
    text("wang's daughter", "我爸昨晚去世了")

    assert {task.kind for task in Task.objects.all()} == {TaskKind.DEATH}


# --- the question of a search


@pytest.fixture
def asked(time: VirtualClock) -> None:
    time.move_to(datetime(2027, 7, 1, 11, 0, tzinfo=SHANGHAI))
    ask(participant=people.wang(), wording_key="status_check", key="status", purpose=Purpose.CHECKIN)


ANSWERS: list[tuple[str, list[str], set[str]]] = [
    ("1", ["checkin_ok"], set()),
    ("2", ["sym_which"], set()),
    ("3", ["checkin_call"], {TaskKind.CALL_BACK}),
    ("4", ["stop_confirm"], {TaskKind.OPTED_OUT}),
    ("3 4", ["stop_confirm"], {TaskKind.OPTED_OUT, TaskKind.CALL_BACK}),
]


@pytest.mark.parametrize(("body", "answered", "kinds"), ANSWERS)
@pytest.mark.usefixtures("asked")
def test_each_answer_does_what_the_text_says_and_four_is_no_withdrawal(
    body: str, answered: list[str], kinds: set[str]
) -> None:
    text("wang", body)

    assert sent_to("wang")[1:] == answered
    assert {task.kind for task in Task.objects.all()} == kinds
    assert people.wang().follow_up == FollowUp.ACTIVE
    assert (Line.objects.get(pk=line_of("wang").pk).opted_out_at is not None) == ("4" in body)


def test_four_is_on_no_other_list(time: VirtualClock) -> None:
    time.move_to(datetime(2027, 7, 1, 11, 0, tzinfo=SHANGHAI))

    text("wang", "4")

    assert sent_to("wang") == ["bad_number"]
