"""Feedback: a user's correction becomes a sample, and a verdict on the version on trial."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from device_sim.audit import Detail
from device_sim.clock import Clock
from device_sim.consent import require_personalization
from device_sim.errors import IdempotencyKeyReused, InvalidInput, UnknownLabel
from device_sim.heads import ServingHeads
from device_sim.inference import Encoder, check_text
from device_sim.judges import Trial
from device_sim.models import Models
from device_sim.predictor import PredictionMemory, Remembered
from device_sim.samples import add_sample, pending_count
from device_sim.stages import happened
from device_sim.state import State
from device_sim.trial import TrialTally, TrialVerdict
from model_store.errors import VersionError
from model_store.head import Float32
from model_store.versions import BASE_VERSION, VersionState, VersionTable

_KEYS_KEPT = 10_000


@dataclass(frozen=True)
class FeedbackReceipt:
    """What was stored. `pending` counts the task's samples that wait; `replayed` that nothing new was stored."""

    sample_id: int
    task: str
    pending: int
    replayed: bool = False


class Feedback:
    """Records feedback, each piece wholly or not at all."""

    def __init__(
        self, state: State, encoder: Encoder, heads: ServingHeads, memory: PredictionMemory, models: Models,
        clock: Clock, base_id: str, trial: Trial,
    ) -> None:  # fmt: skip
        self._state = state
        self._encoder = encoder
        self._heads = heads
        self._memory = memory
        self._models = models
        self._clock = clock
        self._base_id = base_id
        self._trial = trial

    def record(
        self,
        *,
        label: str,
        prediction_id: str | None = None,
        text: str | None = None,
        task: str | None = None,
        idempotency_key: str | None = None,
    ) -> FeedbackReceipt:
        """Store that the right label of a remembered prediction, or of `text` for `task`, is `label`.

        With an `idempotency_key` that was used before for the same request, the earlier receipt is given again.

        Raises:
            ConsentRequired, UnknownPrediction, UnknownTask, TaskNotUpdatable, UnknownLabel, InvalidText,
            IdempotencyKeyReused, StorageFull: nothing was stored.
            InvalidInput: neither or both of `prediction_id` and `text`.
        """
        if (prediction_id is None) == (text is None):
            raise InvalidInput("send either prediction_id or text (with task)", field="prediction_id")
        fingerprint = _fingerprint(prediction_id, text, task, label)
        with self._state.reading() as connection:
            require_personalization(connection)
            earlier = _earlier(connection, idempotency_key, fingerprint)
        if earlier is not None:
            return earlier
        entry = self._entry(prediction_id, text, task)
        labels = self._heads.spec(entry.task).labels
        if label not in labels:
            raise UnknownLabel(
                f"{entry.task} has no such label; labels are: {', '.join(labels)}", field="label", allowed=labels
            )
        with self._models.changing(entry.task) as connection:
            # Asked again inside the transaction: a withdrawal or a second request may have come in between.
            require_personalization(connection)
            earlier = _earlier(connection, idempotency_key, fingerprint)
            if earlier is not None:
                return earlier
            receipt = self._store(connection, entry, label, "prediction" if text is None else "text")
            if idempotency_key is not None:
                _remember_key(connection, idempotency_key, fingerprint, receipt)
            self._try_version(connection, receipt.sample_id, entry.task, entry.features, label)
        happened("feedback", task=entry.task)
        return receipt

    def _entry(self, prediction_id: str | None, text: str | None, task: str | None) -> Remembered:
        if prediction_id is not None:
            entry = self._memory.recall(prediction_id)
            if task not in (None, entry.task):
                raise InvalidInput("the prediction was made for another task", field="task", allowed=(entry.task,))
            self._heads.terms(entry.task)  # Raises where nothing can be learnt from feedback.
            return entry
        if task is None:
            raise InvalidInput("text needs a task", field="task", allowed=sorted(self._heads.tasks))
        self._heads.terms(task)
        checked = check_text(text or "")
        return Remembered(task, checked, self._encoder.encode(checked))

    def _store(self, connection: Any, entry: Remembered, label: str, source: Any) -> FeedbackReceipt:
        sample_id = add_sample(
            connection, self._clock, task=entry.task, text=entry.text, label=label, source=source,
            features=entry.features, base_id=self._base_id,
        )  # fmt: skip
        labels = self._heads.spec(entry.task).labels
        return FeedbackReceipt(sample_id, entry.task, pending_count(connection, entry.task, labels, self._base_id))

    def _try_version(self, connection: Any, sample_id: int, task: str, features: Float32, label: str) -> None:
        """Let the version on trial and its parent answer beside each other, and act on the tally."""
        versions = VersionTable(connection)
        active = versions.active(task)
        head = self._heads.serving(task)
        if active == BASE_VERSION or head.version != active:
            return
        version = versions.find(task, active)
        if version.state is not VersionState.TRYING or _repeats_lesson(connection, task, active, sample_id, label):
            return
        try:
            parent = self._heads.load(versions, task, version.parent)
        except VersionError:
            parent = self._heads.base(task)
        # A text counts once, however often it is tapped.
        connection.execute(
            "DELETE FROM trials WHERE task = ? AND number = ? AND sample_id IN (SELECT other.id FROM samples AS other "
            "JOIN samples AS this ON this.text_digest = other.text_digest WHERE this.id = ?)",
            (task, active, sample_id),
        )
        connection.execute(
            "INSERT INTO trials (task, number, sample_id, version_right, parent_right) VALUES (?, ?, ?, ?, ?)",
            (task, active, sample_id, head.choose(features) == label, parent.choose(features) == label),
        )
        tally = _tally(connection, task, active)
        verdict = self._trial(tally)
        if verdict is TrialVerdict.GOOD:
            versions.set_state(task, active, VersionState.GOOD)
        elif verdict is TrialVerdict.ROLL_BACK:
            detail: Detail = {
                "reason": "significantly worse than its parent on later feedback",
                "feedback": tally.count,
                "right_by_version_alone": tally.only_version,
                "right_by_parent_alone": tally.only_parent,
                "p_value": round(tally.p_value, 5),
            }
            target = self._models.ancestor(versions, task, active)
            self._models.roll_back(connection, task, target, "trial", detail, action="automatic-rollback")


