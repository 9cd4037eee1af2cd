"""The device, put together: opened on a state directory and a bundle, closed in reverse."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_sim.audit import Audit
from device_sim.candidate import MakeTrainer
from device_sim.carried_heads import CarriedHeads
from device_sim.clock import Clock
from device_sim.consent import ConsentBook
from device_sim.deletion import Deletions
from device_sim.device import Device
from device_sim.errors import DeviceError, StateError
from device_sim.feedback import Feedback
from device_sim.heads import ServingHeads
from device_sim.hybrid.assistant import HybridAssistant
from device_sim.hybrid.cloud import CloudModel, NoCloud
from device_sim.hybrid.ledger import Ledger
from device_sim.hybrid.private import PrivateAnswers
from device_sim.inference import Encoder
from device_sim.insights.analysis import Analyst
from device_sim.insights.assistant import InsightAssistant
from device_sim.insights.library import Library
from device_sim.judges import Judges
from device_sim.lock import StateLock
from device_sim.models import Models
from device_sim.onnx_runtime import HeadArtifacts, HeadTrainer
from device_sim.personal.store import PersonalStore
from device_sim.predictor import PredictionMemory, Predictor
from device_sim.rights import Rights
from device_sim.sample_states import wait_where_set_aside
from device_sim.samples import SampleBook
from device_sim.schedule import Schedule
from device_sim.settings import DeviceSettings
from device_sim.state import State
from device_sim.update_run import UpdateRunner
from device_sim.update_task import TrainableHead
from device_sim.updates import Updates
from model_store.bundle import Bundle
from model_store.head import HeadParameters
from model_store.manifest import head_file
from model_store.signing import load_trusted_keys

Trainers = Callable[[str], MakeTrainer]


@dataclass(frozen=True)
class Health:
    """`status` is `ready`, or `degraded` with the reasons; a device that can't answer at all does not open."""

    status: str
    reasons: tuple[str, ...]
    bundle: str
    base_id: str
    tasks: tuple[str, ...]


