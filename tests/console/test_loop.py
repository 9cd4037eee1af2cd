"""The whole loop on the page, in a real Chromium, with a real device behind it, on a phone and on a desk."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.console.conftest import Open
from tests.console.console_page import ConsolePage
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE, SCREENS, Language, Screen
from tests.support.cloud_peer import Request

ON_EACH_SCREEN = pytest.mark.parametrize("screen", SCREENS, ids=str)
LANGUAGES: dict[Screen, Language] = {PHONE: "zh-CN", DESK: "en"}
SENTENCE = TAUGHT[0]
WATCHED_EPOCHS = 1500


@pytest.fixture
def console(device: ServedDevice, open_page: Open, screen: Screen) -> ConsolePage:
    """The page of a device that was never used: Chinese on the phone, English on the desk."""
    return open_page(device.url, screen, LANGUAGES[screen])


@ON_EACH_SCREEN
def test_it_learns_what_was_corrected_and_goes_back(console: ConsolePage, device: ServedDevice) -> None:
    before = asks_for_consent_first(console, device)
    twenty_corrections(console, device)
    waits_for_the_night(console)
    an_update_is_seen_live(console)
    after = version_answers(console, 1, LABEL)
    assert after != before
    two_versions_are_compared(console, before, after)
    rolls_back(console)
    assert version_answers(console, 0, "负面") == before
    everything_is_erased(console, device)


def asks_for_consent_first(console: ConsolePage, device: ServedDevice) -> dict[str, str]:
    for choice in ("consent.continue", "consent.decline"):
        expect(console.button(choice)).to_be_in_viewport(ratio=1)
    expect(console.button("write.predict")).to_be_hidden()
    assert device.api.get("/v1/consent").json()["personalization"] is False
    console.agree()
    assert device.api.get("/v1/consent").json()["personalization"] is True
    assert device.api.get("/v1/consent").json()["cloud_assist"] is False
    return version_answers(console, 0, "负面")


def version_answers(console: ConsolePage, version: int, label: str) -> dict[str, str]:
    """Predict the sentence; probabilities as they are drawn."""
    console.side("phone")
    result = console.predict(SENTENCE)
    expect(result).to_have_attribute("data-version", str(version))
    expect(result).to_have_attribute("data-label", label)
    expect(result.get_by_text(console.said("write.version", version=version))).to_be_visible()
    expect(console.label(LABEL)).to_be_in_viewport(ratio=1)
    return console.shares(result)


def twenty_corrections(console: ConsolePage, device: ServedDevice) -> None:
    for text in TAUGHT:
        console.predict(text)
        console.correct(LABEL)
    samples = device.api.get("/v1/samples?limit=50").json()["items"]
    assert [(one["text"], one["label"], one["state"]) for one in samples] == [(text, LABEL, "new") for text in TAUGHT]
    console.desk("samples")
    expect(console.page.locator("#samples-list li")).to_have_count(len(TAUGHT))
    expect(console.card("samples").get_by_text(console.said("samples.total", total=20))).to_be_visible()


def waits_for_the_night(console: ConsolePage) -> None:
    console.desk("train")
    expect(console.card("schedule").locator(".pending [data-task=sentiment]")).to_have_attribute("data-pending", "20")
    console.press(console.button("schedule.tick"))
    decision = console.card("schedule").locator(".decision")
    expect(decision).to_contain_text(console.said("schedule.wait"))
    for name in ("charging", "wifi", "idle"):
        expect(decision.get_by_text(console.said(f"reason.{name}"))).to_be_visible()
    console.night()


def an_update_is_seen_live(console: ConsolePage) -> None:
    console.set_epochs(WATCHED_EPOCHS)
    console.watch_run()
    console.press(console.button("train.now"))
    expect(console.run).to_have_attribute("data-state", "running")
    expect(console.run).to_have_attribute("data-state", "published")
    descriptions = console.seen_of_run("running")
    assert len(descriptions) >= 3
    first, last = (float(figure) for figure in re.findall(r"\d+\.\d+", descriptions[-1]))
    assert last < first
    assert console.is_drawn()
    expect(console.run.locator("progress")).to_have_js_property("value", WATCHED_EPOCHS)
    expect(console.run.get_by_text(console.said("update.published-as", version=1))).to_be_visible()
    console.desk("versions")
    expect(console.version(1)).to_have_attribute("aria-current", "true")
    expect(console.version(1)).to_have_attribute("data-state", "trying")
    expect(console.version(1)).to_contain_text(console.said("versions.from", parent=0, samples=20))
    expect(console.version(1).locator(".figures")).to_contain_text(
        console.said("metric.right", right="0 → 20", count=20)
    )
    expect(console.version(0)).to_have_attribute("data-state", "base")


def two_versions_are_compared(console: ConsolePage, before: dict[str, str], after: dict[str, str]) -> None:
    versions = console.desk("versions")
    versions.get_by_role("textbox", name=console.said("compare.text"), exact=True).fill(SENTENCE)
    console.press(console.button("compare.go"))
    comparison = console.page.locator("#comparison")
    expect(comparison.get_by_text(console.said("compare.differ"))).to_be_visible()
    for version, label, shares in ((0, "负面", before), (1, LABEL, after)):
        side = comparison.locator(f"[data-version='{version}']")
        expect(side).to_have_attribute("data-label", label)
        assert console.shares(side) == shares


def rolls_back(console: ConsolePage) -> None:
    console.desk("versions")
    button = (
        console.button("versions.to-parent")
        if console.screen is PHONE
        else console.button("versions.rollback-to", version=0)
    )
    console.press(button)
    expect(console.card("versions").get_by_text(console.said("versions.moved", version=0, previous=1))).to_be_visible()
    expect(console.version(0)).to_have_attribute("aria-current", "true")
    expect(console.version(1)).to_have_attribute("data-state", "rolled_back")
    console.desk("records")
    expect(console.page.locator("#audit-list li").first).to_contain_text(console.said("audit.rollback"))


def everything_is_erased(console: ConsolePage, device: ServedDevice) -> None:
    console.desk("rights")
    console.press(console.button("rights.erase", console.card("erase")))
    dialog = console.page.get_by_role("dialog", name=console.said("rights.erase.title"), exact=True)
    confirm = console.button("rights.erase", dialog)
    word = console.said("rights.erase.word")
    typed = dialog.get_by_label(console.said("rights.erase.type", word=word), exact=True)
    typed.fill(word[:-1])
    expect(confirm).to_be_disabled()
    typed.fill(word)
    console.press(confirm)
    expect(console.card("erase").get_by_text(console.said("rights.erased"))).to_be_visible()
    assert device.api.get("/v1/samples").json()["total"] == 0
    assert [one["version"] for one in device.api.get("/v1/models").json()["models"] if one["updatable"]] == [0, 0, 0]
    console.desk("samples")
    expect(console.page.locator("#samples-list li")).to_have_count(0)
    console.desk("versions")
    expect(console.page.locator("#timeline > li")).to_have_count(1)
    console.side("phone")
    expect(console.button("consent.continue")).to_be_visible()
    expect(console.box).to_be_hidden()


@ON_EACH_SCREEN
def test_it_trains_by_itself_when_the_conditions_hold(console: ConsolePage, device: ServedDevice) -> None:
    console.agree()
    device.teach()
    console.night()
    expect(console.card("schedule").locator(".pending [data-task=sentiment]")).to_have_attribute("data-pending", "20")
    console.press(console.button("schedule.tick"))
    expect(console.card("schedule").locator(".decision")).to_contain_text(console.said("schedule.train"))
    expect(console.run).to_have_attribute("data-state", "published")
    expect(console.card("training").locator(".rows")).to_contain_text(console.said("trigger.schedule"))
    expect(console.card("schedule").locator(".pending [data-task=sentiment]")).to_have_attribute("data-pending", "0")
    console.desk("versions")
    expect(console.version(1)).to_have_attribute("aria-current", "true")


@ON_EACH_SCREEN
def test_what_is_liked_becomes_a_sample_and_can_be_taken_back(console: ConsolePage, device: ServedDevice) -> None:
    console.agree()
    insights = console.phone("insights")
    insights.get_by_role("textbox", name=console.said("insights.text"), exact=True).fill("我希望提升我的演讲能力")
    console.press(console.button("insights.ask"))
    first = insights.locator(".insight").first
    like, dismiss = (console.button(f"insights.{name}", first) for name in ("like", "dismiss"))
    expect(insights.locator(".facts")).to_contain_text("演讲能力")
    expect(first.locator(".why")).to_contain_text(console.said("insights.why").strip())
    console.press(like)
    expect(first.get_by_text(console.said("insights.like.done", pending=1))).to_be_visible()
    expect(like).to_have_attribute("aria-pressed", "true")
    liked = device.api.get("/v1/samples").json()["items"]
    assert [one["task"] for one in liked] == ["insight"]
    console.press(dismiss)
    expect(first.get_by_text(console.said("insights.dismiss.done"))).to_be_visible()
    expect(like).to_have_attribute("aria-pressed", "false")
    expect(dismiss).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_class(re.compile(r"\bdismissed\b"))
    assert device.api.get("/v1/samples").json()["total"] == 0


def ask(console: ConsolePage, text: str, button: str = "assist.send") -> Locator:
    """Ask the assistant; its answer, with what left the phone opened."""
    replies = console.page.locator(".turn.reply:not([aria-busy])")
    count = replies.count()
    console.page.get_by_role("textbox", name=console.said("assist.text"), exact=True).fill(text)
    console.press(console.button(button))
    expect(replies).to_have_count(count + 1)
    reply = replies.nth(count)
    console.press(reply.locator(".trace summary"))
    return reply


def greeting(request: Request) -> str:
    """A cloud model's answer that uses the placeholder it was given."""
    found = re.search(r"\[PERSON_\w+\]", request.prompt)
    return f"尊敬的{found[0]}：非常抱歉。" if found else "用叠加态来计算。"


