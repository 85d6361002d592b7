"""A check-in from its planned minute to an answer or a call. Wang is past week 52: every second Wednesday at about ten."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from apps.conversations.models import Question, Task, Turn
from apps.conversations.services import ask
from apps.conversations.vocabulary import QuestionState, TaskKind
from apps.core import clock, work
from apps.core.clock import VirtualClock
from apps.core.work import StaleLease
from apps.followup import services as followup
from apps.followup.models import CheckIn, CheckInState, Reminder
from apps.messaging.models import InboundMessage, Line, OutboundMessage
from apps.messaging.vocabulary import Purpose, SendState
from apps.participants import services as participants
from apps.participants.models import Participant, Plan
from apps.participants.vocabulary import FollowUp
from apps.staff.models import User
from apps.vault.services import create_data_key
from trialcare import heartbeat

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
THE_DAY = date(2027, 5, 12)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def trial_time() -> Iterator[VirtualClock]:
    """The evening before a check-in."""
    with clock.using(VirtualClock(local("2027-05-11 20:00"))) as time:
        assert isinstance(time, VirtualClock)
        yield time


@pytest.fixture
def it_is(trial_time: VirtualClock) -> Callable[[str], None]:
    """Let it be a local time; whatever of the follow-up is due then is done."""

    def move(text: str) -> None:
        trial_time.move_to(local(text))
        run_due()

    return move


def run_due() -> None:
    table = [entry for entry in heartbeat.TABLE if entry.model in (Plan, CheckIn, Reminder)]
    while any(handled_one(entry) for entry in table):
        pass


def handled_one(entry: work.Work) -> bool:
    row = work.claim(entry.model)
    if row is not None:
        entry.handle(row)
    return row is not None


def checkin(participant: Participant, day: date = THE_DAY) -> CheckIn:
    return CheckIn.objects.get(participant=participant, occurrence=day)


def texts_to(participant: Participant) -> list[str]:
    """What was queued for the participant's phone, oldest first."""
    rows = OutboundMessage.objects.filter(line=participants.texting_line(participant))
    return list(rows.order_by("planned_at", "key").values_list("wording", flat=True))


def tasks() -> list[tuple[str, str]]:
    """What people were asked to do, apart from setting appointments."""
    rows = Task.objects.exclude(kind=TaskKind.APPOINTMENT).order_by("created_at", "key")
    return list(rows.values_list("kind", "participant__code"))


def writes(participant: Participant, text: str) -> None:
    """A text of theirs, as the conversation leaves it behind."""
    key = create_data_key()
    message = InboundMessage.objects.create(
        gateway="phone", dedupe_key=str(key.pk), data_key=key, body=text, raw=text, received_at=clock.now()
    )
    Turn.objects.create(message=message, participant=participant, arrived_at=clock.now())


def answers(row: CheckIn) -> None:
    assert row.question is not None
    Question.objects.filter(pk=row.question.pk).update(state=QuestionState.ANSWERED, answered_at=clock.now())


# --- the plan


def snapshot() -> list[tuple[Any, ...]]:
    return list(CheckIn.objects.order_by("pk").values_list("pk", "state", "planned_at", "due_at", "fence"))


def test_computing_the_plan_again_changes_nothing(wang: Participant) -> None:
    followup.recompute_plan(participant=wang)
    before = snapshot()

    followup.recompute_plan(participant=wang)

    assert len(before) == 25
    assert snapshot() == before


