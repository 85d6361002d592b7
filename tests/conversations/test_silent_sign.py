"""A change in how somebody answers is brought to a person: by their own habit, never by one sign, and only when the trial file says so."""

import json
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from apps.conversations import habits, silent_sign
from apps.conversations.habits import Answer
from apps.conversations.models import Drift, Question, Task, Turn
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane
from apps.messaging import services as messaging
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import Disposition, Purpose, SendState
from apps.trials import services as trials
from apps.trials.protocol import TriageFacts
from tests import people
from tests.times import beginning_at
from tests.triage.scenes import arrived, line_of, text
from tests.workplace import scenes

NOON = datetime(2027, 7, 12, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WEEK = timedelta(weeks=1)


def habit(count: int = 12, **how: object) -> list[Answer]:
    """Someone who answers each week at noon within twenty minutes."""
    usual = {"latency": timedelta(minutes=20), "digits": ("1",), **how}
    return [Answer(at=NOON - (number + 2) * WEEK, **usual) for number in range(count)]  # type: ignore[arg-type]


def names(*recent: Answer, before: list[Answer] | None = None) -> list[str]:
    known = habit() if before is None else before
    return [sign.name for sign in habits.signs([*known, *recent], now=NOON)]


# --- the signs


def test_an_answer_as_always_is_no_sign() -> None:
    assert names(Answer(NOON, timedelta(minutes=25), ("1",))) == []


@pytest.mark.parametrize(
    ("recent", "sign"),
    [
        ([Answer(NOON, timedelta(hours=9), ("1",))], "slow"),
        ([Answer(NOON.replace(hour=3), timedelta(minutes=20), ("1",))], "small_hours"),
        ([Answer(NOON, is_malformed=True), Answer(NOON, is_malformed=True)], "malformed"),
        ([Answer(NOON, digits=("1",)), Answer(NOON, digits=("2",))], "contradicts"),
        ([Answer(NOON, digits=("1",)), Answer(NOON, has_symptom=True)], "contradicts"),
    ],
)
def test_each_change_is_a_sign(recent: list[Answer], sign: str) -> None:
    assert names(*recent) == [sign]


def test_words_in_another_script_are_a_sign_when_there_were_words_before() -> None:
    fresh = Answer(NOON, script="en")

    assert names(fresh, before=habit(script="zh")) == ["script"]
    assert names(fresh) == []


def test_who_always_answers_at_three_or_after_a_day_is_left_alone() -> None:
    night = [replace(each, at=each.at.replace(hour=3)) for each in habit()]
    slow = habit(latency=timedelta(hours=20))

    assert names(Answer(NOON.replace(hour=3), timedelta(minutes=20)), before=night) == []
    assert names(Answer(NOON, timedelta(hours=22)), before=slow) == []


def test_seven_answers_are_no_habit() -> None:
    assert names(Answer(NOON.replace(hour=3), timedelta(hours=9)), before=habit(count=7)) == []


def test_one_sign_is_no_reason_and_two_are() -> None:
    one = habits.signs([*habit(), Answer(NOON, timedelta(hours=9))], now=NOON)
    two = habits.signs([*habit(), Answer(NOON.replace(hour=3), timedelta(hours=9))], now=NOON)

    assert not habits.is_drift(one)
    assert habits.is_drift(two)


# --- the watch


time = beginning_at(NOON - 14 * WEEK, autouse=False)


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = trials.current_protocol

    monkeypatch.setattr(
        silent_sign, "current_protocol", lambda: replace(protocol(), triage=TriageFacts(watch_silent_sign=True))
    )


def answers_each_week(time: VirtualClock) -> None:
    """Twelve check-ins, each answered 1 within twenty minutes."""
    for _ in range(12):
        time.advance(WEEK)
        answered("1", after=timedelta(minutes=20))
    time.advance(2 * WEEK)


def answered(digit: str, *, after: timedelta) -> Turn:
    participant, line = people.jones(), line_of("jones")
    sent = OutboundMessage.objects.create(
        key=uuid.uuid4().hex, line=line, data_key=line.data_key, purpose=Purpose.CHECKIN, wording="checkin",
        wording_version="1", language="en", state=SendState.DELIVERED, planned_at=clock.now() - after,
    )  # fmt: skip
    message = arrived("jones", digit)
    messaging.settle(message=message, disposition=Disposition.ANSWER)
    Question.objects.create(
        line=line, participant=participant, message=sent, wording="checkin", asked_at=clock.now() - after,
        expires_at=clock.now(), state=QuestionState.ANSWERED, answer=digit, answered_at=clock.now(), answered_by=message,
    )  # fmt: skip
    return Turn.objects.create(
        message=message, line=line, participant=participant, site=participant.site, arrived_at=clock.now(),
        contact_point=participant.contact_points.get(kind="participant"), lane=Lane.MESSAGES,
    )  # fmt: skip


def strange(time: VirtualClock) -> Turn:
    """At three in the night, nine hours after the question."""
    time.advance(timedelta(hours=15))
    return answered("1", after=timedelta(hours=9))


def test_off_it_does_nothing(time: VirtualClock) -> None:
    answers_each_week(time)

    assert silent_sign.watch(strange(time)) is None
    assert not Task.objects.filter(kind=TaskKind.CHANGED).exists()


def test_on_it_brings_the_change_to_a_person_with_the_reasons(time: VirtualClock, switched_on: None) -> None:
    answers_each_week(time)

    drift = silent_sign.watch(strange(time))

    assert drift is not None
    assert [sign["name"] for sign in drift.signs] == ["slow", "small_hours"]
    task = Task.objects.get(kind=TaskKind.CHANGED)
    assert (task.participant, drift.task) == (people.jones(), task)
    card = scenes.page(people.alice(), scenes.change_url(task))
    assert "answers much later than usual (minutes): 20 → 540" in card


def test_the_same_change_is_brought_once_in_a_fortnight(time: VirtualClock, switched_on: None) -> None:
    answers_each_week(time)
    silent_sign.watch(strange(time))
    time.advance(timedelta(days=1))

    assert silent_sign.watch(answered("1", after=timedelta(hours=9))) is None
    assert Drift.objects.count() == 1


def test_it_is_asked_after_every_text_of_the_participant(time: VirtualClock, switched_on: None) -> None:
    answers_each_week(time)
    strange(time)

    text("jones", "1")

    assert Drift.objects.get().participant == people.jones()


def test_a_caregivers_text_is_nobodys_habit(time: VirtualClock, switched_on: None) -> None:
    answers_each_week(time)
    strange(time)

    text("jones's husband", "all is well")

    assert not Drift.objects.exists()


def test_its_yield_is_measured_while_it_is_off(time: VirtualClock) -> None:
    answers_each_week(time)
    strange(time)
    time.advance(timedelta(days=3))
    text("jones's husband", "she is confused and does not know us")
    out, plain = StringIO(), StringIO()

    call_command("silent_sign", "--from", "2027-04-01", "--to", "2027-08-01", stdout=out)
    call_command("silent_sign", "--from", "2027-04-01", "--to", "2027-08-01", "--json", stdout=plain)

    found = json.loads(plain.getvalue())
    assert (found["raised"], found["followed"], found["episodes"], found["missed"]) == (1, 1, 1, 0)
    assert "watch off" in out.getvalue()
    assert not Drift.objects.exists()
