"""Whatever stands behind the question mark of a list is answered, refused or led back: never an error of ours."""

from urllib.parse import quote

import pytest
from django.contrib import admin
from django.urls import reverse

from tests import people
from tests.workplace.scenes import scoped_pages, signed_in

pytestmark = pytest.mark.django_db
VALUES = ["a\x00b", "99999999999999999999", "0", "-1", "x" * 5_000]
OWN = ["o", "p", "q", "e", "_popup", "_to_field", "all"]


def test_no_list_fails_by_any_parameter() -> None:
    clients = [signed_in(make()) for make in (people.alice, people.ada, people.dan)]
    failed = []
    for model, page in scoped_pages().items():
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        client = next((each for each in clients if each.get(listed).status_code == 200), clients[0])
        client.raise_request_exception = False
        for name in (*OWN, *sorted(page.lookups)):
            answers = {value: client.get(f"{listed}?{name}={quote(value)}").status_code for value in VALUES}
            failed += [(listed, name, value[:30]) for value, status in answers.items() if status >= 500]
            failed += (
                [(listed, name, "NUL")] if answers["a\x00b"] not in (400, 403) else []
            )  # PostgreSQL alone would fail
    assert failed == []


def test_a_year_that_no_calendar_has_is_answered_like_any_filter_that_makes_no_sense() -> None:
    client = signed_in(people.alice())

    answer = client.get("/admin/followup/checkin/?planned_at__year=99999")

    assert (answer.status_code, answer["Location"].partition("?")[2]) == (302, "e=1")


@pytest.mark.parametrize("url", ["r/1/%00/", "safety/adverseevent/%00/change/", "staff/user/%00/history/"])
def test_no_address_holds_a_sign_that_the_database_refuses(url: str) -> None:
    assert admin.site.name == "admin"
    assert signed_in(people.alice()).get(f"/admin/{url}").status_code == 400
