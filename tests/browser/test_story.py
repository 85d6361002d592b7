"""The main job by hand: a sick person's handset, an investigator's phone at night, a colleague's desk, in both languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.tabs import DESK, PHONE, Tabs, arrives, say
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.processes]
LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
BLOOD, STOOL = "今天早上吐血了", "black stool since last night"


def looks(page: Page) -> list[str]:
    """What is wrong with a page to the eye, the thumb and the screen reader."""
    found: list[str] = page.evaluate(LOOKS)
    return [f"{page.url} ({page.viewport_size and page.viewport_size['width']} px): {each}" for each in found]


def phone_of(people: dict[str, Any], *, language: str = "", username: str = "") -> str:
    if username:
        return str(next(each["phone"] for each in people["staff"] if each["username"] == username))
    found = (row for row in people["participants"] if row["language"] == language and row["site"] == "BJ01")
    return str(next(found)["phone"])


@pytest.mark.parametrize(("planted", "found"), [
    ("<p style='width: 9000px'>wide</p>", "px wide"),
    ("<p style='color: #999; background: #fff'>faint words</p>", "faint"),
    ("<input name='nameless'>", "a field without a label"),
    ("<button></button>", "a button without a name"),
    ("<button class='tc-button' style='min-height: 0; height: 20px'>x</button>", "too small for a thumb"),
    ("<i id='write'></i>", "two elements are called write"),
])  # fmt: skip
def test_a_look_finds_what_is_planted(tabs: Tabs, planted: str, found: str) -> None:
    page = tabs.open("/phone/")
    page.evaluate("planted => document.body.insertAdjacentHTML('beforeend', planted)", planted)

    assert [each for each in looks(page) if found in each]


def test_a_check_in_is_answered_and_a_red_flag_pages_the_investigator(tabs: Tabs, people: dict[str, Any]) -> None:
    handset = tabs.handset(phone_of(people, language="zh-Hans"), width=PHONE, locale="zh-CN")
    assert "1和以前一样" in arrives(handset, "1和以前一样", within=60)

    say(handset, "1")
    arrives(handset, "收到，谢谢")
    say(handset, BLOOD)
    arrives(handset, "请立即拨120")

    assert looks(handset) == []
    page = arrives(tabs.handset(phone_of(people, username="zhao")), "警报")
    assert not re.search("血|吐", page)


def test_at_night_on_a_phone_in_chinese_it_is_taken_called_contacted_and_confirmed(tabs: Tabs) -> None:
    page = tabs.signed_in("zhao", width=PHONE, language="zh-hans")
    first = page.locator(".tc-is-alarm").first
    expect(first).to_contain_text(BLOOD)
    assert looks(page) == []

    first.get_by_role("button", name="我来处理").click()
    expect(page.locator("mark").first).to_be_visible()
    assert looks(page) == []
    page.get_by_role("button", name="显示要拨打的号码").click()
    expect(page.locator("a[href^='tel:+']").first).to_be_visible()
    assert looks(page) == []
    page.get_by_role("button", name="已联系上").click()
    expect(page.get_by_role("button", name="已联系上")).to_have_count(0)

    _confirm(page, "确认为不良事件", term="呕血")
    expect(page.locator(".tc-facts").first).to_contain_text("呕血")
    assert looks(page) == []


def _confirm(page: Page, act: str, *, term: str) -> None:
    form = page.locator("details", has=page.locator("input[name=act][value=confirm]"))
    form.locator("summary").click()
    form.locator("[name=confirm-term]").fill(term)
    form.get_by_role("button", name=act).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert looks(page) == []
    form = page.locator("details", has=page.locator("input[name=act][value=confirm]"))
    form.locator("[name=confirm-severity_grade]").select_option("3")
    form.locator("[name=confirm-criteria]").first.check()
    form.locator("[name=confirm-causality_investigator]").select_option("possible")
    form.get_by_role("button", name=act).click()
    page.wait_for_function("!document.querySelector(\"input[value='confirm']\")")


def test_a_new_red_flag_comes_to_an_open_page_by_itself_and_keeps_the_keyboard_where_it_was(
    tabs: Tabs, people: dict[str, Any]
) -> None:
    page = tabs.signed_in("miller", language="en")
    page.locator("[data-now] a").first.focus()
    focused = page.evaluate("document.activeElement.getAttribute('href')")

    say(tabs.handset(phone_of(people, language="en")), STOOL)

    expect(page.locator(".tc-is-alarm").first).to_contain_text(STOOL, timeout=40_000)
    assert page.title().startswith("(1)")
    assert page.evaluate("document.activeElement.getAttribute('href')") == focused
    assert looks(page) == []


def test_it_is_taken_by_keyboard_alone(tabs: Tabs) -> None:
    page = tabs.signed_in("miller", language="en")

    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Take it":
            break
    outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    page.keyboard.press("Enter")

    expect(page.locator(".tc-words").first).to_contain_text(STOOL)
    assert outline >= 2
    expect(page.get_by_text("Taken by Demo Dr Miller")).to_be_visible()


def test_the_menu_and_signing_out_work_by_keyboard_on_a_phone(tabs: Tabs) -> None:
    page = tabs.signed_in("sun", width=PHONE, language="en")

    page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("link", name="Participants").wait_for()
    page.locator("button[aria-controls=account-menu]").press("Enter")
    page.get_by_role("button", name="Log out").press("Enter")

    page.wait_for_url("**/admin/logout/")
    page.goto(f"{tabs.url}/admin/")
    assert "/admin/login/" in page.url


def test_an_unknown_numbers_text_reaches_the_duty_desk(tabs: Tabs) -> None:
    say(tabs.handset("+61491570159"), "help my father is unconscious")

    page = tabs.signed_in("duty", width=PHONE, language="en")

    expect(page.locator(".tc-is-alarm")).to_contain_text("help my father is unconscious", timeout=40_000)
    assert looks(page) == []


def test_what_the_family_says_on_the_phone_is_written_down_on_a_phone_in_chinese(tabs: Tabs) -> None:
    page = tabs.signed_in("zhao", width=PHONE, language="zh-hans")
    page.goto(f"{tabs.url}/admin/participants/participant/")
    page.goto(tabs.url + _links(page, r"^/admin/participants/participant/[^/?]+/change/")[-1])
    page.locator("summary", has_text="记录电话告知的内容").click()
    assert looks(page) == []
    form = page.locator("details", has=page.locator("input[name=act][value=told]"))
    form.locator("[name=told-words]").fill("昨晚吐血，住进了二院")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert looks(page) == []

    form = page.locator("details", has=page.locator("input[name=act][value=told]"))
    expect(form.locator("[name=told-words]")).to_have_value("昨晚吐血，住进了二院")
    form.locator("[name=told-teller]").select_option("family")
    form.locator("[name=told-item]").select_option("hematemesis")
    form.locator("[name=told-criteria][value=hospitalisation]").check()
    form.get_by_role("button").click()

    expect(page.locator("body")).to_contain_text("将持续呼叫，直到有人接手")
    page.goto(tabs.url + _links(page, r"^/admin/safety/adverseevent/[^/?]+/change/")[0])
    expect(page.locator(".tc-words").last).to_contain_text("二院")
    assert looks(page) == []


@pytest.mark.parametrize(("username", "width", "language"), [
    ("zhao", PHONE, "zh-hans"), ("miller", DESK, "en"), ("admin", PHONE, "zh-hans"), ("duty", PHONE, "en"),
    ("sponsor", PHONE, "zh-hans"), ("brown", DESK, "zh-hans"),
])  # fmt: skip
def test_every_page_of_a_role_is_whole_named_and_readable(tabs: Tabs, username: str, width: int, language: str) -> None:
    page = tabs.signed_in(username, width=width, language=language)
    problems = looks(page)
    seen = 0
    for path in _links(page, r"^/admin/(\w+/\w+/|system/)$"):
        page.goto(tabs.url + path)
        problems += looks(page)
        seen += 1
        for card in [*_links(page, rf"^{path}[^/?]+/change/")[:1], *_links(page, rf"^{path}add/")]:
            page.goto(tabs.url + card)
            problems += looks(page)
            seen += 1

    assert problems == []
    assert seen >= 4


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(("username", "language", "paths"), [
    ("zhao", "zh-hans", ["/admin/duty/"]), ("sun", "en", ["/admin/duty/"]),
    ("qian", "zh-hans", ["/admin/rotation/?at=BJ01", "/admin/paging/", "/admin/paging/?site=BJ01&chain=R1"]),
    ("admin", "en", ["/admin/paging/", "/admin/duty/"]), ("duty", "zh-hans", ["/admin/duty/"]),
])  # fmt: skip
def test_duty_and_paging_with_every_form_open_are_whole_named_and_readable_by_day_and_by_night(
    tabs: Tabs, username: str, language: str, paths: list[str], width: int
) -> None:
    page = tabs.signed_in(username, width=width, language=language)
    found = [look(page, path, tabs) for path in paths for look in (_looks_by_day, _looks_by_night)]

    assert [problem for problems in found for problem in problems] == []


def _has_answered_a_drill(tabs: Tabs, number: str, marked: str) -> None:
    handset = tabs.handset(number)
    page = arrives(handset, marked)
    code, ref = re.search(r"(?:Reply |回)([0-9]{4})", page), re.search(rf"{marked} ?([A-Z2-9]{{4}})", page)
    assert code is not None
    assert ref is not None
    say(handset, code[1])
    # Only what has been read proves anything: a shift entered sooner would want a reason.
    recorded = re.compile(rf"{ref[1]}.*(?:result is recorded|结果已记录)")
    expect(handset.locator("#texts li:not(.mine)", has_text=recorded).first).to_be_visible(timeout=30_000)


def _enter_shift(page: Page, person: str) -> None:
    """For the coming hours, as the browser's own fields take it."""
    form = page.locator("details", has=page.locator("input[name=act][value=shift]")).first
    form.locator("summary").click()
    form.locator("[name$=-person]").select_option(label=person)
    form.locator("[name$=-starts_at]").fill("2027-05-12T09:00")
    form.locator("[name$=-ends_at]").fill("2027-05-13T08:00")
    form.get_by_role("button").click()