def _repeats_lesson(connection: Any, task: str, number: int, sample_id: int, label: str) -> bool:
    """Did version `number` learn this very label for the text of this sample? On its own lessons it proves nothing; but
    a user who takes a lesson back does not agree with it.
    """
    row = connection.execute(
        "SELECT other.label FROM samples AS this JOIN samples AS other USING (text_digest) "
        "JOIN version_samples AS learnt ON learnt.sample_id = other.id "
        "WHERE this.id = ? AND learnt.task = ? AND learnt.number = ? ORDER BY other.id DESC LIMIT 1",
        (sample_id, task, number),
    ).fetchone()
    return row is not None and row[0] == label


def _tally(connection: Any, task: str, number: int) -> TrialTally:
    row = connection.execute(
        "SELECT COUNT(*), TOTAL(version_right), TOTAL(version_right > parent_right), "
        "TOTAL(parent_right > version_right) FROM trials WHERE task = ? AND number = ?",
        (task, number),
    ).fetchone()
    return TrialTally(*(int(value) for value in row))


def _fingerprint(*parts: str | None) -> bytes:
    # surrogatepass: a text that will be refused later must not fail here with an encoding error.
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).digest()


def _earlier(connection: Any, key: str | None, fingerprint: bytes) -> FeedbackReceipt | None:
    if key is None:
        return None
    row = connection.execute(
        "SELECT fingerprint, sample_id, task, pending FROM idempotency WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != fingerprint:
        raise IdempotencyKeyReused("this Idempotency-Key was used for another request", field="Idempotency-Key")
    sample_id, task, pending = row[1:]
    return FeedbackReceipt(sample_id, task, pending, replayed=True)


def _remember_key(connection: Any, key: str, fingerprint: bytes, receipt: FeedbackReceipt) -> None:
    connection.execute(
        "INSERT INTO idempotency (key, fingerprint, sample_id, task, pending) VALUES (?, ?, ?, ?, ?)",
        (key, fingerprint, receipt.sample_id, receipt.task, receipt.pending),
    )
    connection.execute(
        "DELETE FROM idempotency WHERE sample_id <= (SELECT MAX(sample_id) FROM idempotency) - ?", (_KEYS_KEPT,)
    )
