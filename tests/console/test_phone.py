"""The phone's screens where things happen at the same time, elsewhere, or in an order that nobody would choose."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console.conftest import Open
from tests.console.console_page import ConsolePage
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE
from tests.support.cloud_peer import Connection, Request, stream

QUESTION = "量子计算是什么"
GOAL = "我希望提升我的演讲能力"
DANGER = "我不想活了"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 6
_FITS = "screens => screens.scrollWidth <= screens.clientWidth"


@pytest.fixture
def console(device: ServedDevice, open_page: Open) -> ConsolePage:
    """The page on a desk, in English, with consent given."""
    device.consent(cloud=True)
    return open_page(device.url, DESK, "en")


@contextmanager
def at(device: ServedDevice, now: str) -> Iterator[None]:
    """The device's clock is set meanwhile."""
    device.api.put("/v1/device", json={"now": now}).raise_for_status()
    try:
        yield
    finally:
        device.api.put("/v1/device", json={"now": None}).raise_for_status()


@contextmanager
def held(page: Page, path: str, method: str) -> Iterator[list[Route]]:
    """The first call of a kind gets no further until the test lets it; those after it do."""
    found: list[Route] = []

    def take(route: Route) -> None:
        if route.request.method != method or found:
            route.continue_()
        else:
            found.append(route)

    page.route(path, take)
    yield found
    page.unroute(path, take)


def wait_for(page: Page, routes: list[Route]) -> Route:
    """The call, once it was made."""
    for _ in range(200):
        if routes:
            return routes[0]
        page.wait_for_timeout(20)
    raise AssertionError("the page asked for nothing")


def ask(console: ConsolePage, text: str) -> Locator:
    """Write to the assistant and send it; the screen."""
    assistant = console.phone("assistant")
    assistant.get_by_role("textbox").fill(text)
    console.press(console.button("assist.send"))
    return assistant


def tell(console: ConsolePage, text: str) -> Locator:
    """Tell a thought; the screen with what is said to it."""
    insights = console.phone("insights")
    insights.get_by_role("textbox").fill(text)
    console.press(console.button("insights.ask"))
    expect(console.button("insights.ask")).not_to_have_attribute("aria-busy", "true")
    return insights