def test_a_shift_is_handed_over_at_a_desk_and_accepted_on_a_phone(tabs: Tabs, people: dict[str, Any]) -> None:
    """Only to a colleague who has proved by a drill that a page wakes them."""
    planner = tabs.signed_in("sun", language="en")
    planner.goto(f"{tabs.url}/admin/duty/")
    planner.get_by_role("button", name="Start a drill now").click()
    for username, marked in (("zhao", "演练"), ("miller", "TEST")):
        _has_answered_a_drill(tabs, phone_of(people, username=username), marked)
    planner.goto(f"{tabs.url}/admin/duty/")
    _enter_shift(planner, "Demo Dr Zhao")

    giver = tabs.signed_in("zhao", language="zh-hans")
    giver.goto(f"{tabs.url}/admin/duty/")
    form = giver.locator("details", has=giver.locator("input[name=act][value=handover]")).first
    form.locator("summary").click()
    form.locator("[name$=-to]").select_option(label="Demo Dr Miller")
    assert looks(giver) == []
    form.get_by_role("button").click()
    expect(giver.get_by_text("已请Demo Dr Miller接班")).to_be_visible()

    receiver = tabs.signed_in("miller", width=PHONE, language="en")
    receiver.get_by_role("link", name="accept or refuse it").click()
    expect(receiver.get_by_role("button", name="Accept the shift")).to_be_visible()
    assert looks(receiver) == []
    receiver.get_by_role("button", name="Accept the shift").click()
    expect(receiver.get_by_text("what is left of the shift is Demo Dr Miller's")).to_be_visible()
    assert looks(receiver) == []

    giver.goto(f"{tabs.url}/admin/duty/")
    expect(giver.locator("tr", has_text="已由他人值班")).to_contain_text("Demo Dr Zhao")


