"""The page of those on call: their own means of being woken, the rota and its gaps, drills, and the paper for a day without the system."""

import io
import sys
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader

from apps.conversations.callers import begin_call, missed
from apps.conversations.models import DowntimeKit
from apps.core import clock, phone
from apps.escalation import channel as channels
from apps.escalation.endpoints import is_voice_pin
from apps.escalation.models import Drill, Escalation, Incident, Shift
from apps.escalation.rota import add_leave, watch_rota
from apps.escalation.vocabulary import IncidentKind
from apps.safety import services as safety
from apps.safety.figures import case_figures
from tests import people
from tests.workplace.scenes import Scene, change_url, page, press, signed_in

pytestmark = pytest.mark.django_db
URL = "/admin/duty/"
PASSWORD = "a password of this paper"


def test_a_pin_for_calls_is_set_by_its_owner_and_weak_ones_are_refused(everybody: None) -> None:
    client = signed_in(people.alice())
    assert client.post(URL, {"act": "pin", "pin-pin": "1234"}).status_code == 422
    assert client.post(URL, {"act": "pin", "pin-pin": "4826"}).status_code == 303
    assert is_voice_pin(person=people.alice(), pin="4826")
    assert "A PIN for calls is set." in page(people.alice(), URL)


def test_the_page_says_what_a_person_lacks_in_their_language(everybody: None) -> None:
    assert "has no tested route that wakes" in page(people.alice(), URL)
    assert "没有测试过的可唤醒途径" in page(people.bob(), URL)


def test_each_lack_stands_in_a_line_of_its_own_and_a_refusal_says_where_it_is(everybody: None) -> None:
    body = page(people.bob(), URL)
    assert "; " not in body[body.index('class="tc-lacks"') :].partition("</ul>")[0]
    refused = signed_in(people.bob()).post(URL, {"act": "pin", "pin-pin": "1234"}).content.decode()
    assert 'href="#refused"' in refused
    assert refused.count('id="refused"') == 1


def test_what_went_wrong_is_said_in_words(everybody: None) -> None:
    for detail in ("second_on_call", "investigator_on_call now", "voice"):
        Incident.objects.create(kind=IncidentKind.ROTA_GAP, detail=detail, site=people.site("BJ01"), at=clock.now())
    body = page(people.bob(), URL)
    for raw in ("second_on_call</td>", "investigator_on_call now", "<td>voice"):
        assert raw not in body
    assert "电话" in body


