"""The page for those who use a keyboard, a screen reader or another contrast: axe-core's rules, and the keys alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.console.conftest import Open
from tests.console.console_page import ConsolePage
from tests.console.served import LABEL, TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE, SCREENS, Language, Scheme, Screen

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
# Rules look at words or at colours, so two looks at each view see all; the other pairs are seen on the other screen.
LOOKS: dict[Screen, tuple[tuple[Language, Scheme], ...]] = {
    PHONE: (("en", "dark"), ("zh-CN", "light")),
    DESK: (("en", "light"), ("zh-CN", "dark")),
}
GRAVE = ("serious", "critical")
_AXE: str = Axe().axe_script
_RUN = "() => axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)"
_OPEN_ALL = "() => { for (const one of document.querySelectorAll('details')) one.open = true; }"
_FOCUS = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  return { outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
           inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""


@dataclass(frozen=True)
class Violation:
    """A rule of axe-core's that a view breaks, and where."""

    view: str
    rule: str
    impact: str
    places: tuple[str, ...]


def violations(console: ConsolePage, view: str) -> Iterator[Violation]:
    """What axe-core finds, in both languages, light and dark; the page is left in Chinese."""
    page = console.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    page.evaluate(_OPEN_ALL)
    for language, scheme in LOOKS[console.screen]:
        page.locator("#language").evaluate(
            "(select, name) => { select.value = name; select.dispatchEvent(new Event('change')); }", language
        )
        page.emulate_media(color_scheme=scheme)
        found: list[dict[str, Any]] = page.evaluate(_RUN)
        for one in found:
            places = tuple(f"{node['target']} {node['failureSummary']}" for node in one["nodes"])
            yield Violation(f"{view} {console.screen} {language} {scheme}", one["id"], one["impact"], places)


def used(device: ServedDevice) -> None:
    """A device with something in every list: a rejected update, a published one, an answer of the cloud's."""
    device.consent(cloud=True)
    device.teach(labels=("正面", "负面"))
    assert device.update() == "rejected"
    device.teach()
    assert device.update() == "published"
    device.api.post("/v1/assist", json={"text": "量子计算是什么"}).raise_for_status()


def write(console: ConsolePage) -> None:
    console.phone("write")
    console.predict(TAUGHT[0])
    console.correct(LABEL)


def insights(console: ConsolePage) -> None:
    screen = console.phone("insights")
    screen.get_by_role("textbox").fill("我希望提升我的演讲能力")
    console.press(console.button("insights.ask"))
    console.press(console.button("insights.like", screen.locator(".insight").first))
    expect(screen.locator(".saved").first).not_to_be_empty()


def assistant(console: ConsolePage) -> None:
    screen = console.phone("assistant")
    for text in ("我下周四有什么安排", "量子计算是什么"):
        answers = screen.locator(".turn.reply:not([aria-busy])")
        count = answers.count()
        screen.get_by_role("textbox").fill(text)
        console.press(console.button("assist.send"))
        expect(answers).to_have_count(count + 1)


def versions(console: ConsolePage) -> None:
    section = console.desk("versions")
    section.get_by_role("textbox").fill(TAUGHT[0])
    console.press(console.button("compare.go"))
    expect(console.page.locator("#comparison article")).to_have_count(2)
    expect(section.locator(".fallen")).to_have_count(1)


def training(console: ConsolePage) -> None:
    console.desk("train")
    expect(console.run).to_have_attribute("data-state", "published")


PHONE_VIEWS: tuple[Callable[[ConsolePage], object], ...] = (
    write, insights, assistant, lambda console: console.phone("me"), lambda console: console.phone("write"),
)  # fmt: skip
DESK_VIEWS: tuple[Callable[[ConsolePage], object], ...] = (
    training, versions, lambda console: console.desk("samples"), lambda console: console.desk("records"),
    lambda console: console.desk("rights"),
)  # fmt: skip
VIEWS = {
    # Beside each other where there is room, so that one look sees two.
    DESK: [[one, other] for one, other in zip(PHONE_VIEWS, DESK_VIEWS, strict=True)],
    PHONE: [[one] for one in (*PHONE_VIEWS[:4], *DESK_VIEWS)],
}


