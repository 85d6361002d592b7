"""Tabs of a browser, each with a login session of its own, that write down every complaint of the console."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

PHONE, DESK = 390, 1280


@dataclass
class Tabs:
    browser: Browser
    url: str
    people: dict[str, Any]
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, path: str, *, width: int = DESK, locale: str = "en-GB") -> Page:
        context = self.browser.new_context(viewport={"width": width, "height": 844}, locale=locale)
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.url + path)
        return page

    def signed_in(self, username: str, *, width: int = DESK, language: str = "") -> Page:
        """A tab on the first page of a person of the demo; another `language` (en or zh-hans) is chosen in the menu."""
        page = self.open("/admin/login/", width=width)
        person = next(each for each in self.people["staff"] if each["username"] == username)
        page.fill("[name=username]", username)
        page.fill("[name=password]", person["password"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/")
        if language and page.locator("html").get_attribute("lang") != language:
            if width < DESK:
                page.locator(".tc-icon:visible").click()
            page.locator("button[aria-controls=account-menu]").click()
            page.locator("form", has=page.locator(f"input[name=language][value={language}]")).locator("button").click()
            page.locator(f"html[lang='{language}']").wait_for(state="attached")
        return page

    def handset(self, number: str, *, width: int = DESK, locale: str = "en-GB") -> Page:
        page = self.open(f"/phone/#{number}", width=width, locale=locale)
        page.wait_for_selector("#texts li")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        is_refusal = "status of 422" in message.text  # a form that is refused on purpose; the browser calls it an error
        if message.type in ("error", "warning") and not is_refusal:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


def say(handset: Page, text: str) -> None:
    """Write a text on a handset and send it by the Enter key."""
    handset.fill("#text", text)
    handset.keyboard.press("Enter")
    handset.wait_for_function(
        "text => [...document.querySelectorAll('#texts .mine p')].some(p => p.textContent === text)", arg=text
    )


def arrives(handset: Page, words: str, *, within: float = 30) -> str:
    """The first text with these words that reaches a handset."""
    bubble = handset.locator("#texts li:not(.mine)", has_text=words).first
    bubble.wait_for(timeout=within * 1000)
    return bubble.inner_text()