class Runtime:
    """All services of one device. They are thread-safe; use `open` and `close`."""

    def __init__(
        self, lock: StateLock, encoder: Encoder, state: State, trainers: Trainers,
        trusted: Mapping[str, Ed25519PublicKey], zone: tzinfo, cloud: CloudModel, judges: Judges,
    ) -> None:  # fmt: skip
        self.bundle = bundle = encoder.bundle
        self.lock = lock
        self.state = state
        base_id = bundle.manifest.base_id
        clock = Clock()
        self.encoder = encoder
        self.audit = Audit(state, clock)
        self.heads = ServingHeads(bundle)
        self.device = Device(state, clock)
        self.schedule = Schedule(state, self.device, self.heads, self.audit, clock)
        self.models = Models(state, bundle, self.heads, self.audit)
        self.carried_heads = CarriedHeads(state, bundle, self.heads, self.models, clock)
        self.samples = SampleBook(state, self.heads)
        self._memory = PredictionMemory()
        self.predictor = Predictor(encoder, self.heads, self._memory, bundle.version)
        self.feedback = Feedback(state, encoder, self.heads, self._memory, self.models, clock, base_id, judges.trial)
        runner = UpdateRunner(
            state, bundle, encoder, self.heads, self.models, self.audit, clock, trainers,
            lambda: self.schedule.policy.samples_after, judges.gate,
        )  # fmt: skip
        self.updates = Updates(state, self.heads, clock, runner, self.schedule.obstacles)
        self.deletions = Deletions(state, self.models, self.updates, self._memory, self.audit)
        library = Library(state, encoder, self.audit, clock, trusted)
        self.insights = InsightAssistant(
            state, Analyst(encoder, self.heads), library, self._memory, self.feedback, self.deletions, clock
        )
        self.personal = PersonalStore(state, clock, encoder, zone)
        self.ledger = Ledger(state, clock)
        self.assistant = HybridAssistant(
            state, encoder, self.heads, self._memory, self.personal, PrivateAnswers(self.personal, clock, zone),
            self.insights, self.ledger, cloud,
        )  # fmt: skip
        self.consent = ConsentBook(state, self.audit, clock)
        self.rights = Rights(state, self.audit, clock, base_id, encoder.width, self._quiet)
        self.schedule.attach(self.updates)
        self.device.on_change = self.updates.expire
        self.consent.on_withdrawal = self._withdrawn
        self.consent.on_cloud_withdrawal = self.assistant.forget

    @classmethod
    def open(
        cls, settings: DeviceSettings, trainers: Callable[[Bundle], Trainers] | None = None, *, ticking: bool = True,
        cloud: CloudModel | None = None, encoder: Encoder | None = None, judges: Judges | None = None,
    ) -> "Runtime":  # fmt: skip
        """Take the state directory, verify the bundle, open the state, and begin to serve and, if `ticking`, to tick.

        `trainers` makes the heads that updates train, by default with ONNX Runtime Training; `cloud` is the model that
        the assistant may ask, by default none. Many devices of one process can share an `encoder`, which brings its
        verified bundle with it; `judges` are the device's own but in a simulation.

        Raises:
            StateError: the directory is in use, or can't be used. BundleError: the bundle can't.
        """
        try:
            settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{settings.state_dir} can't be a state directory: {error.strerror}") from error
        lock = StateLock.acquire(settings.state_dir)
        try:
            trusted = load_trusted_keys(settings.trusted_keys)
            encoder = encoder or Encoder(Bundle.open(settings.bundle, trusted))
            state = State.open(settings)
            try:
                make = (trainers or ort_trainers)(encoder.bundle)
                runtime = cls(
                    lock, encoder, state, make, trusted, settings.zone(), cloud or NoCloud(), judges or Judges()
                )
                runtime._load()
                if ticking:
                    runtime.schedule.start()
            except BaseException:
                state.close()
                raise
        except BaseException:
            lock.release()
            raise
        return runtime

    def announce(self, url: str | None) -> None:
        """Tell other processes that look at the state directory where this device serves; None where no more."""
        self.lock.announce(url)

    def health(self) -> Health:
        """Whether all that should be served is served."""
        reasons = tuple(str(entry) for entry in self.heads.degraded())
        if self.insights.library.set_aside:
            reasons = (*reasons, self.insights.library.set_aside)
        if not self.state.database.is_open:
            reasons = (*reasons, "the state is closed: nothing can be stored until a restart")
        if self.state.database.damage:
            reasons = (*reasons, self.state.database.damage)
        manifest = self.bundle.manifest
        status = "degraded" if reasons else "ready"
        return Health(status, reasons, manifest.bundle_version, manifest.base_id, tuple(manifest.tasks))

    def close(self) -> None:
        """Stop what runs, finish what was asked, and give the directory back."""
        self.schedule.stop()
        self.updates.close()
        self.predictor.close()
        self.insights.close()
        self.state.close()
        self.lock.release()

    def _load(self) -> None:
        """Take up what the database says: settings, pointers, and which samples wait for this bundle."""
        with self.state.database.lock:
            self.device.load()
            self.schedule.load()
            with self.state.transaction() as connection:
                wait_where_set_aside(connection)
                self.models.adopt_bundle(connection)
            self.updates.recover()
            for task in self.heads.tasks:
                self.models.refresh(task)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Nothing learns or remembers while the user's data is replaced or erased; then take up what is there."""
        with self.updates.suspended("the user's data is being replaced or erased"):
            self.updates.forget()
            self._memory.forget()
            self.insights.forget()
            self.personal.forget()
            self.assistant.forget()
            try:
                yield
            except BaseException:
                try:
                    self._load()
                except DeviceError:  # The first error is the one to tell.
                    self.heads.withdraw()
                raise
            self._memory.forget()  # Of what was asked meanwhile.
            self.insights.forget()
            self.personal.forget()
            self.assistant.forget()
            self._load()

    def _withdrawn(self) -> None:
        self.updates.stop_running("consent was withdrawn")
        self._memory.forget()
        self.insights.forget()
        self.assistant.forget()


def ort_trainers(bundle: Bundle) -> Callable[[str], MakeTrainer]:
    """How updates of a task train: ONNX Runtime Training on the bundle's artifacts, verified before each update."""

    def for_task(task: str) -> MakeTrainer:
        artifacts = HeadArtifacts(
            training_model=bundle.path(head_file(task, "training_model.onnx")),
            eval_model=bundle.path(head_file(task, "eval_model.onnx")),
            optimizer_model=bundle.path(head_file(task, "optimizer_model.onnx")),
            checkpoint=bundle.path(head_file(task, "checkpoint")),
        )

        def make(start: HeadParameters, learning_rate: float) -> TrainableHead:
            return HeadTrainer(artifacts, start, learning_rate)

        return make

    return for_task