def dialogs(console: ConsolePage) -> Iterator[tuple[str, Locator]]:
    """Each dialog, open; closed again by Escape."""
    console.desk("rights")
    console.press(console.button("rights.erase", console.card("erase")))
    yield "erase", console.page.get_by_role("dialog")
    console.desk("samples")
    learnt = console.page.locator("#samples-list li").filter(has_text=console.said("samples.learnt-by", versions=2))
    console.press(learnt.first.get_by_role("button"))
    yield "delete", console.page.get_by_role("dialog")


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_no_view_breaks_a_rule_of_axe_gravely(device: ServedDevice, open_page: Open, screen: Screen) -> None:
    console = open_page(device.url, screen, "zh-CN")
    expect(console.button("consent.continue")).to_be_visible()
    found = list(violations(console, "consent"))
    used(device)
    console.page.reload()
    for number, steps in enumerate(VIEWS[screen]):
        for step in steps:
            step(console)
        found += violations(console, f"view {number}")
    for name, dialog in dialogs(console):
        expect(dialog).to_be_visible()
        found += violations(console, name)
        console.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    for one in found:
        print(one.view, one.rule, one.impact, *one.places, sep="\n  ")
    assert [(one.view, one.rule, one.places) for one in found if one.impact in GRAVE] == []


def tab_to(console: ConsolePage, target: Locator, most: int = 40) -> None:
    """Press Tab until the focus is there; it is seen at every step."""
    expect(target).to_be_visible()
    for _ in range(most):
        console.page.keyboard.press("Tab")
        focus = console.page.evaluate(_FOCUS)
        assert focus["inside"], console.page.evaluate("document.activeElement.outerHTML")
        assert focus["outline"] >= 2, console.page.evaluate("document.activeElement.outerHTML")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("Tab does not get there")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_alone_consents_writes_and_corrects(
    device: ServedDevice, open_page: Open, language: Language
) -> None:
    console = open_page(device.url, DESK, language)
    keyboard = console.page.keyboard
    consent = console.page.get_by_role("switch", name=console.said("consent.personalization"), exact=True).first
    tab_to(console, consent)
    keyboard.press("Space")
    tab_to(console, console.button("consent.continue"))
    keyboard.press("Enter")
    tab_to(console, console.box)
    keyboard.type("今天又要加班到很晚")
    keyboard.press("Enter")
    expect(console.result).to_have_attribute("data-label", "负面")
    expect(console.box).to_be_focused()
    tab_to(console, console.label(LABEL))
    keyboard.press("Enter")
    expect(console.label(LABEL)).to_have_attribute("aria-pressed", "true")
    expect(console.label(LABEL)).to_be_focused()
    assert [one["label"] for one in device.api.get("/v1/samples").json()["items"]] == [LABEL]


def test_tabs_move_by_arrows_and_dialogs_give_the_focus_back(device: ServedDevice, open_page: Open) -> None:
    device.consent()
    console = open_page(device.url, DESK, "en")
    keyboard = console.page.keyboard
    console.desk("train")
    keyboard.press("End")
    last = console.page.get_by_role("tab", name=console.said("desk.rights"), exact=True)
    expect(last).to_be_focused()
    expect(last).to_have_attribute("aria-selected", "true")
    keyboard.press("ArrowRight")
    expect(console.page.get_by_role("tab", name=console.said("desk.train"), exact=True)).to_be_focused()
    keyboard.press("ArrowLeft")
    erase = console.button("rights.erase", console.card("erase"))
    tab_to(console, erase)
    keyboard.press("Enter")
    expect(console.page.get_by_role("dialog")).to_be_visible()
    expect(console.page.locator("#erase-word")).to_be_focused()
    keyboard.press("Escape")
    expect(console.page.get_by_role("dialog")).to_be_hidden()
    expect(erase).to_be_focused()
    assert device.api.get("/v1/consent").json()["personalization"] is True
