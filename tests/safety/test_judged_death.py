"""What a person judges of a case holds for the texts that leave about it."""

from datetime import timedelta
from typing import Any

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.messaging.models import OutboundMessage
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp
from apps.safety import items
from apps.safety import services as safety
from apps.safety.models import AdverseEvent
from apps.safety.vocabulary import Causality, Outcome
from tests import people
from tests.conversations.test_stays import DAY, later
from tests.conversations.test_story import text
from tests.due import work
from tests.times import MORNING, beginning_at

pytestmark = pytest.mark.django_db
JUDGED: dict[str, Any] = {"term": "swelling", "severity_grade": 4, "causality_investigator": Causality.POSSIBLE}
time = beginning_at(MORNING + 2 * DAY)


@pytest.fixture
def event(time: VirtualClock) -> AdverseEvent:
    text("jones", "my legs are a bit swollen")
    Question.objects.update(state="expired")
    return AdverseEvent.objects.get()


def judge_death(event: AdverseEvent, how: str, outcome: Outcome) -> None:
    if how == "confirmed":
        safety.confirm(event=event, person=people.alice(), death=True, outcome=outcome, **JUDGED)
        return
    safety.confirm(event=event, person=people.alice(), hospitalisation=True, **JUDGED)
    work()
    safety.correct(event=event, person=people.alice(), reason="the family phoned", death=True, outcome=outcome)


@pytest.mark.parametrize("outcome", [Outcome.FATAL, Outcome.UNKNOWN])
@pytest.mark.parametrize("how", ["confirmed", "corrected"])
def test_after_a_death_that_an_investigator_judges_nothing_is_texted(
    time: VirtualClock, event: AdverseEvent, how: str, outcome: Outcome
) -> None:
    judge_death(event, how, outcome)
    work()
    assert Participant.objects.get(pk=event.participant_id).follow_up == FollowUp.FROZEN
    assert items.asked_about(event.participant) == []
    theirs = OutboundMessage.objects.filter(line__in=event.participant.contact_points.values("line"))
    texts = theirs.count()
    later(time, 8 * DAY)
    assert theirs.count() == texts
    assert Task.objects.filter(kind=TaskKind.FROZEN, participant=event.participant).exists()


def test_who_has_left_is_not_frozen_by_it(event: AdverseEvent) -> None:
    Participant.objects.filter(pk=event.participant_id).update(follow_up=FollowUp.WITHDRAWN)
    judge_death(event, "confirmed", Outcome.FATAL)
    assert Participant.objects.get(pk=event.participant_id).follow_up == FollowUp.WITHDRAWN


def test_a_text_that_joins_makes_a_new_version_and_leaves_the_sponsors_day_zero(event: AdverseEvent) -> None:
    stale = AdverseEvent.objects.get()
    safety.note_sponsor_aware(events=[event], at=clock.now())
    text("jones", "my legs are more swollen")
    event.refresh_from_db()
    assert (event.reports.count(), event.version) == (2, stale.version + 1)
    safety.raise_draft(event=stale, level="R2", escalation=None)
    event.refresh_from_db()
    assert (event.level, event.sponsor_aware_at is not None) == ("R2", True)


def test_what_was_dismissed_meanwhile_is_not_raised(event: AdverseEvent) -> None:
    stale = AdverseEvent.objects.get()
    safety.dismiss(event=event, person=people.alice(), reason="known")
    safety.raise_draft(event=stale, level="R1", escalation=None)
    event.refresh_from_db()
    assert event.level != "R1"


def test_a_dismissal_that_is_undone_is_asked_about_again(time: VirtualClock, event: AdverseEvent) -> None:
    safety.dismiss(event=event, person=people.alice(), reason="known")
    later(time, timedelta(hours=25))
    assert not OutboundMessage.objects.filter(wording="sym_progress").exists()
    safety.reopen(event=event, person=people.alice(), reason="a slip")
    later(time, timedelta(hours=25))
    assert OutboundMessage.objects.filter(wording="sym_progress").count() == 1
