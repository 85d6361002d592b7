"""Whatever goes wrong, the person reads in their own language what became of it and where to go on, and nothing else."""

from typing import Any

import pytest
from django.test import Client

from tests import people
from tests.workplace.scenes import change_url, signed_in

pytestmark = pytest.mark.django_db


def said(answer: Any) -> str:
    body = str(answer.content.decode())
    assert 'lang="zh-Hans"' in body
    assert 'href="/admin/"' in body
    assert "no-store" in answer["Cache-Control"]
    return body


def test_a_button_on_a_page_from_before_another_sign_in_says_that_nothing_was_recorded(everybody: None) -> None:
    """Signed in again in a second window at night: the first window's page is old."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.alice(), backend="apps.staff.backends.StaffBackend")

    answer = client.post(change_url(people.wang()), {"act": "call"})

    body = said(answer)
    assert answer.status_code == 403
    assert "This page was too old. Nothing was recorded." in body
    assert "这个页面已过时，没有记录任何内容。" in body
    assert "CSRF" not in body


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/admin/nothing/here/", 404, "There is no such page, or it is not yours to see."),
        ("/admin/audit/auditevent/", 403, "This is not for your role."),
        ("/admin/participants/participant/?birth_date=1", 400, "This address makes no sense here."),
    ],
)
def test_a_refused_page_says_so_in_both_languages(everybody: None, path: str, status: int, words: str) -> None:
    answer = signed_in(people.alice()).get(path)

    assert answer.status_code == status
    assert words in said(answer)


def test_a_page_that_broke_says_what_to_do(everybody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError("canary")

    monkeypatch.setattr("apps.workplace.needs_now.for_person", broken)
    client = signed_in(people.alice())
    client.raise_request_exception = False

    answer = client.get("/admin/")

    assert answer.status_code == 500
    assert "The program failed at this page." in said(answer)
    assert "canary" not in said(answer)


def test_a_host_that_is_not_ours_is_refused_without_a_word_of_it(settings: Any, client: Client) -> None:
    settings.ALLOWED_HOSTS = ["sms.example.org"]

    answer = client.get("/admin/", headers={"host": "canary.example"})

    assert answer.status_code == 400
    assert "canary" not in said(answer)


@pytest.mark.parametrize("page", ["abc", "0", "99", "²"])
def test_a_page_of_the_search_that_there_is_not_is_no_error_of_the_program(everybody: None, page: str) -> None:
    assert signed_in(people.alice()).get("/admin/search/", {"s": "a", "page": page}).status_code == 400


def test_the_workplace_is_found_without_the_last_stroke(client: Client) -> None:
    answer = client.get("/admin")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("path", ["/admin/password_change/", "/admin/password_change/done/", "/admin/jsi18n/"])
def test_no_page_of_somebody_signed_in_stays_in_the_browser(everybody: None, path: str) -> None:
    assert "no-store" in signed_in(people.alice()).get(path)["Cache-Control"]
