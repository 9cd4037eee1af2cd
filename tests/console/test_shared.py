"""What the phone and the desk share: what another client does to the device, a service that hangs, and the window."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app.settings import Settings
from tests.console.conftest import Open
from tests.console.console_page import ConsolePage
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE
from tests.support.http_service import running


@pytest.fixture
def console(device: ServedDevice, open_page: Open) -> ConsolePage:
    """The page at a desk, in English, with consent given."""
    device.consent()
    return open_page(device.url, DESK, "en")


SHARED_READS = ("consent", "device", "models", "audit", "updates", "schedule", "samples")
_LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
_COUNT_SAMPLES = "**/v1/samples?limit=1"
_COUNT_ERASED = """async () => {
  const { onAsk } = await import("/console/js/store.js");
  window.erased = 0;
  onAsk("erased", () => { window.erased += 1; });
}"""
_IMPATIENT = "const real = AbortSignal.timeout; AbortSignal.timeout = (most) => real.call(AbortSignal, most / 20);"
_BLOCKED = """for (const area of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, area, { get() { throw new DOMException("blocked", "SecurityError"); } });
}"""
_SWAPPED = """async () => {
  const { h, swap } = await import("/console/js/dom.js");
  const list = h("div");
  document.body.append(h("section", { "aria-label": "part" }, list));
  const row = (key) => h("details", { data: { key } }, h("summary", { data: { key: `summary-${key}` } }, key));
  const seen = () => document.activeElement.dataset.key ?? document.activeElement.getAttribute("aria-label");
  swap(list, row("a"), row("b"));
  list.firstChild.open = true;
  list.firstChild.firstChild.focus();
  swap(list, row("b"), row("a"));
  const after = [seen(), ...[...list.children].map((one) => one.open)];
  swap(list, row("c"));
  return [...after, seen()];
}"""
_SLEEP = "asleep => { Object.defineProperty(document, 'hidden', { get: () => asleep, configurable: true }); "
_SLEEP += "document.dispatchEvent(new Event('visibilitychange')); }"


def _held(page: Page, url: str) -> list[Route]:
    """Calls to `url` from now on, in the order that they come in; none is answered."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route(url, hold)
    return waiting


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
        console.page.evaluate(_LOOK)
        expect(trail.first).to_have_attribute("data-action", "import")
        expect(trail.nth(1)).to_have_attribute("data-action", "consent")
        expect(trail).to_have_count(3)
        expect(console.page.locator(".history li")).to_have_count(0)

    def test_what_this_page_did_itself_is_forgotten_once(
        self, console: ConsolePage, device: ServedDevice, tmp_path: Path
    ) -> None:
        export = tmp_path / "export.json"
        export.write_text(json.dumps(device.api.get("/v1/export").json()), "utf-8")
        console.desk("rights")
        console.page.evaluate(_COUNT_ERASED)
        console.page.locator("#import-file").set_input_files(export)
        console.press(console.page.locator("#import-go"))
        console.press(console.page.locator("#import-confirm"))
        said = console.page.get_by_text(console.said("rights.imported", samples=0, versions=0))
        expect(said).to_be_visible()
        with console.page.expect_response("**/v1/audit?limit=200&after=*"):
            console.page.evaluate(_LOOK)
        with console.page.expect_response("**/v1/samples?limit=1"):
            console.page.evaluate(_LOOK)
        expect(said).to_be_visible()
        assert console.page.evaluate("window.erased") == 1


