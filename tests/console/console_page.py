"""The page as its user handles it: parts by their role and name, and the short ways to use them."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.console.words import said
from tests.support.browser import Language, Record, Screen

expect.set_options(timeout=30_000)

Side = Literal["phone", "desk"]
PhoneScreen = Literal["write", "insights", "assistant", "me"]
DeskSection = Literal["train", "versions", "samples", "records", "rights"]
DESK_SECTIONS: tuple[DeskSection, ...] = ("train", "versions", "samples", "records", "rights")

_WATCH_RUN = """() => {
  const run = document.getElementById("run");
  window.runSeen = [];
  new MutationObserver(() => window.runSeen.push([
    run.dataset.state, run.querySelector(".chart-canvas").getAttribute("aria-label") ?? "",
  ])).observe(run, { attributes: true, childList: true, subtree: true });
}"""
_SHARES = """bars => Object.fromEntries(
  bars.map(bar => [bar.dataset.label, bar.querySelector(".bar-fill").style.width]))"""
_DRAWN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some(byte => byte !== 0);
}"""


@dataclass(frozen=True)
class ConsolePage:
    """A page in a browser, the screen that it is looked at with, and its language."""

    page: Page
    screen: Screen
    language: Language
    record: Record

    @property
    def origin(self) -> str:
        """The one address that it may ask."""
        at = urlsplit(self.page.url)
        return f"{at.scheme}://{at.netloc}"

    def said(self, key: str, **parts: object) -> str:
        """A message in the page's language."""
        return said(self.language, key, **parts)

    def press(self, control: Locator) -> None:
        """A tap or a click, as the screen has it."""
        if self.screen.touch:
            control.tap()
        else:
            control.click()

    def button(self, key: str, within: Locator | None = None, **parts: object) -> Locator:
        """The button with this message."""
        return (within or self.page.locator("body")).get_by_role("button", name=self.said(key, **parts), exact=True)

    # Where to go.

    def side(self, side: Side) -> None:
        """The phone or the desk; on a wide screen both are there."""
        if self.screen.touch:
            self.press(self.page.get_by_role("tab", name=self.said(f"page.{side}"), exact=True))

    def phone(self, screen: PhoneScreen) -> Locator:
        """Go to one of the phone's screens."""
        self.side("phone")
        self.press(self.page.get_by_role("tab", name=self.said(f"phone.{screen}"), exact=True))
        return self.page.get_by_role("tabpanel", name=self.said(f"phone.{screen}"), exact=True)

    def desk(self, section: DeskSection) -> Locator:
        """Go to one of the desk's sections."""
        self.side("desk")
        self.press(self.page.get_by_role("tab", name=self.said(f"desk.{section}"), exact=True))
        return self.page.get_by_role("tabpanel", name=self.said(f"desk.{section}"), exact=True)

    def card(self, id_: str) -> Locator:
        """A card of the desk."""
        return self.page.locator(f"#{id_}")

    # What to do on the phone.

    def agree(self, *, cloud: bool = False) -> None:
        """Consent to learning from feedback, and to the cloud's help where asked."""
        self.press(self.page.get_by_role("switch", name=self.said("consent.personalization"), exact=True).first)
        if cloud:
            self.press(self.page.get_by_role("switch", name=self.said("consent.cloud"), exact=True).first)
        self.press(self.button("consent.continue"))
        expect(self.page.locator(".consent-layer")).to_be_hidden()

    @property
    def box(self) -> Locator:
        """Where a sentence is written."""
        return self.page.get_by_role("textbox", name=self.said("write.text"), exact=True)

    @property
    def result(self) -> Locator:
        """What was predicted last."""
        return self.page.locator("#prediction .result")

    def predict(self, text: str) -> Locator:
        """Write a sentence and have it predicted; the answer."""
        self.box.fill(text)
        self.press(self.button("write.predict"))
        expect(self.page.locator(".history-text").first).to_have_text(text)
        return self.result

    def correct(self, label: str) -> None:
        """Tap the right label of what was predicted last."""
        self.press(self.label(label))
        expect(self.page.locator(".history li").first.locator(".corrected")).to_have_text(self.said(f"label.{label}"))

    def label(self, label: str) -> Locator:
        """The chip of a label below the prediction."""
        return self.button(f"label.{label}", self.result)

    def shares(self, within: Locator) -> dict[str, str]:
        """Probabilities as they are drawn: widths of the bars, by label."""
        drawn: dict[str, str] = within.locator(".bar").evaluate_all(_SHARES)
        return drawn

    # What to do on the desk.

    def night(self) -> None:
        """Charging, on Wi-Fi, idle: what the device waits for."""
        self.desk("train")
        self.press(self.button("device.night"))
        for name in ("charging", "wifi", "idle"):
            expect(self.device_switch(name)).to_be_checked()

    def device_switch(self, name: str) -> Locator:
        """One of the device's conditions."""
        return self.card("device").get_by_role("switch", name=self.said(f"device.{name}"), exact=True)

    def set_epochs(self, epochs: float) -> None:
        """So many that a person can watch."""
        training = self.card("training")
        self.press(training.get_by_text(self.said("train.parameters"), exact=True))
        training.get_by_label(self.said("train.epochs"), exact=True).fill(str(epochs))

    @property
    def run(self) -> Locator:
        """The update that is watched."""
        return self.page.locator("#run")

    def watch_run(self) -> None:
        """Keep what the run's part shows from now on."""
        self.page.evaluate(_WATCH_RUN)

    def seen_of_run(self, state: str) -> list[str]:
        """The descriptions that the curve had while the run was in this state, each once."""
        seen: list[tuple[str, str]] = self.page.evaluate("window.runSeen")
        return list(dict.fromkeys(label for at, label in seen if at == state and label))

    def is_drawn(self) -> bool:
        """Whether the run's curve has any pixel."""
        drawn: bool = self.run.locator("canvas").evaluate(_DRAWN)
        return drawn

    def version(self, number: int) -> Locator:
        """A version in the timeline."""
        return self.page.locator(f"#timeline [data-version='{number}']")

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        pixels: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return pixels
