"""Faults 25 to 28 and 37: people and phones that fail. Virtual time; the database is the one that the run uses.

Each ends by asserting I3: an open or taken escalation has a due row that is not quarantined.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from apps.core import clock
from apps.core.work import Lane
from apps.escalation import readiness, rota, rules
from apps.escalation.models import Acknowledgement, Escalation, Page
from apps.escalation.vocabulary import RUNNING, ChainName, Duty, EscalationState, PageState
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line
from apps.messaging.routes import gateway
from apps.messaging.vocabulary import Disposition, SendState
from apps.operations import engine
from apps.staff.models import User
from apps.trials.services import current_protocol
from tests import people
from tests.escalation import stage as stages
from tests.escalation.stage import Stage

pytestmark = [pytest.mark.django_db, pytest.mark.fault]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def stage(db: None) -> Iterator[Stage]:
    with stages.set_up() as made:
        yield made
        nothing_running_is_without_a_due_row()


def nothing_running_is_without_a_due_row() -> None:
    for running in Escalation.objects.filter(state__in=RUNNING):
        assert running.due_at is not None
        assert running.quarantined_at is None


def test_fault_25_slow_investigator(stage: Stage, alice: User, bob: User) -> None:
    """The next step comes at its stored time; a late acknowledgement is recorded, and the first one stops the rest."""
    running = stage.start()
    stage.minutes(3)
    running.refresh_from_db()
    stored = running.next_step_at
    assert stored == running.opened_at + timedelta(minutes=5)
    stage.minutes(3)
    assert running.pages.get(person=bob, channel="sms").created_at == stored
    stage.text(bob, stage.code(running, bob))
    stage.minutes(3)
    late = stage.text(alice, stage.code(running, alice))
    assert late is not None
    assert late.wording == "staff_taken"
    assert [*Acknowledgement.objects.order_by("at").values_list("person__name", "is_late")] == [
        ("Bob", False),
        ("Alice", True),
    ]
    stage.minutes(20)
    assert stage.paged(running) == [(0, "Alice"), (5, "Bob")]


THREE_DAYS = timedelta(hours=72)
WEDNESDAY, FRIDAY_NIGHT = "a Wednesday morning", "a Friday night before a weekend"
HOLIDAY = "the night before a public holiday"
BEGINNINGS = {
    WEDNESDAY: stages.START,
    FRIDAY_NIGHT: datetime(2027, 5, 14, 22, 30, tzinfo=SHANGHAI),
    HOLIDAY: datetime(2027, 6, 8, 23, 59, tzinfo=SHANGHAI),
}
# Minutes, read off the protocol's chains by hand: the longest wait between two steps, or from the last one to the next round.
LONGEST_WAIT = {ChainName.R1: 15, ChainName.R2: 30, ChainName.R3: 480, ChainName.UNMATCHED: 25}

# In the first round the first on call, in each later one the whole circle. The duty desk has one person here, who is its doctor too.
_ALL = {"Alice", "Bob", "Carol", "Chen", "Dan"}
EVERYBODY = {
    ChainName.R1: [{"Alice"}, _ALL], ChainName.R2: [{"Alice"}, _ALL], ChainName.UNMATCHED: [{"Dan"}, {"Dan"}],
}  # fmt: skip


def longest_wait(running: Escalation) -> timedelta:
    """The same, from the chain that this escalation keeps."""
    kept = running.snapshot
    minutes = [step["after_minutes"] for step in kept["steps"]] + [kept["repeat_minutes"]]
    return timedelta(minutes=max(later - earlier for earlier, later in pairwise(minutes)))


def next_page_by(running: Escalation, page: datetime) -> datetime:
    """When the policy wants the next page at the latest. R3's minutes are those of working days, the others' run at any hour."""
    if running.snapshot["hours"] != "working":
        return page + longest_wait(running)
    free = current_protocol().holiday_dates
    return rules.after_working_time(page.astimezone(SHANGHAI), longest_wait(running), holidays=free)


def woken_as_rounds_begin(running: Escalation) -> list[set[str]]:
    """Who is woken in the first minute of a round: of the first one, and of each later one, which are all alike."""
    pages = running.pages.filter(wakes=True).select_related("person").order_by("created_at")
    begins = sorted({page.created_at for page in pages if page.who == running.snapshot["steps"][0]["who"]})
    woken = [{page.person.name for page in pages if page.created_at == time} for time in begins]
    return [woken[0], *map(set, {frozenset(each) for each in woken[1:]})]


def left_alone(stage: Stage, chain: ChainName, begins: str) -> tuple[Escalation, list[datetime]]:
    """Three days in which everything arrives and nobody answers; the times at which somebody was paged."""
    stage.time.move_to(BEGINNINGS[begins])
    running = stage.start(chain)
    stage.play(THREE_DAYS)
    running.refresh_from_db()
    wakes = {} if chain == ChainName.R3 else {"wakes": True}  # the chain of the working day is a list to look at
    pages = running.pages.filter(kind="page", **wakes).order_by("created_at")
    return running, [*dict.fromkeys(pages.values_list("created_at", flat=True))]


@pytest.mark.parametrize(
    ("chain", "begins"),
    [
        *((chain, FRIDAY_NIGHT) for chain in (ChainName.R1, ChainName.R2, ChainName.UNMATCHED)),
        *((ChainName.R3, begins) for begins in BEGINNINGS),
    ],
)
def test_fault_26_everybody_ignores(stage: Stage, chain: ChainName, begins: str) -> None:
    """72 hours, nights and free days among them: no gap longer than the chain's own, wider from the second round, never finished."""
    running, times = left_alone(stage, chain, begins)
    assert longest_wait(running) == timedelta(minutes=LONGEST_WAIT[chain])
    assert times[0] == running.opened_at
    for page, later in pairwise([*times, stage.time.now()]):
        assert later <= next_page_by(running, page)
    assert running.state == EscalationState.OPEN
    assert running.due_at is not None
    assert running.due_at <= next_page_by(running, times[-1])
    if chain != ChainName.R3:  # its second round comes after two working days
        assert running.round > THREE_DAYS / timedelta(minutes=running.snapshot["repeat_minutes"])
        assert woken_as_rounds_begin(running) == EVERYBODY[chain]


