"""A real Chromium in front of a real installation: web and worker as processes, the phone simulator as the gateway."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.tabs import Tabs
from tests.prepared import peopled
from tests.stack import Stack

MISSING = "no Chromium on this machine: nothing was looked at in a browser"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed behind its module: Playwright's event loop runs in this thread, and Django refuses its database beside one."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("browser")
    with peopled("sqlite-memory", folder, SMS_GATEWAY="phone", TRIALCARE_TIME_FACTOR="1") as started:
        started.start("web", "worker")
        yield started


@pytest.fixture(scope="module")
def people(stack: Stack) -> dict[str, Any]:
    return stack.people


@pytest.fixture
def tabs(chromium: Browser, stack: Stack, people: dict[str, Any]) -> Iterator[Tabs]:
    """Tabs whose console must stay empty."""
    opened = Tabs(chromium, stack.url, people)
    yield opened
    opened.close()
    assert opened.complaints == []
