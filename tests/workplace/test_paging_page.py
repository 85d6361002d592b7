"""The paging page: the chains in force, their change by whoever may, and robots whose address is a key that nobody sees again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from apps.core import clock
from apps.escalation import chains
from apps.escalation import services as escalation
from apps.escalation.endpoints import endpoint_for, endpoints_of
from apps.escalation.models import Drill, Incident, Page, SiteChain
from apps.escalation.vocabulary import ChainName, ChainRule, IncidentKind, PageKind, PageState
from apps.staff.models import User
from apps.staff.services import close_account
from apps.staff.vocabulary import Role
from apps.workplace import paging
from tests import people
from tests.workplace.scenes import page, signed_in

pytestmark = pytest.mark.django_db
URL = "/admin/paging/"
R1 = f"{URL}?site=BJ01&chain=R1"
KEY = "canarykey"
ADDRESS, SECRET = f"https://pager.example.org/in/{KEY}", "canarysecret"


def form_of(site: str = "BJ01", chain: str = "R1", **changes: Any) -> dict[str, Any]:
    """What a browser would send that changed nothing but the reason; then `changes`, with _ for the - of a field's name."""
    place = None if site == "desk" else people.site(site)
    content = chains.content_of(chain, site=place)
    form: dict[str, Any] = {
        "act": "chain", "site": site, "chain": chain, "rows": str(len(content["steps"]) + 3),
        "started_from": str(chains.last_number(chain, place)), "chain-reason": "a good one",
        **{f"chain-{name}": content[name] for name in ("repeat_minutes", "acknowledgement_expires_minutes")},
        **{f"chain-{name}": content[name] for name in ("widen_from_round", "widen_to")},
    }  # fmt: skip
    for number, step in enumerate(content["steps"]):
        form |= {
            f"step{number}-minutes": step["after_minutes"], f"step{number}-whom": step.get("person") or step["who"],
            f"step{number}-channels": step["channels"], f"step{number}-task": step.get("task") or "",
        }  # fmt: skip
    return form | {name.replace("_", "-", 1): value for name, value in changes.items()}


def send(person: User, **form: Any) -> Any:
    return signed_in(person).post(URL, form)


def robot(
    person: User, *, site: str = "BJ01", channel: str = "webhook", address: str = ADDRESS, secret: str = ""
) -> Any:
    said = {"channel": channel, "address": address, "secret": secret}
    return send(person, act="endpoint", site=site, **{f"endpoint-{site}-{name}": value for name, value in said.items()})


def monitor() -> User:
    return people._member("Mona", Role.MONITOR, at="BJ01")


def test_the_chains_in_force_are_read_in_words_and_in_the_readers_language(everybody: None) -> None:
    english, chinese = page(people.alice(), URL), page(people.bob(), URL)

    for said in (
        "Investigator on call",
        "R3 · same day",
        "The protocol's chain",
        "call the participant, then the caregiver",
    ):
        assert said in english
    for said in ("值班研究者", "R3 · 当天", "方案的呼叫链", "先致电受试者，再致电照护者", "从第2轮起另外呼叫"):
        assert said in chinese
    assert "investigator_on_call" not in english + chinese
    assert "Alice" in english  # who that is now


def test_what_would_go_wrong_now_stands_beside_its_step(everybody: None) -> None:
    close_account(user=people.carol())

    body = page(people.alice(), URL)

    row = body[body.index("<b>Principal investigator</b>") :].partition("</tr>")[0]
    assert str(ChainRule.NOBODY_HERE.label) in row


def test_the_principal_investigator_changes_a_chain_and_what_the_form_does_not_ask_for_stays(everybody: None) -> None:
    before = chains.content_of(ChainName.R1, site=people.site("BJ01"))

    answer = send(
        people.carol(), **form_of(step2_minutes="4", step3_minutes="", step3_whom="", chain_repeat_minutes="80")
    )

    assert answer.status_code == 303, answer.content.decode()
    made = SiteChain.objects.get()
    assert (made.number, made.made_by, made.reason) == (1, people.carol(), "a good one")
    steps = [*before["steps"][:2], before["steps"][2] | {"after_minutes": 4}, *before["steps"][4:]]
    assert made.content == before | {"repeat_minutes": 80, "steps": steps}
    body = page(people.alice(), URL)
    assert re.search(r"Own version 1, since [\d: -]+, by Carol: a good one", body)


def test_an_unchanged_form_is_the_chain_itself_for_every_chain(everybody: None) -> None:
    for chain in ("R1", "R2", "R3"):
        before = chains.content_of(chain, site=people.site("BJ01"))
        assert send(people.carol(), **form_of(chain=chain)).status_code == 303
        assert chains.content_of(chain, site=people.site("BJ01")) == before


