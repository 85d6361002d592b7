"""A number is entered and asked whether it is right: through the form of the workplace, the phone's own texts, and days of silence."""

from datetime import timedelta

import pytest

from apps.conversations.models import Question, Task
from apps.core import clock
from apps.core.clock import VirtualClock
from apps.escalation.models import Escalation
from apps.messaging.models import OutboundMessage
from apps.messaging.vocabulary import SendState
from apps.participants import confirmations
from apps.participants import services as participants
from apps.participants.models import ContactPoint, Participant
from apps.participants.vocabulary import ContactKind, FollowUp, Standing
from tests import due, people
from tests.followup.days import local
from tests.times import beginning_at
from tests.workplace import scenes
from tests.workplace.scenes import change_url, page, press, signed_in
from tests.workplace.test_participants_page import ADD, entry

pytestmark = pytest.mark.django_db
MARCH = local("2027-03-10 10:00")  # a month before the window opens, on a Wednesday morning
OWN, CAREGIVER = "+61491570158", "+12025550141"
time = beginning_at(MARCH)


def entered(**changed: str) -> Participant:
    """Entered by the coordinator, whatever is due done."""
    answer = signed_in(people.chen()).post(ADD, entry(language="en", **changed))
    assert answer.status_code == 303, answer.content.decode()
    due.work()
    return Participant.objects.get(code="BJ01-077")


def point_of(number: str) -> ContactPoint:
    points = ContactPoint.objects.select_related("line__data_key", "participant__site")
    return next(each for each in points.order_by("-stands_since") if each.line.number == number)


def said_to(number: str) -> list[str]:
    rows = OutboundMessage.objects.filter(line=point_of(number).line).exclude(state=SendState.CANCELLED)
    return list(rows.order_by("planned_at", "key").values_list("wording", flat=True))


def writes(time: VirtualClock, number: str, body: str) -> None:
    """A minute after whatever was said last."""
    time.advance(timedelta(minutes=1))
    scenes.text(number, body)
    due.work()


def later(time: VirtualClock, **length: float) -> None:
    """Hours in steps, as a worker lives through them."""
    end = clock.now() + timedelta(**length)
    step = max(timedelta(minutes=30), timedelta(**length) / 20)
    while clock.now() < end:
        time.move_to(min(end, clock.now() + step))
        due.work()


def calls(participant: Participant) -> list[str]:
    return list(participant.tasks.exclude(kind="appointment").order_by("created_at").values_list("kind", flat=True))


def why_not(participant: Participant) -> str | None:
    return participants.texting_status(participant, line=participants.texting_line(participant))


# --- the participant's own number


def test_a_number_is_asked_before_the_window_opens_and_a_one_confirms_it(time: VirtualClock) -> None:
    person = entered()
    assert (said_to(OWN), why_not(person)) == (["welcome_confirm"], "unconfirmed")

    later(time, minutes=5)
    writes(time, OWN, "1")

    assert said_to(OWN) == ["welcome_confirm", "consent_ok"]
    assert point_of(OWN).standing == Standing.ANSWERED
    assert (why_not(person), calls(person)) == (None, [])
    later(time, days=3)
    assert said_to(OWN) == ["welcome_confirm", "consent_ok"]


def test_the_question_goes_in_the_language_of_the_participant(time: VirtualClock) -> None:
    signed_in(people.chen()).post(ADD, entry(language="zh-Hans"))
    due.work()

    assert OutboundMessage.objects.get(line=point_of(OWN).line).text.startswith("您同意用此号码")
    writes(time, OWN, "是本人")
    assert said_to(OWN)[-1] == "consent_ok"


@pytest.mark.parametrize("body", ["1", "１", "一", "Yes", "yes, it is me", "OK", "是的"])
def test_yes_is_understood_as_people_write_it(time: VirtualClock, body: str) -> None:
    entered()
    writes(time, OWN, body)
    assert (point_of(OWN).standing, said_to(OWN)[-1]) == (Standing.ANSWERED, "consent_ok")


def test_what_is_entered_at_night_is_asked_in_the_morning(time: VirtualClock) -> None:
    time.move_to(local("2027-03-10 22:30"))
    entered()
    assert said_to(OWN) == []

    time.move_to(local("2027-03-11 08:01"))
    due.work()

    assert said_to(OWN) == ["welcome_confirm"]


def test_silence_is_asked_once_more_after_a_day_and_then_a_person_phones(time: VirtualClock) -> None:
    person = entered()
    later(time, hours=23)
    assert said_to(OWN) == ["welcome_confirm"]
    later(time, hours=2)
    assert (said_to(OWN), calls(person)) == (["welcome_confirm"] * 2, [])

    later(time, hours=24)

    assert calls(person) == ["confirm"]
    later(time, days=1)
    assert (said_to(OWN), calls(person)) == (["welcome_confirm"] * 2, ["confirm"])