def _looks_by_day(page: Page, path: str, tabs: Tabs) -> list[str]:
    """As it is opened, and with every form open."""
    page.emulate_media(color_scheme="light")
    return _looks(page, path, tabs)


def _looks(page: Page, path: str, tabs: Tabs) -> list[str]:
    page.goto(tabs.url + path)
    problems = looks(page)
    for summary in page.locator(".tc summary").all():
        summary.click()
    return problems + looks(page)


def _looks_by_night(page: Page, path: str, tabs: Tabs) -> list[str]:
    """The same where the phone is set to dark."""
    page.emulate_media(color_scheme="dark")
    problems = _looks(page, path, tabs)
    expect(page.locator("html.dark")).to_be_attached()
    return problems


def _links(page: Page, shape: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))")
    return list(dict.fromkeys(link.partition("?")[0] for link in found if re.match(shape, link)))


def test_a_list_that_is_not_fresh_says_so(tabs: Tabs, stack: Stack) -> None:
    page = tabs.signed_in("zhao", width=PHONE, language="en")
    expect(page.locator("[data-now-stale]")).to_be_hidden()

    stack.kill("web")

    expect(page.locator("[data-now-stale]")).to_be_visible(timeout=40_000)
    tabs.complaints.clear()  # the browser says that there is no connection, and it is right
