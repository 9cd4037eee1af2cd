"""One simulated user on a real device: an encrypted state of its own, feedback, updates, and what came of them."""

import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray

from device_sim.conditions import DeviceChange
from device_sim.errors import NothingToLearn
from device_sim.gate import HeldOut, Verdict, judge
from device_sim.judges import Judges
from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from device_sim.training_data import Replay
from device_sim.trial import TrialTally, TrialVerdict, judge_trial
from device_sim.update_records import Update
from fleet.config import RunConfig
from fleet.errors import DeviceFailed
from fleet.features import SharedEncoder
from fleet.members import Member, Said
from fleet.reactions import react, samples_wanted
from fleet.results import Measured, Outcome, Round, UserResult
from fleet.variants import Variant
from model_store.bundle import Bundle
from model_store.head import Float32, HeadParameters

# Answers that a user looks at before giving feedback on them.
_SHOWN_AT_A_TIME = 8
_REASONS = {"worse on held-out": "worse", "no better than guessing": "guessing", "forgets": "forgets"}


def open_gate(held_out: HeldOut, base: float, candidate: float, classes: int) -> Verdict:  # noqa: ARG001  # as the gate's
    """Lets every candidate in: only to measure what the gate is worth."""
    return Verdict(True, ())


def no_trial(tally: TrialTally) -> TrialVerdict:
    """Rolls nothing back: only to measure what the trial is worth."""
    verdict = judge_trial(tally)
    return TrialVerdict.TRYING if verdict is TrialVerdict.ROLL_BACK else verdict


@dataclass(frozen=True, eq=False)
class Place:
    """Where devices run: the encoder that they share, what judges them in general, where their states lie (None: in
    the machine's temporary directory), and whether the states stay.
    """

    config: RunConfig
    encoder: SharedEncoder
    general: Replay
    settings: DeviceSettings
    states: Path | None
    keep_states: bool


def simulate(place: Place, member: Member, variant_number: int) -> UserResult:
    """All rounds of one user under one variant.

    Raises:
        DeviceFailed, or whatever the device raises: nothing is known of this user then, and it may be tried again.
    """
    variant = place.config.variants[variant_number]
    started, started_cpu = time.perf_counter(), time.process_time()
    directory = _fresh_directory(place, device_name(variant_number, member.number))
    try:
        device = _Device(place, member, variant, directory)
        try:
            rounds = [device.round(number) for number in range(1, place.config.updates + 1)]
        finally:
            device.close()
        size = sum(file.stat().st_size for file in directory.iterdir())
    finally:
        if not place.keep_states:
            shutil.rmtree(directory, ignore_errors=True)
    measured = Measured(
        seconds=round(time.perf_counter() - started, 3), cpu_seconds=round(time.process_time() - started_cpu, 3),
        training=tuple(device.training), bytes=size, worker_peak_bytes=peak_memory(),
    )  # fmt: skip
    return UserResult(
        variant=variant_number, user=member.number, persona=member.persona.name, judged=len(member.judged),
        rounds=tuple(rounds), measured=measured,
    )  # fmt: skip


def device_name(variant: int, user: int) -> str:
    """What a device's directory is called."""
    return f"{variant}-{user}"


