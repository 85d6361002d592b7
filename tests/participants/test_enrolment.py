"""Who is let in, with every rule named, and what stands when somebody is."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from apps.audit.services import acting
from apps.core import clock
from apps.messaging.models import Line
from apps.participants import rules, signed_deviation
from apps.participants import services as participants
from apps.participants.models import Consent, ContactPoint, Participant, Plan
from apps.participants.services import ConsentGiven, Deviation, EnrolmentRefused
from apps.participants.vocabulary import ContactKind, Language, Rule, Sex
from apps.staff.models import Signature, User
from apps.trials.models import Phase, Trial
from apps.vault.models import DataKey
from apps.vault.services import shred
from tests import people

pytestmark = pytest.mark.django_db

CONSENT = ConsentGiven("1.0", date(2025, 5, 6))
BEIJING_LANDLINE = "+861062520000"


def form(**changed: Any) -> dict[str, Any]:
    """An enrolment that is accepted as it stands."""
    place = people.site("BJ01")
    values: dict[str, Any] = {
        "code": "BJ01-077",
        "site": place,
        "phase": Phase.objects.get(trial=place.trial, code="IIb"),
        "sex": Sex.FEMALE,
        "birth_date": date(1980, 2, 29),
        "language": Language.ZH_HANS,
        "day_zero": date(2025, 5, 8),
        "trial_consent": CONSENT,
        "sms_consent": CONSENT,
        "phone_number": people.PHONES["wang"],
    }
    return values | changed


def refused(**changed: Any) -> set[tuple[str, Rule]]:
    with pytest.raises(EnrolmentRefused) as caught:
        participants.enrol(**form(**changed))
    assert not Participant.objects.exists()
    assert all(problem.message for problem in caught.value.problems)
    return {(problem.field, problem.rule) for problem in caught.value.problems}


def test_an_enrolment_writes_participant_consents_phones_and_a_plan_that_is_due() -> None:
    person = participants.enrol(**form(caregiver_number=people.PHONES["wang's daughter"], send_time=time(15, 30)))

    assert {row.kind for row in Consent.objects.all()} == {"trial", "sms"}
    assert {(point.kind, point.line.number) for point in ContactPoint.objects.select_related("line")} == {
        ("participant", people.PHONES["wang"]),
        ("caregiver", people.PHONES["wang's daughter"]),
    }
    assert Plan.objects.get(participant=person).due_at is not None
    assert Participant.objects.get().birth_date == "1980-02-29"


def test_a_refused_enrolment_leaves_nothing_behind(trial: None) -> None:
    refused(sms_consent=None)

    assert not DataKey.objects.exists()
    assert not Line.objects.exists()


def tomorrow() -> date:
    return clock.today("Asia/Shanghai") + timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "field", "rule"),
    [
        ({"trial_consent": None}, "trial_consent", Rule.TRIAL_CONSENT),
        ({"sms_consent": None}, "sms_consent", Rule.SMS_CONSENT),
        ({"sms_consent": ConsentGiven("", date(2025, 5, 6))}, "sms_consent", Rule.SMS_CONSENT),
        (
            {"sms_consent": ConsentGiven("1", date(2025, 5, 6), date(2025, 6, 1))},
            "sms_consent",
            Rule.CONSENT_WITHDRAWN,
        ),
        (
            {"sms_consent": ConsentGiven("1", date(2025, 5, 6), date(2025, 5, 1))},
            "sms_consent",
            Rule.WITHDRAWN_BEFORE_GIVEN,
        ),
        ({"phone_number": BEIJING_LANDLINE}, "phone_number", Rule.NOT_A_MOBILE),
        ({"phone_number": "12"}, "phone_number", Rule.NOT_A_MOBILE),
        ({"phone_number": " "}, "phone_number", Rule.NEEDED),
        ({"caregiver_number": BEIJING_LANDLINE}, "caregiver_number", Rule.NOT_A_MOBILE),
        ({"birth_date": date(2007, 5, 7)}, "birth_date", Rule.AGE),
        ({"birth_date": date(1954, 5, 6)}, "birth_date", Rule.AGE),
        ({"birth_date": date(2026, 5, 6)}, "birth_date", Rule.BIRTH_DATE),
        ({"code": "BJ01-77"}, "code", Rule.CODE_FORMAT),
        ({"code": "SH02-077"}, "code", Rule.CODE_FORMAT),
        ({"code": "BJ01-077\n"}, "code", Rule.CODE_FORMAT),
        ({"day_zero": date(2025, 5, 5)}, "day_zero", Rule.DAY_ZERO_BEFORE_CONSENT),
        ({"day_zero": date(2052, 5, 8)}, "day_zero", Rule.DAY_ZERO_TOO_LATE),
        ({"send_time": time(3, 0)}, "send_time", Rule.SEND_TIME),
        ({"timezone": "Mars/Olympus"}, "timezone", Rule.TIMEZONE),
    ],
)
def test_an_enrolment_is_refused_with_its_field_and_rule(changed: dict[str, Any], field: str, rule: Rule) -> None:
    assert (field, rule) in refused(**changed)


def test_a_consent_of_tomorrow_is_refused() -> None:
    assert ("sms_consent", Rule.CONSENT_IN_FUTURE) in refused(sms_consent=ConsentGiven("1.0", tomorrow()))


def test_all_broken_rules_are_named_at_once() -> None:
    found = refused(trial_consent=None, phone_number=BEIJING_LANDLINE, caregiver_number="x", code="?")

    assert len(found) == 4


def test_a_refusal_repeats_neither_number_nor_birth_date() -> None:
    with pytest.raises(EnrolmentRefused) as caught:
        participants.enrol(**form(phone_number=BEIJING_LANDLINE, birth_date=date(1950, 1, 2)))

    said = str(caught.value) + repr(caught.value.problems)
    assert BEIJING_LANDLINE not in said
    assert "1950" not in said


@pytest.mark.parametrize("born", [date(2007, 5, 6), date(1955, 5, 6), date(1954, 5, 7)])
def test_eighteen_and_seventy_at_consent_are_inside(born: date) -> None:
    assert participants.enrol(**form(birth_date=born)).pk


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
        (date(1999, 12, 31), date(2018, 1, 1), 18),
    ],
)
def test_age_is_in_completed_years_also_for_who_was_born_on_a_leap_day(born: date, day: date, age: int) -> None:
    assert rules.age_on(born, day) == age


def test_a_code_is_used_once(wang: Participant) -> None:
    with pytest.raises(EnrolmentRefused) as caught:
        participants.enrol(**form(code=wang.code))

    assert [(problem.field, problem.rule) for problem in caught.value.problems] == [("code", Rule.CODE_TAKEN)]


def test_a_phase_that_has_not_begun_takes_nobody() -> None:
    third = Phase.objects.get(code="III") if form() else None

    assert ("phase", Rule.PHASE_NOT_BEGUN) in refused(phase=third)


# --- beyond the criteria


def one_place_left() -> None:
    people.trial()
    Trial.objects.update(enrolment=1)


def test_one_participant_more_than_the_trial_has_places_is_refused() -> None:
    one_place_left()
    people.wang()

    with pytest.raises(EnrolmentRefused) as caught:
        participants.enrol(**form())

    assert [problem.rule for problem in caught.value.problems] == [Rule.COHORT_FULL]
    assert Participant.objects.count() == 1


def test_who_was_randomised_in_error_is_entered_with_deviation_number_and_the_pi_s_signature(carol: User) -> None:
    one_place_left()
    people.wang()

    person = participants.enrol(
        **form(birth_date=date(1950, 1, 2), deviation=Deviation("DEV-7", carol, people.PASSWORD))
    )

    signature = Signature.objects.get()
    assert person.deviation_number == "DEV-7"
    assert person.deviation_signature == signature
    assert signature.signer == carol
    assert signature.record == f"participants_participant:{person.pk}"


def in_error(carol: User) -> Participant:
    one_place_left()
    people.wang()
    return participants.enrol(**form(birth_date=date(1950, 1, 2), deviation=Deviation("DEV-7", carol, people.PASSWORD)))


@pytest.mark.parametrize("changed", [{"birth_date": "1950-01-03"}, {"day_zero": date(2025, 5, 9)}, {"code": "BJ01-9"}])
def test_a_signature_on_a_deviation_is_invalid_once_the_record_is_changed(carol: User, changed: dict[str, Any]) -> None:
    person = Participant.objects.get(pk=in_error(carol).pk)
    assert signed_deviation.stands(person)
    person.save()
    assert signed_deviation.stands(Participant.objects.get(pk=person.pk))
    for name, value in changed.items():
        setattr(person, name, value)
    person.save()
    assert not signed_deviation.stands(Participant.objects.get(pk=person.pk))


def test_no_birth_date_is_found_by_trying_every_day_against_the_digest_of_a_signature(carol: User) -> None:
    person = in_error(carol)
    rest = (person.day_zero.isoformat(), person.deviation_number)
    days = (date(1949, 1, 1) + timedelta(days=each) for each in range(800))
    tried = {hashlib.sha256("\n".join((person.code, f"{day}", *rest)).encode()).hexdigest() for day in days}
    assert Signature.objects.get().record_sha256 not in tried


def test_a_signature_stands_also_when_the_key_of_what_it_covers_is_destroyed(carol: User) -> None:
    person = in_error(carol)
    shred(keys=[person.data_key])
    assert signed_deviation.stands(Participant.objects.get(pk=person.pk))


def test_a_deviation_is_refused_without_number_by_another_role_of_another_site_or_with_a_wrong_password(
    carol: User, alice: User, erin: User
) -> None:
    old = date(1950, 1, 2)
    right = people.PASSWORD

    assert ("deviation_number", Rule.DEVIATION_NUMBER) in refused(
        birth_date=old, deviation=Deviation(" ", carol, right)
    )
    assert ("deviation_signer", Rule.NOT_THE_PI) in refused(birth_date=old, deviation=Deviation("D", alice, right))
    assert ("deviation_signer", Rule.NOT_THE_PI) in refused(birth_date=old, deviation=Deviation("D", erin, right))
    assert ("deviation_password", Rule.SIGNATURE) in refused(birth_date=old, deviation=Deviation("D", carol, "x"))
    assert not Signature.objects.exists()


def test_a_deviation_does_not_excuse_a_missing_consent(carol: User) -> None:
    deviation = Deviation("DEV-7", carol, people.PASSWORD)

    assert refused(sms_consent=None, deviation=deviation) == {("sms_consent", Rule.SMS_CONSENT)}


def test_a_password_does_not_show_when_a_deviation_is_printed(carol: User) -> None:
    assert people.PASSWORD not in repr(Deviation("DEV-7", carol, people.PASSWORD))


@pytest.mark.fault
def test_fault_30_two_participants_may_share_a_phone_and_the_line_stands_once(wang: Participant) -> None:
    other = participants.enrol(**form())

    line = Line.objects.get(contact_points__participant=other)
    assert [point.participant for point in participants.contact_points_of(line)] == [wang, other]
    assert {point.kind for point in participants.contact_points_of(line)} == {ContactKind.PARTICIPANT}


def entered_at_once(number: int) -> bool:
    """In a thread of its own: whether this enrolment was accepted."""
    try:
        with acting(actor="test"):
            participants.enrol(**form(code=f"BJ01-{number:03}"))
    except EnrolmentRefused:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_both_enter_the_last_participant() -> None:
    one_place_left()

    with ThreadPoolExecutor(max_workers=4) as pool:
        accepted = list(pool.map(entered_at_once, range(80, 84)))

    assert accepted.count(True) == 1
    assert Participant.objects.count() == 1