class TestAssistant:
    def test_what_is_written_while_it_answers_stays_in_the_box(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        asked, answered = threading.Event(), threading.Event()

        def slowly(connection: Connection, request: Request) -> None:
            asked.set()
            answered.wait(20)
            stream("叠加与纠缠。")(connection, request)

        device.peer.will(slowly, stream("好的。"))
        try:
            assistant = ask(console, QUESTION)
            box = assistant.get_by_role("textbox")
            assert asked.wait(20)
            for key in ("Enter", "click"):
                box.fill("光合作用是什么")
                if key == "Enter":
                    box.press(key)
                else:
                    console.press(console.button("assist.send"))
                expect(assistant.get_by_text(console.said("problem.conversation-busy"))).to_be_visible()
                expect(box).to_have_value("光合作用是什么")
        finally:
            answered.set()
        expect(assistant.locator(".answer")).to_have_text("叠加与纠缠。")
        expect(assistant.locator(".answer")).to_have_attribute("lang", "zh-CN")
        expect(assistant.locator(".problem")).to_have_count(0)
        box.press("Enter")
        expect(assistant.locator(".answer")).to_have_text(["叠加与纠缠。", "好的。"])

    def test_enter_that_is_held_sends_once(self, console: ConsolePage, device: ServedDevice) -> None:
        assistant = console.phone("assistant")
        box = assistant.get_by_role("textbox")
        box.fill(QUESTION)
        for _ in range(2):
            console.page.keyboard.down("Enter")
        expect(assistant.locator(".answer")).to_have_text("好的。")
        console.page.keyboard.down("Enter")
        console.page.keyboard.up("Enter")
        expect(assistant.locator(".problem")).to_have_count(0)
        expect(assistant.locator(".turn")).to_have_count(2)
        assert len(device.peer.requests) == 1

    def test_a_question_that_got_no_answer_can_be_asked_again(self, console: ConsolePage) -> None:
        console.record.allow("net::ERR_")
        with held(console.page, "**/v1/assist", "POST") as calls:
            assistant = ask(console, QUESTION)
            call = wait_for(console.page, calls)
            assistant.get_by_role("textbox").fill("下一个问题")
            call.abort()
            expect(assistant.locator(".reply .problem[data-code='unreachable']")).to_be_visible()
        expect(assistant.locator(".yours")).to_have_text(QUESTION)
        expect(assistant.get_by_role("textbox")).to_have_value("下一个问题")
        console.press(console.button("assist.again"))
        expect(assistant.locator(".answer")).to_have_text("好的。")
        expect(assistant.locator(".turn")).to_have_count(2)

    def test_danger_is_met_with_a_card_that_begins_in_sight(self, console: ConsolePage) -> None:
        ask(console, QUESTION)
        expect(console.page.locator(".answer")).to_have_text("好的。")
        card = ask(console, DANGER).locator(".help-card")
        expect(card.locator("h4")).to_be_in_viewport(ratio=1)
        expect(card.locator("p").first).to_have_attribute("lang", "zh-CN")
        said = card.locator("p").first.text_content() or ""
        assert (console.page.locator("#chat").text_content() or "").count(said) == 1

    def test_who_reads_further_up_is_not_pulled_down(self, console: ConsolePage, device: ServedDevice) -> None:
        going_on = threading.Event()

        def in_two(connection: Connection, request: Request) -> None:
            going_on.wait(20)
            stream("好的。" * 400)(connection, request)

        device.peer.will(stream("长。" * 400), in_two)
        assistant = ask(console, QUESTION)
        expect(assistant.locator(".reply:not([aria-busy])")).to_have_count(1)
        ask(console, QUESTION)
        log = console.page.locator("#chat")
        log.evaluate("log => { log.scrollTop = 0; }")
        going_on.set()
        expect(assistant.locator(".reply:not([aria-busy])")).to_have_count(2)
        assert log.evaluate("log => log.scrollTop") == 0


class TestConsent:
    def test_one_that_was_withdrawn_elsewhere_is_not_granted_again(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        console.phone("me")
        again = console.button("me.about")
        for leave in ("Escape", "consent.back"):
            console.press(again)
            if leave == "Escape":
                console.page.keyboard.press(leave)
            else:
                console.press(console.button(leave))
            expect(again).to_be_focused()
        console.press(again)
        # Too late for the page to have read it; and then so that it has.
        device.api.delete("/v1/consent").raise_for_status()
        console.press(console.button("consent.continue"))
        expect(console.page.locator("#me-cloud")).not_to_be_checked()
        assert device.api.get("/v1/consent").json()["personalization"] is False
        device.consent(cloud=True)
        expect(console.page.locator("#me-cloud")).to_be_checked()
        console.press(again)
        device.api.delete("/v1/consent").raise_for_status()
        expect(console.page.locator("#consent-cloud")).not_to_be_checked()
        expect(console.page.get_by_text(console.said("consent.changed"))).to_be_visible()
        console.press(console.button("consent.continue"))
        expect(again).to_be_visible()
        given = device.api.get("/v1/consent").json()
        assert (given["personalization"], given["cloud_assist"]) == (False, False)

    def test_the_last_move_of_a_switch_counts(self, console: ConsolePage, device: ServedDevice) -> None:
        device.api.delete("/v1/consent").raise_for_status()
        console.phone("me")
        switch = console.page.locator("#me-cloud")
        expect(switch).not_to_be_checked()
        with held(console.page, "**/v1/consent", "PUT") as calls:
            for _ in range(2):
                console.press(switch)
            call = wait_for(console.page, calls)
            console.page.wait_for_timeout(100)
            with console.page.expect_response(lambda answer: (answer.request.post_data or "").endswith("false}")):
                call.continue_()
        expect(switch).not_to_be_checked()
        assert device.api.get("/v1/consent").json()["cloud_assist"] is False

    def test_agreeing_leads_back_to_the_thought_that_asked_for_it(self, device: ServedDevice, open_page: Open) -> None:
        device.api.put("/v1/consent", json={"personalization": False}).raise_for_status()
        console = open_page(device.url, PHONE, "en")
        insights = tell(console, GOAL)
        expect(insights.locator(".insight h4").first).to_have_attribute("lang", "zh-CN")
        console.press(console.button("problem.open-consent"))
        console.agree()
        expect(insights.get_by_text(console.said("insights.kept-next"))).to_be_visible()
        expect(console.button("problem.open-consent")).to_have_count(0)


class TestErased:
    def test_nothing_under_way_comes_back(self, console: ConsolePage, device: ServedDevice) -> None:
        page = console.page
        with held(page, "**/v1/predict", "POST") as predictions, held(page, "**/v1/insights", "POST") as insights:
            console.box.fill(TAUGHT[1])
            console.box.press("Enter")
            console.phone("insights").get_by_role("textbox").fill(GOAL)
            console.press(console.button("insights.ask"))
            calls = [wait_for(page, predictions), wait_for(page, insights)]
            answers = [call.fetch() for call in calls]
            device.api.delete("/v1/user-data").raise_for_status()
            console.agree()
            for call, answer in zip(calls, answers, strict=True):
                call.fulfill(response=answer)
        for button in ("#write-predict", "#insight-ask"):
            expect(page.locator(button)).not_to_have_attribute("aria-busy", "true")
        expect(page.locator(".history li")).to_have_count(0)
        expect(page.locator(".insight")).to_have_count(0)
        expect(console.result).to_have_count(0)


class TestCorrections:
    def test_the_last_tap_takes_the_earlier_one_back(self, console: ConsolePage, device: ServedDevice) -> None:
        def stored() -> list[str]:
            return [one["label"] for one in device.api.get("/v1/samples").json()["items"]]

        console.predict(TAUGHT[0])
        with held(console.page, "**/v1/feedback", "POST") as calls:
            console.press(console.label("负面"))
            call = wait_for(console.page, calls)
            for label in (LABEL, LABEL):
                console.press(console.label(label))
            call.continue_()
            expect(console.label(LABEL)).to_have_attribute("aria-pressed", "true")
            expect(console.label(LABEL)).not_to_have_attribute("aria-busy", "true")
        expect(console.label("负面")).to_have_attribute("aria-pressed", "false")
        expect(console.result.get_by_text(console.said("write.saved", pending=1))).to_be_visible()
        assert stored() == [LABEL]
        console.press(console.label(LABEL))
        console.press(console.label("负面"))
        expect(console.label("负面")).to_have_attribute("aria-pressed", "true")
        assert stored() == ["负面"]
        used = device.api.get("/v1/samples").json()
        used["items"][0]["state"] = "used"
        console.page.route("**/v1/samples?*", lambda route: route.fulfill(json=used))
        console.press(console.label(LABEL))
        expect(console.label(LABEL)).to_have_attribute("aria-pressed", "true")
        console.page.unroute_all(behavior="wait")
        assert stored() == ["负面", LABEL]


class TestData:
    def test_examples_are_added_once_and_all_is_cleared_only_after_a_question(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        me = console.phone("me")
        counts = me.locator(".facts dd")
        expect(counts).to_have_text(["0", "0", "0"])
        # Late in the evening by UTC, when it is the next day where the browser is.
        with at(device, "2026-12-01T20:00:00Z"):
            expect(console.page.locator("#device")).to_contain_text("Dec 2")
            for said in ("me.examples.done", "me.examples.there"):
                console.press(console.button("me.examples"))
                expect(me.get_by_text(console.said(said))).to_be_visible()
                expect(counts).to_have_text(["3", "2", "2"])
        today, tomorrow = (
            datetime.fromisoformat(device.api.get(f"/v1/personal/{kind}").json()["items"][0][field]).date()
            for kind, field in (("notes", "at"), ("calendar", "start"))
        )
        assert tomorrow - today == timedelta(days=1)
        device.api.post("/v1/personal/notes", json={"title": "别处", "body": "写的"}).raise_for_status()
        console.phone("write")
        console.phone("me")
        expect(counts).to_have_text(["3", "2", "3"])
        dialog = console.page.get_by_role("dialog", name=console.said("me.clear.title"), exact=True)
        for answer in ("common.cancel", "me.clear"):
            console.press(console.button("me.clear", me))
            console.press(console.button(answer, dialog))
            expect(dialog).to_have_count(0)
            expect(counts).to_have_text(["3", "2", "3"] if answer == "common.cancel" else ["0", "0", "0"])
        expect(me.get_by_text(console.said("me.cleared"))).to_be_focused()


class TestThoughts:
    def test_all_earlier_ones_can_be_read_and_deleted(self, console: ConsolePage, device: ServedDevice) -> None:
        texts = ["最近睡不好。" * 100, *(f"{GOAL}，第{number}次" for number in range(20))]
        for text in texts:
            device.api.post("/v1/insights", json={"text": text}).raise_for_status()
        insights = tell(console, GOAL)
        console.press(insights.locator(".earlier summary"))
        rows = insights.locator(".earlier li")
        expect(rows).to_have_count(20)
        console.press(console.button("common.more"))
        expect(rows).to_have_count(22)
        expect(console.button("common.more")).to_have_count(0)
        oldest = rows.last
        short = oldest.bounding_box()
        console.press(console.button("insights.whole", oldest))
        whole = oldest.bounding_box()
        assert short
        assert whole
        assert short["height"] < 200 < whole["height"]
        console.press(oldest.get_by_role("button"))
        expect(rows).to_have_count(21)
        expect(insights.get_by_text(console.said("insights.forgotten"))).to_be_focused()
        expect(insights.locator(".insight").first).to_be_visible()

    def test_long_words_fit_on_the_phone(self, device: ServedDevice, open_page: Open) -> None:
        device.consent()
        console = open_page(device.url, PHONE, "en")
        screens = console.page.locator(".screens:not([hidden])")
        console.page.locator("#write-task").select_option("entities")
        console.predict(f"王建国在{LONG_WORD}工作")
        assert screens.evaluate(_FITS)
        insights = tell(console, f"我希望提升我的{LONG_WORD}能力")
        expect(insights.locator(".insight-answer > .note")).to_contain_text(LONG_WORD)
        assert screens.evaluate(_FITS)
        console.press(insights.locator(".earlier summary"))
        expect(insights.locator(".earlier li")).to_have_count(1)
        assert screens.evaluate(_FITS)
