"""Each channel against a stand-in that checks the request as the provider's page describes it; no channel says more than it may."""

import json
from datetime import timedelta

import pytest
from django.test import Client, override_settings

from apps.escalation import chains
from apps.escalation import channel as channels
from apps.escalation import services as escalation
from apps.escalation.endpoints import set_endpoint, set_voice_pin
from apps.escalation.models import Page
from apps.escalation.vocabulary import ChainName, EscalationState, PageState
from apps.staff.models import User
from apps.staff.services import close_account, set_phone
from tests import people
from tests.escalation.calls import ORIGIN, twilio_posts
from tests.escalation.carriers import MAINLAND, rung
from tests.escalation.stage import Stage
from tests.fakes.paging_server import (
    DING_SECRET,
    DING_TOKEN,
    PAGER_SECRET,
    WECOM_KEY,
    PagingServer,
)
from tests.fakes.twilio_callbacks import new_sid
from tests.fakes.twilio_exchange import ACCOUNT_SID

pytestmark = pytest.mark.django_db


# --- calls by Twilio


def test_a_call_rings_the_person_and_says_only_where_to_ask(stage: Stage, alice: User, server: PagingServer) -> None:
    _, page = rung(stage, alice)
    [call] = server.carriers.by("twilio")
    assert (call["To"], call["Url"]) == (alice.phone, f"{ORIGIN}/voice/page/{page.pk}/")
    assert call["events"] == ["answered", "completed"]
    assert (page.state, page.provider_id) == (PageState.HANDED, call["sid"])


def test_the_call_and_the_text_leave_at_once_for_the_first_person_and_another_channel_for_the_second(
    stage: Stage, alice: User, chen: User, server: PagingServer
) -> None:
    running = stage.start()
    stage.play(timedelta(seconds=2))
    first = {(page.person, page.channel) for page in running.pages.all()}
    assert {(alice, "sms"), (alice, "voice"), (chen, "email")} <= first


def test_a_pin_on_the_phone_takes_it(stage: Stage, alice: User, server: PagingServer, client: Client) -> None:
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    asked = twilio_posts(client, f"/voice/page/{page.pk}/")
    assert f"Alert {', '.join(running.ref)}." in asked
    assert "/keys/?try=1" in asked
    answer = twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.ACKNOWLEDGED, alice)
    assert running.acknowledgements.get().via == "voice"
    assert "is yours now" in answer


def test_who_cannot_open_it_hears_so_after_the_pin(
    stage: Stage, dan: User, server: PagingServer, client: Client
) -> None:
    set_voice_pin(person=dan, pin="4826")
    running = stage.start()
    stage.minutes(15)
    page = Page.objects.get(escalation=running, person=dan, channel="voice")
    answer = twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    assert "Only others can open it" in answer


