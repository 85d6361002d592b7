"""Signing in, idling out, and which language a page speaks."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.core import clock
from apps.staff.models import User
from apps.staff.services import close_account
from tests import people
from tests.workplace.scenes import page, signed_in

pytestmark = pytest.mark.django_db


def sign_in(client: Client, person: User, headers: dict[str, str] | None = None) -> str:
    said = {"username": person.username, "password": people.PASSWORD}
    answer = client.post("/admin/login/", said, headers=headers)
    return str(answer.headers.get("Location", answer.status_code))


def test_signing_in_leads_to_what_needs_me_now(client: Client, alice: User) -> None:
    assert sign_in(client, alice) == "/admin/"


def test_the_front_door_leads_to_the_workplace(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"


def test_a_wrong_password_and_a_closed_account_stay_outside(client: Client, alice: User) -> None:
    wrong = client.post("/admin/login/", {"username": "alice", "password": "wrong"})
    assert wrong.status_code == 200
    close_account(user=alice)

    assert sign_in(client, alice) == "200"
    assert client.get("/admin/").status_code == 302


def test_a_stranger_who_tries_a_name_locks_out_themselves_and_not_the_person(
    client: Client, alice: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PRODUCTION, settings.AXES_FAILURE_LIMIT = True, 3
    stranger = "198.51.100.7"  # the proxy writes it last; what stands before it the stranger wrote
    for count in range(3):
        answer = client.post(
            "/admin/login/",
            {"username": "alice", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{count}, {stranger}"},
        )
    assert answer.status_code == 429
    assert sign_in(client, alice, headers={"X-Forwarded-For": stranger}) == "429"

    assert sign_in(Client(), alice, headers={"X-Forwarded-For": "203.0.113.5"}) == "/admin/"
    assert "alice" not in caplog.text


def test_who_is_locked_out_reads_in_both_languages_for_how_long_and_what_to_do_if_paged(
    client: Client, alice: User, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 1

    answer = client.post("/admin/login/", {"username": "alice", "password": "wrong"})

    body = answer.content.decode()
    assert answer.status_code == 429
    assert "Too many wrong passwords from here. Wait 15 minutes." in body
    assert "从这里输错密码次数过多，请等待15分钟。" in body
    assert "answer the text message with its code" in body


def test_a_name_longer_than_any_is_a_wrong_name_and_no_error_of_the_program(client: Client, alice: User) -> None:
    answer = client.post("/admin/login/", {"username": "a" * 5000, "password": "wrong"})

    assert answer.status_code == 200
    assert "at most 150 characters" in answer.content.decode()


def test_the_old_password_is_not_tried_without_end_by_whoever_finds_a_session_open(alice: User, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    client, new = signed_in(alice), "another long passphrase"
    said = {"new_password1": new, "new_password2": new}
    for _ in range(3):
        client.post("/admin/password_change/", said | {"old_password": "wrong"})

    answer = client.post("/admin/password_change/", said | {"old_password": people.PASSWORD})

    alice.refresh_from_db()
    assert answer.status_code == 200
    assert not alice.check_password(new)
    assert sign_in(Client(), alice) == "/admin/"  # the way in stays open


def test_the_sign_in_page_offers_both_languages_and_the_choice_stays(client: Client) -> None:
    assert 'value="zh-hans"' in client.get("/admin/login/").content.decode()

    chosen = client.post("/language/", {"language": "zh-hans", "next": "/admin/login/"})

    assert (chosen.status_code, chosen["Location"]) == (303, "/admin/login/")
    assert 'lang="zh-hans"' in client.get("/admin/login/").content.decode()


def test_a_page_speaks_the_persons_own_language_whatever_the_browser_asks(bob: User) -> None:
    answer = signed_in(bob).get("/admin/", headers={"accept-language": "en"})

    assert answer["Content-Language"] == "zh-hans"
    assert "现在需要我处理" in answer.content.decode()


def test_a_chosen_language_is_kept_with_the_account(alice: User) -> None:
    client = signed_in(alice)

    client.post("/language/", {"language": "zh-hans", "next": "/admin/"})

    alice.refresh_from_db()
    assert alice.language == "zh-Hans"
    assert "现在需要我处理" in page(alice, "/admin/")


@pytest.mark.parametrize("wanted", ["https://evil.example.org/", "//evil.example.org", "javascript:alert(1)", ""])
def test_a_language_choice_never_leads_away(client: Client, wanted: str) -> None:
    assert client.post("/language/", {"language": "en", "next": wanted})["Location"] == "/"


def test_a_language_that_we_do_not_speak_changes_nothing(alice: User) -> None:
    signed_in(alice).post("/language/", {"language": "fr", "next": "/admin/"})

    alice.refresh_from_db()
    assert alice.language == "en"


def later(monkeypatch: pytest.MonkeyPatch, **length: int) -> None:
    then = clock.machine() + timedelta(**length)
    monkeypatch.setattr("apps.workplace.site.clock.machine", lambda: then)


def test_fifteen_idle_minutes_end_a_session(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(alice)
    client.get("/admin/")
    later(monkeypatch, minutes=16)

    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/").status_code == 302


def test_work_within_the_quarter_of_an_hour_keeps_it(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(alice)
    client.get("/admin/")
    later(monkeypatch, minutes=10)
    client.get("/admin/")
    later(monkeypatch, minutes=10)

    assert client.get("/admin/").status_code == 200


def test_what_a_page_fetches_by_itself_is_no_work(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(alice)
    client.get("/admin/")
    later(monkeypatch, minutes=10)
    assert client.get("/admin/now/", headers={"x-fetched-by": "page"}).status_code == 200
    later(monkeypatch, minutes=6)

    assert client.get("/admin/now/", headers={"x-fetched-by": "page"}).status_code == 302


def test_a_session_ends_after_eight_hours_of_work(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(alice)
    client.get("/admin/")
    for _ in range(49):
        later(monkeypatch, minutes=10)
        answer = client.get("/admin/")

    assert answer.status_code == 302


def test_scripts_come_from_here_alone_and_nothing_inline_runs(alice: User) -> None:
    policy = signed_in(alice).get("/admin/")["Content-Security-Policy"]

    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-inline'" not in scripts
    assert "'self'" in scripts


def test_the_persons_own_password_page_opens(alice: User) -> None:
    assert signed_in(alice).get("/admin/password_change/").status_code == 200
