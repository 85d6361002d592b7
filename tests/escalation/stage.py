"""A stage for paging: virtual time, the real engine over escalations and pages, and a carrier that does what the test says.

The carrier stands where the SMS provider would: it takes the texts that are due in the outbox and moves their rows as delivery reports do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.test import override_settings

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.core.work import Lane, Work
from apps.escalation import services as escalation
from apps.escalation.models import Escalation, Incident, Page
from apps.escalation.vocabulary import ChainName
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.operations import engine
from apps.staff.models import User
from apps.trials.models import Site
from tests import due, people

START = datetime(2027, 5, 12, 2, 0, tzinfo=UTC)  # Wednesday, 10:00 in Shanghai
TABLE = (
    Work(Escalation, escalation.advance, escalation.could_not_advance),
    Work(Page, escalation.send_page, escalation.could_not_page),
)


@dataclass
class Carrier:
    """`outcome(message)` is the state that a text gets when it is sent; None leaves it in the outbox (an outage)."""

    outcome: Callable[[OutboundMessage], SendState | None] = lambda _message: SendState.DELIVERED
    sent: list[tuple[datetime, OutboundMessage]] = field(default_factory=list)

    def work(self) -> bool:
        rows = OutboundMessage.objects.filter(due_at__lte=clock.now(), state=SendState.PLANNED)
        moved = False
        for message in rows.order_by("planned_at"):
            state = self.outcome(message)
            if state is None:
                continue
            now = clock.now()
            values = {"handed_over_at": now, "delivered_at": now if state == SendState.DELIVERED else None}
            OutboundMessage.objects.filter(pk=message.pk).update(state=state, due_at=None, **values)
            self.sent.append((now, message))
            moved = True
        return moved

    def texts_to(self, person: User) -> list[str]:
        index = bytes(person.phone_index)
        return [message.text for _, message in self.sent if bytes(message.line.index) == index]


@dataclass
class Stage:
    time: VirtualClock
    carrier: Carrier

    @property
    def site(self) -> Site:
        return people.site("BJ01")

    def start(self, chain: ChainName = ChainName.R1, *, site: Site | None = None, **given: object) -> Escalation:
        place = None if chain == ChainName.UNMATCHED else (site or self.site)
        return escalation.start(chain=chain, site=place, received_at=clock.now(), **given)  # type: ignore[arg-type]

    def drain(self) -> None:
        """Everything that is due now, in the order of the engine."""
        while engine.run_one(lane=Lane.SAFETY) or self.carrier.work() or engine.run_one(lane=Lane.MESSAGES):
            continue

    def play(self, length: timedelta) -> None:
        """Let trial time pass, from one due row to the next."""
        ends = self.time.now() + length
        self.drain()
        while (time := due.next_at((Escalation, Page), after=clock.now())) is not None and time <= ends:
            self.time.move_to(max(time, self.time.now()))
            self.drain()
        self.time.move_to(ends)

    def minutes(self, number: float) -> None:
        self.play(timedelta(minutes=number))

    def paged(self, running: Escalation, *, channel: str = "sms") -> list[tuple[int, str]]:
        """Who was paged by this channel, and in which minute of the escalation, in order."""
        pages = (
            running.pages.filter(kind="page", channel=channel).select_related("person").order_by("created_at", "step")
        )
        return [(round((page.created_at - running.opened_at).total_seconds() / 60), page.person.name) for page in pages]

    def code(self, running: Escalation, person: User) -> str:
        page = running.pages.filter(person=person).first()
        assert page is not None
        return page.code

    def text(self, person: User, body: str) -> escalation.Answer | None:
        """A text from the person's own phone, already matched to the person."""
        answer = escalation.answer_staff_text(person=person, text=body)
        self.drain()
        return answer

    def incidents(self) -> set[tuple[str, str]]:
        return {(incident.kind, incident.detail) for incident in Incident.objects.all()}


@contextmanager
def set_up(start: datetime = START) -> Iterator[Stage]:
    """The people of BJ01 and the duty desk, virtual time, an engine that runs paging only."""
    with clock.using(VirtualClock(start)) as time, override_settings(WORK_TABLE="tests.escalation.stage.TABLE"):
        engine.table.cache_clear()
        for person in (people.alice, people.bob, people.carol, people.chen, people.dan):
            person()
        yield Stage(time, Carrier())
    engine.table.cache_clear()
