"""Who may do what, who is on call, and who may still sign in."""

from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core import mail
from django.test import RequestFactory

from apps.audit.models import AuditEvent
from apps.audit.services import acting
from apps.core import clock
from apps.staff import services as staff
from apps.staff.models import Signature, SiteAssignment, User
from apps.staff.proofs import code_of, is_code
from apps.staff.vocabulary import Action, Role, StaffRule
from apps.vault.services import phone_indexes
from tests import people

pytestmark = pytest.mark.django_db
LONG = "another long passphrase"


def signs_in(user: User) -> bool:
    request = RequestFactory().post("/admin/login/")
    return authenticate(request, username=user.username, password=people.PASSWORD) is not None


def test_an_investigator_may_confirm_events_at_her_own_site_and_nowhere_else(alice: User) -> None:
    scope = staff.scope(alice)

    assert scope.may(Action.CONFIRM_EVENTS, site=people.site("BJ01").pk)
    assert not scope.may(Action.CONFIRM_EVENTS, site=people.site("SH02").pk)
    assert scope.sites_for(Action.VIEW_TEXTS) == {people.site("BJ01").pk}


def test_the_sponsor_and_the_administrator_see_no_text_and_no_contact(sam: User, ada: User) -> None:
    for person in (sam, ada):
        scope = staff.scope(person)
        assert not any(scope.may(action) for action in (Action.VIEW_TEXTS, Action.VIEW_CONTACTS, Action.VIEW_EVENTS))


def test_an_assignment_counts_from_its_first_day_to_its_last_and_not_beyond(alice: User) -> None:
    SiteAssignment.objects.filter(user=alice).delete()
    today = staff.today()
    for starts, ends, counts in (
        (today, today, True),
        (today - timedelta(days=9), today - timedelta(days=1), False),
        (today + timedelta(days=1), None, False),
    ):
        row = staff.assign(user=alice, role=Role.COORDINATOR, site=people.site("SH02"), starts_on=starts, ends_on=ends)
        assert staff.scope(alice).may(Action.ENROL) is counts
        row.delete()


def test_a_superuser_flag_gives_no_right(alice: User) -> None:
    SiteAssignment.objects.filter(user=alice).delete()
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    alice.refresh_from_db()

    assert staff.scope(alice).grants == ()


def test_on_call_gives_the_site_s_people_in_their_order_each_once(
    alice: User, bob: User, carol: User, dora: User
) -> None:
    staff.assign(user=carol, role=Role.INVESTIGATOR, site=people.site("BJ01"))
    roles = {Role.INVESTIGATOR, Role.PRINCIPAL_INVESTIGATOR}

    assert staff.on_call(site=people.site("BJ01"), roles=roles) == [alice, bob, carol]
    assert staff.on_call(site=people.site("SH02"), roles=roles) == [dora]


def test_the_duty_desk_is_on_call_for_the_whole_trial(dan: User, alice: User) -> None:
    assert staff.on_call(site=None, roles={Role.DUTY_DESK}) == [dan]


def test_a_leaver_and_an_expired_account_are_neither_paged_nor_known_by_phone_nor_let_in(
    alice: User, bob: User
) -> None:
    assert signs_in(alice)
    staff.close_account(user=alice)
    User.objects.filter(pk=bob.pk).update(expires_on=staff.today() - timedelta(days=1))
    bob.refresh_from_db()

    assert staff.on_call(site=people.site("BJ01"), roles={Role.INVESTIGATOR}) == []
    for person, number in ((alice, people.PHONES["alice"]), (bob, people.PHONES["bob"])):
        assert staff.staff_on(phone_indexes(number)) == []
        assert not signs_in(person)
        assert staff.scope(person).grants == ()


def test_an_account_that_expires_overnight_ends_the_running_session(client: object, alice: User) -> None:
    client.force_login(alice, backend="apps.staff.backends.StaffBackend")  # type: ignore[attr-defined]
    session = client.session  # type: ignore[attr-defined]
    from django.contrib.auth import get_user

    request = RequestFactory().get("/admin/")
    request.session = session
    assert get_user(request) == alice

    User.objects.filter(pk=alice.pk).update(expires_on=staff.today() - timedelta(days=1))

    assert not get_user(request).is_authenticated


def test_a_phone_is_sealed_found_by_its_index_and_shown_masked(alice: User) -> None:
    assert staff.staff_on(phone_indexes(people.PHONES["alice"])) == [alice]
    assert User.objects.get(pk=alice.pk).phone == people.PHONES["alice"]
    assert people.PHONES["alice"] not in alice.masked_phone

    staff.set_phone(user=alice, number=people.PHONES["nobody we know"])

    assert staff.staff_on(phone_indexes(people.PHONES["alice"])) == []
    assert staff.staff_on(phone_indexes(people.PHONES["nobody we know"])) == [alice]


