"""What was told of and no person has closed is asked about again; "as before" is never taken for well; no text closes it."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.conversations.vocabulary import TaskKind
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.models import OutboundMessage
from apps.participants import services as participants
from apps.participants.contacts import add_contact_point
from apps.participants.models import ContactPoint, Participant, Pause
from apps.participants.vocabulary import ContactKind, FollowUp, PauseEnded, Standing
from apps.safety import items
from apps.safety import services as safety
from apps.safety.models import AdverseEvent, OpenItem
from apps.safety.vocabulary import Causality, EventState, Outcome
from tests import people
from tests.conversations.test_stays import DAY, later, tasks
from tests.conversations.test_story import line_of, sent_to, text
from tests.due import work
from tests.times import MORNING, beginning_at

pytestmark = pytest.mark.django_db
MILD = "my legs are a bit swollen"
time = beginning_at(MORNING + 2 * DAY)  # a Friday, on which no check-in is due


def told(time: VirtualClock) -> AdverseEvent:
    """Something for the same day, which nobody asks about at once any more."""
    text("jones", MILD)
    Question.objects.update(state="expired")
    return AdverseEvent.objects.get()


def progress() -> int:
    return OutboundMessage.objects.filter(wording="sym_progress").count()


def confirm(event: AdverseEvent, *, hospitalisation: bool = False, outcome: Outcome = Outcome.UNKNOWN) -> None:
    safety.confirm(
        event=event, person=people.alice(), term="swelling", severity_grade=2, causality_investigator=Causality.POSSIBLE,
        hospitalisation=hospitalisation, outcome=outcome,
    )  # fmt: skip


def test_it_is_asked_about_after_a_day_three_days_and_a_week_and_then_judged_by_a_person(time: VirtualClock) -> None:
    told(time)
    later(time, timedelta(hours=23))
    assert progress() == 0
    for hours, count in ((2, 1), (48, 2), (96, 3)):
        later(time, timedelta(hours=hours))
        Question.objects.update(state="expired")
        assert progress() == count
    assert tasks(TaskKind.OUTCOME) == [TaskKind.OUTCOME]
    later(time, 7 * DAY)
    assert progress() == 3


@pytest.mark.parametrize("how", ["dismissed", "over"])
def test_what_a_person_has_closed_is_not_asked_about(time: VirtualClock, how: str) -> None:
    event = told(time)
    if how == "dismissed":
        safety.dismiss(event=event, person=people.alice(), reason="known")
    else:
        confirm(event, outcome=Outcome.RECOVERED)
    later(time, 2 * DAY)
    assert progress() == 0


@pytest.mark.parametrize(
    ("body", "outcome", "reply"),
    [
        ("1", Outcome.RECOVERED, "checkin_ok"),
        ("1 gone", Outcome.RECOVERED, "checkin_ok"),
        ("1没了", Outcome.RECOVERED, "checkin_ok"),
        ("better", Outcome.RECOVERING, "checkin_ok"),
        ("ok", Outcome.RECOVERING, "checkin_ok"),
        ("3", Outcome.NOT_RECOVERED, "sym_done_r4"),
        ("same", Outcome.NOT_RECOVERED, "sym_done_r4"),
        ("1 3", Outcome.NOT_RECOVERED, "sym_done_r4"),
        ("4", Outcome.NOT_RECOVERED, "sym_done_r2"),
        ("4加重", Outcome.NOT_RECOVERED, "sym_done_r2"),
    ],
)
def test_an_answer_is_a_draft_of_the_outcome_and_closes_nothing(
    time: VirtualClock, body: str, outcome: Outcome, reply: str
) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", body)
    event.refresh_from_db()
    assert sent_to("jones")[-1] == reply
    assert OpenItem.objects.get().told == outcome
    assert (event.state, event.outcome) == (EventState.DRAFT, Outcome.UNKNOWN)


def test_gone_is_a_task_to_judge_it_and_is_not_asked_about_again(time: VirtualClock) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", "1")
    assert Task.objects.get(kind=TaskKind.OUTCOME).event == event
    later(time, 7 * DAY)
    assert progress() == 1


def test_more_of_it_after_gone_is_asked_about_like_something_new(time: VirtualClock) -> None:
    event = told(time)
    OpenItem.objects.update(told=Outcome.RECOVERED, told_at=clock.now(), due_at=None)
    time.advance(timedelta(minutes=20))
    text("jones", "both legs swollen, more than before")
    item = OpenItem.objects.get()
    assert (item.event, item.told) == (event, "")
    assert item.due_at is not None


def test_worse_pages_about_the_case_that_was_asked_about(time: VirtualClock) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", "4")
    event.refresh_from_db()
    assert AdverseEvent.objects.get() == event
    assert (event.level, event.escalation and event.escalation.chain) == ("R2", "R2")


@pytest.mark.parametrize("body", ["not well", "I am not well", "worse", "不舒服", "加重了"])
def test_not_well_when_asked_how_it_is_now_is_worse_and_no_second_case(time: VirtualClock, body: str) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", body)
    event.refresh_from_db()
    assert AdverseEvent.objects.get() == event
    assert (event.level, event.escalation and event.escalation.chain) == ("R2", "R2")
    assert sent_to("jones")[-1] == "sym_done_r2"


@pytest.mark.parametrize("body", ["not good", "2 not well", "不太好"])
def test_other_words_that_name_nothing_new_join_the_item_that_was_asked_about(time: VirtualClock, body: str) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", body)
    assert AdverseEvent.objects.get() == event
    assert event.reports.count() == 2


def test_a_complaint_that_is_new_then_is_a_case_of_its_own(time: VirtualClock) -> None:
    told(time)
    later(time, timedelta(hours=25))
    text("jones", "I have a rash on my arms")
    assert AdverseEvent.objects.count() == 2


@pytest.mark.parametrize(("digit", "cases"), [("5", 1), ("8", 2)])
def test_new_or_worse_and_then_the_same_of_the_menu_joins_the_item_that_is_open(
    time: VirtualClock, digit: str, cases: int
) -> None:
    told(time)
    later(time, timedelta(hours=25))
    Question.objects.update(state="expired")
    text("jones", "2")
    text("jones", digit)
    assert "sym_which" in sent_to("jones")
    assert AdverseEvent.objects.count() == cases


def test_worse_in_a_word_that_names_nothing_is_as_urgent_as_the_digit(time: VirtualClock) -> None:
    event = told(time)
    later(time, timedelta(hours=25))
    text("jones", "bad")
    event.refresh_from_db()
    assert AdverseEvent.objects.get() == event
    assert (event.level, event.escalation and event.escalation.chain) == ("R2", "R2")


def test_silence_after_it_is_a_call(time: VirtualClock) -> None:
    told(time)
    later(time, timedelta(hours=25))
    later(time, timedelta(hours=25))
    assert tasks(TaskKind.PROGRESS) == [TaskKind.PROGRESS]


def test_silence_about_what_was_urgent_is_a_call_after_four_hours(time: VirtualClock) -> None:
    told(time)
    AdverseEvent.objects.update(level="R2")
    later(time, timedelta(hours=25))
    later(time, timedelta(hours=4, minutes=1))
    assert tasks(TaskKind.PROGRESS) == [TaskKind.PROGRESS]


def test_worse_is_understood_days_late_while_nothing_newer_was_asked(time: VirtualClock) -> None:
    told(time)
    later(time, timedelta(hours=25))
    time.advance(timedelta(hours=30))
    text("jones", "4")
    assert Escalation.objects.filter(chain="R2", state="open").exists()


@pytest.mark.parametrize("body", ["1", "same as before", "和以前一样"])
def test_as_before_beside_an_open_item_is_asked_about_and_not_thanked_for(time: VirtualClock, body: str) -> None:
    told(time)
    time.advance(timedelta(hours=3))
    text("jones", body)
    assert sent_to("jones")[-1] == "sym_progress"
    later(time, timedelta(hours=22))
    assert progress() == 1  # asked already: not twice within half a day, and never two open questions
    text("jones", "1")
    text("jones", "1")
    assert sent_to("jones")[-1] == "checkin_ok"


def test_silence_after_as_before_beside_something_urgent_is_a_call_after_four_hours(time: VirtualClock) -> None:
    told(time)
    AdverseEvent.objects.update(level="R2")
    time.advance(timedelta(hours=1))
    text("jones", "1")
    assert sent_to("jones")[-1] == "sym_progress"
    later(time, timedelta(hours=4, minutes=1))
    assert tasks(TaskKind.PROGRESS) == [TaskKind.PROGRESS]


def test_as_before_at_night_is_asked_about_in_the_morning(time: VirtualClock) -> None:
    told(time)
    time.advance(timedelta(hours=14))
    text("jones", "1")
    assert sent_to("jones")[-1] == "sym_done_r4"
    later(time, timedelta(hours=9))
    assert progress() == 1


def test_who_has_not_agreed_to_be_asked_is_called_instead(time: VirtualClock) -> None:
    told(time)
    ContactPoint.objects.filter(line=line_of("jones's husband")).update(standing=Standing.WAITING, agreed_on=None)
    time.advance(timedelta(hours=3))
    text("jones's husband", "1")
    assert sent_to("jones's husband")[-1] == "reassure"
    assert tasks(TaskKind.READ) == [TaskKind.READ]


def test_in_discreet_mode_a_person_calls_instead(time: VirtualClock) -> None:
    told(time)
    Participant.objects.update(is_discreet=True)
    later(time, timedelta(hours=25))
    assert progress() == 0
    assert tasks(TaskKind.PROGRESS) == [TaskKind.PROGRESS]
    text("jones", "1")
    assert progress() == 0
    assert sent_to("jones")[-1] == "sym_done_r3"


def test_a_phone_of_two_or_one_that_stopped_its_texts_gets_no_question_but_a_call(time: VirtualClock) -> None:
    told(time)
    add_contact_point(participant=people.wang(), kind=ContactKind.PARTICIPANT, number=people.PHONES["jones"])
    later(time, timedelta(hours=25))
    assert progress() == 0
    assert tasks(TaskKind.PROGRESS) == [TaskKind.PROGRESS]


def test_two_open_items_are_one_question(time: VirtualClock) -> None:
    told(time)
    time.advance(timedelta(hours=3))
    text("jones", "I have a rash on my arm")
    Question.objects.update(state="expired")
    later(time, timedelta(hours=25))
    assert OpenItem.objects.count() == 2
    assert progress() == 1
    text("jones", "2")
    assert set(OpenItem.objects.values_list("told", flat=True)) == {Outcome.RECOVERING}


def test_nothing_is_asked_of_the_dead_or_while_a_doctor_is_being_paged(time: VirtualClock) -> None:
    told(time)
    Participant.objects.filter(pk=people.jones().pk).update(follow_up=FollowUp.FROZEN)
    later(time, timedelta(hours=25))
    assert progress() == 0
    assert Question.objects.filter(line=line_of("jones"), state="open").count() == 0


def test_what_is_open_of_somebody_who_left_is_asked_about_when_they_are_followed_again(time: VirtualClock) -> None:
    told(time)
    participants.set_follow_up(participant=people.jones(), wanted=FollowUp.NO_CONTACT, person=people.carol())
    later(time, 2 * DAY)
    assert (progress(), OpenItem.objects.get().due_at) == (0, None)
    participants.set_follow_up(participant=people.jones(), wanted=FollowUp.ACTIVE, person=people.carol())
    work()
    assert progress() == 1


def test_what_a_person_is_to_judge_is_asked_about_no_more_however_often_the_plan_is_made(time: VirtualClock) -> None:
    told(time)
    OpenItem.objects.update(asked=3, due_at=None)
    participants.replan(participant=people.jones())
    work()
    assert (progress(), OpenItem.objects.get().due_at) == (0, None)


def test_a_pause_for_what_the_program_can_no_longer_ask_about_ends(time: VirtualClock) -> None:
    event = told(time)
    confirm(event, hospitalisation=True)
    work()
    OpenItem.objects.update(quarantined_at=clock.now())
    items.look_at_pause(people.jones())
    work()
    assert Pause.objects.get().ended_because == PauseEnded.NO_LONGER


def test_an_open_serious_event_is_asked_about_weekly_in_place_of_the_checkins(time: VirtualClock) -> None:
    event = told(time)
    confirm(event, hospitalisation=True)
    work()
    assert Pause.objects.get().code == "open_sae"
    for _ in range(3):
        later(time, 7 * DAY)
        Question.objects.update(state="expired")
    assert "checkin" not in sent_to("jones")
    assert progress() == 3
    event.refresh_from_db()
    safety.correct(event=event, person=people.alice(), reason="over", outcome=Outcome.RECOVERED)
    work()
    assert Pause.objects.get().ended_because == PauseEnded.NO_LONGER