def test_the_pin_of_an_account_that_was_closed_takes_nothing(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    close_account(user=alice)
    twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (EscalationState.OPEN, None)


@pytest.mark.parametrize("keys", ["", "1", "4827", "48260"])
def test_whoever_has_no_pin_takes_nothing_and_after_three_times_the_next_is_called(
    stage: Stage, alice: User, bob: User, server: PagingServer, client: Client, keys: str
) -> None:
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    twilio_posts(client, f"/voice/page/{page.pk}/")
    for attempt in (1, 2):
        assert f"try={attempt + 1}" in twilio_posts(client, f"/voice/page/{page.pk}/keys/?try={attempt}", Digits=keys)
    assert "Nothing was taken" in twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=3", Digits=keys)
    stage.drain()
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN
    assert running.pages.filter(person=bob, channel="sms").exists()


def test_a_person_without_a_pin_is_woken_and_told_where_the_code_is(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    _, page = rung(stage, alice)
    said = twilio_posts(client, f"/voice/page/{page.pk}/")
    assert "Your code is in your text messages" in said
    assert "Gather" not in said


def test_who_picks_up_after_somebody_has_it_hears_so(
    stage: Stage, alice: User, bob: User, server: PagingServer, client: Client
) -> None:
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    stage.minutes(5)
    stage.text(bob, stage.code(running, bob))
    assert "Somebody else has taken it" in twilio_posts(client, f"/voice/page/{page.pk}/")
    assert "Somebody else" in twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")


def test_a_captured_call_takes_nothing_a_second_time(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    """The provider's signature has no time: the same post would verify for ever."""
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    stage.minutes(31)
    twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_a_call_that_is_not_picked_up_has_failed_but_a_text_that_arrived_keeps_the_steps_time(
    stage: Stage, alice: User, server: PagingServer, client: Client, status: str
) -> None:
    running, page = rung(stage, alice)
    twilio_posts(client, f"/voice/page/{page.pk}/status/", CallStatus=status)
    stage.play(timedelta(seconds=20))
    page.refresh_from_db()
    assert (page.state, page.error) == (PageState.FAILED, status)
    assert stage.paged(running) == [(0, "Alice")]


def test_a_call_that_is_not_picked_up_moves_on_at_once_where_nothing_else_arrived(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    stage.carrier.outcome = lambda _message: None
    running, page = rung(stage, alice)
    twilio_posts(client, f"/voice/page/{page.pk}/status/", CallStatus="no-answer")
    stage.play(timedelta(seconds=2))
    assert {name for _, name in stage.paged(running, channel="voice")} == {"Alice", "Bob"}


def test_a_call_without_a_signature_is_refused(stage: Stage, alice: User, server: PagingServer, client: Client) -> None:
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    form = {"AccountSid": ACCOUNT_SID, "CallSid": new_sid("CA"), "Digits": "4826"}
    for path in ("", "keys/", "status/"):
        assert client.post(f"/voice/page/{page.pk}/{path}", form).status_code == 403
    running.refresh_from_db()
    assert running.state == EscalationState.OPEN


def test_no_call_is_started_where_the_country_matrix_forbids_it(
    stage: Stage, alice: User, server: PagingServer
) -> None:
    with override_settings(ALIYUN_VOICE={}):
        set_phone(user=alice, number=MAINLAND)
        running = stage.start()
        stage.play(timedelta(seconds=2))
    assert not running.pages.filter(person=alice, channel="voice").exists()
    assert server.carriers.by("twilio") == []


# --- robots and pagers


def with_channel(stage: Stage, channel: str) -> None:
    """The site's own chain pages by this channel too."""
    content = chains.content_of(ChainName.R1, site=stage.site)
    content["steps"][0]["channels"] += [channel]
    escalation.set_chain(
        site=stage.site, chain=ChainName.R1, content=content, by=people.carol(), reason="a channel more"
    )


ADDRESSES = {
    "wecom": (f"/cgi-bin/webhook/send?key={WECOM_KEY}", ""),
    "dingtalk": (f"/robot/send?access_token={DING_TOKEN}", DING_SECRET),
    "webhook": ("/pager", PAGER_SECRET),
}


@pytest.mark.parametrize("channel", ["wecom", "dingtalk", "webhook"])
def test_a_robot_or_pager_takes_the_page_as_its_handbook_says(
    stage: Stage, alice: User, server: PagingServer, channel: str
) -> None:
    path, secret = ADDRESSES[channel]
    set_endpoint(site=stage.site, channel=channel, address=server.url + path, secret=secret)
    with_channel(stage, channel)
    running, page = rung(stage, alice, channel)
    carrier = {"webhook": "pager"}.get(channel, channel)
    [said] = server.carriers.by(carrier)
    assert server.carriers.refused == []
    assert page.state == PageState.HANDED
    assert running.ref in json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize("channel", ["wecom", "dingtalk"])
def test_a_robot_says_no_link_and_names_the_person_by_a_mainland_mobile_only(
    stage: Stage, alice: User, server: PagingServer, channel: str
) -> None:
    path, secret = ADDRESSES[channel]
    set_endpoint(site=stage.site, channel=channel, address=server.url + path, secret=secret)
    with_channel(stage, channel)
    rung(stage, alice, channel)
    set_phone(user=alice, number=MAINLAND)
    rung(stage, alice, channel)
    abroad, mainland = (json.dumps(said) for said in server.carriers.by(channel))
    assert "http" not in abroad + mainland
    assert alice.phone[1:] not in abroad
    assert f'"{MAINLAND[3:]}"' in mainland


def test_a_pager_confirms_by_its_own_address_and_that_takes_nothing(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    set_endpoint(site=stage.site, channel="webhook", address=server.url + "/pager", secret=PAGER_SECRET)
    with_channel(stage, "webhook")
    running, page = rung(stage, alice, "webhook")
    [said] = server.carriers.by("pager")
    assert client.post(said["delivered"].removeprefix(ORIGIN)).status_code == 204
    page.refresh_from_db()
    running.refresh_from_db()
    assert (page.state, running.state) == (PageState.DELIVERED, EscalationState.OPEN)
    assert client.post("/page/forged/delivered/").status_code == 410
    assert client.get(said["acknowledge"].removeprefix(ORIGIN)).status_code == 200


def test_a_pager_that_never_confirms_moves_the_chain_on(stage: Stage, alice: User, server: PagingServer) -> None:
    stage.carrier.outcome = lambda _message: None
    set_endpoint(site=stage.site, channel="webhook", address=server.url + "/pager", secret=PAGER_SECRET)
    with_channel(stage, "webhook")
    _, page = rung(stage, alice, "webhook")
    stage.play(timedelta(seconds=100))
    page.refresh_from_db()
    assert (page.state, page.error) == (PageState.FAILED, "not_delivered")


def test_nobody_of_another_site_is_paged_by_a_sites_robot(stage: Stage, dora: User, server: PagingServer) -> None:
    set_endpoint(site=stage.site, channel="wecom", address=server.url + ADDRESSES["wecom"][0])
    assert channels.of("wecom", dora) is None


@pytest.mark.parametrize("trouble", [429, 503, "close"])
def test_a_carrier_in_trouble_is_tried_again_for_a_minute_and_then_the_next_person_is_paged(
    stage: Stage, alice: User, server: PagingServer, trouble: int | str
) -> None:
    server.carriers.trouble["twilio"] = trouble
    stage.carrier.outcome = lambda _message: None
    running, page = rung(stage, alice)
    assert page.state == PageState.PLANNED
    stage.play(timedelta(seconds=70))
    page.refresh_from_db()
    assert page.state == PageState.FAILED
    assert "Bob" in {name for _, name in stage.paged(running, channel="voice")}


def test_no_channel_says_a_health_word_a_participant_or_an_arm(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    """What the texts may hold is fixed by the wording's own check; here: what each carrier was really given."""
    for channel, (path, secret) in ADDRESSES.items():
        set_endpoint(site=stage.site, channel=channel, address=server.url + path, secret=secret)
        with_channel(stage, channel)
    set_voice_pin(person=alice, pin="4826")
    _, page = rung(stage, alice)
    given = json.dumps([each.said for each in server.carriers.taken], ensure_ascii=False)
    given += twilio_posts(client, f"/voice/page/{page.pk}/")
    assert len({each.carrier for each in server.carriers.taken}) == 4
    for word in ("BJ01", "participant", "placebo", "dose", "blood", "血", "Alice", "Wang"):
        assert word not in given


def test_a_carrier_that_does_not_answer_is_left_alone_so_that_no_other_page_waits_for_its_time_outs(
    stage: Stage, alice: User, server: PagingServer
) -> None:
    server.carriers.trouble["twilio"] = "close"
    for _ in range(12):
        stage.start()
    stage.play(timedelta(seconds=2))
    assert server.carriers.asked["twilio"] == 1
    assert len(stage.carrier.texts_to(alice)) == 12


def test_an_outage_of_texts_switches_to_the_call(
    stage: Stage, alice: User, server: PagingServer, client: Client
) -> None:
    stage.carrier.outcome = lambda _message: None
    set_voice_pin(person=alice, pin="4826")
    running, page = rung(stage, alice)
    stage.minutes(2)
    assert running.pages.get(person=alice, channel="sms").error == "not_accepted"
    twilio_posts(client, f"/voice/page/{page.pk}/keys/?try=1", Digits="4826")
    running.refresh_from_db()
    assert running.acknowledged_by == alice
