"""What the phone and the desk share: what another client does to the device, a service that hangs, and the window."""

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Open
from tests.console.console_page import ConsolePage
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK


@pytest.fixture
def console(device: ServedDevice, open_page: Open) -> ConsolePage:
    """The page at a desk, in English, with consent given."""
    device.consent()
    return open_page(device.url, DESK, "en")


_SLEEP = "asleep => { Object.defineProperty(document, 'hidden', { get: () => asleep, configurable: true }); "
_SLEEP += "document.dispatchEvent(new Event('visibilitychange')); }"


class TestReplacedByAnotherClient:
    """Nothing but the audit trail tells: consent was given again before the page looked."""

    def test_what_was_erased_is_forgotten(self, console: ConsolePage, device: ServedDevice) -> None:
        console.predict(TAUGHT[1])
        console.correct(LABEL)
        device.consent(cloud=True)
        console.desk("records")
        trail = console.page.locator("#audit-list li")
        expect(trail).to_have_count(3)
        console.page.evaluate(_SLEEP, True)
        device.api.delete("/v1/user-data").raise_for_status()
        device.consent()
        console.page.evaluate(_SLEEP, False)
        expect(console.page.locator(".history li")).to_have_count(0)
        assert TAUGHT[1] not in console.page.locator("body").inner_html()
        expect(trail).to_have_count(2)
        expect(trail.last).to_have_attribute("data-action", "erase")

    def test_what_was_imported_takes_the_place_of_all(self, console: ConsolePage, device: ServedDevice) -> None:
        export = device.api.get("/v1/export").json()
        console.desk("records")
        trail = console.page.locator("#audit-list li")
        expect(trail).to_have_count(2)
        device.consent(cloud=True)
        console.predict(TAUGHT[1])
        expect(trail).to_have_count(3)
        device.api.post("/v1/import", json=export).raise_for_status()
        expect(trail.first).to_have_attribute("data-action", "import")
        expect(trail.nth(1)).to_have_attribute("data-action", "consent")
        expect(trail).to_have_count(3)
        expect(console.page.locator(".history li")).to_have_count(0)