def test_a_row_is_put_where_its_minutes_belong_and_may_name_a_person(everybody: None) -> None:
    named = str(people.bob().pk)

    answer = send(people.carol(), **form_of(step9_minutes="7", step9_whom=named, step9_channels=["sms"]))

    assert answer.status_code == 303, answer.content.decode()
    steps = SiteChain.objects.get().content["steps"]
    assert [step["after_minutes"] for step in steps] == [0, 0, 5, 7, 10, 10, 15, 30, 45, 60]
    assert (steps[3]["person"], steps[3]["who"]) == (named, "sub_investigator")
    assert "<b>Bob</b>" in page(people.alice(), URL)


@pytest.mark.parametrize(("changes", "row", "rule"), [
    ({"step2_channels": []}, 2, ChainRule.NO_CHANNEL),
    ({"step8_minutes": "90"}, 8, ChainRule.NEVER_REACHED),
    ({"step1_whom": "investigator_on_call"}, 1, ChainRule.SAME_TWICE),
    # Rows are sorted before they are read: the refusal still stands at the row as it was typed.
    ({"step0_minutes": "6", "step1_minutes": "6"}, 2, ChainRule.FIRST_NOT_AT_ONCE),
])  # fmt: skip
def test_each_refusal_stands_at_its_row_in_the_persons_language_and_nothing_typed_is_lost(
    everybody: None, changes: dict[str, Any], row: int, rule: ChainRule
) -> None:
    people.carol()
    User.objects.filter(username="carol").update(language="zh-Hans")
    body = send(people.carol(), **form_of(chain_reason="typed words", **changes))

    assert body.status_code == 422
    rows = body.content.decode().split("<fieldset")[1:]
    with translation.override("zh-hans"):
        assert str(rule.label) in rows[row]
    assert 'value="typed words"' in rows[-1]
    for name, value in changes.items():
        if isinstance(value, str) and value.isdigit():
            assert re.search(rf'name="{name.replace("_", "-", 1)}" value="{value}"', body.content.decode())
    assert not SiteChain.objects.exists()


def test_a_change_without_a_reason_or_with_half_a_row_is_refused(everybody: None) -> None:
    assert "A change needs a reason." in send(people.carol(), **form_of(chain_reason=" ")).content.decode()
    half = send(people.carol(), **form_of(step3_minutes="")).content.decode()
    assert "Say after how many minutes" in half
    assert "Say whom" in send(people.carol(), **form_of(step9_minutes="70")).content.decode()
    assert not SiteChain.objects.exists()


def test_a_person_of_another_site_cannot_be_named(everybody: None) -> None:
    answer = send(
        people.carol(), **form_of(step9_minutes="7", step9_whom=str(people.dora().pk), step9_channels=["sms"])
    )

    assert answer.status_code == 422
    assert "Dora" not in answer.content.decode()


def test_two_people_at_once_never_overwrite_each_other_unseen(everybody: None) -> None:
    mine, theirs = form_of(chain_repeat_minutes="80"), form_of(chain_repeat_minutes="85", chain_reason="theirs")
    assert send(people.carol(), **theirs).status_code == 303

    refused = send(people.carol(), **mine)

    body = refused.content.decode()
    assert refused.status_code == 422
    assert "Somebody else changed this chain meanwhile" in body
    assert re.search(r"Own version 1, since [\d: -]+, by Carol: theirs", body)
    assert re.search(r'value="80"', body)
    assert SiteChain.objects.count() == 1
    assert send(people.carol(), **mine | {"started_from": "1"}).status_code == 303  # on purpose, having seen it


