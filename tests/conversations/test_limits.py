"""What a text may not do: advise, comment, or name minutes that a site has not set. A person calls instead, and no alarm is replaced."""

from datetime import timedelta

import pytest

from apps.conversations import advice, services
from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.escalation.vocabulary import ContactResult, Via
from apps.messaging.models import OutboundMessage
from apps.safety.models import AdverseEvent
from apps.trials.models import Site
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import NIGHT, TUESDAY, beginning_at

pytestmark = pytest.mark.django_db
time = beginning_at(TUESDAY)


def tasks() -> list[str]:
    return list(Task.objects.filter(message__isnull=False).values_list("kind", flat=True))


QUESTIONS = [
    ("jones", "what dose should I take?"),
    ("jones", "Should I stop my blood pressure pills?"),
    ("jones", "is this treatment safe"),
    ("jones", "can I skip the tablet tonight"),
    ("wang", "药要不要停"),
    ("wang", "请问降压药饭前吃还是饭后吃"),
    ("wang", "这个药有副作用吗？"),
    ("wang", "治疗还要多久"),
]


@pytest.mark.parametrize(("who", "body"), QUESTIONS)
def test_a_question_about_medicine_gets_no_advice_and_a_person_calls(who: str, body: str) -> None:
    text(who, body)

    assert sent_to(who) == ["no_advice"]
    assert tasks() == [TaskKind.ADVICE]
    assert Task.objects.get(kind=TaskKind.ADVICE).participant == (people.jones() if who == "jones" else people.wang())
    assert not Escalation.objects.exists()


@pytest.mark.parametrize(("who", "body"), [("jones", "Can I take paracetamol?"), ("wang", "能喝中药吗？")])
def test_a_medicine_that_is_only_asked_about_is_not_interviewed_about_and_still_a_matter_of_the_day(
    who: str, body: str
) -> None:
    text(who, body)

    assert sent_to(who) == ["no_advice"]
    assert tasks() == [TaskKind.SYMPTOM]


def test_by_night_it_is_answered_at_once_and_called_about_by_day(time: VirtualClock) -> None:
    time.move_to(NIGHT)
    text("wang", "药要不要停")

    assert sent_to("wang", wording="no_advice")
    assert Task.objects.get(kind=TaskKind.ADVICE).deadline > NIGHT + timedelta(hours=6)


@pytest.mark.parametrize("body", ["vomiting blood, which tablets should I take?", "吐血了，要吃什么药？"])
def test_it_never_takes_the_place_of_an_alarm(body: str) -> None:
    text("jones", body)

    assert Escalation.objects.get(events__participant=people.jones()).chain == "R1"
    assert sent_to("jones") == ["emergency"]
    assert TaskKind.ADVICE not in tasks()


def test_a_complaint_beside_the_question_is_asked_about_as_ever() -> None:
    text("jones", "I have a rash, which tablets should I take?")

    assert "no_advice" not in sent_to("jones")
    assert AdverseEvent.objects.exists()


def test_a_red_flag_that_is_denied_beside_it_is_read_by_a_person_too() -> None:
    text("wang", "没有吐血，可以吃阿司匹林吗")

    assert sent_to("wang") == ["no_advice"]
    assert sorted(tasks()) == [TaskKind.ADVICE, TaskKind.READ]


def test_on_a_shared_phone_nothing_is_said_and_nothing_is_lost() -> None:
    for participant in (people.jones(), people.li()):
        participant.contact_points.filter(kind="participant").update(line=line_of("jones"))
    text("jones", "which tablets should I take?")

    assert sent_to("jones") == []
    assert {task.participant for task in Task.objects.filter(kind=TaskKind.ADVICE)} == {people.jones(), people.li()}


@pytest.mark.parametrize(
    "body",
    ["which hospital should I go to", "I took my tablets", "when is my appointment?", "什么时候复查", "药房在哪"],
)
def test_what_asks_about_something_else_or_asks_nothing_is_no_such_question(body: str) -> None:
    assert not (advice.is_question(body) and advice.names_treatment(body))


# --- news


@pytest.mark.parametrize("body", ["乙肝药停了", "I stopped entecavir last week", "I had a liver transplant last month"])
def test_news_without_a_complaint_is_thanked_for_and_never_commented_on(body: str) -> None:
    who = "jones" if body.isascii() else "wang"
    text(who, body)

    assert sent_to(who) == ["event_thanks"]
    assert Escalation.objects.get().chain == "R2", "the call that the text speaks of"


@pytest.mark.parametrize("body", ["my wife is pregnant", "I started a new medicine from another doctor"])
def test_news_of_the_day_is_asked_about_as_the_catalogue_says_and_then_thanked_for(
    time: VirtualClock, body: str
) -> None:
    text("jones", body)
    for answer in ("1", "1", "1"):
        if "event_thanks" in sent_to("jones"):
            break
        time.advance(timedelta(minutes=2))
        text("jones", answer)

    assert sent_to("jones")[-1] == "event_thanks"
    assert not {"sym_done_r3", "sym_done_r4"} & set(sent_to("jones"))
    assert TaskKind.SYMPTOM in tasks()


def test_in_discreet_mode_news_is_thanked_for_at_once() -> None:
    people.jones()
    type(people.jones()).objects.filter(pk=people.jones().pk).update(is_discreet=True)
    text("jones", "I started a new medicine from another doctor")

    assert sent_to("jones") == ["event_thanks"]


def test_news_that_something_has_made_more_urgent_keeps_the_answer_of_its_level() -> None:
    text("jones", "I am pregnant and had a miscarriage")

    assert "event_thanks" not in sent_to("jones")


# --- minutes


def test_minutes_are_named_only_where_the_site_has_set_its_own() -> None:
    text("jones", "yellow eyes much worse since yesterday, dark urine")
    assert "sym_done_r2_min" not in sent_to("jones")


@pytest.fixture
def thirty() -> None:
    Site.objects.update(callback_minutes_r2=30)


def urgent_text() -> Escalation:
    text("wang", "发烧38.5")
    running = Escalation.objects.get()
    assert running.chain == "R2"
    return running


@pytest.mark.usefixtures("thirty")
def test_the_minutes_of_the_site_are_said_and_a_task_keeps_them() -> None:
    urgent_text()

    assert sent_to("wang") == ["sym_done_r2_min"]
    assert "30分钟" in OutboundMessage.objects.get(wording="sym_done_r2_min").text
    task = Task.objects.get(kind=TaskKind.CALL_BACK)
    assert task.deadline - clock.now() <= timedelta(minutes=30)


@pytest.mark.usefixtures("thirty")
def test_a_contact_in_time_closes_the_task_in_the_name_of_who_made_it_and_pages_nobody_again(
    time: VirtualClock,
) -> None:
    running = urgent_text()
    time.advance(timedelta(minutes=5))
    services.record_contact(running=running, person=people.alice(), result=ContactResult.REACHED, via=Via.ADMIN)
    time.advance(timedelta(minutes=40))
    work()

    task = Task.objects.get(kind=TaskKind.CALL_BACK)
    assert (task.done_by, task.due_at) == (people.alice(), None)
    assert Escalation.objects.count() == 1


@pytest.mark.usefixtures("thirty")
def test_without_a_contact_it_stays_open_beside_the_chain(time: VirtualClock) -> None:
    urgent_text()
    time.advance(timedelta(minutes=40))
    work()

    assert Task.objects.get(kind=TaskKind.CALL_BACK).done_at is None
    assert Escalation.objects.get().state != "contacted"
