"""The documentation's pictures: a real device, used for a while over HTTP, as its console shows it; and real reports.

`python -m docs.scripts.screenshots [NAME ...]` writes `docs/images/*.png`. It takes some minutes, of which the fleet
needs most: name groups (console, records, lab, fleet) to take only theirs.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from docs.scripts.cloud import running_cloud
from docs.scripts.device import running_device
from docs.scripts.pages import DOCS
from docs.scripts.used_device import ask_cloud, use, want_training

_IMAGES = DOCS / "images"
_WIDE, _NARROW = (1440, 1000), (375, 812)
_COLOURS = 256
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium(playwright: Playwright) -> str:
    """Where a Chromium is. Raises SystemExit with a sentence where there is none."""
    named = os.environ.get("ATTUNE_CHROMIUM")
    candidates = [named] if named else [playwright.chromium.executable_path, *map(shutil.which, _ON_PATH)]
    found = next((one for one in candidates if one and Path(one).is_file()), None)
    if found is None:
        where = f"ATTUNE_CHROMIUM names no file: {named}" if named else "none is on the path"
        raise SystemExit(f"the pictures need a Chromium, and {where}; install one, or: playwright install chromium")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(playwright), args=list(_FLAGS))
        yield started
        started.close()


@contextmanager
def opened(of: Browser, url: str, size: tuple[int, int], language: str) -> Iterator[Page]:
    """A page of this size in this language, which has loaded."""
    width, height = size
    context = of.new_context(
        viewport={"width": width, "height": height}, locale=language, device_scale_factor=2 if width < height else 1,
        reduced_motion="reduce", color_scheme="light", timezone_id="Asia/Shanghai",
    )  # fmt: skip
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    yield page
    context.close()


def take(page: Page, name: str) -> None:
    """Keep what the window shows, in few colours and so in few bytes."""
    page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = _IMAGES / f"{name}.png"
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    sys.stdout.write(f"docs/images/{path.name}: {path.stat().st_size // 1024} KB\n")


def console(of: Browser) -> None:
    """The console of a device that was used for some days."""
    with running_device() as device:
        use(device)
        url = str(device.base_url)
        with opened(of, url, _WIDE, "en-US") as page:
            _write(page, "今晚又得加班了")
            page.click("#tab-versions")
            page.fill("#compare-text", "今晚又得加班了")
            page.click("#compare-go")
            page.locator("#comparison", has_text="%").wait_for()
            take(page, "console-1440")
        want_training(device)
        with opened(of, url, _WIDE, "en-US") as page:
            _write(page, "最近一直在加班")
            page.click("#train-now")
            page.locator("#run", has_text=re.compile("published|rejected", re.IGNORECASE)).wait_for()
            page.wait_for_timeout(1500)  # until the list of runs has followed
            take(page, "console-training-1440")
        _narrow(of, url, device)


def records(of: Browser) -> None:
    """The audit trail and the ledger of a device that asked a cloud model once."""
    with running_cloud() as settings, running_device(**settings) as device:
        use(device)
        ask_cloud(device)
        with opened(of, str(device.base_url), _WIDE, "en-US") as page:
            _write(page, "今晚又得加班了")
            page.click("#tab-records")
            page.click("#egress-list summary")
            take(page, "console-records-1440")


def _narrow(of: Browser, url: str, device: httpx.Client) -> None:
    with opened(of, url, _NARROW, "zh-CN") as page:
        _write(page, "今晚又得加班了")
        take(page, "console-write-375")
        page.click("#tab-insights")
        page.fill("#insight-text", "我希望提升我的演讲能力")
        page.click("#insight-ask")
        page.wait_for_selector("#insight-result article")
        take(page, "console-insights-375")
        page.click("#tab-assistant")
        for request in ("王总的电话是多少", "我下周四有什么安排"):
            page.fill("#assist-text", request)
            page.click("#assist-send")
            page.wait_for_timeout(1500)
        take(page, "console-assistant-375")
        page.click("#side-desk")
        page.click("#tab-versions")
        take(page, "console-desk-375")
    device.delete("/v1/user-data").raise_for_status()
    with opened(of, url, _NARROW, "zh-CN") as page:
        take(page, "console-consent-375")


def _write(page: Page, text: str) -> None:
    page.fill("#write-text", text)
    page.click("#write-predict")
    page.wait_for_selector("#prediction article.result")


def lab(of: Browser) -> None:
    """The report of a few scenarios."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "lab.html"
        scenarios = ("rollback-to-parent", "bad-version-rolled-back-in-trial", "unplugged-in-training")
        _attune("lab", "run", *scenarios, "--report", str(report))
        with opened(of, report.as_uri(), _WIDE, "en-US") as page:
            take(page, "lab-report-1440")


def fleet(of: Browser) -> None:
    """The report of a small fleet, and its plot of what the gate does."""
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        _attune("fleet", "run", "--users", "30", "--updates", "3", "--vary", "gate=on,off", "--out", str(run))
        _attune("fleet", "report", str(run))
        shutil.copyfile(run / "plots" / "variants-by-samples.png", _IMAGES / "fleet-gain-by-samples.png")
        with opened(of, (run / "report.html").as_uri(), _WIDE, "en-US") as page:
            take(page, "fleet-report-1440")


def _attune(*arguments: str) -> None:
    program = "from app.cli.main import main; main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ATTUNE_")}
    subprocess.run([sys.executable, "-c", program, *arguments], cwd=DOCS.parent, env=environment, check=True)


GROUPS: dict[str, Callable[[Browser], None]] = {"console": console, "records": records, "lab": lab, "fleet": fleet}


def main(names: list[str]) -> None:
    """Take the pictures of these groups, or of all."""
    unknown = set(names) - set(GROUPS)
    if unknown:
        raise SystemExit(f"there is no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    _IMAGES.mkdir(exist_ok=True)
    with browser() as started:
        for name in names or GROUPS:
            GROUPS[name](started)


if __name__ == "__main__":
    main(sys.argv[1:])
