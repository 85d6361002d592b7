"""Accounts, for the administrator: made, assigned, reached, ended. Nobody else gets in."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail

from apps.staff.models import User
from apps.staff.proofs import code_of
from apps.staff.services import assign, today
from apps.staff.vocabulary import Action, Role, StaffRule
from tests import people
from tests.workplace.scenes import change_url, page, press, signed_in

pytestmark = pytest.mark.django_db
ADD, LISTED = "/admin/staff/user/add/", "/admin/staff/user/"
GOOD = {
    "username": "fang",
    "name": "Fang",
    "email": "fang@example.org",
    "language": "zh-Hans",
    "number": "+12025550188",
    "password": "a long passphrase of nobody",
    "expires_on": "2028-06-30",
}


def made(person: User, **changed: str) -> Any:
    return signed_in(person).post(ADD, GOOD | changed)


def test_an_administrator_finds_the_way_in_and_makes_an_account(everybody: None) -> None:
    assert f'href="{ADD}"' in page(people.ada(), LISTED)

    answer = made(people.ada())

    fang = User.objects.get(username="fang")
    assert (answer.status_code, answer["Location"]) == (303, change_url(fang))
    assert fang.check_password("a long passphrase of nobody")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"username": "alice"}, str(StaffRule.USERNAME_TAKEN.label)),
        ({"password": "short"}, str(StaffRule.PASSWORD.label)),
        ({"number": "12"}, str(StaffRule.NOT_A_MOBILE.label)),
        ({"email": "no address"}, "Enter a valid email address."),
    ],
    ids=["taken", "short", "number", "email"],
)
def test_a_refused_account_names_its_rule_and_is_not_made(everybody: None, changed: dict[str, str], said: str) -> None:
    answer = made(people.ada(), **changed)

    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not User.objects.filter(username="fang").exists()


def test_a_new_account_may_do_nothing_until_it_is_assigned(everybody: None) -> None:
    made(people.ada())
    fang = User.objects.get(username="fang")
    assert signed_in(fang).get("/admin/participants/participant/").status_code == 403

    answer = press(
        people.ada(), fang, "assign", role="coordinator", site=str(people.site("BJ01").pk), starts_on="2025-05-01"
    )

    assert answer.status_code == 303
    assert signed_in(fang).get("/admin/participants/participant/").status_code == 200
    assert "研究协调员" in page(fang, "/admin/") or "BJ01" in page(people.ada(), change_url(fang))


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"role": "investigator"}, StaffRule.SITE_NEEDED),
        ({"role": "administrator", "site": "BJ01"}, StaffRule.NO_SITE),
        (
            {"role": "investigator", "site": "BJ01", "starts_on": "2026-05-02", "ends_on": "2026-05-01"},
            StaffRule.ENDS_BEFORE_START,
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_refused_assignment_names_its_rule(everybody: None, said: dict[str, str], rule: StaffRule) -> None:
    if "site" in said:
        said = said | {"site": str(people.site(said["site"]).pk)}

    answer = press(people.ada(), people.alice(), "assign", **said)

    assert (answer.status_code, str(rule.label) in answer.content.decode()) == (422, True)


def test_an_ended_assignment_ends_the_right(everybody: None) -> None:
    assignment = people.chen().assignments.get()

    answer = press(people.ada(), people.chen(), "end", assignment=str(assignment.pk), ends_on="2025-06-01")

    assert answer.status_code == 303
    assert signed_in(people.chen()).get("/admin/participants/participant/").status_code == 403


@pytest.mark.parametrize("starts", [0, 5], ids=["today", "ahead"])
def test_a_role_given_by_mistake_is_taken_back_at_once_and_not_at_midnight(everybody: None, starts: int) -> None:
    chen, client = people.chen(), signed_in(people.chen())
    theirs = {"role": "monitor", "site": str(people.site("SH02").pk)}
    press(people.ada(), chen, "assign", **theirs, starts_on=(today() + timedelta(days=starts)).isoformat())
    given = chen.assignments.get(site__code="SH02")
    assert client.get(change_url(people.li())).status_code == (200 if starts == 0 else 404)

    assert press(people.ada(), chen, "end_now", assignment=str(given.pk)).status_code == 303

    assert client.get(change_url(people.li())).status_code == 404
    given.refresh_from_db()
    assert given.ends_on == given.starts_on - timedelta(days=1)
    assert "taken back" in page(people.ada(), change_url(chen))
    assert client.get(change_url(people.wang())).status_code == 200


def test_a_role_of_years_ends_at_once_too_and_an_ended_one_is_no_choice(everybody: None) -> None:
    chen, given = people.chen(), people.chen().assignments.get()

    answers = [press(people.ada(), chen, "end_now", assignment=str(given.pk)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 422]
    given.refresh_from_db()
    assert given.ends_on == today() - timedelta(days=1)
    assert signed_in(chen).get(change_url(people.wang())).status_code == 403


def test_an_ended_role_is_not_given_again_by_moving_its_last_day(everybody: None) -> None:
    """Nobody would hear of it, and an administrator could give one back to themselves."""
    ada = people.ada()
    days = [today() - timedelta(days=back) for back in (9, 1)]
    once = assign(user=ada, role=Role.INVESTIGATOR, site=people.site("BJ01"), starts_on=days[0], ends_on=days[1])

    answer = press(ada, ada, "end", assignment=str(once.pk), ends_on=(today() + timedelta(days=900)).isoformat())

    assert (answer.status_code, str(StaffRule.LENGTHENED.label) in answer.content.decode()) == (422, True)
    assert signed_in(ada).get(change_url(people.wang())).status_code == 403


def test_a_phone_is_changed_and_shown_masked_alone(everybody: None) -> None:
    assert press(people.ada(), people.alice(), "phone", number="+12025550199").status_code == 303

    body = page(people.ada(), change_url(people.alice()))
    assert "+12*******99" in body
    assert "+12025550199" not in body


def test_a_new_password_ends_the_persons_other_sessions(everybody: None) -> None:
    client = signed_in(people.alice())
    assert client.get("/admin/").status_code == 200

    changed = press(people.ada(), people.alice(), "password", password="another long passphrase")

    assert changed.status_code == 303
    assert client.get("/admin/").status_code == 302


def test_a_closed_account_is_out_at_once_and_may_be_opened_again(everybody: None) -> None:
    client = signed_in(people.alice())

    assert press(people.ada(), people.alice(), "close").status_code == 303
    assert client.get("/admin/").status_code == 302
    assert "closed" in page(people.ada(), change_url(people.alice()))
    assert "alice" in page(people.ada(), f"{LISTED}?open=no")
    assert "alice" not in page(people.ada(), f"{LISTED}?open=yes")

    assert press(people.ada(), people.alice(), "reopen", expires_on="2028-06-30").status_code == 303
    assert signed_in(people.alice()).get("/admin/").status_code == 200


@pytest.mark.parametrize("name", ["alice", "carol", "chen", "sam", "dan"])
def test_nobody_else_sees_accounts(everybody: None, name: str) -> None:
    person = getattr(people, name)()

    codes = [signed_in(person).get(url).status_code for url in (LISTED, ADD, change_url(people.bob()))]

    assert codes == [403, 403, 403]
    assert made(person).status_code == 403


def test_the_list_says_where_everybody_works(everybody: None) -> None:
    body = page(people.ada(), f"{LISTED}?q=Alice")

    assert "Sub-investigator BJ01" in body
    assert Action.MANAGE_STAFF not in body


def test_an_administrator_makes_nobody_of_herself(everybody: None) -> None:
    ada = people.ada()

    answer = press(ada, ada, "assign", role="principal_investigator", site=str(people.site("BJ01").pk))

    assert answer.status_code == 422
    assert str(StaffRule.NOT_ONESELF.label) in answer.content.decode()
    assert ada.assignments.count() == 1


def test_whose_password_another_has_set_reads_so_on_every_page_and_signs_after_setting_their_own(
    everybody: None,
) -> None:
    known, own, carol = "another long passphrase", "a third long passphrase", people.carol()
    warning, site = "Somebody else has set your password and knows it.", people.site("BJ01")
    assert press(people.ada(), carol, "password", password=known).status_code == 303
    assert warning in page(fresh(carol), "/admin/")
    assert warning in page(fresh(carol), change_url(site))

    refused = press(fresh(carol), site, "close", closes_on="2028-05-20", password=known)
    assert refused.status_code == 422
    assert "Set your own first, then sign." in refused.content.decode()

    assert changed(carol, known, known).status_code == 200, "what another knows is not one's own"
    assert fresh(carol).password_is_anothers
    mail.outbox.clear()
    for code in ("", "AAAA-BBBB-CCCC"):  # whoever set it is signed in as her, and chooses another
        assert changed(carol, known, own, code=code).status_code == 200
        assert fresh(carol).check_password(known)
    assert [(each.to, code_of(fresh(carol)) in each.body) for each in mail.outbox] == [
        (["carol@example.org"], True)
    ] * 2
    assert 'name="code"' in page(fresh(carol), "/admin/password_change/")
    assert changed(carol, known, own, code=code_of(fresh(carol))).status_code == 302
    assert warning not in page(fresh(carol), "/admin/")
    answer = press(fresh(carol), site, "close", closes_on="2028-05-20", password=own)
    assert "Set your own first" not in answer.content.decode()
    assert fresh(carol).check_password(own)


def test_no_page_changes_the_address_to_which_an_account_s_code_goes(everybody: None) -> None:
    ada, carol = people.ada(), people.carol()
    for act in ("phone", "password", "assign", "end", "end_now", "close", "reopen"):
        press(ada, carol, act, email="ada@example.org", number="+12025550131", password="another long passphrase")
    signed_in(ada).post(change_url(carol), {"email": "ada@example.org", "_save": "Save"})
    assert fresh(carol).email == "carol@example.org"


def fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def changed(person: User, old: str, new: str, *, code: str = "") -> Any:
    said = {"old_password": old, "new_password1": new, "new_password2": new, "code": code}
    return signed_in(fresh(person)).post("/admin/password_change/", said)


def test_who_made_an_account_and_gave_its_role_stands_on_its_card_and_apart_in_the_trail(everybody: None) -> None:
    made(people.ada())
    fang = User.objects.get(username="fang")
    answer = press(people.ada(), fang, "assign", role="investigator", site=str(people.site("BJ01").pk))
    said = [str(each) for each in get_messages(answer.wsgi_request)]
    card = signed_in(people.ada()).get(change_url(fang)).content.decode()
    trail = "/admin/audit/auditevent/?about=accounts"
    listed = signed_in(people.ada()).get(trail).context["cl"].result_list

    assert said == ["The assignment is made. Told of it by e-mail: Carol, Sam."]
    assert card.count("<dt>Made by</dt><dd>Ada, ") == 1
    assert card.count("<td>Ada, ") == 1
    assert {row.table for row in listed} == {"staff_user", "staff_siteassignment"}
