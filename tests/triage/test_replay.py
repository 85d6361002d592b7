"""A past period under the present rules: every changed decision is listed, nothing is written, no text is printed."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.triage import services
from apps.triage.models import SymptomReport
from apps.triage.replay import Acting
from apps.triage.rules import Asked
from tests import people
from tests.times import MORNING, beginning_at
from tests.triage.scenes import arrived

pytestmark = pytest.mark.django_db
time = beginning_at(MORNING)


def report(body: str, **earlier: str) -> SymptomReport:
    """A decision as an earlier version made it."""
    made = services.triage(message=arrived("jones", body), participant=people.jones(), sender="participant")
    SymptomReport.objects.filter(pk=made.pk).update(rules_version="earlier", **earlier)
    return made


def replay(*arguments: str, since: str = "2027-05-12", until: str = "2027-05-13") -> str:
    out = StringIO()
    call_command("triage_replay", "--from", since, "--to", until, *arguments, stdout=out)
    return out.getvalue()


def test_what_has_not_changed_is_only_counted() -> None:
    report("vomited blood")

    assert "1 texts by rules" in replay()
    assert ": 0 decisions would change" in replay()


def test_a_decision_that_became_more_urgent_is_listed_without_its_text() -> None:
    made = report("vomited blood", level="R3", label="nonserious")

    said = replay()

    assert "R3 -> R1: 1 (more urgent)" in said
    assert f"{made.pk} R3 nonserious -> R1 serious (was earlier)" in said
    assert "vomited" not in said


def test_a_decision_by_an_answer_is_no_text_to_read_again() -> None:
    asked = Asked("dizziness", "severity", ("3",), "R3")
    made = services.by_answer(
        message=arrived("jones", "3"), participant=people.jones(), sender="participant", asked=asked
    )
    assert made is not None
    assert made.level == "R1"

    assert "0 texts by rules" in replay()


def test_the_text_is_printed_when_asked() -> None:
    report("vomited blood", level="R3", label="nonserious")

    assert "vomited blood" in replay("--texts")


def test_a_decision_that_became_less_urgent_stands_first_and_can_stop_a_release(time: VirtualClock) -> None:
    report("vomited blood", level="R3", label="nonserious")
    time.advance(timedelta(hours=1))
    lowered = report("thank you", level="R1", label="serious")

    lines = replay().splitlines()

    assert "R1 -> --: 1 (LESS URGENT)" in "\n".join(lines)
    first = next(line for line in lines if line.startswith("2027"))
    assert str(lowered.pk) in first
    assert "LESS URGENT" in first
    with pytest.raises(CommandError, match="1 decisions would be less urgent"):
        replay("--fail-if-lowered")


def test_a_decision_is_made_again_in_the_context_of_its_time(time: VirtualClock) -> None:
    report("dark urine since yesterday")
    time.advance(timedelta(hours=30))
    made = report("vomited blood and dizzy")
    kept = SymptomReport.objects.get(pk=made.pk).context
    time.advance(timedelta(days=200))

    assert kept["recent_items"] == ["dark_urine"]
    assert ": 0 decisions would change" in replay(until="2027-05-20")


def test_a_replay_writes_nothing() -> None:
    made = report("vomited blood", level="R3", label="nonserious")

    replay()

    made.refresh_from_db()
    assert (made.level, made.rules_version) == ("R3", "earlier")
    assert SymptomReport.objects.count() == 1


def test_only_the_period_is_read() -> None:
    report("vomited blood")

    assert "0 texts by rules" in replay(since="2027-05-13", until="2027-06-01")


def test_a_text_whose_key_is_destroyed_is_counted_as_unreadable() -> None:
    made = report("vomited blood")
    key = made.message.data_key
    key.destroyed_at, key.wrapped = clock.now(), b""
    key.save()

    assert "1 no longer readable" in replay()


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="neither a date nor a time"):
        replay(since="may")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Acting("R2", False, ""), Acting("R3", False, "")),
        (Acting("R2", True, ""), Acting("R2", False, "")),
        (Acting("R1", True, "death"), Acting("R1", True, "")),
        (Acting("R1", True, "crisis"), Acting("R1", True, "death")),
        (Acting("R4", False, ""), Acting("R9", False, "")),
    ],
)
def test_what_people_would_do_later_or_otherwise_counts_as_less_urgent(before: Acting, after: Acting) -> None:
    assert after.is_less_than(before)
    assert not before.is_less_than(before)


def test_an_unclear_text_with_a_health_word_acts_like_an_urgent_one() -> None:
    unclear = SymptomReport(label="unclear", level="R3", health_word=True)
    by_the_net = SymptomReport(label="unclear", level="R3", clues=[{"start": 0}])

    assert {Acting.of(unclear).level, Acting.of(by_the_net).level} == {"R2"}
    assert Acting.of(SymptomReport(label="nonserious", level="R3", health_word=True)).level == "R3"
