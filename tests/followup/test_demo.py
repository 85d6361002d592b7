"""The synthetic cohort: made once, kept afterwards, made up in every part."""

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from apps.core import clock
from apps.core.clock import VirtualClock
from apps.followup.models import CheckIn
from apps.participants.models import Participant
from apps.staff.models import User
from apps.trials.models import ProtocolVersion

REACHES_NOBODY = re.compile(r"\+61491570(006|156|157|158|159)|\+1\d{3}55501\d\d")
BEGINS = datetime(2027, 5, 12, 9, 59, tzinfo=ZoneInfo("Asia/Shanghai"))


def demo() -> dict[str, list[dict[str, Any]]]:
    out = io.StringIO()
    call_command("demo", "--json", stdout=out)
    found: dict[str, list[dict[str, Any]]] = json.loads(out.getvalue())
    return found


@pytest.fixture
def people(db: None) -> Iterator[dict[str, list[dict[str, Any]]]]:
    with clock.using(VirtualClock(BEGINS)):
        yield demo()


def test_the_listing_has_the_promised_fields(people: dict[str, list[dict[str, Any]]]) -> None:
    assert all(set(row) == {"code", "site", "language", "phone", "caregiver_phone"} for row in people["participants"])
    wanted = {"name", "role", "site", "phone", "email", "username", "password"}
    assert all(wanted <= set(row) for row in people["staff"])


def test_every_number_reaches_nobody_and_stands_once(people: dict[str, list[dict[str, Any]]]) -> None:
    numbers = [row[name] for row in people["participants"] for name in ("phone", "caregiver_phone")]
    numbers += [row["phone"] for row in people["staff"] if row["phone"]]

    assert len(numbers) > 30
    assert all(REACHES_NOBODY.fullmatch(number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_each_site_has_both_languages_and_a_full_chain_of_people(people: dict[str, list[dict[str, Any]]]) -> None:
    for site in ("BJ01", "SH02"):
        assert {row["language"] for row in people["participants"] if row["site"] == site} == {"en", "zh-Hans"}
        roles = [row["role"] for row in people["staff"] if row["site"] == site]
        assert roles.count("investigator") == 2
        assert {"principal_investigator", "coordinator"} <= set(roles)
    assert {"duty_desk", "sponsor_safety", "administrator"} <= {row["role"] for row in people["staff"]}


def test_the_printed_sign_ins_work(people: dict[str, list[dict[str, Any]]]) -> None:
    row = next(row for row in people["staff"] if row["role"] == "investigator")
    request = RequestFactory().post("/admin/login/")

    assert authenticate(request, username=row["username"], password=row["password"]) is not None


def test_a_checkin_is_due_at_once_in_both_languages_and_the_rest_of_the_day_follows(
    people: dict[str, list[dict[str, Any]]],
) -> None:
    due = set(CheckIn.objects.filter(due_at__lte=clock.now()).values_list("participant__language", flat=True))

    assert due == {"en", "zh-Hans"}
    assert not CheckIn.objects.filter(planned_at__lt=BEGINS - timedelta(hours=1)).exists()


def test_the_stages_of_follow_up_differ(people: dict[str, list[dict[str, Any]]]) -> None:
    assert {"P1", "P2", "P3", "P4", "P5", "P6"} <= set(CheckIn.objects.values_list("rule", flat=True))


def test_a_second_call_keeps_everything(people: dict[str, list[dict[str, Any]]]) -> None:
    before = list(CheckIn.objects.order_by("pk").values_list("pk", "state", "due_at", "fence"))

    assert demo() == people

    assert list(CheckIn.objects.order_by("pk").values_list("pk", "state", "due_at", "fence")) == before
    assert ProtocolVersion.objects.count() == 1
    assert (User.objects.count(), Participant.objects.count()) == (12, 12)


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-03-01", "2027-12-25", "2028-04-14", "2028-06-01"])
def test_the_cohort_can_be_made_on_any_day_before_inside_and_after_the_window(day: str) -> None:
    with clock.using(VirtualClock(datetime.fromisoformat(day + "T12:00+08:00"))):
        demo()

    assert Participant.objects.count() == 12


@pytest.mark.django_db
def test_the_cohort_is_refused_in_production(settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError):
        call_command("demo")
    assert not User.objects.exists()
