"""A real Chromium, and pages in it that keep a record of what they asked for and complained about."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, sync_playwright

VARIABLE = "ATTUNE_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MISSING = (
    "no Chromium: install one (apt-get install chromium, or python -m playwright install chromium), "
    f"or name its executable in {VARIABLE}"
)
# No name but this machine's own is resolved: what a page would ask elsewhere fails, and is on record all the same.
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

Language = Literal["zh-CN", "en"]
Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Screen:
    """What a page is looked at with."""

    name: str
    width: int
    height: int
    touch: bool

    def __str__(self) -> str:
        return self.name


PHONE = Screen("phone", 375, 812, touch=True)
DESK = Screen("desk", 1440, 900, touch=False)
SCREENS = (PHONE, DESK)


def find_chromium(playwright: Playwright) -> Path | None:
    """The executable: the one that the environment names, Playwright's own, or one of the machine's."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    own = Path(playwright.chromium.executable_path)
    if own.exists():
        return own
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, until the block ends; skips the test where the machine has none.

    While it is open, its thread has a running event loop, so `asyncio.run` does not work there.
    """
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            pytest.skip(_MISSING)
        browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS, headless=True)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Record:
    """What the pages of a context asked for, and what they complained about: errors, warnings, refused requests."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Such a complaint is what the test is about."""
        self._allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """Complaints that nobody allowed."""
        return [one for one in self.complaints if not any(re.search(pattern, one) for pattern in self._allowed)]

    def foreign(self, origin: str) -> list[str]:
        """What was asked of anybody but `origin`; what a page holds itself (data:, blob:) is asked of nobody."""
        urls = {url: urlsplit(url) for url in self.requests}
        return [
            url for url, at in urls.items()
            if at.scheme not in ("data", "blob") and f"{at.scheme}://{at.netloc}" != origin
        ]  # fmt: skip

    def follow(self, context: BrowserContext) -> None:
        """Keep a record of everything in a context from now on."""
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")


@contextmanager
def visit(
    browser: Browser, screen: Screen, language: Language, scheme: Scheme = "light"
) -> Iterator[tuple[Page, Record]]:
    """A page of a new visitor: no storage, and nothing that moves."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        is_mobile=screen.touch,
        has_touch=screen.touch,
        locale=language,
        timezone_id="Asia/Shanghai",
        color_scheme=scheme,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    record = Record()
    record.follow(context)
    context.set_default_timeout(30_000)
    try:
        yield context.new_page(), record
    finally:
        context.close()
