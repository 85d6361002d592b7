"""Three in the night: what pages, what waits for the 07:00 list, and what the texter is told of either."""

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from apps.conversations.models import Task
from apps.conversations.vocabulary import TaskKind
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation, Page
from apps.messaging.models import OutboundMessage
from apps.triage import rules
from apps.triage.rules import decide
from apps.triage.rules.net import Net
from tests import people
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import beginning_at
from tests.triage.nets import weights

pytestmark = pytest.mark.django_db
NIGHT = datetime(2027, 5, 12, 19, 0, tzinfo=UTC)  # Thursday 03:00 in Shanghai
WEIGHTS = MappingProxyType({"w:budgerigar": (900, 1), "w:look": (700, 1)})
MAY_WAIT = "no stool for 3 days"  # urgent, but no item that pages at night
ODD = "the budgerigar cage looks crooked"  # no rule knows a word of it
time = beginning_at(NIGHT)


def the_net_says(monkeypatch: pytest.MonkeyPatch, *, sure: bool) -> None:
    net = Net({"en": weights(WEIGHTS, 100, 100 if sure else 999_000)})
    whole = rules.engine()
    engine = decide.Engine(whole.cat, whole.forms, whole.quantities, net)
    monkeypatch.setattr(rules, "engine", lambda: engine)


def rung() -> list[str]:
    return [*Page.objects.filter(wakes=True, message__isnull=False).values_list("person__name", flat=True)]


def test_something_unclear_with_a_health_word_pages_and_says_so() -> None:
    text("jones", "pain")

    assert rung() == ["Alice"]
    assert sent_to("jones") == ["sym_done_r2"]


@pytest.mark.parametrize("sure", [True, False])
def test_what_only_the_net_finds_pages_and_says_so(monkeypatch: pytest.MonkeyPatch, sure: bool) -> None:
    the_net_says(monkeypatch, sure=sure)

    text("jones", ODD)

    assert Escalation.objects.get().chain == "R2"
    assert rung() == ["Alice"]
    assert sent_to("jones") == ["sym_done_r2"], "not that it was not understood"


def test_an_urgent_item_that_may_wait_is_promised_for_the_morning_and_a_task_keeps_the_promise() -> None:
    message = text("wang", "乙肝药停了")

    assert [finding["id"] for finding in message.reports.get().findings] == ["antiviral_stopped"]
    assert rung() == []
    assert Escalation.objects.get().due_at == datetime(2027, 5, 12, 23, 0, tzinfo=UTC)
    assert sent_to("wang") == ["event_thanks"], "news that is urgent: no doctor is said to be alerted now"
    task = Task.objects.get(kind=TaskKind.SYMPTOM)
    assert task.deadline == datetime(2027, 5, 13, 0, 30, tzinfo=UTC), (
        "08:30: the protocol's hour for what waits for the list"
    )


def test_on_a_friday_night_the_morning_is_saturdays_and_the_contact_keeps_the_promise(time: VirtualClock) -> None:
    time.move_to(datetime(2027, 5, 14, 14, 0, tzinfo=UTC))  # 22:00

    text("jones", MAY_WAIT)

    reply = OutboundMessage.objects.get(line=line_of("jones"), wording="sym_done_r3")
    assert "a person will contact you tomorrow by 08:30" in reply.text
    time.move_to(datetime(2027, 5, 14, 23, 0, tzinfo=UTC))
    work()
    assert rung() == ["Alice"], "at seven on Saturday"
    code = Page.objects.get(person=people.alice(), channel="sms").code
    text("alice", code)
    text("alice", f"{code} 1")
    time.move_to(datetime(2027, 5, 15, 0, 31, tzinfo=UTC))
    work()
    assert Task.objects.get(kind=TaskKind.SYMPTOM).done_by == people.alice()
    assert not Escalation.objects.filter(state="open").exists(), "nobody is paged because a kept promise is late"


def test_a_doctor_who_writes_about_a_patient_gets_no_emergency_text() -> None:
    text("alice", "pt admitted to ICU, will ring back")

    assert Escalation.objects.get().chain == "unmatched"
    assert "emergency_family" not in sent_to("alice")
