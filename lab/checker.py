"""Compares a device with what a step expects of it."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from lab import expectations as wanted
from lab.device import Device
from lab.errors import CallRefused, StartRefused, StepFailed
from lab.expectations import Expect
from lab.player import Player
from lab.results import Check
from lab.scenario import Scenario

_ID = re.compile(r"\b[0-9a-f]{32}\b")


def masked(text: str) -> str:
    """`text` without the ids in it, which are others in every run."""
    return _ID.sub("<id>", text)


class Checker:
    """Looks at one device after a step; `refusal` is how the step's last action was refused."""

    def __init__(self, scenario: Scenario, player: Player, device: Device, refusal: StepFailed | None) -> None:
        self._scenario = scenario
        self._player = player
        self._device = device
        self._refusal = refusal

    def check(self, expect: Expect) -> Iterator[Check]:
        """Every expectation that was given. Raises StepFailed."""
        for name in type(expect).model_fields:
            value = getattr(expect, name)
            if value is not None:
                look: Callable[[Any], Iterable[Check]] = getattr(self, f"_{name}")
                yield from look(value)

    def _model(self) -> Any:
        return self._device.phone.model(self._scenario.task)

    def _version(self, expected: list[int]) -> Iterator[Check]:
        found = self._model()["version"]
        yield Check("version", _either(expected), str(found), found in expected)

    def _serving(self, expected: int) -> Iterator[Check]:
        answer = self._device.phone.predict(["今天天气真好"], self._scenario.task)[0]
        yield _equal("serving", expected, answer["version"])

    def _state(self, expected: str) -> Iterator[Check]:
        yield _equal("state", expected, self._model()["state"])

    def _states(self, expected: dict[int, str]) -> Iterator[Check]:
        path = f"/v1/models/{self._scenario.task}/versions"
        found = {one["number"]: one["state"] for one in self._device.phone.call("GET", path)["versions"]}
        for number, state in expected.items():
            yield _equal(f"state of version {number}", state, found.get(number, "no such version"))

    def _ready(self, expected: wanted.ReadyExpected) -> Iterator[Check]:
        found = self._device.phone.call("GET", "/readyz")
        yield _equal("ready", expected.status, found["status"])
        yield from _phrases("ready because", expected.reasons, found["reasons"])

    def _running(self, expected: bool) -> Iterator[Check]:
        yield _equal("running", expected, self._device.running)

    def _samples_stored(self) -> list[Any]:
        return self._device.phone.all("/v1/samples", task=self._scenario.task)

    def _pending(self, expected: int) -> Iterator[Check]:
        yield _equal("pending", expected, sum(one["state"] == "new" for one in self._samples_stored()))

    def _samples(self, expected: int) -> Iterator[Check]:
        yield _equal("samples", expected, len(self._samples_stored()))

    def _update(self, expected: wanted.UpdateExpected) -> Iterator[Check]:
        found = self._device.phone.newest_update()
        if found is None:
            yield Check("update", "one", "none", False)
            return
        for name in ("state", "outcome", "version", "trigger"):
            value = getattr(expected, name)
            if value is not None:
                yield _equal(f"update {name}", value, found[name])
        if expected.samples is not None:
            yield _equal("update samples", expected.samples, found["metrics"].get("samples"))
        yield from _phrases("update because", expected.reasons, found["reasons"])
        for name, bounds in (expected.figures or {}).items():
            figure = found["metrics"].get(name)
            held = isinstance(figure, int | float) and bounds.hold(figure)
            yield Check(f"update {name}", bounds.told(), _shown(figure), held)

    def _updates(self, expected: int) -> Iterator[Check]:
        yield _equal("updates", expected, len(self._device.phone.all("/v1/updates")))

    def _decision(self, expected: wanted.DecisionExpected) -> Iterator[Check]:
        found = self._device.phone.call("GET", "/v1/schedule")["last_decision"]
        if found is None:
            yield Check("decision", expected.action, "none", False)
            return
        yield _equal("decision", expected.action, found["action"])
        if expected.trigger is not None:
            yield _equal("decision trigger", expected.trigger, found["trigger"])
        yield from _phrases("decision because", expected.reasons, found["reasons"])

    def _accuracy(self, expected: list[wanted.AccuracyExpected]) -> Iterator[Check]:
        for one in expected:
            texts = self._scenario.labelled(one.texts)
            answers = self._device.phone.predict([text.text for text in texts], self._scenario.task)
            right = sum(answer["label"] == (one.of or text.label) for answer, text in zip(answers, texts, strict=True))
            share = right / len(texts)
            named = f"accuracy on {one.texts}" + (f" as {one.of}" if one.of else "")
            yield Check(named, one.told(".0%"), f"{right} of {len(texts)} ({share:.0%})", one.hold(share))

    def _answers(self, expected: wanted.AnswersExpected) -> Iterator[Check]:
        name = expected.like or expected.unlike or ""
        if name not in self._player.remembered:
            raise StepFailed(f"no answers were remembered as {name}")
        texts, before = self._player.remembered[name]
        same = before == self._player.answers(self._device, texts)
        found = f"{'the same as' if same else 'others than'} {name}"
        yield Check(
            "answers", f"{'the same as' if expected.like else 'others than'} {name}", found, same == bool(expected.like)
        )

    def _audit(self, expected: Sequence[wanted.AuditExpected]) -> Iterator[Check]:
        entries = self._device.phone.all("/v1/audit")
        told = [_entry(one["actor"], one["action"], one["version_from"], one["version_to"]) for one in entries]
        rest = iter(entries)
        for one in expected:
            wish = _entry(one.actor, one.action, one.from_, one.to)
            ok = any(_fits(one, entry) for entry in rest)
            yield Check("audit", wish, wish if ok else "; ".join(told) or "nothing", ok)

    def _never(self, expected: list[str]) -> Iterator[Check]:
        found = {one["action"] for one in self._device.phone.all("/v1/audit")}
        for action in expected:
            yield Check("never audited", action, ", ".join(sorted(found)) or "nothing", action not in found)

    def _consent(self, expected: bool) -> Iterator[Check]:
        yield _equal("consent", expected, self._device.phone.call("GET", "/v1/consent")["personalization"])

    def _affected(self, expected: list[int]) -> Iterator[Check]:
        yield _equal("affected versions", expected, self._player.affected)

    def _refused(self, expected: wanted.RefusedExpected) -> Iterator[Check]:
        refusal = self._refusal
        if not isinstance(refusal, CallRefused):
            yield Check("refused", expected.type, "accepted", False)
            return
        yield _equal("refused", expected.type, refusal.slug)
        if expected.status is not None:
            yield _equal("refused with", expected.status, refusal.status)
        yield from _phrases("refused because", [expected.says] if expected.says else None, [refusal.detail])

    def _start_refused(self, expected: wanted.StartRefusedExpected) -> Iterator[Check]:
        refusal = self._refusal
        if not isinstance(refusal, StartRefused):
            yield Check("start", f"refused with exit code {expected.exit_code}", "it started", False)
            return
        yield _equal("exit code", expected.exit_code, refusal.exit_code)
        yield from _phrases("start refused because", [expected.says], [refusal.said])

    def _now(self, expected: str) -> Iterator[Check]:
        zone = self._scenario.zone
        now = datetime.fromisoformat(self._device.phone.call("GET", "/v1/device")["now"]).astimezone(zone)
        days = (now.date() - self._scenario.first_day).days
        found = f"{now:%H:%M}" if days == 0 else f"day {days + 1} {now:%H:%M}"
        yield _equal("now", expected, found)

    def _traffic(self, expected: wanted.TrafficExpected) -> Iterator[Check]:
        met = self._player.met
        if met is None:
            raise StepFailed("there was no traffic")
        yield _equal("traffic failures", expected.failures, met.failures)
        yield _equal("traffic mixed", expected.mixed, met.mixed)
        if expected.versions is not None:
            yield _equal("traffic versions", sorted(expected.versions), sorted(met.versions))

    def _no_trace(self, expected: str) -> Iterator[Check]:
        texts = [one.text for one in self._scenario.labelled(expected)]
        found = self._device.holders_of(texts)
        yield Check(f"trace of {expected}", "in no file", ", ".join(found) or "in no file", not found)


def _either(expected: Sequence[object]) -> str:
    return " or ".join(map(str, expected))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _equal(name: str, expected: object, found: object) -> Check:
    return Check(name, _shown(expected), masked(_shown(found)), expected == found)


def _phrases(name: str, expected: Sequence[str] | None, found: Sequence[str]) -> Iterator[Check]:
    for phrase in expected or ():
        told = masked("; ".join(found)) or "no reason"
        yield Check(name, f"… {phrase} …", told, any(phrase in one for one in found))


def _fits(expected: wanted.AuditExpected, entry: Any) -> bool:
    pairs = (
        (expected.action, entry["action"]), (expected.actor, entry["actor"]),
        (expected.from_, entry["version_from"]), (expected.to, entry["version_to"]),
    )  # fmt: skip
    return all(want is None or want == have for want, have in pairs)


def _entry(actor: str | None, action: str, before: int | None, after: int | None) -> str:
    by = f"{actor}: " if actor else ""
    moved = (f" from {before}" if before is not None else "") + (f" to {after}" if after is not None else "")
    return by + action + moved
