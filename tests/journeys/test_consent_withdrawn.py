"""A consent is withdrawn: what is sent and who calls from then on, that danger still reaches people, and what the sponsor's files hold."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Page
from apps.participants.models import Participant
from apps.safety import services as safety
from tests import people
from tests.conversations.test_story import sent_to, text
from tests.due import work
from tests.exports.test_cuts import lines, make
from tests.times import beginning_at
from tests.workplace.scenes import change_url, page, press

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
time = beginning_at(datetime(2027, 5, 11, 20, 1, tzinfo=SHANGHAI))


@pytest.fixture(autouse=True)
def _what_was_due_is_done(time: VirtualClock) -> None:
    work()


def withdraw(participant: Participant, kind: str) -> None:
    """As a coordinator records it, on the participant's card."""
    answer = press(people.chen(), participant, "withdraw", kind=kind, withdrawn_on="2027-05-11")
    assert answer.status_code == 303
    work()


def it_is(time: VirtualClock, day: int, hour: int, minute: int) -> None:
    time.move_to(datetime(2027, 5, day, hour, minute, tzinfo=SHANGHAI))
    work()


def calls(participant: Participant) -> list[str]:
    tasks = Task.objects.filter(participant=participant, message=None).exclude(kind=TaskKind.APPOINTMENT)
    return list(tasks.values_list("kind", flat=True))


def danger_still_reaches_people(who: str, participant: Participant, doctor: str) -> None:
    text(who, "今天早上吐血了")
    assert sent_to(who) == ["emergency"]
    event = participant.events.get()
    assert event.level == "R1"
    assert Page.objects.filter(escalation=event.escalation, person__username=doctor).exists()
    assert event.escalation is not None
    assert not event.escalation.cannot_text, "the emergency text arrives"


def stands_in_the_sponsors_listing(participant: Participant, code: str) -> None:
    event, by = participant.events.get(), people.alice() if code.startswith("BJ") else people.dora()
    safety.confirm(
        event=event,
        person=by,
        term="Haematemesis",
        severity_grade=3,
        causality_investigator="possible",
        hospitalisation=True,
    )
    assert code in str(lines(make()))


def test_without_a_consent_to_texts_a_person_calls_and_a_red_flag_is_answered_and_paged(time: VirtualClock) -> None:
    withdraw(people.wang(), "sms")

    card = page(people.alice(), change_url(people.wang()))
    assert "no valid consent to text messages" in card
    assert "2027-05-11" in card
    it_is(time, 12, 10, 10)
    assert sent_to("wang") == []
    assert calls(people.wang()) == [TaskKind.OPTED_OUT], "who is still in the trial is not left alone"
    danger_still_reaches_people("wang", people.wang(), "alice")
    stands_in_the_sponsors_listing(people.wang(), "BJ01-001")


def test_without_a_consent_to_the_trial_nobody_is_contacted_by_plan_and_a_red_flag_still_is_paged(
    time: VirtualClock,
) -> None:
    withdraw(people.wang(), "trial")

    assert "no valid consent<" in page(people.alice(), change_url(people.wang()))
    it_is(time, 12, 10, 10)
    assert (sent_to("wang"), calls(people.wang())) == ([], [])
    danger_still_reaches_people("wang", people.wang(), "alice")
    stands_in_the_sponsors_listing(people.wang(), "BJ01-001")


def test_a_withdrawal_with_an_open_check_in_becomes_a_call_and_a_new_consent_brings_texts_back(
    time: VirtualClock,
) -> None:
    it_is(time, 12, 10, 10)
    assert sent_to("wang") == ["checkin"]
    withdraw(people.wang(), "sms")
    it_is(time, 12, 16, 0)
    assert sent_to("wang") == ["checkin"], "no reminder"
    assert calls(people.wang()) == [TaskKind.OPTED_OUT]

    again = press(people.chen(), people.wang(), "consent", kind="sms", version="2.0", given_on=str(date(2027, 5, 12)))
    assert again.status_code == 303
    it_is(time, 26, 10, 10)
    assert sent_to("wang") == ["checkin", "checkin"]