class _Device:
    def __init__(self, place: Place, member: Member, variant: Variant, directory: Path) -> None:
        self._place, self._member, self._variant = place, member, variant
        config = place.config
        judges = Judges(judge if variant.gate else open_gate, judge_trial if variant.trial else no_trial)
        self._runtime = Runtime.open(
            _settings(place, directory), ticking=False, encoder=_for_variant(place, variant), judges=judges
        )
        self._labels = self._runtime.heads.spec(config.task).labels
        self._base = self._runtime.heads.base(config.task).parameters
        self._judged = _encoded(place.encoder, member.judged, self._labels)
        self._given = self._position = 0
        self.training: list[float] = []
        self._runtime.consent.put(personalization=True)
        if variant.threshold is not None:
            self._runtime.schedule.put({"min_new_samples": variant.threshold, "parameters": variant.parameters})
            self._runtime.device.put(DeviceChange(charging=True, wifi=True, idle=True, battery=0.9))

    def round(self, number: int) -> Round:
        seen, given, wrong, rolled_back = self._give_feedback(number)
        self._given += given
        before = self._serving
        started = time.perf_counter()
        update = self._update()
        self.training.append(round(time.perf_counter() - started, 4) if update else 0.0)
        if update is not None and update.state != "completed":
            raise DeviceFailed(f"the update of round {number} ended as {update.state}: {'; '.join(update.reasons)}")
        outcome: Outcome = "waiting"
        if update is not None:
            outcome = "published" if update.outcome == "published" else "rejected"
        kept = update.metrics.get("training_kept") if update is not None else None
        after, general, judged = self._serving, self._place.general, self._judged
        return Round(
            round=number, seen=seen, given=given, wrong=wrong, samples=self._given, rolled_back=rolled_back,
            outcome=outcome, reasons=_classes(update), training_kept=kept,
            version=self._runtime.heads.serving(self._place.config.task).version,
            right_base=_accuracy(self._base, *judged), right_before=_accuracy(before, *judged),
            right_after=_accuracy(after, *judged), general_base=round(general.accuracy(self._base), 5),
            general_before=round(general.accuracy(before), 5), general_after=round(general.accuracy(after), 5),
        )  # fmt: skip

    def close(self) -> None:
        self._runtime.close()

    @property
    def _serving(self) -> HeadParameters:
        return self._runtime.heads.serving(self._place.config.task).parameters

    def _give_feedback(self, number: int) -> tuple[int, int, int, int]:
        """Look at answers until enough samples are given, each text at most once a round."""
        config, member, task = self._place.config, self._member, self._place.config.task
        wanted = samples_wanted(config, member, self._variant, number)
        seen = given = wrong = rolled_back = 0
        while given < wanted and seen < len(member.taught):
            shown = self._next(min(_SHOWN_AT_A_TIME, len(member.taught) - seen))
            seen += len(shown)
            answers = self._runtime.predictor.submit([said.text for said in shown], task).result()
            for said, answer in zip(shown, answers, strict=True):
                reaction = react(config, member, self._variant, number, said, answer.label, self._labels)
                if reaction is None or given == wanted:
                    continue
                version = self._runtime.heads.serving(task).version
                self._runtime.feedback.record(prediction_id=answer.id, label=reaction.label)
                given += 1
                wrong += not reaction.meant
                rolled_back += self._runtime.heads.serving(task).version != version
        return seen, given, wrong, rolled_back

    def _next(self, count: int) -> list[Said]:
        taught = self._member.taught
        shown = [taught[(self._position + step) % len(taught)] for step in range(count)]
        self._position += count
        return shown

    def _update(self) -> Update | None:
        """Train, as the variant says: by the schedule's rule, or at the end of every round."""
        task, updates = self._place.config.task, self._runtime.updates
        if self._variant.threshold is not None:
            decision = self._runtime.schedule.tick()
            return updates.wait(decision.update_ids[0]) if decision.update_ids else None
        try:
            return updates.wait(updates.start(task, self._variant.parameters, force=True).id)
        except NothingToLearn:
            return None


def _settings(place: Place, directory: Path) -> DeviceSettings:
    given = place.settings
    return DeviceSettings(directory, given.bundle, given.trusted_keys, timezone="UTC")


def _for_variant(place: Place, variant: Variant) -> SharedEncoder:
    """The shared encoder, its bundle's manifest with the variant's `user_weight`."""
    if variant.user_weight is None:
        return place.encoder
    bundle, task = place.encoder.bundle, place.config.task
    spec = bundle.manifest.tasks[task].model_copy(update={"user_weight": variant.user_weight})
    manifest = bundle.manifest.model_copy(update={"tasks": {**bundle.manifest.tasks, task: spec}})
    return place.encoder.with_bundle(Bundle(bundle.root, manifest))


def _fresh_directory(place: Place, name: str) -> Path:
    if place.states is None:
        return Path(mkdtemp(prefix="attune-fleet-"))
    directory = place.states / name
    shutil.rmtree(directory, ignore_errors=True)  # of a worker that was killed
    directory.mkdir(mode=0o700, parents=True)
    return directory


def _encoded(
    encoder: SharedEncoder, said: tuple[Said, ...], labels: tuple[str, ...]
) -> tuple[Float32, NDArray[np.int64]]:
    return encoder.encode_many([entry.text for entry in said]), np.array([labels.index(entry.label) for entry in said])


def _accuracy(head: HeadParameters, features: Float32, labels: NDArray[np.int64]) -> float:
    return round(float((head.bulk_probabilities(features).argmax(axis=1) == labels).mean()), 5)


def _classes(update: Update | None) -> tuple[str, ...]:
    reasons = update.reasons if update is not None else ()
    return tuple(
        next((name for start, name in _REASONS.items() if reason.startswith(start)), "other") for reason in reasons
    )


def peak_memory() -> int:
    """The most bytes of memory that this process has had."""
    try:
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
