"""What must hold after every start, whatever instant the process was killed at."""

from dataclasses import dataclass, field
from typing import Any

from device_sim.runtime import Runtime
from device_sim.settings import DeviceSettings
from model_store.errors import StoreError
from model_store.versions import VersionTable
from tests.torture.load import TASK, sentence


@dataclass
class Told:
    """What the killed processes said, since the last erasure that may have happened."""

    acknowledged: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Sample id to (text number, label)."""
    texts: dict[int, str] = field(default_factory=dict)
    """Every text number ever begun, with its label."""
    maybe_erased: bool = False


@dataclass
class Found:
    """What a start found wrong."""

    lost: int = 0
    half: list[str] = field(default_factory=list)
    pointer: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.half or self.pointer)


def check(settings: DeviceSettings, told: Told) -> Found:
    """Start the device (which checks every page and the counter) and compare it with what was promised."""
    runtime = Runtime.open(settings)
    try:
        found = Found()
        with runtime.state.reading() as connection:
            samples = {
                row[0]: row[1:] for row in connection.execute("SELECT id, text, label, state FROM samples").fetchall()
            }
            _check_samples(samples, told, found)
            _check_versions(connection, samples, found)
            _check_pointer(runtime, connection, found)
        return found
    finally:
        runtime.close()


def _check_samples(samples: dict[int, Any], told: Told, found: Found) -> None:
    if told.maybe_erased and not samples:
        return
    for sample_id, (text, label) in told.acknowledged.items():
        if sample_id not in samples or samples[sample_id][:2] != (sentence(text), label):
            found.lost += 1
    begun = {sentence(number): label for number, label in told.texts.items()}
    for sample_id, (text, label, _) in samples.items():
        if begun.get(text) != label:
            found.half.append(f"sample {sample_id} was never sent like this")


def _check_versions(connection: Any, samples: dict[int, Any], found: Found) -> None:
    versions = VersionTable(connection)
    lineage = versions.lineage(TASK)
    used: set[int] = set()
    for version in lineage:
        ids = {
            row[0]
            for row in connection.execute(
                "SELECT sample_id FROM version_samples WHERE task = ? AND number = ?", (TASK, version.number)
            ).fetchall()
        }
        used |= ids
        if version.sha256 is not None:
            try:
                versions.parameters(version).check(3, connection_width(connection))
            except StoreError as error:
                found.half.append(f"version {version.number}: {error}")
        if (version.state.value == "rejected") == bool(ids):
            found.half.append(f"version {version.number} is {version.state.value} with {len(ids)} samples")
        update = connection.execute(
            "SELECT outcome, version FROM updates WHERE id = ?", (version.update_id,)
        ).fetchone()
        expected = "rejected" if version.state.value == "rejected" else "published"
        if update is None or tuple(update) != (expected, version.number):
            found.half.append(f"version {version.number} and its update disagree: {update}")
    if [version.number for version in lineage] != list(range(1, len(lineage) + 1)):
        found.half.append("version numbers have gaps")
    marked = {sample_id for sample_id, row in samples.items() if row[2] == "used"}
    if not (used & set(samples)) <= marked:
        found.half.append("a version learnt from samples that are not marked as used")
    if marked and not used:
        found.half.append("samples are marked as used, but no version learnt from them")
    if connection.execute("SELECT COUNT(*) FROM updates WHERE finished_at IS NULL").fetchone()[0]:
        found.half.append("an update has no end")


def connection_width(connection: Any) -> int:
    """The feature width, as the stored samples have it."""
    return int(connection.execute("SELECT LENGTH(features) / 4 FROM samples LIMIT 1").fetchone()[0])


def _check_pointer(runtime: Runtime, connection: Any, found: Found) -> None:
    active = VersionTable(connection).active(TASK)
    by_number = {version.number: version for version in runtime.models.versions(TASK)}
    if active not in by_number or not by_number[active].servable:
        found.pointer.append(f"the active pointer names version {active}, which may not serve")
    if runtime.heads.serving(TASK).version != active:
        found.pointer.append(f"version {active} is active, but another serves")
    row = connection.execute(
        "SELECT version_to FROM audit WHERE version_to IS NOT NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if (row[0] if row else 0) != active:
        found.pointer.append(f"version {active} is active, but the audit ends at {row}")
    if connection.execute("SELECT COUNT(*) FROM audit WHERE actor = 'bundle'").fetchone()[0]:
        found.pointer.append("a pointer had to be mended at a start")
    generation = connection.execute("SELECT value FROM generation").fetchone()[0]
    moves = connection.execute("SELECT COUNT(*) FROM audit WHERE version_to IS NOT NULL").fetchone()[0]
    if generation != moves + 1 or runtime.state.keys.counter != generation:
        found.pointer.append(f"generation {generation}, {moves} audited moves, counter {runtime.state.keys.counter}")
