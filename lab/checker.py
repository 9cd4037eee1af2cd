"""What a step expects, as probes: each can be told without a device, and looked at on one."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from lab import expectations as wanted
from lab.errors import CallRefused, StartRefused, StepFailed
from lab.expectations import Expect
from lab.results import Check
from lab.scene import Scene

_ID = re.compile(r"\b[0-9a-f]{32}\b")


def masked(text: str) -> str:
    """`text` without the ids in it, which are others in every run."""
    return _ID.sub("<id>", text)


@dataclass(frozen=True)
class Probe:
    """One expectation: what is compared, with what, and the look at it, which gives what was found and whether it
    holds. A look raises StepFailed.
    """

    name: str
    expected: str
    look: Callable[[Scene], tuple[str, bool]]

    def check(self, scene: Scene) -> Check:
        """Look at it. Raises StepFailed."""
        found, ok = self.look(scene)
        return Check(self.name, self.expected, masked(found), ok)

    def unseen(self) -> Check:
        """Nobody looked at it."""
        return Check(self.name, self.expected, None, None)


def probes(expect: Expect) -> tuple[Probe, ...]:
    """Every expectation that was given, as many whatever the device does."""
    given = ((name, getattr(expect, name)) for name in type(expect).model_fields)
    return tuple(probe for name, value in given if value is not None for probe in _PROBES[name](value))


def _version(expected: list[int]) -> Iterator[Probe]:
    def look(scene: Scene) -> tuple[str, bool]:
        found = scene.model["version"]
        return str(found), found in expected

    yield Probe("version", _either(expected), look)


def _serving(expected: int) -> Iterator[Probe]:
    yield _equal(
        "serving",
        expected,
        lambda scene: scene.device.phone.predict(["今天天气真好"], scene.scenario.task)[0]["version"],
    )


def _state(expected: str) -> Iterator[Probe]:
    yield _equal("state", expected, lambda scene: scene.model["state"])


def _states(expected: dict[int, str]) -> Iterator[Probe]:
    def state(scene: Scene, number: int) -> object:
        versions = scene.device.phone.call("GET", f"/v1/models/{scene.scenario.task}/versions")["versions"]
        return next((one["state"] for one in versions if one["number"] == number), "no such version")

    for number, wish in expected.items():
        yield _equal(f"state of version {number}", wish, partial(state, number=number))


def _ready(expected: wanted.ReadyExpected) -> Iterator[Probe]:
    yield _equal("ready", expected.status, lambda scene: scene.ready["status"])
    yield from _phrases("ready reasons", expected.reasons, lambda scene: scene.ready["reasons"])


def _running(expected: bool) -> Iterator[Probe]:
    yield _equal("running", expected, lambda scene: scene.device.running)


def _pending(expected: int) -> Iterator[Probe]:
    yield _equal("pending", expected, lambda scene: sum(one["state"] == "new" for one in scene.samples))


def _samples(expected: int) -> Iterator[Probe]:
    yield _equal("samples", expected, lambda scene: len(scene.samples))


def _update(expected: wanted.UpdateExpected) -> Iterator[Probe]:
    def told(scene: Scene, name: str) -> Any:
        return "no update" if scene.update is None else scene.update[name]

    def figure(scene: Scene, name: str) -> Any:
        return "no update" if scene.update is None else scene.update["metrics"].get(name)

    for name in ("state", "outcome", "version", "trigger"):
        wish = getattr(expected, name)
        if wish is not None:
            yield _equal(f"update {name}", wish, partial(told, name=name))
    if expected.samples is not None:
        yield _equal("update samples", expected.samples, partial(figure, name="samples"))
    yield from _phrases("update reasons", expected.reasons, lambda scene: told(scene, "reasons"))
    for name, bounds in (expected.figures or {}).items():

        def look(scene: Scene, name: str = name, bounds: wanted.Bounds = bounds) -> tuple[str, bool]:
            found = figure(scene, name)
            return _shown(found), isinstance(found, int | float) and bounds.hold(found)

        yield Probe(f"update {name}", bounds.told(), look)


def _updates(expected: int) -> Iterator[Probe]:
    yield _equal("updates", expected, lambda scene: len(scene.device.phone.all("/v1/updates")))


def _decision(expected: wanted.DecisionExpected) -> Iterator[Probe]:
    def told(scene: Scene, name: str) -> Any:
        return "no decision" if scene.decision is None else scene.decision[name]

    yield _equal("decision", expected.action, lambda scene: told(scene, "action"))
    if expected.trigger is not None:
        yield _equal("decision trigger", expected.trigger, lambda scene: told(scene, "trigger"))
    yield from _phrases("decision reasons", expected.reasons, lambda scene: told(scene, "reasons"))


def _accuracy(expected: list[wanted.AccuracyExpected]) -> Iterator[Probe]:
    for one in expected:

        def look(scene: Scene, one: wanted.AccuracyExpected = one) -> tuple[str, bool]:
            texts = scene.scenario.labelled(one.texts)
            answers = scene.device.phone.predict([text.text for text in texts], scene.scenario.task)
            right = sum(answer["label"] == (one.of or text.label) for answer, text in zip(answers, texts, strict=True))
            share = right / len(texts)
            return f"{right} of {len(texts)} ({share:.0%})", one.hold(share)

        named = f"accuracy on {one.texts}" + (f" as {one.of}" if one.of else "")
        yield Probe(named, one.told(".0%"), look)


def _answers(expected: wanted.AnswersExpected) -> Iterator[Probe]:
    name = expected.like or expected.unlike or ""
    same_as, others_than = f"the same as {name}", f"others than {name}"

    def look(scene: Scene) -> tuple[str, bool]:
        if name not in scene.player.remembered:
            raise StepFailed(f"no answers were remembered as {name}")
        texts, before = scene.player.remembered[name]
        same = before == scene.player.answers(scene.device, texts)
        return same_as if same else others_than, same == bool(expected.like)

    yield Probe("answers", same_as if expected.like else others_than, look)


def _audit(expected: Sequence[wanted.AuditExpected]) -> Iterator[Probe]:
    for one in expected:
        wish = _entry(one.actor, one.action, one.from_, one.to)

        def look(scene: Scene, one: wanted.AuditExpected = one, wish: str = wish) -> tuple[str, bool]:
            if any(_fits(one, entry) for entry in scene.rest_of_trail):
                return wish, True
            told = (_entry(one["actor"], one["action"], one["version_from"], one["version_to"]) for one in scene.trail)
            return "; ".join(told) or "nothing", False

        yield Probe("audit", wish, look)


def _never(expected: list[str]) -> Iterator[Probe]:
    for action in expected:

        def look(scene: Scene, action: str = action) -> tuple[str, bool]:
            found = {one["action"] for one in scene.trail}
            return ", ".join(sorted(found)) or "nothing", action not in found

        yield Probe("never audited", action, look)


def _consent(expected: bool) -> Iterator[Probe]:
    yield _equal(
        "consent", expected, lambda scene: scene.device.phone.call("GET", "/v1/consent")["personalization"]
    )  # fmt: skip


def _affected(expected: list[int]) -> Iterator[Probe]:
    yield _equal(
        "affected versions",
        expected,
        lambda scene: "no deletion" if scene.player.affected is None else scene.player.affected,
    )


def _refused(expected: wanted.RefusedExpected) -> Iterator[Probe]:
    def told(scene: Scene, name: str, otherwise: str | None = "accepted") -> Any:
        return getattr(scene.refusal, name) if isinstance(scene.refusal, CallRefused) else otherwise

    yield _equal("refused", expected.type, lambda scene: told(scene, "slug"))
    if expected.status is not None:
        yield _equal("refused status", expected.status, lambda scene: told(scene, "status"))
    if expected.says:
        yield _says("refused says", expected.says, lambda scene: told(scene, "detail", None), "accepted")


def _start_refused(expected: wanted.StartRefusedExpected) -> Iterator[Probe]:
    def told(scene: Scene, name: str, otherwise: str | None = "it started") -> Any:
        return getattr(scene.refusal, name) if isinstance(scene.refusal, StartRefused) else otherwise

    yield _equal("start refused with exit code", expected.exit_code, lambda scene: told(scene, "exit_code"))
    yield _says("start refused says", expected.says, lambda scene: told(scene, "said", None), "it started")


def _now(expected: str) -> Iterator[Probe]:
    def now(scene: Scene) -> str:
        told = datetime.fromisoformat(scene.device.phone.call("GET", "/v1/device")["now"])
        local = told.astimezone(scene.scenario.zone)
        days = (local.date() - scene.scenario.first_day).days
        return f"{local:%H:%M}" if days == 0 else f"day {days + 1} {local:%H:%M}"

    yield _equal("now", expected, now)


def _traffic(expected: wanted.TrafficExpected) -> Iterator[Probe]:
    def met(scene: Scene, name: str) -> Any:
        if scene.player.met is None:
            raise StepFailed("there was no traffic")
        return getattr(scene.player.met, name)

    yield _equal("traffic failures", expected.failures, lambda scene: met(scene, "failures"))
    yield _equal("traffic mixed", expected.mixed, lambda scene: met(scene, "mixed"))
    if expected.versions is not None:
        yield _equal("traffic versions", sorted(expected.versions), lambda scene: sorted(met(scene, "versions")))


def _no_trace(expected: str) -> Iterator[Probe]:
    def look(scene: Scene) -> tuple[str, bool]:
        found = scene.device.holders_of([one.text for one in scene.scenario.labelled(expected)])
        return ", ".join(found) or "in no file", not found

    yield Probe(f"trace of {expected}", "in no file", look)


_PROBES: dict[str, Callable[[Any], Iterable[Probe]]] = {
    "version": _version, "serving": _serving, "state": _state, "states": _states, "ready": _ready,
    "running": _running, "pending": _pending, "samples": _samples, "update": _update, "updates": _updates,
    "decision": _decision, "accuracy": _accuracy, "answers": _answers, "audit": _audit, "never": _never,
    "consent": _consent, "affected": _affected, "refused": _refused, "start_refused": _start_refused, "now": _now,
    "traffic": _traffic, "no_trace": _no_trace,
}  # fmt: skip


def _either(expected: Sequence[object]) -> str:
    return " or ".join(map(str, expected))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _equal(name: str, expected: object, get: Callable[[Scene], object]) -> Probe:
    def look(scene: Scene) -> tuple[str, bool]:
        found = get(scene)
        return _shown(found), found == expected

    return Probe(name, _shown(expected), look)


def _phrases(name: str, phrases: Sequence[str] | None, get: Callable[[Scene], list[str] | str]) -> Iterator[Probe]:
    """A probe for each phrase that one of the reasons must hold. `get` gives the reasons, or why there are none."""
    for phrase in phrases or ():

        def look(scene: Scene, phrase: str = phrase) -> tuple[str, bool]:
            found = get(scene)
            if isinstance(found, str):
                return found, False
            return "; ".join(found) or "no reason", any(phrase in one for one in found)

        yield Probe(name, f"one with “{phrase}”", look)


def _says(name: str, phrase: str, get: Callable[[Scene], str | None], otherwise: str) -> Probe:
    """A probe for a phrase of what was said; `otherwise` is what is found where nothing was."""

    def look(scene: Scene) -> tuple[str, bool]:
        said = get(scene)
        return (otherwise, False) if said is None else (said, phrase in said)

    return Probe(name, f"“{phrase}”", look)


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