def test_an_answer_days_after_the_call_was_asked_for_is_still_an_answer(time: VirtualClock) -> None:
    entered()
    later(time, days=5)
    writes(time, OWN, "1")
    assert (point_of(OWN).standing, said_to(OWN)[-1]) == (Standing.ANSWERED, "consent_ok")


@pytest.mark.parametrize("body", ["2", "wrong number", "不是本人", "不是"])
def test_a_wrong_number_is_not_used_and_checked_by_a_person_and_never_asked_again(
    body: str, time: VirtualClock
) -> None:
    person = entered()
    writes(time, OWN, body)
    assert (said_to(OWN)[-1], calls(person)) == ("wrong_number", ["check_number"])
    assert (point_of(OWN).standing, point_of(OWN).ended_at, why_not(person)) == ("refused", None, "unconfirmed")

    later(time, days=4)

    assert said_to(OWN) == ["welcome_confirm", "wrong_number"]


def test_a_no_in_words_is_a_wish_and_a_person_calls(time: VirtualClock) -> None:
    person = entered()
    writes(time, OWN, "No thanks")
    assert (said_to(OWN)[-1], calls(person)) == ("consent_no", ["opted_out"])
    assert point_of(OWN).standing == Standing.REFUSED


def test_a_stop_ends_the_question_with_the_call_that_a_stop_brings(time: VirtualClock) -> None:
    person = entered()
    writes(time, OWN, "STOP")
    later(time, days=3)
    assert (said_to(OWN), calls(person)) == (["welcome_confirm", "stop_confirm"], ["opted_out"])


def test_both_digits_confirm_nothing_and_a_person_finds_out_which(time: VirtualClock) -> None:
    person = entered()
    writes(time, OWN, "1 2")
    assert (point_of(OWN).standing, said_to(OWN)[-1], calls(person)) == ("waiting", "bad_number", ["read"])
    writes(time, OWN, "1")
    assert point_of(OWN).standing == Standing.ANSWERED


def test_a_three_is_a_wish_for_a_call_and_leaves_the_question_open(time: VirtualClock) -> None:
    person = entered()
    writes(time, OWN, "3")
    assert (said_to(OWN)[-1], calls(person), point_of(OWN).standing) == ("checkin_call", ["call_back"], "waiting")
    writes(time, OWN, "1")
    assert point_of(OWN).standing == Standing.ANSWERED


def test_words_confirm_nothing(time: VirtualClock) -> None:
    entered()
    writes(time, OWN, "I feel fine today but who should I ask about parking")
    assert point_of(OWN).standing == Standing.WAITING


def test_a_one_that_was_written_before_the_question_left_confirms_nothing(time: VirtualClock) -> None:
    time.move_to(local("2027-03-10 23:00"))
    entered()
    writes(time, OWN, "1")
    assert point_of(OWN).standing == Standing.WAITING


def test_what_does_not_arrive_is_a_call_the_same_day(time: VirtualClock) -> None:
    person = entered()
    OutboundMessage.objects.filter(line=point_of(OWN).line).update(state=SendState.UNDELIVERED)
    later(time, hours=1)
    assert calls(person) == ["undelivered"]
    assert Task.objects.get(kind="undelivered").deadline == local("2027-03-10 17:00")


def test_who_cannot_read_is_phoned_at_once() -> None:
    person = entered(cannot_read="on")
    assert (said_to(OWN), calls(person)) == ([], ["confirm"])


def test_no_text_leaves_while_a_death_is_reported_and_a_person_who_restores_has_it_asked_again(
    time: VirtualClock,
) -> None:
    person = entered()
    participants.set_follow_up(participant=person, wanted=FollowUp.FROZEN)
    later(time, days=2)
    assert (said_to(OWN), calls(person)) == (["welcome_confirm"], ["frozen"])

    participants.set_follow_up(participant=person, wanted=FollowUp.ACTIVE, person=people.carol())
    later(time, minutes=5)

    assert said_to(OWN) == ["welcome_confirm"] * 2


def test_a_phone_that_is_somebody_elses_too_is_asked_by_a_person() -> None:
    person = entered(phone_number=people.PHONES["jones"])
    assert (said_to(people.PHONES["jones"]), calls(person)) == ([], ["confirm"])


def test_a_process_that_dies_after_the_question_asks_no_second_time(time: VirtualClock) -> None:
    entered()
    trip = point_of(OWN).round_trip
    type(trip).objects.filter(pk=trip.pk).update(asked=0, asked_at=None, message=None, due_at=clock.now())
    due.work()
    assert said_to(OWN) == ["welcome_confirm"]


# --- meanwhile