class TestService:
    def test_one_that_hangs_does_not_answer_and_is_asked_everything_at_once(
        self, device: ServedDevice, open_page: Open
    ) -> None:
        device.consent()
        console = open_page(f"{device.url}/healthz", DESK, "en")
        console.record.allow("status of 404")
        console.page.add_init_script(_IMPATIENT)
        waiting = _held(console.page, "**/v1/**")
        console.page.goto(device.url)
        expect(console.page.locator(".loading")).to_have_text(console.said("service.starting"))
        expect(console.page.get_by_role("alert").filter(has_text=console.said("banner.offline"))).to_be_visible()
        asked = {route.request.url.split("/v1/")[1].split("?")[0] for route in waiting}
        assert set(SHARED_READS) <= asked
        console.page.unroute("**/v1/**")
        expect(console.page.locator(".banner.bad")).to_be_empty()
        expect(console.box).to_be_visible()

    def test_the_right_token_takes_back_what_the_wrong_one_caused(self, open_page: Open, tmp_path: Path) -> None:
        with running(Settings.model_validate({"state_dir": tmp_path / "state", "token": "swordfish"})) as service:
            console = open_page(f"{service.url}/healthz", DESK, "en")
            console.record.allow("status of 40[14]")
            console.page.evaluate("sessionStorage.setItem('attune.token', 'swordfish')")
            console.page.goto(service.url)
            waiting = _held(console.page, _COUNT_SAMPLES)
            with console.page.expect_request(_COUNT_SAMPLES):
                console.press(console.button("consent.decline"))
            console.box.fill(TAUGHT[0])
            # At once: each of the page's own readings would ask for the token too.
            console.page.evaluate(
                "sessionStorage.setItem('attune.token', 'tuna'); document.getElementById('write-predict').click()"
            )
            problem = console.page.locator(".problem[data-code='token-required']")
            expect(problem).to_have_count(1)
            # What was asked with the right one and is answered only now says nothing of the wrong one.
            with console.page.expect_response(lambda answer: answer.url.endswith("/v1/samples?limit=1") and answer.ok):
                for route in waiting:
                    route.continue_()
            console.page.unroute(_COUNT_SAMPLES)
            expect(problem).to_have_count(1)
            console.page.get_by_label(console.said("token.label"), exact=True).fill("swordfish")
            console.press(console.button("token.save"))
            expect(problem).to_have_count(0)
            expect(console.box).to_have_value(TAUGHT[0])
            console.page.close()


class TestWindow:
    def test_a_browser_that_keeps_nothing_shows_the_page(self, device: ServedDevice, open_page: Open) -> None:
        device.consent()
        console = open_page(f"{device.url}/healthz", DESK, "en")
        console.record.allow("status of 404")
        console.page.add_init_script(_BLOCKED)
        console.page.goto(device.url)
        expect(console.box).to_be_visible()
        console.page.locator("#language").select_option("zh-CN")
        expect(console.page.get_by_role("button", name="预测")).to_be_visible()

    def test_colours_of_the_system_tell_what_is_on(self, console: ConsolePage, device: ServedDevice) -> None:
        console.page.emulate_media(forced_colors="active")
        console.predict(TAUGHT[0])
        console.night()
        ground = "element => getComputedStyle(element).backgroundColor"
        thumb = "element => getComputedStyle(element, '::after').backgroundColor"
        on, off = console.device_switch("charging"), console.card("training").get_by_role("switch").first
        assert on.evaluate(ground) not in (off.evaluate(ground), on.evaluate(thumb))
        assert off.evaluate(ground) != off.evaluate(thumb)
        assert off.evaluate("element => getComputedStyle(element).borderTopStyle") == "solid"
        bar = console.result.locator(".bar").first
        assert bar.locator(".bar-fill").evaluate(ground) != bar.locator(".bar-track").evaluate(ground)
        tabs = console.page.locator(".phone-nav .tab")
        assert tabs.nth(0).evaluate(ground) != tabs.nth(1).evaluate(ground)

    def test_paper_shows_phone_and_desk(self, device: ServedDevice, open_page: Open) -> None:
        console = open_page(device.url, PHONE, "en")
        desk = console.page.locator(".side-desk")
        expect(desk).to_be_hidden()
        console.page.emulate_media(media="print")
        expect(desk).to_be_visible()
        expect(console.page.locator(".side-phone")).to_be_visible()

    def test_the_tab_is_the_same_after_a_reload(self, device: ServedDevice, open_page: Open) -> None:
        device.consent()
        console = open_page(device.url, PHONE, "en")
        console.phone("me")
        console.desk("records")
        console.page.reload()
        expect(console.page.locator("#audit")).to_be_visible()
        console.side("phone")
        expect(console.page.locator("#panel-me")).to_be_visible()

    def test_what_takes_the_place_of_others_keeps_the_focus_and_what_is_open(self, console: ConsolePage) -> None:
        assert console.page.evaluate(_SWAPPED) == ["summary-a", False, True, "part"]
