"""What alarms cost: counted for people to decide by, never to hold one back."""

import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from apps.core.clock import VirtualClock
from apps.safety import services as safety
from apps.safety.burden import Burden, Outcome, burden, rules_of
from apps.safety.models import AdverseEvent
from apps.triage.models import SymptomReport
from tests import people
from tests.times import MORNING, NIGHT, beginning_at
from tests.triage.scenes import text

pytestmark = pytest.mark.django_db
JUNE = datetime(2027, 6, 1, tzinfo=UTC)
time = beginning_at(MORNING)


def figures(site: str | None = "BJ01") -> Burden:
    found = burden(since=MORNING - timedelta(days=1), until=JUNE)
    return next(each for each in found if (each.site.code if each.site else None) == site)


def test_an_alarm_counts_at_its_site_and_in_all() -> None:
    text("jones", "vomited blood")

    assert figures().outcome.alarms == 1
    assert figures("SH02").outcome.alarms == 0
    assert figures(None).outcome.alarms == 1


def test_a_mild_complaint_is_no_alarm() -> None:
    text("jones", "itchy all over")

    assert figures().outcome.alarms == 0


@pytest.mark.parametrize(
    ("health_word", "clues", "alarms"), [(True, [], 1), (False, [{"start": 0}], 1), (False, [], 0)]
)
def test_what_nobody_could_explain_counts_where_people_were_paged(
    health_word: bool, clues: list[dict[str, object]], alarms: int
) -> None:
    text("jones", "itchy all over")
    SymptomReport.objects.update(label="unclear", level="R3", health_word=health_word, clues=clues)

    assert figures().outcome.alarms == alarms


def test_participant_weeks_run_from_the_enrolment() -> None:
    enrolled = 2  # Wang and Jones
    weeks = (JUNE - MORNING) / timedelta(weeks=1)

    assert figures().participant_weeks == pytest.approx(enrolled * weeks)


def test_the_share_confirmed_is_of_those_that_people_judged(time: VirtualClock) -> None:
    text("jones", "vomited blood")
    text("wang", "今天早上吐血了")
    assert figures().outcome.share_confirmed is None
    first, second = AdverseEvent.objects.order_by("participant__code")
    safety.dismiss(event=first, person=people.alice(), reason="beetroot")
    safety.confirm(
        event=second, person=people.alice(), term="haematemesis", severity_grade=3, causality_investigator="unlikely"
    )

    found = figures().outcome

    assert (found.confirmed, found.dismissed, found.share_confirmed) == (1, 1, 0.5)
    assert figures().by_rule["hematemesis"] == Outcome(alarms=2, confirmed=1, dismissed=1)


def test_what_raised_an_alarm_is_named() -> None:
    present = {"id": "fever", "state": "present"}
    denied = {"id": "melena", "state": "negated"}

    by_rules = SymptomReport(findings=[present, denied], reason="fever[0:5] present R2 serious (plain); rule C01 R1")
    assert rules_of(by_rules) == {"fever", "C01"}
    assert rules_of(SymptomReport(clues=[{"start": 3}], reason="with 1 before: net [3:8]; nothing found")) == {"net"}
    assert rules_of(SymptomReport(reason="answer from the list")) == {"answer from the list"}


def test_a_chain_by_day_wakes_nobody() -> None:
    text("wang", "今天早上吐血了")

    assert not figures().woken


def test_a_chain_by_night_wakes_the_site_once_however_many_pages_it_takes(time: VirtualClock) -> None:
    time.advance(NIGHT - MORNING)

    text("jones", "vomited blood")
    time.advance(timedelta(minutes=6))
    text("jones", "more blood")

    assert figures().woken == {date(2027, 5, 12): 1}
    assert not figures("SH02").woken


def test_over_the_budget_is_said_and_nothing_is_held_back() -> None:
    quiet = Burden(None, 1.0, woken={date(2027, 5, 1): 2, date(2027, 5, 9): 2}, budget=3)
    loud = Burden(None, 1.0, woken={date(2027, 5, 1): 2, date(2027, 5, 7): 2}, budget=3)

    assert (quiet.worst_week, quiet.is_over_budget) == (2, False)
    assert (loud.worst_week, loud.is_over_budget) == (4, True)


def test_the_command_prints_the_figures_and_no_words() -> None:
    text("jones", "vomited blood")
    out, plain = StringIO(), StringIO()

    call_command("triage_burden", "--from", "2027-05-01", "--to", "2027-06-01", stdout=out)
    call_command("triage_burden", "--from", "2027-05-01", "--to", "2027-06-01", "--json", stdout=plain)

    assert "BJ01: 1 alarms in" in out.getvalue()
    assert "hematemesis: 1 alarms, 0 confirmed, 0 dismissed" in out.getvalue()
    assert "vomited" not in out.getvalue() + plain.getvalue()
    assert json.loads(plain.getvalue())[-1]["site"] == "all sites"
