"""A participant's card, entering one with every refusal named, and what staff may change."""

from html import unescape
from typing import Any

import pytest
from axes.models import AccessAttempt

from apps.audit.models import AuditEvent
from apps.participants import services as participants
from apps.participants.models import Participant
from apps.participants.vocabulary import FollowUp, Rule
from apps.staff.models import User
from apps.staff.vocabulary import Role
from tests import people
from tests.workplace import scenes
from tests.workplace.scenes import Scene, change_url, page, press, signed_in

pytestmark = pytest.mark.django_db
ADD, LISTED = "/admin/participants/participant/add/", "/admin/participants/participant/"


def entry(**changed: str) -> dict[str, str]:
    """A form that is accepted as it stands."""
    place = people.site("BJ01")
    said = {
        "site": str(place.pk),
        "code": "BJ01-077",
        "phase": str(place.trial.phases.get(code="IIb").pk),
        "sex": "F",
        "birth_date": "1980-02-29",
        "language": "zh-Hans",
        "day_zero": "2025-05-08",
        "trial_consent": "1.0",
        "trial_consent_on": "2025-05-06",
        "sms_consent": "1.0",
        "sms_consent_on": "2025-05-06",
        "phone_number": "+61491570158",
    }
    return said | changed


def entered(person: User, **changed: str) -> Any:
    return signed_in(person).post(ADD, entry(**changed))


def wang() -> Participant:
    return Participant.objects.get(code="BJ01-001")


def test_a_coordinator_finds_the_way_in_from_the_list_and_enters_somebody(chen: User) -> None:
    assert f'href="{ADD}"' in page(chen, LISTED)

    answer = entered(chen)

    person = Participant.objects.get(code="BJ01-077")
    assert (answer.status_code, answer["Location"]) == (303, change_url(person))
    assert {consent.kind for consent in person.consents.all()} == {"trial", "sms"}


REFUSALS = [
    ({"trial_consent": "", "trial_consent_on": ""}, Rule.TRIAL_CONSENT),
    ({"sms_consent": "", "sms_consent_on": ""}, Rule.SMS_CONSENT),
    ({"phone_number": "+862112345678"}, Rule.NOT_A_MOBILE),
    ({"phone_number": "no number"}, Rule.NOT_A_MOBILE),
    ({"caregiver_number": "+862112345678"}, Rule.NOT_A_MOBILE),
    ({"birth_date": "1940-01-01"}, Rule.AGE),
    ({"birth_date": "2010-01-01"}, Rule.AGE),
    ({"code": "WANG"}, Rule.CODE_FORMAT),
    ({"trial_consent_on": "2099-01-01", "day_zero": "2099-01-02"}, Rule.CONSENT_IN_FUTURE),
    ({"day_zero": "2025-05-01"}, Rule.DAY_ZERO_BEFORE_CONSENT),
    ({"timezone": "Mars/Olympus"}, Rule.TIMEZONE),
]


@pytest.mark.parametrize(("changed", "rule"), REFUSALS, ids=[f"{rule}-{next(iter(said))}" for said, rule in REFUSALS])
def test_a_refusal_names_its_rule_and_keeps_nothing(alice: User, changed: dict[str, str], rule: Rule) -> None:
    answer = entered(alice, **changed)

    body = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert str(rule.label).split("%")[0] in body
    assert "Nothing was changed" in body
    assert not Participant.objects.filter(code__in=["BJ01-077", "WANG"]).exists()


def test_all_refusals_stand_at_once_each_at_its_field(alice: User) -> None:
    body = unescape(entered(alice, birth_date="1940-01-01", phone_number="1", code="X").content.decode())

    for rule in (Rule.AGE, Rule.NOT_A_MOBILE, Rule.CODE_FORMAT):
        assert str(rule.label).split("%")[0] in body
    assert 'value="X"' in body


def test_a_consent_needs_its_day_and_a_deviation_its_signer(alice: User) -> None:
    body = entered(alice, trial_consent_on="", deviation_number="D-1").content.decode()

    assert "When was it given?" in body
    assert "Randomised in error needs the principal investigator&#x27;s signature." in body


def test_somebody_randomised_in_error_enters_with_number_and_signature(alice: User, carol: User) -> None:
    signed = {"deviation_number": "D-1", "deviation_signer": str(carol.pk)}
    too_old = {"birth_date": "1940-01-01"}

    refused = entered(carol, **too_old, **signed, deviation_password="wrong")
    assert (refused.status_code, "The signature was refused" in refused.content.decode()) == (422, True)

    assert entered(carol, **too_old, **signed, deviation_password=people.PASSWORD).status_code == 303
    body = page(alice, change_url(Participant.objects.get(code="BJ01-077")))
    assert "D-1" in body