# Working time is Monday to Friday, 08:00 to 17:00: steps at 0, 4 and 8 such hours, the next round at 16. Read off a calendar by hand.
SAME_DAY_LIST = {
    WEDNESDAY: ["Wed 10:00", "Wed 14:00", "Thu 09:00", "Fri 08:00", "Fri 12:00", "Fri 16:00"],
    FRIDAY_NIGHT: ["Fri 22:30", "Mon 12:00", "Mon 16:00"],
    HOLIDAY: ["Tue 23:59", "Thu 12:00", "Thu 16:00", "Fri 15:00"],  # Wednesday, 9 June 2027, is free
}


@pytest.mark.parametrize("begins", BEGINNINGS)
def test_fault_26_the_same_day_list_goes_on_in_working_hours(stage: Stage, begins: str) -> None:
    running, times = left_alone(stage, ChainName.R3, begins)
    assert [f"{time.astimezone(SHANGHAI):%a %H:%M}" for time in times] == SAME_DAY_LIST[begins]
    assert running.state == EscalationState.OPEN


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (SendState.UNDELIVERED, "undelivered"),
        (SendState.FAILED, "failed"),
        (SendState.REFUSED, "refused"),
        (SendState.SENT, "not_delivered"),
        (SendState.ACCEPTED, "not_delivered"),
        (None, "not_accepted"),
    ],
)
def test_fault_27_number_wrong_or_phone_off(stage: Stage, alice: User, outcome: SendState | None, error: str) -> None:
    """A text that fails, or that nobody confirms in time, is no success: the next person at once."""
    index = bytes(alice.phone_index)
    stage.carrier.outcome = lambda message: outcome if bytes(message.line.index) == index else SendState.DELIVERED
    running = stage.start()
    stage.play(timedelta(seconds=91))
    page = running.pages.get(person=alice, channel="sms")
    assert (page.state, page.error) == (PageState.FAILED, error)
    paged = [name for _, name in stage.paged(running)]
    assert paged == ["Alice", "Bob"]


def test_fault_28_acknowledgement_lost_or_from_an_unknown_phone(stage: Stage, alice: User, dora: User) -> None:
    """Paging goes on; nobody but the person who was paged, from their own phone, takes anything with the code."""
    running = stage.start()
    stage.minutes(1)
    code = stage.code(running, alice)
    _text_from(people.PHONES["nobody we know"], code)
    assert stage.text(dora, code) is None
    stage.minutes(5)
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    assert not Acknowledgement.objects.exists()
    assert "Bob" in [name for _, name in stage.paged(running)]


def _text_from(number: str, body: str) -> None:
    """A text through the whole inbound path: posted, stored, routed."""
    phone = gateway("phone")
    [message] = messaging.receive(gateway=phone, callback=phone.posted_text(sender=number, text=body))  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.operations.engine.table", _with_conversations())
        while InboundMessage.objects.filter(pk=message.pk, disposition=Disposition.WAITING).exists():
            assert engine.run_one(lane=Lane.SAFETY)


def _with_conversations() -> object:
    from apps.conversations import services as conversations
    from apps.core.work import Work

    table = (*stages.TABLE, Work(InboundMessage, conversations.answer, conversations.could_not_process))
    return lambda: table


def test_fault_28_the_code_from_the_persons_own_phone_takes_it(stage: Stage, alice: User) -> None:
    running = stage.start()
    stage.minutes(1)
    _text_from(people.PHONES["alice"], stage.code(running, alice))
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)


def _on_call(stage: Stage, person: User, starts_at: datetime, ends_at: datetime, *, by: User) -> None:
    rota.add_shift(site=stage.site, duty=Duty.FIRST, person=person, starts_at=starts_at, ends_at=ends_at, by=by)


def test_fault_37_gap_in_the_rota(stage: Stage, alice: User, bob: User, carol: User) -> None:
    """A hole in the next 72 hours stops the go-live and is an incident ahead; when it comes, the step is passed at once."""
    now = clock.now()
    for person, begins, ends in ((alice, 0, 40), (bob, 48, 200)):
        _on_call(stage, person, now + timedelta(hours=begins), now + timedelta(hours=ends), by=carol)
    assert [(gap.duty, gap.starts_at - now, gap.ends_at - now) for gap in rota.gaps(site=stage.site)] == [
        (Duty.FIRST, timedelta(hours=40), timedelta(hours=48))
    ]
    rota.watch_rota()
    assert any(kind == "gap_ahead" for kind, _ in stage.incidents())
    assert any("BJ01" in reason for reason in readiness.readiness())
    stage.play(timedelta(hours=41))
    running = stage.start()
    stage.drain()
    assert stage.paged(running)[0][0] == 0
    assert ("rota_gap", "investigator_on_call") in stage.incidents()


def test_fault_37_a_staffed_rota_has_no_gap(stage: Stage, alice: User, bob: User, carol: User) -> None:
    now = clock.now()
    _on_call(stage, bob, now, now + timedelta(hours=80), by=carol)
    running = stage.start()
    stage.drain()
    assert rota.gaps(site=stage.site) == []
    assert stage.paged(running) == [(0, "Bob")]
    assert Page.objects.filter(person=alice).count() == 0
    assert Line.objects.exists()
