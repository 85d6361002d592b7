"""Consents, phones, and where a participant's follow-up stands: what each means for the next text."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from apps.core import clock
from apps.core.states import IllegalMove
from apps.messaging.models import Line
from apps.participants import services as participants
from apps.participants.models import Participant, Plan, Visit
from apps.participants.services import AlreadyOnRecord, ConsentGiven, EnrolmentRefused
from apps.participants.vocabulary import ConsentKind, ContactKind, FollowUp, WhyNot
from apps.staff.models import User
from tests import people

pytestmark = pytest.mark.django_db


def own_line(participant: Participant) -> Line:
    line = participants.texting_line(participant)
    assert line is not None
    return line


def why_not(participant: Participant) -> WhyNot | None:
    return participants.texting_status(participant, line=participants.texting_line(participant))


def test_somebody_who_consented_and_can_read_may_be_texted(wang: Participant) -> None:
    assert why_not(wang) is None


def withdraw_sms(participant: Participant, person: User) -> None:
    today = clock.today("Asia/Shanghai")
    participants.withdraw_consent(participant=participant, kind=ConsentKind.SMS, withdrawn_on=today)


def withdraw_trial(participant: Participant, person: User) -> None:
    today = clock.today("Asia/Shanghai")
    participants.withdraw_consent(participant=participant, kind=ConsentKind.TRIAL, withdrawn_on=today)


def opt_out(participant: Participant, person: User) -> None:
    Line.objects.filter(pk=own_line(participant).pk).update(opted_out_at=clock.now())


def carrier_block(participant: Participant, person: User) -> None:
    Line.objects.filter(pk=own_line(participant).pk).update(carrier_blocked_at=clock.now())


def no_phone_left(participant: Participant, person: User) -> None:
    for point in participants.contact_points_of(own_line(participant)):
        participants.end_contact_point(contact_point=point, person=person)


def cannot_read(participant: Participant, person: User) -> None:
    participants.change_preferences(participant=participant, cannot_read=True)


def suspended(participant: Participant, person: User) -> None:
    participants.suspend_texts(participant=participant)


def moved(wanted: FollowUp) -> Callable[[Participant, User], None]:
    return lambda participant, person: participants.set_follow_up(participant=participant, wanted=wanted, person=person)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (withdraw_sms, WhyNot.NO_SMS_CONSENT),
        (withdraw_trial, WhyNot.NO_CONSENT),
        (opt_out, WhyNot.OPTED_OUT),
        (carrier_block, WhyNot.CARRIER_BLOCKED),
        (no_phone_left, WhyNot.NO_LINE),
        (cannot_read, WhyNot.CANNOT_READ),
        (suspended, WhyNot.SUSPENDED),
        (moved(FollowUp.FROZEN), WhyNot.FROZEN),
        (moved(FollowUp.DEAD), WhyNot.DEAD),
        (moved(FollowUp.WITHDRAWN), WhyNot.LEFT),
        (moved(FollowUp.NO_CONTACT), WhyNot.LEFT),
        (moved(FollowUp.RECORDS_ONLY), WhyNot.LEFT),
        (moved(FollowUp.LOST), WhyNot.LEFT),
    ],
)
def test_each_reason_against_a_text_is_found_at_the_next_look(
    wang: Participant, carol: User, happens: Callable[[Participant, User], None], reason: WhyNot
) -> None:
    happens(wang, carol)
    wang.refresh_from_db()

    assert why_not(wang) == reason


def test_a_new_consent_after_a_withdrawal_lets_texts_go_again(wang: Participant, carol: User) -> None:
    withdraw_sms(wang, carol)
    consent = ConsentGiven("2.0", clock.today("Asia/Shanghai"))

    participants.record_consent(participant=wang, kind=ConsentKind.SMS, consent=consent)

    assert why_not(wang) is None
    assert wang.consents.filter(kind="sms").count() == 2


def test_a_consent_cannot_be_withdrawn_before_it_was_given_or_ahead_of_time(wang: Participant) -> None:
    for day in (date(2025, 1, 1), clock.today("Asia/Shanghai") + timedelta(days=1)):
        with pytest.raises(EnrolmentRefused):
            participants.withdraw_consent(participant=wang, kind=ConsentKind.SMS, withdrawn_on=day)
    assert why_not(wang) is None


def test_the_same_consent_twice_is_refused(wang: Participant) -> None:
    with pytest.raises(EnrolmentRefused):
        participants.record_consent(
            participant=wang, kind=ConsentKind.SMS, consent=ConsentGiven("1.0", date(2025, 5, 6))
        )


def test_a_death_text_freezes_without_a_person_but_only_a_person_restores(wang: Participant, carol: User) -> None:
    participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN)
    with pytest.raises(EnrolmentRefused):
        participants.set_follow_up(participant=wang, wanted=FollowUp.ACTIVE)

    wang.refresh_from_db()
    assert wang.follow_up == FollowUp.FROZEN
    participants.set_follow_up(participant=wang, wanted=FollowUp.ACTIVE, person=carol)
    assert why_not(wang) is None


def test_the_dead_are_not_lost_and_do_not_withdraw(wang: Participant, carol: User) -> None:
    participants.set_follow_up(participant=wang, wanted=FollowUp.DEAD, person=carol)

    for wanted in (FollowUp.LOST, FollowUp.WITHDRAWN, FollowUp.DEAD):
        with pytest.raises(IllegalMove):
            participants.set_follow_up(participant=wang, wanted=wanted, person=carol)


def test_only_a_person_lifts_the_suspension_of_a_number(wang: Participant, carol: User) -> None:
    participants.suspend_texts(participant=wang)
    first = wang.texts_suspended_at
    participants.suspend_texts(participant=wang)
    assert wang.texts_suspended_at == first

    participants.resume_texts(participant=wang, person=carol)

    assert why_not(wang) is None


def test_a_number_is_added_once_and_ended_not_deleted(wang: Participant, carol: User) -> None:
    added = participants.add_contact_point(
        participant=wang,
        kind=ContactKind.PARTICIPANT,
        number=people.PHONES["nobody we know"],
        agreed_on=date(2026, 1, 1),
        is_checked=True,
    )
    with pytest.raises(AlreadyOnRecord):
        participants.add_contact_point(
            participant=wang, kind=ContactKind.PARTICIPANT, number=people.PHONES["nobody we know"]
        )
    assert participants.texting_line(wang) == added.line

    participants.end_contact_point(contact_point=added, person=carol)

    assert participants.contact_points_of(added.line) == []
    assert wang.contact_points.count() == 3
    assert own_line(wang).number == people.PHONES["wang"]


def settle_plan(participant: Participant) -> None:
    Plan.objects.filter(participant=participant).update(due_at=None)


def test_every_change_that_matters_makes_the_plan_due(wang: Participant, carol: User) -> None:
    visit = Visit.objects.create(participant=wang, code="W24", planned_on=date(2027, 5, 1))
    appointment = datetime(2027, 5, 1, 9, tzinfo=wang.zone)
    changes: list[Callable[[], object]] = [
        lambda: participants.change_preferences(participant=wang, send_time=time(15, 30)),
        lambda: participants.set_follow_up(participant=wang, wanted=FollowUp.FROZEN),
        lambda: participants.set_appointment(visit=visit, appointment_at=appointment),
        lambda: participants.record_visit(visit=visit, done_on=date(2027, 5, 1)),
        lambda: withdraw_sms(wang, carol),
    ]
    for change in changes:
        settle_plan(wang)
        change()
        assert Plan.objects.get(participant=wang).due_at is not None


def test_a_wrong_preference_is_refused_and_changes_nothing(wang: Participant) -> None:
    with pytest.raises(EnrolmentRefused):
        participants.change_preferences(participant=wang, send_time=time(23, 0))
    with pytest.raises(TypeError):
        participants.change_preferences(participant=wang, code="X")

    assert Participant.objects.get(pk=wang.pk).send_time is None