@ON_EACH_SCREEN
def test_each_answer_says_what_stayed_and_shows_the_bytes_that_left(console: ConsolePage, device: ServedDevice) -> None:
    device.peer.reply(greeting)
    console.agree(cloud=True)
    me = console.phone("me")
    console.press(console.button("me.examples"))
    expect(me.get_by_text(console.said("me.examples.done"))).to_be_visible()
    console.phone("assistant")

    private = ask(console, "王总的电话是多少")
    expect(private).to_have_attribute("data-route", "private")
    expect(private.locator(".answer")).to_contain_text("13800138000")
    expect(private.get_by_text(console.said("assist.nothing-left"))).to_be_visible()
    expect(private.locator("pre")).to_have_count(0)
    assert device.peer.connections == []

    mixed = "给王总写一封道歉邮件"
    tried = ask(console, mixed, "assist.preview")
    would_leave = tried.locator("pre").text_content()
    assert device.peer.connections == []
    sent = ask(console, mixed)
    expect(sent).to_have_attribute("data-route", "mixed")
    expect(sent.locator(".answer")).to_contain_text("尊敬的王")
    general = ask(console, "量子计算是什么")
    expect(general.locator(".answer")).to_have_text("用叠加态来计算。")
    expect(general.get_by_text(console.said("assist.left"))).to_be_visible()

    got = [request.body.decode() for request in device.peer.requests]
    assert [sent.locator("pre").text_content(), general.locator("pre").text_content()] == got
    assert json.loads(would_leave or "")["messages"] == json.loads(got[0])["messages"]
    assert "王" not in got[0]
    expect(sent.locator("table").get_by_text("王总", exact=True)).to_be_visible()

    console.desk("records")
    rows = console.page.locator("#egress-list > li")
    expect(rows).to_have_count(2)
    assert sorted(rows.locator("pre").all_text_contents()) == sorted(got)


