"""One browser and one device for the console's tests that need them; each test begins with an unused device."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from tests.console.console_page import ConsolePage
from tests.console.served import ServedDevice, served_device
from tests.support.browser import VARIABLE, Language, Record, Scheme, Screen, chromium, visit
from tests.support.cloud_peer import cloud_peer

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether a test failed, for what follows it."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine that runs the tests reaches the device."""
    for name in list(os.environ):
        if name.startswith("ATTUNE_") and name != VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; closed after the package, as other tests want an event loop of their own."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDevice]:
    """A device as a process, and a cloud model beside it. After the browser: without one nothing is started."""
    with cloud_peer() as peer, served_device(tmp_path_factory.mktemp("console") / "state", peer) as device:
        yield device


@pytest.fixture
def device(served: ServedDevice) -> ServedDevice:
    """The device as new."""
    served.renew()
    return served


Open = Callable[..., ConsolePage]


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a new visitor. Afterwards nobody else was asked for anything, and nothing complained that was
    not allowed to; a test that failed leaves a picture of each page.
    """
    opened: list[tuple[ConsolePage, Record]] = []
    with ExitStack() as stack:

        def open_(url: str, screen: Screen, language: Language, scheme: Scheme = "light") -> ConsolePage:
            page, record = stack.enter_context(visit(browser, screen, language, scheme))
            console = ConsolePage(page, screen, language, record)
            opened.append((console, record))
            page.goto(url)
            return console

        yield open_
        if request.node.stash.get(_FAILED, True):
            for index, (console, _) in enumerate(opened):
                _picture(console, tmp_path / f"page-{index}.png")
    for console, record in opened:
        assert record.requests, "no request was on record"
        assert record.foreign(console.origin) == []
        assert record.unexpected() == []


def _picture(console: ConsolePage, path: Path) -> None:
    try:
        console.page.screenshot(path=path)
        print(f"picture of {console.screen}: {path}")
    except Error as error:
        print(f"no picture: {error.message}")