def test_until_it_is_confirmed_a_check_in_is_a_call_and_no_text(time: VirtualClock) -> None:
    time.move_to(local("2027-05-10 10:00"))
    person = entered(day_zero="2027-05-10", trial_consent_on="2027-05-09", sms_consent_on="2027-05-09")
    later(time, days=2)
    assert set(said_to(OWN)) == {"welcome_confirm"}
    assert "confirm" in calls(person)

    writes(time, OWN, "1")
    later(time, days=1, hours=1)  # the minute differs from day to day

    assert "checkin" in said_to(OWN)


def test_blood_from_a_number_that_nobody_confirmed_alarms_like_any_other(time: VirtualClock) -> None:
    person = entered(caregiver_number=CAREGIVER)
    writes(time, OWN, "vomiting blood")
    writes(time, CAREGIVER, "he is vomiting blood")
    assert said_to(OWN)[1:] == ["emergency"]
    assert said_to(CAREGIVER)[1:] == ["emergency_family"]
    assert Escalation.objects.filter(events__participant=person, chain="R1").exists()


def test_what_was_entered_as_checked_is_used_at_once() -> None:
    person = entered(is_number_checked="on", caregiver_number=CAREGIVER, caregiver_agreed_on="2027-03-09")
    assert (said_to(OWN), said_to(CAREGIVER), why_not(person)) == ([], [], None)
    assert participants.caregiver_line(person) == point_of(CAREGIVER).line


# --- the language


def test_an_unknown_language_is_asked_in_both_and_the_number_after_it_in_the_one_chosen(time: VirtualClock) -> None:
    signed_in(people.chen()).post(ADD, entry(language=""))
    due.work()
    assert said_to(OWN) == ["lang_ask"]

    writes(time, OWN, "1")
    later(time, minutes=30)

    assert said_to(OWN) == ["lang_ask", "lang_en", "welcome_confirm"]
    texts = OutboundMessage.objects.filter(line=point_of(OWN).line).order_by("planned_at")
    assert [row.language for row in texts] == ["zh-Hans", "en", "en"]
    writes(time, OWN, "1")
    assert point_of(OWN).standing == Standing.ANSWERED


def test_the_word_for_a_language_answers_too(time: VirtualClock) -> None:
    signed_in(people.chen()).post(ADD, entry(language="", is_number_checked="on"))
    due.work()
    writes(time, OWN, "English")
    later(time, days=2)
    assert said_to(OWN) == ["lang_ask", "lang_en"]
    assert not Question.objects.filter(line=point_of(OWN).line, state="open").exists()


def test_who_never_says_a_language_is_phoned(time: VirtualClock) -> None:
    signed_in(people.chen()).post(ADD, entry(language=""))
    later(time, days=3)
    assert said_to(OWN) == ["lang_ask"] * 2
    assert calls(Participant.objects.get(code="BJ01-077")) == ["confirm"]


# --- what a person does on the card


def test_a_nurse_who_has_spoken_with_them_confirms_the_number_and_texts_go_out(time: VirtualClock) -> None:
    person = entered()
    later(time, days=3)
    assert "尚未确认" in page(people.chen(), change_url(person))

    press(people.chen(), person, "phone_is_right", phone=str(point_of(OWN).pk))
    due.work()

    assert (point_of(OWN).standing, why_not(person)) == (Standing.CHECKED, None)
    assert not Question.objects.filter(line=point_of(OWN).line, state="open").exists()


def test_a_nurse_has_a_number_asked_again_but_none_that_said_no(time: VirtualClock) -> None:
    person = entered()
    later(time, days=3)
    press(people.chen(), person, "ask_phone", phone=str(point_of(OWN).pk))
    later(time, minutes=5)
    assert said_to(OWN) == ["welcome_confirm"] * 3

    writes(time, OWN, "2")
    answer = press(people.chen(), person, "ask_phone", phone=str(point_of(OWN).pk))

    assert answer.status_code == 422
    with pytest.raises(PermissionError):
        confirmations.ask_point_again(contact_point=point_of(OWN), person=people.chen())


def test_nobody_of_another_site_confirms_a_number() -> None:
    person = entered()
    answer = press(people.dora(), person, "phone_is_right", phone=str(point_of(OWN).pk))
    assert answer.status_code == 404
    assert point_of(OWN).standing == Standing.WAITING


def test_a_new_number_takes_the_old_ones_place_when_it_is_confirmed(time: VirtualClock) -> None:
    wang, new = people.wang(), "+12025550142"
    participants.add_contact_point(participant=wang, kind=ContactKind.PARTICIPANT, number=new)
    assert participants.texting_line(wang) == point_of(people.PHONES["wang"]).line
    due.work()
    writes(time, new, "1")
    assert (point_of(new).standing, why_not(wang)) == (Standing.ANSWERED, None)