@ON_EACH_SCREEN
def test_an_export_is_downloaded_and_brings_the_state_back(
    console: ConsolePage, device: ServedDevice, tmp_path: Path
) -> None:
    console.agree()
    device.teach()
    assert device.update() == "published"
    console.desk("rights")
    passphrase = console.said("rights.passphrase")
    console.card("export").get_by_label(passphrase, exact=True).fill("三只小猪 and a 🐺")
    with console.page.expect_download() as downloading:
        console.press(console.button("rights.export"))
    name = downloading.value.suggested_filename
    expect(console.card("export").get_by_text(console.said("rights.exported", name=name))).to_be_visible()
    file = tmp_path / name
    downloading.value.save_as(file)
    assert len(json.loads(file.read_text("utf-8"))["samples"]) == len(TAUGHT)

    device.renew()
    console.page.reload()
    console.desk("rights")
    console.page.get_by_label(console.said("rights.file"), exact=True).set_input_files(file)
    console.card("import").get_by_label(passphrase, exact=True).fill("三只小猪 and a 🐺")
    console.press(console.button("rights.import"))
    dialog = console.page.get_by_role("dialog", name=console.said("rights.import.title"), exact=True)
    console.press(console.button("rights.import", dialog))
    expect(console.card("import").get_by_text(console.said("rights.imported", samples=20, versions=1))).to_be_visible()
    console.desk("versions")
    expect(console.version(1)).to_have_attribute("aria-current", "true")
    version_answers(console, 1, LABEL)
