"""A new index key while the trial goes on (fault 35): every text finds its person before, during and after, and nobody is entered twice."""

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from apps.audit.models import AuditEvent
from apps.conversations import routing
from apps.core import clock, phone
from apps.core.unit import unit
from apps.escalation import channel as channels
from apps.messaging import services as messaging
from apps.messaging.models import InboundMessage, Line
from apps.messaging.vocabulary import Disposition
from apps.operations import doctor
from apps.participants import arm_told
from apps.participants.models_told import ArmTold
from apps.staff.models import User
from apps.staff.services import set_phone
from apps.triage.models import SymptomReport
from apps.vault import services as vault
from apps.vault.models import DataKey
from tests import people

pytestmark = [pytest.mark.django_db, pytest.mark.fault]
NEXT = "the-next-passphrase-of-more-than-32-characters"


class Ring:
    """The index keys as an administrator sets them, step by step."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.old = settings, settings.INDEX_KEY

    def before(self) -> None:
        self.settings.INDEX_KEY = self.old

    def read_next(self) -> None:
        self.settings.INDEX_KEY = f"{self.old},{NEXT}"

    def write_next(self) -> None:
        self.settings.INDEX_KEY = f"{NEXT},{self.old}"

    def after(self) -> None:
        self.settings.INDEX_KEY = NEXT


@pytest.fixture
def ring(settings: Settings) -> Ring:
    people.everybody()
    return Ring(settings)


def rotate() -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    return said.getvalue()


def line_of(who: str) -> Line:
    return messaging.line_for(number=number(who))


def number(who: str) -> phone.Number:
    found = phone.normalise(people.PHONES[who])
    assert found is not None
    return found


def arrives(who: str, body: str) -> InboundMessage:
    message = InboundMessage(
        gateway="phone", dedupe_key=uuid.uuid4().hex, line=line_of(who), data_key=vault.create_data_key(), body=body,
        received_at=clock.now(),
    )  # fmt: skip
    message.save()
    with unit():
        routing.route(message)
    message.refresh_from_db()
    return message


def finds_its_people() -> None:
    """A doctor's reply is a doctor's, a participant's text a participant's, a stranger's a stranger's; none of them is met twice."""
    assert arrives("alice", "ok").disposition == Disposition.STAFF
    assert SymptomReport.objects.get(message=arrives("jones", "I have a headache")).participant == people.jones()
    assert arrives("nobody we know", "hello").disposition == Disposition.UNMATCHED
    numbers = [line.number for line in Line.objects.select_related("data_key")]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("step", ["before", "read_next", "write_next"])
def test_texts_and_replies_find_their_people_before_and_during_a_rotation(ring: Ring, step: str) -> None:
    line_of("alice")
    getattr(ring, step)()
    finds_its_people()


def test_texts_and_replies_find_their_people_while_the_rows_move_and_after(ring: Ring) -> None:
    line_of("alice")
    ring.write_next()
    while messaging.reindex_lines(batch=3):  # a batch and a stop, again and again; the staff's mobiles come last
        finds_its_people()
    rotate()
    finds_its_people()
    ring.after()
    finds_its_people()
    assert not [*doctor.keys_are_there()]


def test_a_number_of_before_and_one_of_now_are_one_and_the_same(ring: Ring, alice: User) -> None:
    """A line met before, a colleague whose mobile is entered now; and the other way round."""
    line_of("nobody we know")
    ring.write_next()
    set_phone(user=alice, number=people.PHONES["nobody we know"])
    assert arrives("nobody we know", "ok").disposition == Disposition.STAFF
    assert arrives("bob", "ok").disposition == Disposition.STAFF


def test_who_blocked_our_texts_is_not_paged_by_text_while_their_line_stands_under_the_older_key(
    ring: Ring, alice: User
) -> None:
    Line.objects.filter(pk=line_of("alice").pk).update(carrier_blocked_at=clock.now())
    ring.write_next()
    set_phone(user=alice, number=people.PHONES["alice"])
    assert channels.of("sms", alice) is None


def test_a_stop_is_known_to_the_rest_of_its_unit_while_the_line_stands_under_the_older_key(
    ring: Ring, alice: User
) -> None:
    line = line_of("alice")
    ring.write_next()
    with unit():
        assert messaging.line_of(alice) == line
        messaging.opt_out(line=line)
        now = messaging.line_of(alice)
        assert now is not None
        assert now.opted_out_at is not None


def test_a_process_that_still_writes_under_the_older_key_and_one_under_the_next_make_one_line(
    ring: Ring, alice: User
) -> None:
    ring.write_next()
    with unit():
        assert messaging.line_of(alice) is None
        theirs = Line.objects.create(
            data_key=vault.create_data_key(), number=people.PHONES["alice"],
            index=vault.phone_indexes(people.PHONES["alice"])[1], country="US",
        )  # fmt: skip
        assert line_of("alice") == theirs
    assert Line.objects.count() == len({line.number for line in Line.objects.all()})


def test_rotating_may_be_begun_again_and_leaves_what_it_has_done(ring: Ring) -> None:
    ring.write_next()
    rotate()
    stood = dict(Line.objects.values_list("pk", "index"))
    assert ": 0 moved, 0 left" in rotate()
    assert dict(Line.objects.values_list("pk", "index")) == stood


def test_the_trail_says_that_indexes_moved_and_holds_none(ring: Ring) -> None:
    line = line_of("wang")
    before = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    ring.write_next()
    rotate()
    moved = AuditEvent.objects.filter(pk__gt=before, table="messaging_line", row_key__in=[line.pk, line.pk.hex])
    assert [event.actor for event in moved] == ["command:rotate_keys"]
    digests = [bytes(index)[-32:].hex() for index in vault.phone_indexes(people.PHONES["wang"])]
    trail = " ".join(f"{event.old} {event.new}" for event in AuditEvent.objects.all()).lower()
    assert not [digest for digest in digests if digest in trail]


def test_a_shredded_number_keeps_nobody_waiting(ring: Ring) -> None:
    line = line_of("wang")
    vault.shred(keys=DataKey.objects.filter(pk=line.data_key_id))
    ring.write_next()
    assert "0 left" in rotate()
    ring.after()
    assert not [*doctor.keys_are_there()]


def test_two_lines_of_one_number_are_said_and_the_older_key_stays(ring: Ring) -> None:
    """Only a process that did not know the older key could make them."""
    line_of("nobody we know")
    ring.after()
    line_of("nobody we know")
    ring.write_next()
    with pytest.raises(CommandError, match="entered twice"):
        rotate()


def test_a_key_that_was_taken_away_too_early_is_told(ring: Ring) -> None:
    ring.after()
    assert any("INDEX_KEY" in reason for reason in doctor.keys_are_there())
    ring.settings.FIELD_KEYS = NEXT
    assert any("FIELD_KEYS" in reason for reason in doctor.keys_are_there())


def test_the_same_words_are_no_second_incident_of_the_blinding_during_a_rotation(ring: Ring) -> None:
    row = people.jones()
    arm_told.note(row=row, field="note", text="she is in the placebo arm", participant=row)
    assert ArmTold.objects.count() == 1
    ring.write_next()
    arm_told.note(row=row, field="note", text="she is in the placebo arm", participant=row)
    assert ArmTold.objects.count() == 1