def test_a_shift_is_entered_and_its_gaps_are_listed(everybody: None) -> None:
    client = signed_in(people.carol())
    now = clock.now().astimezone(ZoneInfo(people.site("BJ01").timezone))
    form = {
        "act": "shift", "site": "BJ01", "shift-BJ01-duty": "investigator_on_call", "shift-BJ01-person": str(people.alice().pk),
        "shift-BJ01-starts_at": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "shift-BJ01-ends_at": f"{now + timedelta(hours=9):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    refused = client.post(URL, form)
    assert refused.status_code == 422
    assert "Alice: has no tested route that wakes, has no tested way to acknowledge" in refused.content.decode()
    assert "With a written reason it is entered all the same" in refused.content.decode()
    form["shift-BJ01-reason"] = "nobody else is there yet"
    answer = client.post(URL, form)
    assert answer.status_code == 303, answer.content.decode()
    shift = Shift.objects.get()
    assert "put on call untested, with a reason" in page(people.carol(), URL)
    assert (shift.person, shift.made_by) == (people.alice(), people.carol())
    assert "Cancel the shift" in page(people.carol(), URL)
    assert client.post(URL, form).status_code == 422  # the same hours again
    assert client.post(URL, {"act": "unshift", "site": "BJ01", "row": str(shift.pk)}).status_code == 303
    shift.refresh_from_db()
    assert shift.cancelled_at is not None


def test_a_drill_is_started_by_a_button(everybody: None) -> None:
    assert signed_in(people.carol()).post(URL, {"act": "drill", "site": "BJ01"}).status_code == 303
    assert Drill.objects.get().started_by == people.carol()


def test_an_incident_is_mended_by_a_named_person(everybody: None) -> None:
    watch_rota()
    incident = Incident.objects.create(
        kind=IncidentKind.ROTA_GAP, detail="second_on_call", site=people.site("BJ01"), at=clock.now()
    )
    wish = {"act": "mend", "site": "BJ01", "row": str(incident.pk)}
    assert signed_in(people.dora()).post(URL, wish).status_code == 403
    assert signed_in(people.dora()).post(URL, wish | {"site": "SH02"}).status_code == 400
    assert signed_in(people.alice()).post(URL, wish).status_code == 303
    incident.refresh_from_db()
    assert incident.mended_by == people.alice()


def test_the_downtime_kit_is_fetched_with_a_password_of_ones_own(everybody: None) -> None:
    answer = signed_in(people.alice()).post(URL, {"act": "kit", "site": "BJ01", "kit-BJ01-password": PASSWORD})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in answer["Cache-Control"]
    reader = PdfReader(io.BytesIO(answer.content), password=PASSWORD)
    assert "BJ01-001" in "".join(sheet.extract_text() for sheet in reader.pages)
    assert DowntimeKit.objects.get().person == people.alice()


@pytest.mark.parametrize("name", ["dora", "sam", "ada"])
def test_nobody_else_fetches_it(everybody: None, name: str) -> None:
    wish = {"act": "kit", "site": "BJ01", "kit-BJ01-password": PASSWORD}
    assert signed_in(getattr(people, name)()).post(URL, wish).status_code == 403
    assert not DowntimeKit.objects.exists()


def test_people_who_are_never_paged_and_make_no_rota_do_not_see_the_page(everybody: None) -> None:
    assert signed_in(people.sam()).get(URL).status_code == 403
    assert signed_in(people.sam()).post(URL, {"act": "pin", "pin-pin": "4826"}).status_code == 403


def test_ones_own_leave_is_cancelled_by_its_owner_alone(everybody: None) -> None:
    now = clock.now()
    leave = add_leave(person=people.alice(), starts_at=now, ends_at=now + timedelta(hours=8))
    wish = {"act": "unleave", "row": str(leave.pk)}
    assert "Cancel the leave" in page(people.alice(), URL)
    assert signed_in(people.carol()).post(URL, wish).status_code == 400
    assert signed_in(people.alice()).post(URL, wish).status_code == 303
    leave.refresh_from_db()
    assert leave.cancelled_at is not None


def test_whoever_takes_a_missed_call_sees_whom_to_call_back(everybody: None) -> None:
    number = phone.normalise(people.PHONES["wang"])
    assert number is not None
    call = begin_call(provider_id="CA" + "0" * 32, sender=number.e164)
    missed(call=call)
    running = Escalation.objects.get()
    card = page(people.alice(), change_url(running))
    assert "Call back: somebody phoned and nobody could answer · BJ01-001" in card
    assert "Call back: somebody phoned and nobody could answer · BJ01-001" in page(people.alice(), "/admin/")
    shown = press(people.alice(), running, "call").content.decode()
    assert people.PHONES["wang"] in shown
    assert "Call back" not in page(people.dora(), "/admin/")


def test_figures_say_how_fast_a_case_was_read_and_count_nobody_elses(scene: Scene) -> None:
    event, now = scene.beijing, clock.now()
    safety.mark_read(event=event, person=people.alice())
    rows = case_figures(since=now - timedelta(days=1), until=now + timedelta(days=1), sites=[people.site("BJ01")])
    assert [(row.site.code, row.level, row.cases, row.unread, row.to_read.count) for row in rows] == [
        ("BJ01", event.level, 1, 0, 1)
    ]
    assert "first read: median, p90" in page(people.alice(), URL)


def test_a_robot_is_set_up_by_a_command_that_takes_its_keys_from_standard_input(
    everybody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str, said: str = "") -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        call_command("paging_endpoint", *words, stdout=io.StringIO())

    run("BJ01", "wecom", said="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k\n\n")
    assert channels.of("wecom", people.alice()) is not None
    for address, secret in (("https://example.org/robot", ""), ("http://qyapi.weixin.qq.com/x", "")):
        with pytest.raises(CommandError):
            run("BJ01", "wecom", said=f"{address}\n{secret}\n")
    with pytest.raises(CommandError, match="needs a secret"):
        run("BJ01", "webhook", said="https://pager.example.org/in\n\n")
    run("BJ01", "wecom", "--remove")
    assert channels.of("wecom", people.alice()) is None


def test_the_page_says_whom_an_emergency_wakes_at_once_and_that_one_is_too_few(everybody: None) -> None:
    body = page(people.alice(), URL)
    row = body[body.index("woken at once by an emergency") :].partition("</tr>")[0]
    assert "<b>Alice</b>" in row
    assert "Fewer than two." in row