def test_the_plan_computes_itself_at_once_and_again_every_night(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")

    again = Plan.objects.get(participant=wang).due_at
    assert CheckIn.objects.filter(participant=wang).exists()
    assert again is not None
    assert again.astimezone(SHANGHAI).date() == THE_DAY
    assert again.astimezone(SHANGHAI).hour == 3


def test_a_day_that_is_over_gets_no_checkin(wang: Participant, trial_time: VirtualClock) -> None:
    trial_time.move_to(local("2027-05-12 21:00"))

    followup.recompute_plan(participant=wang)

    assert not CheckIn.objects.filter(occurrence__lte=THE_DAY).exists()


def test_a_later_plan_never_touches_what_was_sent(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    sent = checkin(wang)

    participants.change_preferences(participant=wang, send_time=local("2027-05-12 19:00").time())
    it_is("2027-05-12 10:11")

    after = checkin(wang)
    assert (after.state, after.planned_at, after.message_id) == (CheckInState.SENT, sent.planned_at, sent.message_id)
    assert texts_to(wang) == ["checkin"]
    later = CheckIn.objects.filter(occurrence__gt=THE_DAY)
    assert {row.planned_at.astimezone(SHANGHAI).hour for row in later} <= {18, 19}


def test_who_leaves_has_no_future_and_gets_it_back_on_return(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")
    planned = CheckIn.objects.filter(state=CheckInState.PLANNED).count()

    participants.set_follow_up(participant=wang, wanted=FollowUp.NO_CONTACT, person=carol)
    it_is("2027-05-11 20:02")
    assert set(CheckIn.objects.values_list("state", "due_at")) == {(CheckInState.CANCELLED, None)}

    participants.set_follow_up(participant=wang, wanted=FollowUp.ACTIVE, person=carol)
    it_is("2027-05-11 20:03")
    assert CheckIn.objects.filter(state=CheckInState.PLANNED, due_at=F("planned_at")).count() == planned


def test_a_checkin_taken_out_of_the_plan_while_a_worker_holds_it_is_not_sent(
    wang: Participant, carol: User, trial_time: VirtualClock
) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 10:10"))
    held = work.claim(CheckIn)
    assert held is not None

    participants.set_follow_up(participant=wang, wanted=FollowUp.WITHDRAWN, person=carol)
    followup.recompute_plan(participant=wang)

    with pytest.raises(StaleLease):
        followup.advance_checkin(held)
    assert texts_to(wang) == []
    assert checkin(wang).state == CheckInState.CANCELLED


# --- sending


def test_a_checkin_leaves_at_its_minute_in_the_participant_s_language(
    wang: Participant, jones: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 09:49")
    assert texts_to(wang) == []

    it_is("2027-05-12 10:10")

    assert texts_to(wang) == texts_to(jones) == ["checkin"]
    languages = dict(OutboundMessage.objects.values_list("line__contact_points__participant__code", "language"))
    assert languages == {wang.code: "zh-Hans", jones.code: "en"}
    assert checkin(wang).state == CheckInState.SENT


def test_a_second_worker_at_the_same_row_sends_nothing_twice(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    CheckIn.objects.filter(pk=checkin(wang).pk).update(state=CheckInState.PLANNED, due_at=clock.now())

    it_is("2027-05-12 10:11")

    assert texts_to(wang) == ["checkin"]


def test_discreet_participants_get_the_discreet_text_and_its_repetition(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    participants.change_preferences(participant=wang, is_discreet=True)

    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin_discreet", "checkin_discreet"]


@pytest.mark.parametrize("back_at", ["2027-05-12 21:00", "2027-05-12 23:30", "2027-05-13 09:00", "2027-05-20 10:00"])
def test_a_worker_that_was_down_all_day_sends_neither_at_night_nor_days_late_but_a_person_calls(
    wang: Participant, it_is: Callable[[str], None], back_at: str
) -> None:
    it_is("2027-05-11 20:01")

    it_is(back_at)

    assert texts_to(wang) == []
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.SKIPPED, "too_late")
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_a_worker_that_was_down_for_some_hours_sends_late_the_same_day(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")

    it_is("2027-05-12 20:30")

    assert texts_to(wang) == ["checkin"]


def test_a_checkin_that_is_due_at_night_waits_for_eight_o_clock(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-11 20:01")
    work.set_due(CheckIn.objects.filter(occurrence=THE_DAY), due_at=local("2027-05-12 04:00"))

    it_is("2027-05-12 04:00")
    assert texts_to(wang) == []
    assert checkin(wang).due_at == local("2027-05-12 08:00")

    it_is("2027-05-12 08:00")
    assert texts_to(wang) == ["checkin"]


@pytest.mark.parametrize("day", [date(2027, 4, 13), date(2028, 4, 15)])
def test_nothing_leaves_outside_the_window_even_if_a_row_says_so(
    wang: Participant, trial_time: VirtualClock, day: date
) -> None:
    noon = datetime.combine(day, local("2027-05-12 12:00").time(), tzinfo=SHANGHAI)
    trial_time.move_to(noon)
    row = CheckIn.objects.create(participant=wang, rule="P6", occurrence=day, planned_at=noon, due_at=noon)

    followup.advance_checkin(_claimed())

    row.refresh_from_db()
    assert texts_to(wang) == []
    assert (row.state, row.skipped_because) == (CheckInState.SKIPPED, "outside_window")


def _claimed() -> CheckIn:
    row = work.claim(CheckIn)
    assert row is not None
    return row


def opted_out(participant: Participant, person: User) -> None:
    Line.objects.filter(contact_points__participant=participant).update(opted_out_at=clock.now())


def carrier_blocked(participant: Participant, person: User) -> None:
    Line.objects.filter(contact_points__participant=participant).update(carrier_blocked_at=clock.now())


def cannot_read(participant: Participant, person: User) -> None:
    Participant.objects.filter(pk=participant.pk).update(cannot_read=True)


def suspended(participant: Participant, person: User) -> None:
    participants.suspend_texts(participant=participant)


def frozen(participant: Participant, person: User) -> None:
    participants.set_follow_up(participant=participant, wanted=FollowUp.FROZEN)


def without_consent(participant: Participant, person: User) -> None:
    participant.consents.filter(kind="sms").update(withdrawn_on=date(2027, 5, 11))


@pytest.mark.parametrize(
    ("happens", "because", "task"),
    [
        (opted_out, "opted_out", TaskKind.OPTED_OUT),
        (carrier_blocked, "carrier_blocked", TaskKind.CANNOT_TEXT),
        (cannot_read, "cannot_read", TaskKind.CANNOT_TEXT),
        (suspended, "suspended", TaskKind.CHECK_NUMBER),
        (frozen, "frozen", None),
        (without_consent, "no_consent", None),
    ],
)
def test_what_happens_between_plan_and_sending_holds_the_text_back_and_a_call_takes_its_place(
    wang: Participant,
    carol: User,
    it_is: Callable[[str], None],
    happens: Callable[[Participant, User], None],
    because: str,
    task: TaskKind | None,
) -> None:
    it_is("2027-05-11 20:01")
    happens(wang, carol)

    it_is("2027-05-12 10:10")

    assert texts_to(wang) == []
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.SKIPPED, because)
    assert tasks() == ([(task, wang.code)] if task else [])


def test_who_opted_out_is_called_at_the_monthly_floor_and_who_cannot_read_every_time(
    wang: Participant, jones: Participant, it_is: Callable[[str], None], carol: User
) -> None:
    opted_out(wang, carol)
    cannot_read(jones, carol)

    for day in ("2027-05-12", "2027-05-26", "2027-06-09", "2027-06-23", "2027-07-07"):
        it_is(f"{day} 10:10")

    called = [code for _, code in tasks()]
    assert called.count(jones.code) == 5
    calls = Task.objects.filter(participant=wang, kind=TaskKind.OPTED_OUT).order_by("created_at")
    days = [created.astimezone(SHANGHAI).date() for created in calls.values_list("created_at", flat=True)]
    assert len(days) in (2, 3)
    assert all((later - earlier).days <= 31 for earlier, later in pairwise(days))


def test_two_questions_never_stand_open_on_one_phone(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-11 20:01")
    other = ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)

    it_is("2027-05-12 10:10")
    assert texts_to(wang) == ["sym_which"]
    Question.objects.filter(pk=other.pk).update(state=QuestionState.ANSWERED)

    it_is("2027-05-12 10:45")
    assert texts_to(wang) == ["sym_which", "checkin"]


def test_a_question_that_stays_open_delays_the_checkin_by_two_days_at_most(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 09:00")
    ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)
    Question.objects.update(expires_at=local("2027-05-20 10:00"))

    it_is("2027-05-12 10:10")
    it_is("2027-05-14 20:59")
    it_is("2027-05-14 21:30")

    assert texts_to(wang) == ["sym_which"]
    assert checkin(wang).state == CheckInState.SKIPPED
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_two_checkins_that_waited_for_the_same_question_become_one_text(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 10))
    it_is("2027-05-12 09:00")
    ask(participant=wang, wording_key="sym_which", key="other", purpose=Purpose.REPLY)
    it_is("2027-05-12 10:10")
    it_is("2027-05-13 10:10")
    Question.objects.update(state=QuestionState.ANSWERED)

    it_is("2027-05-13 10:45")

    assert texts_to(wang) == ["sym_which", "checkin"]
    reasons = [checkin(wang, date(2027, 5, day)).skipped_because for day in (12, 13)]
    assert sorted(reasons) == ["", "just_asked"]


# --- what became of it


def test_an_answer_ends_the_checkin_and_nothing_more_leaves(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    answers(checkin(wang))

    for time in ("2027-05-12 14:15", "2027-05-13 09:35", "2027-05-13 13:00"):
        it_is(time)

    assert texts_to(wang) == ["checkin"]
    assert checkin(wang).state == CheckInState.ANSWERED
    assert tasks() == []


def test_whoever_writes_in_words_is_not_silent(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 11:00")
    writes(wang, "还可以")

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert checkin(wang).state == CheckInState.ANSWERED


def test_silence_is_reminded_of_twice_and_then_a_person_calls(jones: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:09")
    assert texts_to(jones) == ["checkin"]

    it_is("2027-05-12 14:15")
    assert texts_to(jones) == ["checkin", "checkin_remind1"]

    it_is("2027-05-13 09:30")
    assert texts_to(jones) == ["checkin", "checkin_remind1", "checkin_remind2"]
    last = OutboundMessage.objects.get(wording="checkin_remind2")
    assert "today after 12:00" in last.text

    it_is("2027-05-13 11:59")
    assert tasks() == []
    it_is("2027-05-13 12:00")
    assert tasks() == [(TaskKind.NO_REPLY, jones.code)]
    assert checkin(jones).state == CheckInState.MISSED
    assert Task.objects.get(kind=TaskKind.NO_REPLY).deadline == local("2027-05-13 16:00")

    it_is("2027-05-14 12:00")
    assert len(texts_to(jones)) == 3


def test_an_answer_to_the_reminder_ends_the_chain_too(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")
    it_is("2027-05-12 14:15")
    answers(checkin(wang))

    it_is("2027-05-13 09:30")

    assert checkin(wang).state == CheckInState.ANSWERED
    assert len(texts_to(wang)) == 2


def test_a_worker_that_was_down_overnight_makes_up_for_no_reminder(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")

    it_is("2027-05-13 09:45")

    assert texts_to(wang) == ["checkin", "checkin_remind2"]


def test_a_reminder_that_is_due_at_night_waits(wang: Participant, it_is: Callable[[str], None]) -> None:
    it_is("2027-05-12 10:10")

    it_is("2027-05-12 22:00")
    assert texts_to(wang) == ["checkin"]

    it_is("2027-05-13 08:00")
    assert texts_to(wang) == ["checkin", "checkin_remind1"]


@pytest.mark.parametrize("state", [SendState.UNDELIVERED, SendState.FAILED, SendState.REFUSED, SendState.HELD])
def test_undelivered_is_not_missed_a_person_calls_within_half_an_hour_of_knowing(
    wang: Participant, it_is: Callable[[str], None], state: SendState
) -> None:
    it_is("2027-05-12 10:10")
    OutboundMessage.objects.update(state=state)

    it_is("2027-05-12 10:40")

    assert texts_to(wang) == ["checkin"]
    assert (checkin(wang).state, checkin(wang).skipped_because) == (CheckInState.MISSED, "undelivered")
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def test_the_second_undelivered_text_in_a_week_asks_whether_the_number_is_right(
    wang: Participant, trial_time: VirtualClock
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 8))
    for day in (12, 13):
        trial_time.move_to(local(f"2027-05-{day} 10:10"))
        run_due()
        OutboundMessage.objects.update(state=SendState.UNDELIVERED)
        trial_time.advance(timedelta(minutes=31))
        run_due()

    assert [kind for kind, _ in tasks()] == [TaskKind.UNDELIVERED, TaskKind.CHECK_NUMBER]


def test_in_the_first_weeks_silence_is_followed_by_a_call_after_four_hours(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2027, 5, 10))

    it_is("2027-05-12 10:10")
    it_is("2027-05-12 12:15")
    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin", "checkin_remind1"]
    assert tasks() == [(TaskKind.NO_REPLY, wang.code)]


@pytest.fixture
def sharing(wang: Participant, jones: Participant) -> tuple[Participant, Participant]:
    """Wang and Jones on one phone."""
    jones.contact_points.filter(kind="participant").update(line=participants.texting_line(wang))
    return wang, jones


@pytest.mark.fault
def test_fault_30_two_participants_on_one_phone_are_asked_one_after_the_other(
    sharing: tuple[Participant, Participant], it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    states = {row.participant_id: row.state for row in CheckIn.objects.filter(occurrence=THE_DAY)}
    assert sorted(states.values()) == [CheckInState.PLANNED, CheckInState.SENT]
    assert Question.objects.filter(state=QuestionState.OPEN).count() == 1

    Question.objects.update(state=QuestionState.ANSWERED)
    it_is("2027-05-12 10:45")

    assert texts_to(sharing[0]) == ["checkin", "checkin"]


@pytest.mark.fault
def test_fault_30_a_text_from_a_shared_phone_is_no_silence_of_either(
    sharing: tuple[Participant, Participant], it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    key = create_data_key()
    message = InboundMessage.objects.create(
        gateway="phone", dedupe_key="1", data_key=key, body="1", raw="1", received_at=clock.now()
    )
    line = participants.texting_line(sharing[0])
    Turn.objects.create(message=message, line=line, arrived_at=clock.now() + timedelta(minutes=1))

    it_is("2027-05-12 14:15")

    assert "checkin_remind1" not in texts_to(sharing[0])


@pytest.mark.fault
def test_fault_22_who_moves_after_the_day_s_text_gets_no_second_one_and_keeps_the_hour(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    answers(checkin(wang))

    participants.change_preferences(participant=wang, timezone="America/New_York")
    for time in ("2027-05-12 10:11", "2027-05-12 22:10", "2027-05-13 10:10"):
        it_is(time)

    assert texts_to(wang) == ["checkin"]
    following = CheckIn.objects.filter(occurrence__gt=THE_DAY).order_by("occurrence").first()
    assert following is not None
    there = following.planned_at.astimezone(ZoneInfo("America/New_York"))
    assert there.date() == following.occurrence
    assert abs(there.hour * 60 + there.minute - 600) <= 10


@pytest.mark.fault
def test_fault_31_a_stop_between_checkin_and_reminder_is_obeyed_and_a_person_calls(
    wang: Participant, carol: User, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    opted_out(wang, carol)

    it_is("2027-05-12 14:15")
    it_is("2027-05-13 12:00")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == [(TaskKind.OPTED_OUT, wang.code)]


@pytest.mark.fault
def test_fault_29_a_number_under_check_gets_no_reminder_and_a_person_calls(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    participants.suspend_texts(participant=wang)

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == [(TaskKind.CHECK_NUMBER, wang.code)]


def test_after_a_death_text_no_reminder_leaves_and_nobody_is_called_about_the_checkin(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    it_is("2027-05-12 10:10")
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)

    it_is("2027-05-12 14:15")

    assert texts_to(wang) == ["checkin"]
    assert tasks() == []


def test_the_last_checkin_of_the_window_is_not_reminded_of_after_it_but_a_person_calls(
    wang: Participant, it_is: Callable[[str], None]
) -> None:
    Participant.objects.filter(pk=wang.pk).update(day_zero=date(2028, 3, 1))
    it_is("2028-04-14 10:10")
    it_is("2028-04-14 14:15")
    assert texts_to(wang)[-2:] == ["checkin", "checkin_remind1"]
    before = texts_to(wang)

    it_is("2028-04-15 10:00")

    assert texts_to(wang) == before
    assert tasks()[-1] == (TaskKind.NO_REPLY, wang.code)


def test_a_checkin_that_the_program_cannot_handle_becomes_a_call(
    wang: Participant, trial_time: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 10:10"))
    entry = next(each for each in heartbeat.TABLE if each.model is CheckIn)
    broken = work.Work(CheckIn, _breaks, entry.gave_up)

    for _ in range(work.MAX_ATTEMPTS + 1):
        if (row := work.claim(CheckIn)) is not None:
            work.run(broken, row)
        trial_time.advance(timedelta(minutes=5))

    assert checkin(wang).quarantined_at is not None
    assert checkin(wang).state == CheckInState.SKIPPED
    assert tasks() == [(TaskKind.UNDELIVERED, wang.code)]


def _breaks(row: CheckIn) -> None:
    row.state = CheckInState.SENT
    raise ZeroDivisionError


def test_a_checkin_can_be_brought_forward_to_now(wang: Participant, trial_time: VirtualClock) -> None:
    followup.recompute_plan(participant=wang)
    trial_time.move_to(local("2027-05-12 08:30"))

    assert followup.bring_forward(participant=wang)
    run_due()

    assert texts_to(wang) == ["checkin"]
    assert not followup.bring_forward(participant=wang)


def test_trial_time_is_kept_in_utc(wang: Participant) -> None:
    followup.recompute_plan(participant=wang)

    assert all(row.planned_at.tzinfo == UTC for row in CheckIn.objects.all())
