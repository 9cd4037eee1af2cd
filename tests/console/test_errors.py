"""What goes wrong is said on the page, beside what caused it and with the way out; and odd texts break nothing."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from app.settings import Settings
from tests.console.conftest import Open
from tests.console.console_page import DESK_SECTIONS, ConsolePage, PhoneScreen
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE
from tests.support.cloud_peer import Connection, Request, stream
from tests.support.http_service import running

LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 6
ODD_TEXTS = {
    "markup": "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 今天👍🏽很开心 🇨🇳",
    "right to left": "أشعر بالسعادة اليوم \u202e שלום עולם",
    "a long word": LONG_WORD,
    "lines": "第一行\n第二行\t有制表符",
}
LONG_UPDATE = 5000
WATCHED_UPDATE = 1500


@pytest.fixture
def console(device: ServedDevice, open_page: Open) -> ConsolePage:
    """The page on a phone, in English, with consent given."""
    device.consent()
    return open_page(device.url, PHONE, "en")


def problem(within: Locator, code: str) -> Locator:
    """What says this problem."""
    return within.locator(f".problem[data-code='{code}']")


class TestTexts:
    def test_without_one_the_page_asks_for_it(self, console: ConsolePage) -> None:
        for text in ("", "  \n "):
            console.box.fill(text)
            console.press(console.button("write.predict"))
            shown = problem(console.page.locator("#panel-write"), "invalid-text")
            expect(shown).to_have_text(console.said("problem.invalid-text"))
            expect(console.box).to_be_focused()
            expect(console.result).to_have_count(0)
            console.predict(TAUGHT[0])
            expect(shown).to_have_count(0)
            console.page.reload()

    def test_one_that_the_service_refuses_is_said_to_be(self, console: ConsolePage) -> None:
        console.record.allow("status of 422")
        console.box.fill("\x07\x00")
        console.press(console.button("write.predict"))
        expect(console.page.locator("#panel-write .problem")).to_be_visible()
        expect(console.result).to_have_count(0)

    def test_the_longest_is_taken_and_a_longer_one_is_refused_whole(self, console: ConsolePage) -> None:
        longer = "长" * 9_999 + "🐺🐺"
        count = console.page.locator("#write-text-count")
        console.box.fill("短")
        expect(count).to_be_hidden()
        console.box.fill(longer)
        expect(count).to_have_text(console.said("text.over", length="10,001", longest="10,000"))
        console.press(console.button("write.predict"))
        refused = problem(console.page.locator("#panel-write"), "text-too-long")
        expect(refused).to_have_text(console.said("problem.text-too-long", longest="10,000"))
        expect(console.box).to_have_value(longer)
        console.box.fill(longer[:-1])
        expect(count).to_have_text(console.said("text.count", length="10,000", longest="10,000"))
        console.press(console.button("write.predict"))
        expect(console.result).to_be_visible()
        expect(refused).to_have_count(0)
        assert console.overflow() == 0

    def test_odd_texts_are_shown_as_they_are_and_fit(self, console: ConsolePage, device: ServedDevice) -> None:
        for text in ODD_TEXTS.values():
            console.box.fill(text)
            console.press(console.button("write.predict"))
            expect(console.page.locator(".history-text").first).to_have_text(text)
            console.correct(LABEL)
            assert console.overflow() == 0
        console.page.locator("#write-task").select_option("entities")
        console.predict(ODD_TEXTS["markup"])
        expect(console.result.locator(".marked")).to_contain_text("<img src=x")
        screens: tuple[tuple[PhoneScreen, str, str], ...] = (
            ("insights", "insight-text", "insights.ask"),
            ("assistant", "assist-text", "assist.send"),
        )
        for screen, box, button in screens:
            console.phone(screen)
            for text in ODD_TEXTS.values():
                console.page.locator(f"#{box}").fill(text)
                console.press(console.button(button))
                expect(console.button(button)).not_to_have_attribute("aria-busy", "true")
                assert console.overflow() == 0
        mine = console.page.locator(".bubble.yours")
        assert mine.all_text_contents() == list(ODD_TEXTS.values())
        console.desk("samples")
        rows = console.page.locator("#samples-list .sample-text")
        assert sorted(rows.all_text_contents()) == sorted(ODD_TEXTS.values())
        assert console.overflow() == 0
        for section in DESK_SECTIONS:
            console.desk(section)
            assert console.overflow() == 0
        assert console.page.locator("img[src='x']").count() == 0
        assert "pwned" not in console.page.title()


class TestConsent:
    def test_a_correction_without_it_leads_to_it(self, device: ServedDevice, open_page: Open) -> None:
        console = open_page(device.url, PHONE, "zh-CN")
        console.record.allow("status of 403")
        console.press(console.button("consent.decline"))
        console.predict(TAUGHT[0])
        console.press(console.label(LABEL))
        refused = problem(console.result, "consent-required")
        expect(refused).to_contain_text(console.said("problem.consent-required"))
        assert device.api.get("/v1/samples").json()["total"] == 0
        console.press(console.button("problem.open-consent", refused))
        console.agree()
        console.correct(LABEL)
        assert device.api.get("/v1/samples").json()["total"] == 1

    def test_it_is_withdrawn_with_one_tap(self, console: ConsolePage, device: ServedDevice) -> None:
        console.phone("me")
        console.press(console.button("me.withdraw"))
        expect(console.button("me.withdraw")).to_be_disabled()
        expect(console.page.locator("#me-personalization")).not_to_be_checked()
        assert device.api.get("/v1/consent").json()["personalization"] is False


class TestToken:
    @pytest.fixture
    def url(self, tmp_path: Path) -> Iterator[str]:
        """A service that demands one."""
        with running(Settings.model_validate({"state_dir": tmp_path / "state", "token": "swordfish"})) as service:
            yield service.url

    def test_it_is_asked_for_until_it_is_right(self, url: str, open_page: Open) -> None:
        console = open_page(url, DESK, "en")
        console.record.allow("status of 401")
        dialog = console.page.get_by_role("dialog", name=console.said("token.title"), exact=True)
        token = dialog.get_by_label(console.said("token.label"), exact=True)
        for wrong in ("wrong", "口令"):
            token.fill(wrong)
            console.press(console.button("token.save", dialog))
            expect(dialog.get_by_text(console.said("token.wrong"))).to_be_visible()
            expect(token).to_have_value("")
        token.fill("swordfish")
        console.press(console.button("token.save", dialog))
        expect(dialog).to_be_hidden()
        console.agree()
        expect(console.predict(TAUGHT[0])).to_have_attribute("data-version", "0")
        console.page.reload()
        expect(console.box).to_be_visible()
        expect(dialog).to_be_hidden()


class TestUpdates:
    def test_unplugged_in_training_it_expires_and_says_why(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach()
        console.night()
        console.set_epochs(LONG_UPDATE)
        console.press(console.button("train.now"))
        expect(console.run).to_have_attribute("data-state", "running")
        expect(console.run.locator(".chart-canvas")).to_be_visible()
        console.press(console.device_switch("charging"))
        expect(console.run).to_have_attribute("data-state", "failed")
        expect(console.run.locator(".reasons")).to_contain_text("charging")
        expect(console.button("update.cancel")).to_be_hidden()
        assert [one["version"] for one in device.api.get("/v1/models").json()["models"] if one["updatable"]] == [
            0,
            0,
            0,
        ]
        console.press(console.button("train.now"))
        refused = problem(console.card("training"), "conditions-not-met")
        expect(refused).to_contain_text(console.said("reason.charging"))
        console.record.allow("status of 409")

    def test_a_running_one_is_cancelled(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach()
        console.desk("train")
        console.set_epochs(LONG_UPDATE)
        console.press(console.card("training").get_by_role("switch", name=console.said("train.force"), exact=True))
        console.press(console.button("train.now"))
        console.press(console.button("update.cancel"))
        expect(console.run).to_have_attribute("data-state", "failed")
        expect(console.run.locator(".reasons")).not_to_be_empty()
        assert device.api.get("/v1/samples").json()["items"][0]["state"] == "new"

    def test_the_curve_of_one_that_ended_out_of_sight_is_whole(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        device.teach()
        console.desk("train")
        console.set_epochs(WATCHED_UPDATE)
        console.press(console.card("training").get_by_role("switch", name=console.said("train.force"), exact=True))
        console.press(console.button("train.now"))
        curve = console.run.locator(".chart-canvas")
        expect(curve).to_have_attribute("aria-label", re.compile("epochs"))
        console.desk("versions")
        expect(console.run).to_have_attribute("data-state", "published")
        console.desk("train")
        expect(curve).to_have_attribute("aria-label", re.compile(f"over {WATCHED_UPDATE} epochs"))

    def test_a_rejected_one_gives_its_reason_and_its_figures(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach(labels=("正面", "负面"))
        console.desk("train")
        console.press(console.card("training").get_by_role("switch", name=console.said("train.force"), exact=True))
        console.press(console.button("train.now"))
        expect(console.run).to_have_attribute("data-state", "rejected")
        update = device.api.get("/v1/updates").json()["items"][0]
        expect(console.run.locator(".reasons")).to_have_text(update["reasons"][0].capitalize())
        before, after, of = (update["metrics"][f"held_out{part}"] for part in ("_right_before", "_right", ""))
        figures = console.said("metric.right", right=f"{before} → {after}", count=of)
        expect(console.run.locator(".figures")).to_contain_text(figures)
        console.desk("versions")
        fallen = console.page.locator("#timeline .fallen")
        expect(fallen).to_contain_text(figures)
        expect(console.version(0)).to_have_attribute("aria-current", "true")

    def test_nothing_to_learn_is_said(self, console: ConsolePage) -> None:
        console.record.allow("status of 409")
        console.desk("train")
        console.press(console.card("training").get_by_role("switch", name=console.said("train.force"), exact=True))
        console.press(console.button("train.now"))
        expect(problem(console.card("training"), "nothing-to-learn")).to_be_visible()

    @pytest.mark.parametrize("epochs", [LONG_UPDATE + 1, 0, 1.5])
    def test_a_parameter_out_of_bounds_is_marked_and_its_bounds_are_told(
        self, console: ConsolePage, device: ServedDevice, epochs: float
    ) -> None:
        device.teach(TAUGHT[:1])
        console.desk("train")
        console.set_epochs(epochs)
        console.press(console.button("train.now"))
        expect(problem(console.card("training"), "parameter-out-of-bounds")).to_be_visible()
        field = console.card("training").get_by_label(console.said("train.epochs"), exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(
            console.said("train.allowed", minimum=1, maximum="5,000", default=30)
        )
        assert device.api.get("/v1/updates").json()["items"] == []

    def test_what_is_allowed_follows_the_task(self, console: ConsolePage) -> None:
        console.desk("train")
        training = console.card("training")
        console.press(training.get_by_text(console.said("train.parameters"), exact=True))
        for task, epochs, rate in (("insight", 60, "0.003"), ("sentiment", 30, "0.01")):
            training.get_by_label(console.said("train.task"), exact=True).select_option(task)
            expect(training.get_by_label(console.said("train.epochs"), exact=True)).to_have_accessible_description(
                console.said("train.allowed", minimum=1, maximum="5,000", default=epochs)
            )
            expect(
                training.get_by_label(console.said("train.learning_rate"), exact=True)
            ).to_have_accessible_description(
                console.said("train.allowed", minimum="0.00001", maximum="0.1", default=rate)
            )


class TestDegraded:
    def test_the_version_that_answers_is_marked_and_not_the_one_that_can_not(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        def degraded(route: Route) -> None:
            answer = route.fetch()
            found = answer.json()
            for one in found["models"]:
                one["serving"] = 0
            route.fulfill(response=answer, json=found)

        device.teach()
        assert device.update() == "published"
        console.page.route("**/v1/models", degraded)
        console.desk("versions")
        expect(console.version(1)).to_have_attribute("aria-current", "true")
        expect(console.version(0).locator(".answers")).to_be_visible()
        expect(console.version(1).locator(".answers")).to_have_count(0)
        console.page.unroute_all(behavior="wait")


class TestUnreachable:
    def test_the_page_says_so_keeps_what_was_written_and_picks_up_again(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        console.record.allow("net::ERR_")
        banner = console.page.get_by_role("alert").filter(has_text=console.said("banner.offline"))
        console.box.fill(TAUGHT[0])
        device.stop()
        console.press(console.button("write.predict"))
        expect(banner).to_be_visible()
        expect(problem(console.page.locator("#panel-write"), "unreachable")).to_be_visible()
        expect(console.page.locator(".service")).to_contain_text(console.said("service.offline"))
        expect(console.box).to_have_value(TAUGHT[0])
        assistant = console.phone("assistant")
        assistant.get_by_role("textbox").fill("量子计算是什么")
        console.press(console.button("assist.send"))
        expect(problem(assistant, "unreachable")).to_be_visible()
        expect(assistant.get_by_role("textbox")).to_have_value("量子计算是什么")
        expect(assistant.locator(".turn")).to_have_count(0)
        console.phone("write")
        device.start()
        expect(banner).to_have_count(0)
        console.press(console.button("write.predict"))
        expect(console.result).to_have_attribute("data-version", "0")


class TestForgotten:
    def test_what_another_client_erases_is_gone_from_the_page(self, console: ConsolePage, device: ServedDevice) -> None:
        for text in TAUGHT[1:3]:
            console.predict(text)
            console.correct(LABEL)
        console.desk("records")
        trail = console.page.locator("#audit-list li")
        expect(trail.first).to_have_attribute("data-action", "consent")
        device.api.delete("/v1/user-data").raise_for_status()
        expect(trail.first).to_have_attribute("data-action", "erase")
        expect(trail).to_have_count(1)
        expect(console.page.locator(".consent-layer h3")).to_have_count(1)
        assert [text for text in TAUGHT[1:3] if text in console.page.locator("body").inner_html()] == []

    def test_an_answer_under_way_does_not_outlive_its_chat(self, console: ConsolePage, device: ServedDevice) -> None:
        asked, answered = threading.Event(), threading.Event()

        def slowly(connection: Connection, request: Request) -> None:
            asked.set()
            answered.wait(20)
            stream("叠加与纠缠。")(connection, request)

        device.consent(cloud=True)
        device.peer.will(slowly, stream("好的。"))
        assistant = console.phone("assistant")
        try:
            assistant.get_by_role("textbox").fill("量子计算是什么")
            console.press(console.button("assist.send"))
            assert asked.wait(20)
            console.press(console.button("assist.forget"))
            expect(assistant.locator(".turn")).to_have_count(0)
        finally:
            answered.set()
        assistant.get_by_role("textbox").fill("光合作用是什么")
        console.press(console.button("assist.send"))
        expect(assistant.locator(".answer")).to_have_text("好的。")
        expect(assistant.locator(".turn")).to_have_count(2)
        assert len(device.peer.requests[-1].json["messages"]) == len(device.peer.requests[0].json["messages"])


class TestBrowsers:
    def test_one_without_a_language_shows_figures_in_words(self, device: ServedDevice, open_page: Open) -> None:
        device.consent()
        device.teach()
        console = open_page(device.url, DESK, "en")
        console.page.add_init_script("Object.defineProperty(navigator, 'language', {get: () => 'C'})")
        console.page.reload()
        console.night()
        console.press(console.button("train.now"))
        expect(console.run).to_have_attribute("data-state", "published")
        expect(console.run.locator(".chart-canvas")).to_have_attribute("aria-label", re.compile(r"\d"))
        expect(console.run.locator("canvas")).to_have_count(0)

    def test_one_that_can_not_run_the_page_is_told_so(self, device: ServedDevice, open_page: Open) -> None:
        console = open_page(device.url, DESK, "en")
        expect(console.page.locator("#opening")).to_have_count(0)
        console.record.allow("ERR_FAILED")
        console.page.route("**/main.js", lambda route: route.abort())
        console.page.reload()
        expect(console.page.get_by_text("needs JavaScript and a current browser")).to_be_visible()