def test_at_the_same_moment_one_of_two_is_refused_and_not_broken(
    everybody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = chains.content_of(ChainName.R1, site=people.site("BJ01"))
    wish: dict[str, Any] = {
        "site": people.site("BJ01"),
        "chain": ChainName.R1,
        "content": content,
        "by": people.carol(),
    }
    escalation.set_chain(**wish, reason="first")
    monkeypatch.setattr(chains, "last_number", lambda _chain, _site: 0)  # read before the other had written

    with pytest.raises(chains.ChainMoved):
        escalation.set_chain(**wish, reason="second", started_from=0)


def test_back_to_the_protocols_chain_is_an_act_with_a_reason(everybody: None) -> None:
    assert "Back to the protocol's chain" not in page(people.carol(), R1)
    send(people.carol(), **form_of(chain_repeat_minutes="80"))
    assert "Back to the protocol's chain" in page(people.carol(), R1)
    wish = {"act": "protocol", "site": "BJ01", "chain": "R1", "started_from": "1"}

    assert send(people.carol(), **wish).status_code == 422
    assert send(people.carol(), **wish | {"back-reason": "enough", "started_from": "0"}).status_code == 422
    assert send(people.carol(), **wish | {"back-reason": "enough"}).status_code == 303

    assert chains.own_chain(ChainName.R1, people.site("BJ01")) is None
    assert chains.content_of(ChainName.R1, site=people.site("BJ01"))["repeat_minutes"] == 75
    body = page(people.alice(), URL)
    assert "The protocol's chain" in body
    assert "back to the protocol's: enough" in body
    assert send(people.carol(), **form_of()).status_code == 303
    assert [each.number for each in chains.versions(ChainName.R1, people.site("BJ01"))] == [3, 2, 1]


@pytest.mark.parametrize(
    "make", [people.alice, people.chen, monitor, people.dora, people.erin, people.ada, people.sam, people.dan]
)
def test_nobody_but_the_sites_principal_investigator_changes_its_chain(everybody: None, make: Any) -> None:
    person = make()

    assert signed_in(person).get(R1).status_code == 403
    assert send(person, **form_of()).status_code == 403
    assert send(person, act="protocol", site="BJ01", chain="R1", started_from="0").status_code == 403
    assert not SiteChain.objects.exists()


@pytest.mark.parametrize("make", [people.alice, people.chen, monitor, people.dora, people.erin, people.sam, people.dan])
def test_nobody_but_principal_investigator_and_administrator_sets_a_sites_robot(everybody: None, make: Any) -> None:
    assert robot(people.carol(), secret=SECRET).status_code == 303

    assert robot(make(), address="https://evil.example.org/", secret="x").status_code == 403
    assert send(make(), act="remove", site="BJ01", channel="webhook").status_code == 403

    kept = endpoint_for(site=people.site("BJ01"), channel="webhook")
    assert kept is not None
    assert kept.address == ADDRESS


def test_people_see_their_own_place_and_the_sponsor_sees_none(everybody: None) -> None:
    mona, erin, ada, dan = (
        page(monitor(), URL),
        page(people.erin(), URL),
        page(people.ada(), URL),
        page(people.dan(), URL),
    )

    assert signed_in(people.sam()).get(URL).status_code == 403
    assert URL not in page(people.sam(), "/admin/")
    assert 'name="act"' not in mona
    assert "chain=" not in mona
    assert "SH02" not in mona
    assert "BJ01" not in erin
    assert ("BJ01" in ada, "SH02" in ada, "Texts of unknown numbers" in ada) == (True, True, True)
    assert ("BJ01" in dan, "Texts of unknown numbers" in dan, 'name="act"' in dan) == (False, True, False)
    assert signed_in(people.ada()).get(f"{URL}?site=XX99&chain=R1").status_code == 403


def test_of_many_places_one_is_shown_at_a_time(everybody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_AT_ONCE", 2)
    first, second = page(people.ada(), URL), page(people.ada(), f"{URL}?at=SH02")

    assert ("Alice" in first, "Dora" in first) == (True, False)
    assert ("Alice" in second, "Dora" in second) == (False, True)
    assert '<a class="tc-button" href="?at=desk">' in first
    assert "Dora" not in page(people.alice(), f"{URL}?at=SH02")


def test_the_chain_of_unknown_numbers_is_the_administrators(everybody: None) -> None:
    form = form_of("desk", "unmatched", chain_repeat_minutes="40")

    assert send(people.carol(), **form).status_code == 403
    assert send(people.dan(), **form).status_code == 403
    assert send(people.ada(), **form).status_code == 303

    assert SiteChain.objects.get().site is None
    assert signed_in(people.ada()).get(f"{URL}?site=desk&chain=R1").status_code == 400
    assert "Alice" not in page(people.ada(), f"{URL}?site=desk&chain=unmatched")


def test_a_robots_address_is_never_in_any_answer(everybody: None) -> None:
    refused = [
        robot(people.carol(), address=f"http://pager.example.org/{KEY}", secret=SECRET),
        robot(people.carol(), address=f"https://example.org/{KEY}", secret=SECRET, channel="wecom"),
        robot(people.carol()),
    ]
    assert [each.status_code for each in refused] == [422, 422, 422]
    words = ("The address must begin with https://", "qyapi.weixin.qq.com", "A pager needs a secret")
    for each, said in zip(refused, words, strict=True):
        assert said in each.content.decode()
    assert robot(people.carol(), secret=SECRET).status_code == 303
    bodies = [
        *(each.content.decode() for each in refused),
        *(page(each, URL) for each in (people.carol(), people.ada())),
    ]
    assert [word for body in bodies for word in (KEY, SECRET) if word in body] == []
    assert "example.org" in bodies[-1]


def test_who_has_set_a_robot_is_told_to_start_a_drill(everybody: None) -> None:
    wish = {"channel": "wecom", "address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "secret": ""}
    form = {"act": "endpoint", "site": "BJ01"} | {f"endpoint-BJ01-{name}": value for name, value in wish.items()}
    assert "Start a drill" in signed_in(people.carol()).post(URL, form, follow=True).content.decode()


def test_a_drill_is_started_beside_the_robots_also_at_the_duty_desk(everybody: None) -> None:
    assert send(people.alice(), act="drill", site="BJ01").status_code == 403
    assert send(people.carol(), act="drill", site="desk").status_code == 403
    assert send(people.carol(), act="drill", site="BJ01").status_code == 303
    assert send(people.ada(), act="drill", site="desk").status_code == 303
    assert {(drill.site, drill.started_by) for drill in Drill.objects.all()} == {
        (people.site("BJ01"), people.carol()), (None, people.ada()),
    }  # fmt: skip


def test_when_a_robot_failed_last_is_said_with_the_reason_in_words(everybody: None) -> None:
    robot(people.carol(), secret=SECRET)
    drill = escalation.start_drill(site=people.site("BJ01"), people=[people.alice()])
    running = drill.escalations.get()
    now = clock.now()
    for occasion, error, seconds in (("a", "no_connection", 2), ("b", "resting", 1)):
        Page.objects.create(
            escalation=running, person=people.alice(), channel="webhook", occasion=occasion, code="4821", error=error,
            state=PageState.FAILED, failed_at=now - timedelta(seconds=seconds), due_at=None, kind=PageKind.PAGE, created_at=now,
        )  # fmt: skip

    assert "no connection to the provider" in page(people.alice(), URL)
    assert "无法连接服务商" in page(people.bob(), URL)
    assert "no connection" not in page(people.erin(), URL)


def test_a_robot_is_removed_with_its_address(everybody: None) -> None:
    robot(people.ada(), secret=SECRET)
    assert send(people.carol(), act="remove", site="BJ01", channel="webhook").status_code == 303
    assert endpoints_of(site=people.site("BJ01")) == {}
    assert send(people.carol(), act="remove", site="BJ01", channel="webhook").status_code == 400


def test_what_went_wrong_in_the_paging_of_the_whole_trial_is_seen_and_mended_there(everybody: None) -> None:
    """It belongs to no site, so no site's duty page shows it: the desk's own phone, and the chain of unknown numbers."""
    incident = Incident.objects.create(
        kind=IncidentKind.NEVER_CONFIRMS, detail="sms", site=None, person=people.dan(), at=clock.now()
    )
    of_a_site = Incident.objects.create(
        kind=IncidentKind.DRILL_FAILED,
        detail="2027-05-12",
        site=people.site("BJ01"),
        person=people.bob(),
        at=clock.now(),
    )
    for person in (people.dan(), people.ada()):
        body = page(person, URL)
        assert "a phone never confirms delivery" in body
        assert "a drill was not answered" not in body
    assert "a phone never confirms delivery" not in page(people.carol(), URL)
    wish = {"act": "mend", "site": "desk", "row": str(incident.pk)}
    assert send(people.carol(), **wish).status_code == 403
    assert send(people.dan(), **wish | {"row": str(of_a_site.pk)}).status_code == 400
    assert send(people.dan(), **wish | {"site": "BJ01"}).status_code == 403
    assert send(people.dan(), **wish).status_code == 303
    incident.refresh_from_db()
    assert incident.mended_by == people.dan()
    assert "Nothing that is not mended." in page(people.dan(), URL)


def test_the_duty_desks_robot_is_the_administrators(everybody: None) -> None:
    assert robot(people.carol(), site="desk", secret=SECRET).status_code == 403
    assert robot(people.ada(), site="desk", secret=SECRET).status_code == 303
    assert [*endpoints_of(site=None)] == ["webhook"]


@pytest.mark.parametrize("site", ["", "XX99", "\x00", "BJ01\x00"])
def test_a_place_of_any_signs_that_there_is_not_is_refused(everybody: None, site: str) -> None:
    for act in ("chain", "protocol", "endpoint", "remove", "drill", "mend"):
        assert send(people.carol(), act=act, site=site, chain="R1").status_code == 403