def test_nobody_signed_in_as_another_can_try_the_signers_password(alice: User, carol: User) -> None:
    signed = {"deviation_number": "D-1", "deviation_signer": str(carol.pk), "deviation_password": people.PASSWORD}

    assert entered(alice, birth_date="1940-01-01", **signed).status_code == 422

    assert not Participant.objects.filter(code="BJ01-077").exists()


def test_a_signer_has_as_many_tries_as_at_the_sign_in_each_on_record(carol: User, client: Any, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    signed = {"birth_date": "1940-01-01", "deviation_number": "D-1", "deviation_signer": str(carol.pk)}
    for _try in range(3):
        assert entered(carol, **signed, deviation_password="a guess").status_code == 422

    assert entered(carol, **signed, deviation_password=people.PASSWORD).status_code == 422

    assert AccessAttempt.objects.get(username="carol").failures_since_start >= 3
    said = {"username": "carol", "password": people.PASSWORD}
    assert client.post("/admin/login/", said).status_code == 302  # the way in is another count


def test_a_password_that_was_typed_is_never_sent_back(alice: User, carol: User) -> None:
    answer = entered(alice, deviation_number="D-1", deviation_signer=str(carol.pk), deviation_password="secret-typed")

    assert "secret-typed" not in answer.content.decode()


@pytest.mark.parametrize("name", ["sam", "ada", "dan", "mona"])
def test_nobody_else_enters_anybody(everybody: None, name: str) -> None:
    person = people._member("Mona", Role.MONITOR, at="BJ01") if name == "mona" else getattr(people, name)()

    assert signed_in(person).get(ADD).status_code == 403
    assert entered(person).status_code == 403


def test_the_card_shows_the_chat_the_plan_and_masked_phones(scene: Scene) -> None:
    body = page(people.alice(), change_url(wang()))

    assert scenes.BEIJING in body
    assert "+61*******06" in body
    assert people.PHONES["wang"] not in body
    assert scene.beijing.case_number in body


def test_a_phone_is_added_and_ended(everybody: None) -> None:
    added = press(people.chen(), wang(), "add_phone", kind="caregiver", number="+12025550177")
    assert added.status_code == 303
    again = press(people.alice(), wang(), "add_phone", kind="caregiver", number="+12025550177")
    assert (again.status_code, "on record already" in again.content.decode()) == (422, True)
    wrong = press(people.alice(), wang(), "add_phone", kind="caregiver", number="12")
    assert (wrong.status_code, "cannot be a mobile" in wrong.content.decode()) == (422, True)

    point = wang().contact_points.get(kind="participant")
    assert press(people.chen(), wang(), "end_phone", phone=str(point.pk)).status_code == 303

    point.refresh_from_db()
    assert point.ended_at is not None
    assert "no phone of their own on record" in page(people.alice(), change_url(wang()))


def test_a_consent_is_recorded_and_withdrawn_and_texts_stop(everybody: None) -> None:
    again = press(people.alice(), wang(), "consent", kind="sms", version="1.0", given_on="2025-05-06")
    assert (again.status_code, str(Rule.CONSENT_TWICE.label) in again.content.decode()) == (422, True)
    assert press(people.alice(), wang(), "consent", kind="sms", version="2.0", given_on="2025-06-01").status_code == 303

    assert press(people.alice(), wang(), "withdraw", kind="sms", withdrawn_on="2025-07-01").status_code == 303

    assert "no valid consent" in page(people.alice(), change_url(wang()))


def test_preferences_change_and_an_impossible_one_is_refused(everybody: None) -> None:
    good = {"language": "en", "send_time": "15:30", "timezone": "Asia/Urumqi", "is_discreet": "on"}

    assert press(people.alice(), wang(), "preferences", **good).status_code == 303
    assert press(people.alice(), wang(), "preferences", **good | {"timezone": "Mars/Olympus"}).status_code == 422
    assert press(people.alice(), wang(), "preferences", **good | {"send_time": "03:00"}).status_code == 422

    changed = wang()
    assert (changed.language, f"{changed.send_time:%H:%M}", changed.timezone, changed.is_discreet) == (
        "en",
        "15:30",
        "Asia/Urumqi",
        True,
    )
    assert "discreet texts" in page(people.alice(), change_url(changed))


def test_a_language_that_was_only_guessed_stays_so_until_somebody_chooses_one(everybody: None) -> None:
    Participant.objects.filter(pk=wang().pk).update(language_is_known=False)
    assert "not known: ask by text" in page(people.alice(), change_url(wang()))

    assert press(people.alice(), wang(), "preferences", language="", send_time="15:30").status_code == 303
    assert (wang().language, wang().language_is_known) == ("zh-Hans", False)

    assert press(people.alice(), wang(), "preferences", language="zh-Hans", send_time="15:30").status_code == 303
    assert (wang().language, wang().language_is_known) == ("zh-Hans", True)
    assert press(people.alice(), wang(), "preferences", language="").status_code == 422, "known, it is not unsaid"


def test_wished_texts_are_chosen_and_given_up_on_the_card_and_the_trail_says_by_whom(everybody: None) -> None:
    kept = {"language": "zh-Hans"}
    assert (
        press(people.alice(), wang(), "preferences", **kept, wants_daily_plan="on", wants_diary="on").status_code == 303
    )
    assert wang().wishes == {"daily_plan", "diary"}
    assert "record book" in page(people.alice(), change_url(wang()))

    assert press(people.alice(), wang(), "preferences", **kept).status_code == 303
    assert wang().wishes == set()
    trail = AuditEvent.objects.filter(table="participants_participant", actor=f"user:{people.alice().pk}")
    assert trail.filter(old__contains="wants_daily_plan", new__contains="wants_daily_plan").count() == 2


def test_an_appointment_is_set_in_the_sites_hour_and_a_visit_is_recorded(everybody: None) -> None:
    visit = participants.plan_visits(participant=wang(), planned={"W4": wang().day_zero})["W4"]

    set_ = press(people.chen(), wang(), "appointment", visit=str(visit.pk), appointment_at="2025-06-05T09:30")
    assert set_.status_code == 303
    visit.refresh_from_db()
    assert visit.appointment_at is not None
    assert visit.appointment_at.isoformat() == "2025-06-05T01:30:00+00:00"

    assert press(people.chen(), wang(), "visit_done", visit=str(visit.pk), done_on="2025-06-05").status_code == 303
    visit.refresh_from_db()
    assert f"{visit.done_on}" == "2025-06-05"


def test_a_number_under_check_is_released_by_a_person(everybody: None) -> None:
    participants.suspend_texts(participant=wang())
    assert "number under check" in page(people.alice(), change_url(wang()))

    assert press(people.chen(), wang(), "resume").status_code == 303

    assert wang().texts_suspended_at is None


def test_the_follow_up_moves_only_where_it_may(everybody: None) -> None:
    assert press(people.alice(), wang(), "follow_up", wanted=FollowUp.DEAD).status_code == 303
    assert press(people.alice(), wang(), "follow_up", wanted=FollowUp.LOST).status_code == 422

    assert wang().follow_up == FollowUp.DEAD


@pytest.mark.parametrize("state", sorted(FollowUp))
def test_nobody_is_made_lost_by_the_change_of_the_follow_up(everybody: None, state: FollowUp) -> None:
    Participant.objects.filter(pk=wang().pk).update(follow_up=state)

    assert press(people.carol(), wang(), "follow_up", wanted=FollowUp.LOST).status_code == 422

    assert wang().follow_up == state


def test_the_numbers_to_call_stand_on_the_card_when_asked_for(everybody: None) -> None:
    answer = press(people.chen(), wang(), "call")

    assert f"tel:{people.PHONES['wang']}" in answer.content.decode()


def test_who_changed_a_participant_is_named_on_its_history(everybody: None) -> None:
    press(people.alice(), wang(), "follow_up", wanted=FollowUp.NO_CONTACT)

    body = page(people.chen(), change_url(wang()).replace("/change/", "/history/"))

    assert "Alice" in body
    assert AuditEvent.objects.filter(table="participants_participant", actor=f"user:{people.alice().pk}").exists()


def test_a_monitor_sees_the_coded_person_without_texts_or_numbers(scene: Scene) -> None:
    mona = people._member("Mona", Role.MONITOR, at="BJ01")

    body = page(mona, change_url(wang()))

    assert "BJ01-001" in body
    assert not [word for word in (scenes.BEIJING, "+61*******06", 'name="act"') if word in body]


def test_the_list_finds_a_code_and_says_when_nothing_matches(everybody: None) -> None:
    assert "BJ01-002" not in page(people.alice(), f"{LISTED}?q=BJ01-001")
    assert "Nothing matches this search." in page(people.alice(), f"{LISTED}?q=SH02-001")


def test_the_check_in_of_a_plan_opens_as_a_card(scene: Scene) -> None:
    checkin = wang().checkins.order_by("planned_at").first()
    assert checkin is not None

    assert "BJ01-001" in page(people.alice(), change_url(checkin))


def test_the_card_names_who_signed_a_deviation_and_when_and_that_the_record_was_changed(everybody: None) -> None:
    carol = people.carol()
    signed = entered(
        carol,
        birth_date="1950-01-02",
        deviation_number="DEV-7",
        deviation_signer=str(carol.pk),
        deviation_password=people.PASSWORD,
    )
    assert signed.status_code == 303
    person = Participant.objects.get(code="BJ01-077")
    card = page(people.alice(), change_url(person))
    assert "DEV-7 · signed by Carol, " in card
    assert "+08:00" in card.partition("signed by Carol, ")[2][:40]
    assert "signature invalid" not in card

    Participant.objects.filter(pk=person.pk).update(day_zero="2025-05-09")

    assert "signature invalid: the record was changed" in page(people.alice(), change_url(person))
