"""Carries out the actions of one scenario."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab import fault_actions as fault
from lab import phone_actions as phone
from lab import user_actions as user
from lab.actions import Traffic
from lab.device import Build, Device
from lab.errors import PhoneHung, StepFailed
from lab.process import Processes
from lab.scenario import Scenario
from lab.times import Moment
from lab.traffic import Met
from lab.traffic import Traffic as RunningTraffic
from lab.vocabulary import Action

_POLL = 0.005


class Player:
    """A scenario's devices, and what the lab remembers of them."""

    def __init__(self, scenario: Scenario, seed: int, folder: Path, build: Build, processes: Processes) -> None:
        self._scenario = scenario
        self._seed = seed
        self._folder = folder
        self._build = build
        self.processes = processes
        self._random = random.Random(seed)  # noqa: S311  # what a user taps at random, the same in every run
        self._exports: dict[str, dict[str, Any]] = {}
        self.devices: dict[str, Device] = {}
        self.moment = Moment(0)
        self.remembered: dict[str, tuple[str, list[dict[str, float]]]] = {}
        self.met: Met | None = None
        self.affected: list[int] | None = None
        self._hands: dict[type[Action], Callable[[Device, Any], None]] = {
            user.Consent: self._consent, user.Correct: self._correct, user.Update: self._update,
            user.Cancel: self._cancel, user.Rollback: self._rollback, user.Activate: self._activate,
            user.Delete: self._delete, user.Export: self._export, user.Import: self._import, user.Erase: self._erase,
            phone.Phone: self._conditions, fault.Clock: self._clock, phone.Schedule: self._schedule,
            phone.Look: self._look, phone.Wait: self._wait, phone.Start: self._start, phone.Stop: self._stop,
            phone.Restart: self._restart, fault.Kill: self._kill, fault.SaveFiles: self._save_files,
            fault.PutBack: self._put_back, fault.Damage: self._damage, fault.Repair: self._repair,
            fault.Disk: self._disk, phone.Remember: self._remember, Traffic: self._traffic,
        }  # fmt: skip

    def device(self, name: str) -> Device:
        """The device of that name; new where it was not named before."""
        if name not in self.devices:
            zone = self._scenario.settings.timezone
            self.devices[name] = Device(name, self._folder / name, self._build, self.processes, zone)
        return self.devices[name]

    def turn_to(self, moment: Moment) -> None:
        """It is `moment` now: the clocks of the devices that run are set."""
        self.moment = moment
        for device in self.devices.values():
            # A device whose disk is full can't keep the time that it is set to: it stays behind until there is room.
            if device.running and not device.disk_is_full:
                self._set_clock(device)

    def do(self, device: Device, action: Action) -> None:
        """Carry out one action. Raises StepFailed, CannotProduce."""
        if action.needs_phone and not device.was_started:
            self.start(device, self._scenario.settings.passphrase)
        self._hands[type(action)](device, action)

    def start(self, device: Device, passphrase: str | None) -> None:
        """Start a device, and set its clock; one that is new gets the scenario's seed."""
        device.start(passphrase)
        self._set_clock(device)
        if not device.has_seed:
            self._set_seed(device)

    def _set_seed(self, device: Device) -> None:
        device.phone.call("PUT", "/v1/schedule", {"parameters": {"seed": self._seed}})
        device.has_seed = True

    def _set_clock(self, device: Device) -> None:
        now = self.moment.on(self._scenario.first_day, self._scenario.zone, device.shift)
        device.phone.call("PUT", "/v1/device", {"now": now.isoformat()})

    def _consent(self, device: Device, action: user.Consent) -> None:
        device.phone.call("PUT", "/v1/consent", {"personalization": action.consent})

    def _correct(self, device: Device, action: user.Correct) -> None:
        wish, task = action.correct, self._scenario.task
        labels = device.phone.model(task)["labels"] if wish.as_ == "random" else []
        chosen = self._scenario.labelled(wish.texts)[wish.skip :]
        for one in chosen[: wish.first]:
            label = self._random.choice(labels) if labels else wish.as_ or one.label
            device.phone.call("POST", "/v1/feedback", {"text": one.text, "task": task, "label": label})

    def _update(self, device: Device, action: user.Update) -> None:
        wish = action.update
        body = {"task": self._scenario.task, "force": wish.force, "parameters": wish.parameters(self._seed)}
        device.update_id = device.phone.call("POST", "/v1/updates", body)["id"]
        self._follow(device, wish.until)

    def _look(self, device: Device, action: phone.Look) -> None:
        begun = device.phone.call("POST", "/v1/schedule/tick")["update_ids"]
        if begun:
            device.update_id = begun[0]
            self._follow(device, action.look.until)

    def _follow(self, device: Device, until: str) -> None:
        """Wait until the update has come so far. Raises StepFailed, PhoneHung."""
        if until == "start":
            return
        epoch = int(until.split()[1]) if until != "end" else None
        deadline = time.monotonic() + device.patience
        while True:
            update = device.phone.call("GET", f"/v1/updates/{device.update_id}")
            if epoch is not None and update["finished_at"] is None and update["progress"]["epoch"] >= epoch:
                return
            if update["finished_at"] is not None:
                if epoch is None:
                    return
                raise StepFailed(f"the update ended before it was seen in epoch {epoch}: give it more epochs")
            if time.monotonic() > deadline:
                raise PhoneHung(f"the update did not come to its {until} within {device.patience:g} s")
            time.sleep(_POLL)

    def _wait(self, device: Device, _: phone.Wait) -> None:
        newest = device.phone.newest_update()
        if newest is not None:
            device.update_id = newest["id"]
            self._follow(device, "end")

    def _cancel(self, device: Device, _: user.Cancel) -> None:
        if device.update_id is None:
            raise StepFailed("there is no update to cancel")
        device.phone.call("POST", f"/v1/updates/{device.update_id}/cancel")
        self._follow(device, "end")

    def _rollback(self, device: Device, action: user.Rollback) -> None:
        body = action.rollback.model_dump(exclude_none=True)
        device.phone.call("POST", f"/v1/models/{self._scenario.task}/rollback", body)

    def _activate(self, device: Device, action: user.Activate) -> None:
        device.phone.call("POST", f"/v1/models/{self._scenario.task}/activate", {"version": action.activate})

    def _delete(self, device: Device, action: user.Delete) -> None:
        path = "/v1/samples"
        if action.delete.text is not None:
            samples = device.phone.all("/v1/samples", task=self._scenario.task)
            found = [sample["id"] for sample in samples if sample["text"] == action.delete.text]
            if not found:
                raise StepFailed("the device holds no sample of that text")
            path = f"/v1/samples/{found[-1]}"
        answer = device.phone.call("DELETE", path, query={"then": action.delete.then})
        self.affected = sorted(one["version"] for one in answer["affected_versions"])

    def _export(self, device: Device, action: user.Export) -> None:
        wish = action.export
        query = {"sealed": "true"} if wish.sealed else None
        self._exports[wish.to] = device.phone.call("GET", "/v1/export", query=query, passphrase=wish.passphrase)

    def _import(self, device: Device, action: user.Import) -> None:
        wish = action.import_
        document = self._exports.get(wish.from_)
        if document is None:
            raise StepFailed(f"nothing was exported to {wish.from_}")
        if wish.without_version is not None:
            document = _without(document, self._scenario.task, wish.without_version)
        device.phone.call("POST", "/v1/import", document, passphrase=wish.passphrase)
        self._set_clock(device)  # The clock's setting is a part of what an export holds.

    def _erase(self, device: Device, _: user.Erase) -> None:
        device.phone.call("DELETE", "/v1/user-data")
        self._set_clock(device)
        self._set_seed(device)

    def _conditions(self, device: Device, action: phone.Phone) -> None:
        device.phone.call("PUT", "/v1/device", action.phone.model_dump(exclude_none=True))

    def _clock(self, device: Device, action: fault.Clock) -> None:
        device.shift += action.span
        self._set_clock(device)

    def _schedule(self, device: Device, action: phone.Schedule) -> None:
        changes = action.schedule.model_dump(exclude_none=True)
        if "parameters" in changes:
            changes["parameters"] = {"seed": self._seed, **changes["parameters"]}
        device.phone.call("PUT", "/v1/schedule", changes)

    def _start(self, device: Device, action: phone.Start) -> None:
        self.start(device, action.start.passphrase or self._scenario.settings.passphrase)

    def _stop(self, device: Device, _: phone.Stop) -> None:
        device.stop()

    def _restart(self, device: Device, _: phone.Restart) -> None:
        device.stop()
        self.start(device, self._scenario.settings.passphrase)

    def _kill(self, device: Device, action: fault.Kill) -> None:
        device.kill(action.kill.after_ms / 1000)

    def _save_files(self, device: Device, action: fault.SaveFiles) -> None:
        device.save_files(action.save_files)

    def _put_back(self, device: Device, action: fault.PutBack) -> None:
        device.put_back(action.put_back.from_, action.put_back.only)

    def _damage(self, device: Device, action: fault.Damage) -> None:
        device.damage(action.damage.what, action.damage.how)

    def _repair(self, device: Device, _: fault.Repair) -> None:
        device.repair_bundle()

    def _disk(self, device: Device, action: fault.Disk) -> None:
        device.fill_disk(action.disk == "full")
        if action.disk == "free":
            self._set_clock(device)

    def _remember(self, device: Device, action: phone.Remember) -> None:
        name = action.remember.texts
        self.remembered[action.remember.as_] = (name, self.answers(device, name))

    def _traffic(self, device: Device, action: Traffic) -> None:
        wish = action.traffic
        texts = [one.text for one in self._scenario.labelled(wish.texts)]
        traffic = RunningTraffic(device.url, device.patience, texts, self._scenario.task, wish.clients)
        with traffic:
            for one in wish.during:
                self.do(device, one)
                traffic.settle()
        self.met = traffic.met

    def answers(self, device: Device, texts: str) -> list[dict[str, float]]:
        """The probabilities that a device gives a set of texts."""
        wanted = [one.text for one in self._scenario.labelled(texts)]
        return [answer["probabilities"] for answer in device.phone.predict(wanted, self._scenario.task)]


def _without(document: dict[str, Any], task: str, number: int) -> dict[str, Any]:
    rows = document.get("versions")
    if not isinstance(rows, list) or not any((row["task"], row["number"]) == (task, number) for row in rows):
        raise StepFailed(f"the export holds no readable version {number} of {task}")
    gone = {"parameters": None, "sha256": None}
    return {
        **document,
        "versions": [{**row, **gone} if (row["task"], row["number"]) == (task, number) else row for row in rows],
    }