def test_nobody_is_found_by_an_empty_index(sam: User) -> None:
    assert sam.phone == ""
    assert staff.staff_on([b""]) == []


def test_a_bad_account_is_refused_with_every_rule_named(alice: User) -> None:
    with pytest.raises(staff.StaffRefused) as refused:
        staff.create_staff(
            username="alice", name=" ", email="", language="en", password="short", number="+8601062520000"
        )

    assert {(field, rule) for field, rule in refused.value.problems} == {
        ("username", StaffRule.USERNAME_TAKEN),
        ("name", StaffRule.MISSING),
        ("email", StaffRule.MISSING),
        ("password", StaffRule.PASSWORD),
        ("number", StaffRule.NOT_A_MOBILE),
    }
    assert "+86" not in str(refused.value)


def test_a_site_role_needs_a_site_and_a_trial_role_has_none(alice: User) -> None:
    with pytest.raises(staff.StaffRefused):
        staff.assign(user=alice, role=Role.COORDINATOR)
    with pytest.raises(staff.StaffRefused):
        staff.assign(user=alice, role=Role.DUTY_DESK, site=people.site("BJ01"))
    with pytest.raises(staff.StaffRefused):
        staff.assign(user=alice, role=Role.DUTY_DESK, starts_on=date(2027, 5, 2), ends_on=date(2027, 5, 1))


def test_a_signature_needs_the_signer_s_own_password_and_keeps_the_hash_of_what_was_signed(carol: User) -> None:
    def signed(content: str, password: str = people.PASSWORD) -> Signature:
        return staff.sign(signer=carol, password=password, meaning="test", record="x:1", content=content)

    with pytest.raises(staff.NotSigned):
        signed("a", "not hers")

    first = signed("a")
    second = signed("b")

    assert first.record_sha256 != second.record_sha256
    assert Signature.objects.count() == 2
    assert first.signed_at <= clock.now()


def test_a_changed_password_is_in_the_trail_and_its_hash_is_not(alice: User) -> None:
    staff.set_password(user=alice, password="another long passphrase")

    trail = AuditEvent.objects.filter(table="staff_user", operation="update")
    assert trail.exists()
    assert not [event for event in trail if "argon2" in f"{event.old} {event.new}"]


def by(person: User) -> AbstractContextManager[None]:
    return acting(actor=f"user:{person.pk}")


def test_nobody_signed_in_gives_a_role_to_themselves_and_a_command_makes_the_first_administrator(ada: User) -> None:
    with by(ada), pytest.raises(staff.StaffRefused) as refused:
        staff.assign(user=ada, role=Role.PRINCIPAL_INVESTIGATOR, site=people.site("BJ01"))
    assert [problem.rule for problem in refused.value.problems] == [StaffRule.NOT_ONESELF]

    first = staff.create_staff(username="first", name="First", email="first@example.org", language="en", password=LONG)
    with acting(actor="command:first"):
        staff.assign(user=first, role=Role.ADMINISTRATOR)
    with by(first):
        staff.assign(user=ada, role=Role.INVESTIGATOR, site=people.site("BJ01"))
    assert not first.password_is_anothers


def test_a_password_that_another_has_set_signs_nothing_until_it_is_one_s_own(ada: User, carol: User) -> None:
    def sign() -> Signature:
        return staff.sign(signer=carol, password=LONG, meaning="test", record="x:1", content="a")

    with by(ada):
        staff.set_password(user=carol, password=LONG)
    with pytest.raises(staff.NotYourOwnPassword):
        sign()

    with by(carol):
        staff.set_password(user=carol, password=LONG, code=code_of(carol))
    assert sign().signer == carol


@pytest.mark.parametrize("code", ["", "AAAA-BBBB-CCCC", "the one of before"])
def test_who_set_anothers_password_does_not_make_it_their_own_by_changing_it_as_them(
    ada: User, carol: User, code: str
) -> None:
    before = code_of(carol)
    with by(ada):
        staff.set_password(user=carol, password=LONG)
    with by(carol), pytest.raises(staff.StaffRefused) as refused:  # whoever is signed in as Carol
        staff.set_password(user=carol, password=f"{LONG} of hers", code=before if "before" in code else code)
    assert [problem.rule for problem in refused.value.problems] == [StaffRule.NOT_THE_CODE]
    kept = User.objects.get(pk=carol.pk)
    assert kept.password_is_anothers
    assert kept.check_password(LONG)


