"""The desk says only what it knows, and does what was asked, all of it and no more, in the order it was asked in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.console.conftest import Open
from tests.console.console_page import ConsolePage, DeskSection
from tests.console.served import TAUGHT, ServedDevice
from tests.support.browser import DESK, PHONE, Screen

LATE = 150
PAGE = 50
VERSIONS = 113
VERDICTS: tuple[tuple[DeskSection, str, str], ...] = (
    ("train", "training", "update.none"),
    ("samples", "samples", "samples.none"),
    ("records", "audit", "audit.none"),
    ("records", "egress", "egress.none"),
)
CLOCK = "2031-03-01T04:00:00+00:00"

# The first change of the device's conditions is late, and so is every answer to one.
_LATE_CHANGES = f"""() => {{
  const {{ fetch }} = window;
  const late = () => new Promise(resolve => setTimeout(resolve, {LATE}));
  let first = true;
  window.fetch = async (path, options) => {{
    if (options?.method !== "PUT" || !path.endsWith("v1/device")) return fetch(path, options);
    if (first) await late();
    first = false;
    const answer = await fetch(path, options);
    await late();
    return answer;
  }};
}}"""


@pytest.fixture
def console(device: ServedDevice, open_page: Open) -> ConsolePage:
    """The page on a desk, in English, with consent given."""
    device.consent(cloud=True)
    return open_page(device.url, DESK, "en")


def problem(within: Locator, code: str) -> Locator:
    """What says this problem."""
    return within.locator(f".problem[data-code='{code}']")


def fail(route: Route, status: int = 500) -> None:
    """Answer with a problem."""
    route.fulfill(status=status, json={"title": "Failed", "status": status})


@contextmanager
def failing(console: ConsolePage, path: str, status: int = 500) -> Iterator[None]:
    """Reading `path` fails."""
    console.record.allow(f"status of {status}")
    console.page.route(path, lambda route: fail(route, status))
    yield
    console.page.unroute(path)


class TestKnown:
    def test_the_ledger_shows_what_others_send(self, console: ConsolePage, device: ServedDevice) -> None:
        console.desk("records")
        verdict = console.card("egress").get_by_text(console.said("egress.none"))
        expect(verdict).to_be_visible()
        device.api.post("/v1/assist", json={"text": "量子计算是什么"}).raise_for_status()
        expect(console.page.locator("#egress-list > li")).to_have_count(1)
        expect(verdict).to_be_hidden()
        body = console.page.locator("#egress-list details").first
        console.press(body.locator("summary"))
        device.api.post("/v1/assist", json={"text": "光合作用是什么"}).raise_for_status()
        expect(console.page.locator("#egress-list > li")).to_have_count(2)
        expect(console.page.locator("#egress-list details").nth(1)).to_have_attribute("open", "")

    def test_what_could_not_be_read_is_no_empty_list(self, console: ConsolePage) -> None:
        page = console.page
        with failing(console, "**/v1/*?limit=*"):
            page.reload()
            for section, card, none in VERDICTS:
                console.desk(section)
                expect(console.card(card).locator(".problem")).to_have_text(console.said("problem.status.500"))
                expect(console.card(card).get_by_text(console.said(none))).to_be_hidden()
                expect(console.button("common.more", console.card(card))).to_be_hidden()
        verdict = console.card("egress").get_by_text(console.said("egress.none"))
        expect(verdict).to_be_visible()
        expect(console.card("egress").locator(".problem")).to_have_count(0)
        with failing(console, "**/v1/egress?*", status=401):
            expect(page.get_by_role("dialog", name=console.said("token.title"))).to_be_visible()
            expect(verdict).to_be_hidden()


class TestTasks:
    def test_a_list_of_one_task_never_turns_another(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach()
        assert device.update() == "published"
        asked: list[Route] = []

        def late_and_in_vain(route: Route) -> None:
            if asked:
                fail(route)
            asked.append(route)

        console.page.route("**/v1/models/route/versions", late_and_in_vain)
        console.desk("versions")
        expect(console.version(1)).to_be_visible()
        with console.page.expect_request("**/v1/models/route/versions"):
            console.page.locator("#versions-task").select_option("route")
        expect(console.version(1)).to_have_count(0)
        for button in ("versions.to-parent", "versions.to-base"):
            expect(console.button(button)).to_be_disabled()
        console.record.allow("status of 500")
        fail(asked[0])
        expect(console.card("versions").locator(".problem")).to_be_visible()
        expect(console.page.locator("#timeline > li")).to_have_count(0)
        console.page.unroute("**/v1/models/route/versions")
        expect(console.version(0)).to_have_attribute("aria-current", "true")
        expect(console.card("versions").locator(".problem")).to_have_count(0)
        console.page.locator("#versions-task").select_option("sentiment")
        console.press(console.button("versions.rollback-to", version=0))
        expect(console.version(0)).to_have_attribute("aria-current", "true")

    def test_a_comparison_waits_for_the_versions_of_its_task(self, console: ConsolePage) -> None:
        console.desk("versions")
        console.page.locator("#compare-text").fill(TAUGHT[0])
        console.press(console.button("compare.go"))
        expect(console.page.locator("#comparison article")).to_have_count(2)
        with failing(console, "**/v1/models/route/versions"):
            console.page.locator("#compare-task").select_option("route")
            expect(console.card("compare").locator(".problem")).to_be_visible()
            expect(console.button("compare.go")).to_be_disabled()
            expect(console.page.locator("#comparison article")).to_have_count(0)
        console.press(console.button("compare.go"))
        expect(console.page.locator("#comparison article")).to_have_count(2)


class TestSamples:
    @pytest.mark.parametrize("screen", [PHONE, DESK], ids=str)
    def test_one_that_many_versions_learnt_fits(self, device: ServedDevice, open_page: Open, screen: Screen) -> None:
        def learnt(route: Route) -> None:
            answer = route.fetch()
            found = answer.json()
            for one in found["items"]:
                one["learned_by"] = [*range(1, VERSIONS + 1), *range(VERSIONS + 2, VERSIONS + 60, 2)]
            route.fulfill(response=answer, json=found)

        device.consent()
        device.teach(TAUGHT[:1])
        console = open_page(device.url, screen, "en")
        console.page.route("**/v1/samples?*", learnt)
        console.desk("samples")
        row = console.page.locator("#samples-list li")
        expect(row).to_contain_text(f"learnt by versions 1 to {VERSIONS}, {VERSIONS + 2}, ")
        expect(row.get_by_role("button")).to_be_in_viewport(ratio=1)
        assert console.overflow() == 0
        console.press(row.get_by_role("button"))
        expect(console.page.get_by_role("dialog")).to_contain_text(TAUGHT[0])
        console.page.keyboard.press("Escape")
        console.page.unroute_all(behavior="wait")

    def test_as_many_stay_as_were_shown(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach([f"{text}{number}" for number in range(3) for text in TAUGHT][: PAGE + 1])
        console.desk("samples")
        rows = console.page.locator("#samples-list li")
        expect(rows).to_have_count(PAGE)
        console.press(console.button("common.more", console.card("samples")))
        expect(rows).to_have_count(PAGE + 1)
        expect(console.page.locator("#samples-list")).to_be_focused()
        device.teach(TAUGHT[:1])
        expect(rows).to_have_count(PAGE + 2)
        with failing(console, "**/v1/samples?task=route&*"):
            console.page.locator("#samples-task").select_option("route")
            expect(console.card("samples").locator(".problem")).to_be_visible()
            expect(rows).to_have_count(0)
        expect(console.card("samples").get_by_text(console.said("samples.none"))).to_be_visible()
        console.press(console.button("samples.delete-all"))
        dialog = console.page.get_by_role("dialog", name=console.said("samples.delete-all"))
        expect(dialog).to_contain_text(console.said("samples.all-learnt", total=PAGE + 2))
        console.page.keyboard.press("Escape")


class TestFields:
    def test_what_is_no_number_is_never_taken_for_the_default(self, console: ConsolePage, device: ServedDevice) -> None:
        device.teach()
        training = console.card("training")
        console.press(training.get_by_role("switch", name=console.said("train.force"), exact=True))
        console.press(training.get_by_text(console.said("train.parameters"), exact=True))
        epochs = training.get_by_label(console.said("train.epochs"), exact=True)
        for typed in ("1e", "--5"):
            epochs.press_sequentially(typed)
            console.press(console.button("train.now"))
            expect(problem(training, "invalid-number")).to_be_visible()
            expect(epochs).to_be_focused()
            expect(epochs).to_have_attribute("aria-invalid", "true")
            epochs.fill("")
        assert device.api.get("/v1/updates").json()["items"] == []
        epochs.press_sequentially("5")
        epochs.press("Enter")
        expect(console.run.locator("progress")).to_have_js_property("value", 5)
        expect(epochs).not_to_have_attribute("aria-invalid", "true")

    def test_saving_the_rule_changes_only_what_was_changed(self, console: ConsolePage, device: ServedDevice) -> None:
        schedule = console.card("schedule")
        device.api.put("/v1/schedule", json={"min_battery": 0.505}).raise_for_status()
        console.press(schedule.get_by_text(console.said("policy.title"), exact=True))
        battery = schedule.get_by_label(console.said("policy.min_battery"), exact=True)
        expect(battery).to_have_value("50.5")
        schedule.get_by_label(console.said("policy.min_new_samples"), exact=True).fill("7")
        device.api.put("/v1/schedule", json={"retention_days": 11, "require_wifi": False}).raise_for_status()
        console.press(console.button("policy.save"))
        expect(schedule.get_by_text(console.said("policy.saved"))).to_be_visible()
        policy = device.api.get("/v1/schedule").json()["policy"]
        changed = {name: policy[name] for name in ("min_battery", "min_new_samples", "retention_days", "require_wifi")}
        assert changed == {
            "min_battery": 0.505, "min_new_samples": 7, "retention_days": 11, "require_wifi": False,
        }  # fmt: skip


class TestInTurn:
    def test_conditions_end_as_they_were_put_last_and_a_training_waits_for_them(
        self, console: ConsolePage, device: ServedDevice
    ) -> None:
        device.api.put("/v1/device", json={"now": CLOCK, "battery": 1}).raise_for_status()
        device.teach()
        clock = console.card("device").locator(".clock-part strong")
        expect(clock).to_contain_text("2031")
        console.page.evaluate(_LATE_CHANGES)
        charging = console.device_switch("charging")
        console.press(charging)
        console.press(charging)
        battery = console.card("device").get_by_role("slider")
        for _ in range(3):
            console.press(console.button("device.hour"))
            battery.press("ArrowLeft")
        expect(clock).to_contain_text("15:00")
        expect(battery).to_have_value("97")
        expect(charging).not_to_be_checked()
        found = device.api.get("/v1/device").json()
        assert (found["charging"], found["battery"], found["now"][:13]) == (False, 0.97, "2031-03-01T07")
        console.press(console.button("device.night"))
        console.press(console.button("train.now"))
        expect(console.run).to_have_attribute("data-state", "published")
        expect(console.card("training").locator(".problem")).to_have_count(0)


class TestRights:
    def test_an_import_asks_first_says_how_it_went_and_the_runs_are_there_again(
        self, console: ConsolePage, device: ServedDevice, tmp_path: Path
    ) -> None:
        device.teach()
        assert device.update() == "published"
        file = tmp_path / "export.json"
        file.write_text(json.dumps(device.api.get("/v1/export").json()), "utf-8")
        console.desk("rights")
        card = console.card("import")
        done = card.get_by_text(console.said("rights.imported", samples=len(TAUGHT), versions=1))

        def bring_back(path: Path, answer: str = "rights.import") -> None:
            card.get_by_label(console.said("rights.file"), exact=True).set_input_files(path)
            console.press(console.button("rights.import", card))
            dialog = console.page.get_by_role("dialog")
            console.press(console.button(answer, dialog))
            expect(dialog).to_have_count(0)

        bring_back(file, "common.cancel")
        assert [one["action"] for one in device.api.get("/v1/audit").json()["items"]][-1] != "import"
        for _ in range(2):
            bring_back(file)
            expect(done).to_be_visible()
            console.desk("train")
            expect(console.card("training").locator(".recent li")).to_have_count(1)
            expect(console.run).to_have_attribute("data-state", "published")
            expect(console.card("training").get_by_text(console.said("update.none"))).to_be_hidden()
            console.desk("rights")
        console.record.allow("status of 4")
        file.write_text("{}", "utf-8")
        bring_back(file)
        expect(card.locator(".problem")).to_be_in_viewport()
        expect(done).to_have_count(0)
        file.write_text("", "utf-8")
        card.get_by_label(console.said("rights.file"), exact=True).set_input_files(file)
        console.press(console.button("rights.import", card))
        expect(problem(card, "malformed-json")).to_be_visible()
