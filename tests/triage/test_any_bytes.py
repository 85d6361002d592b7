"""No text of any bytes makes the triage raise: however a webhook decodes them, alone, read together, and with all that is known besides."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.messaging.gateway import storable
from apps.participants.models import Participant
from apps.triage import rules, services
from apps.triage.context import Told, restored, stored
from apps.triage.models import SymptomReport
from apps.triage.rules import LABELS, LEVELS, STATES, Assessment, Context, assess, together
from tests import people
from tests.triage.scenes import arrived

LONGEST = 20_000
SOME = settings(max_examples=150, deadline=None)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

DECODED = [
    lambda raw: raw.decode("utf-8", "replace"),
    lambda raw: raw.decode("utf-8", "surrogateescape"),
    lambda raw: raw.decode("latin-1"),
    lambda raw: raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass"),  # with halves of signs
    lambda raw: raw.decode("gb18030", "replace"),
]
SCRAPS = [
    *("vomited blood", "no fever", "39.5", "102F", "BP 80/50", "if ", "my neighbour", "last year", "吐血", "叫不醒", "没有", "三十九度五"),
    *("\ud83d", "\udc00", "\0", "\u202e", "\u2067", "\u200d", "\ufeff", "\u0301", "a\u0301\u0327", "שלום", "مرحبا", "🩸", "👨‍👩‍👧"),
    *("ﷺ", "ﬃ", "İ", "½", "①", "٣", "１２０／８０", "9" * 60, "1,2,3", "0/0", "1e999", "-", "...", "<w>|_&+", "'", "\n", "\u2028", " "),
]  # fmt: skip

bytes_as_text = st.builds(lambda decode, raw: decode(raw), st.sampled_from(DECODED), st.binary(max_size=400))
scraps = st.lists(st.one_of(st.sampled_from(SCRAPS), st.text(max_size=6), bytes_as_text), max_size=25).map("".join)
texts = st.one_of(bytes_as_text, scraps, st.text(max_size=300))
items = st.lists(st.one_of(st.sampled_from(sorted(rules.catalogue().items)), st.text(max_size=5)), max_size=4).map(
    tuple
)
contexts = st.builds(
    Context,
    days_since_infusion=st.one_of(st.none(), st.integers()),
    recent_items=items,
    last_answer=st.one_of(st.none(), st.integers()),
    usual_reporter=st.one_of(st.none(), st.sampled_from(["participant", "caregiver"]), st.text(max_size=3)),
    open_admission=st.booleans(),
    phone_answered_before=st.booleans(),
    open_items=items,
    baselines=items,
)
senders = st.sampled_from(["participant", "caregiver", ""])


def is_sound(found: Assessment, text: str) -> bool:
    """A judgement, not the fault that stands in for one, and every place in it is a place of the text."""
    assert not found.reason.startswith("error"), found.reason
    assert found.label in LABELS
    assert found.level in (*LEVELS, None)
    assert {one.state for one in found.findings} <= set(STATES)
    places = [(one.start, one.end) for one in found.findings] + [(one.start, one.end) for one in found.clues]
    return all(0 <= start < end <= len(text) for start, end in places)


@SOME
@given(text=texts, sender=senders)
def test_any_bytes_are_judged(text: str, sender: str) -> None:
    assert is_sound(assess(text, sender=sender), text)
    assert assess(text, sender=sender) == assess(text, sender=sender)


@SOME
@given(text=texts, context=contexts, sender=senders)
def test_whatever_is_known_besides_any_bytes_are_judged(text: str, context: Context, sender: str) -> None:
    assert is_sound(assess(text, sender=sender, context=context), text)
    assert restored(stored(context)) == context


@SOME
@given(pieces=st.lists(texts, min_size=2, max_size=4), context=contexts)
@example(pieces=["叫", "\ud83d", "", "不醒"], context=Context())
def test_texts_of_any_bytes_are_read_together(pieces: list[str], context: Context) -> None:
    *before, last = pieces
    whole, start = together.joined(pieces)
    alone = assess(last, context=context)

    found = together.worse(
        alone=alone, before=[assess(piece) for piece in before], together=assess(whole, context=context), start=start
    )

    assert whole[start:] == last
    assert is_sound(found, last)
    assert LEVELS.index(found.level or "R4") <= LEVELS.index(alone.level or "R4")
    assert alone.label != "serious" or found.label == "serious"


@pytest.mark.parametrize("scrap", [*SCRAPS, "a", "中", "no ", "不", "吐血，", "my neighbour vomited blood "], ids=ascii)
def test_twenty_thousand_signs_of_one_thing_are_judged(scrap: str) -> None:
    text = (scrap * LONGEST)[:LONGEST]

    found = assess(text, sender="caregiver", context=Context(recent_items=("fever",), baselines=("itching",)))

    assert is_sound(found, text)


def test_what_is_too_long_to_be_read_whole_goes_to_a_person() -> None:
    found = assess("all is well, thank you. " * 200 + "vomited blood")

    assert (found.label, found.level, found.needs_person) == ("unclear", "R3", True)
    assert "read up to" in found.reason


def test_a_red_flag_at_the_beginning_of_a_long_text_stays_one() -> None:
    assert assess("vomited blood. " + "thank you. " * 1_000).level == "R1"


@FEW
@given(first=texts, second=texts)
@pytest.mark.django_db
def test_any_bytes_that_were_stored_are_triaged_and_kept(first: str, second: str) -> None:
    """Two texts of one phone within a breath, with a known person: all that the service looks up is looked up."""
    if not Participant.objects.exists():
        people.everybody()
    arrived("jones", storable(first))
    message = arrived("jones", storable(second))

    report = services.triage(
        message=message, participant=people.jones(), sender="participant", told=Told(last_answer=2, open_items=("x",))
    )

    kept = SymptomReport.objects.get(pk=report.pk)
    assert not kept.reason.startswith("error")
    assert kept.label in LABELS
    assert message.body == storable(second)


@SOME
@given(text=texts)
def test_what_is_stored_can_be_encoded_and_keeps_all_else(text: str) -> None:
    kept = storable(text)

    assert kept.encode().count(b"\0") == 0
    assert kept.replace("\ufffd", "") == "".join(
        sign for sign in text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore") if sign not in "\0\ufffd"
    )