def test_a_code_ends_with_the_address_that_it_was_sent_to(ada: User, carol: User) -> None:
    with by(ada):
        staff.set_password(user=carol, password=LONG)
    sent = code_of(carol)
    assert is_code(carol, f" {sent.lower().replace('-', ' ')} ")
    carol.email = "ada@example.org"
    assert not is_code(carol, sent)


def test_whoever_makes_an_account_with_a_password_does_not_hold_its_code(
    ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        new = staff.create_staff(username="new", name="New", email="new@example.org", language="en", password=LONG)
    (told,) = mail.outbox
    assert told.to == ["new@example.org"]
    assert code_of(new) in told.body


@pytest.mark.parametrize(("language", "said"), [("en", "Ada set a new password"), ("zh-Hans", "Ada 于")])
def test_whose_password_is_set_by_another_is_told_by_mail_who_it_was(
    ada: User, carol: User, language: str, said: str, django_capture_on_commit_callbacks: Any
) -> None:
    staff.set_language(user=carol, language=language)

    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.set_password(user=carol, password=LONG)
    with django_capture_on_commit_callbacks(execute=True), by(carol):
        sent = code_of(carol)
        staff.set_password(user=carol, password=f"{LONG} of mine", code=sent)

    (told,) = mail.outbox
    assert told.to == ["carol@example.org"]
    assert said in told.body
    assert sent in told.body
    assert LONG not in told.body


@pytest.mark.parametrize(("language", "said"), [("en", "Ada changed the mobile phone"), ("zh-Hans", "Ada 于")])
@pytest.mark.parametrize("number", ["+61491570159", ""])
def test_whose_phone_is_changed_by_another_is_told_by_mail_who_it_was(
    ada: User, carol: User, language: str, said: str, number: str, django_capture_on_commit_callbacks: Any
) -> None:
    staff.set_language(user=carol, language=language)
    before = carol.masked_phone

    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.set_phone(user=carol, number=number)

    (told,) = mail.outbox
    assert told.to == ["carol@example.org"]
    assert said in told.body
    assert before in told.body
    assert (carol.masked_phone or "–") in told.body
    assert "491570159" not in told.body


def test_the_same_phone_entered_again_is_no_news(
    ada: User, carol: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.set_phone(user=carol, number=carol.phone)
    assert mail.outbox == []


def test_a_mail_server_that_fails_leaves_the_password_set(
    ada: User, carol: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OSError

    monkeypatch.setattr(mail.EmailMessage, "send", fail)
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.set_password(user=carol, password=LONG)

    assert User.objects.get(pk=carol.pk).check_password(LONG)


# --- who hears of a role


def told_of_role() -> dict[str, str]:
    """Address -> what was said to it."""
    return {
        letter.to[0]: f"{letter.subject}\n{letter.body}"
        for letter in mail.outbox
        if "a role was given" in letter.subject
    }


def stranger() -> User:
    return staff.create_staff(username="zhao", name="Zhao", email="zhao@example.net", language="en")


def test_the_site_s_principal_investigator_and_the_sponsor_hear_of_an_investigator_whom_an_administrator_enters(
    ada: User, carol: User, erin: User, sam: User, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.assign(user=stranger(), role=Role.INVESTIGATOR, site=people.site("BJ01"))

    told = told_of_role()
    assert sorted(told) == ["carol@example.org", "sam@example.org"]
    for fact in ("Ada gave this role", "Zhao (account zhao, zhao@example.net)", "Sub-investigator, BJ01, from "):
        assert fact in told["carol@example.org"]


def test_of_a_role_of_the_whole_trial_every_principal_investigator_hears_and_its_new_owner_is_no_witness(
    ada: User, carol: User, erin: User, sam: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.assign(user=stranger(), role=Role.SPONSOR_SAFETY)

    assert sorted(told_of_role()) == ["carol@example.org", "erin@example.org", "sam@example.org"]


def test_an_account_that_is_opened_again_is_told_of_with_the_roles_that_still_run(
    ada: User, alice: User, carol: User, sam: User, django_capture_on_commit_callbacks: Any
) -> None:
    staff.close_account(user=alice)
    with django_capture_on_commit_callbacks(execute=True), by(ada):
        staff.reopen_account(user=alice)

    assert sorted(told_of_role()) == ["carol@example.org", "sam@example.org"]


def test_a_command_that_makes_the_first_people_tells_nobody(
    carol: User, sam: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        staff.assign(user=stranger(), role=Role.INVESTIGATOR, site=people.site("BJ01"))

    assert told_of_role() == {}
