"""What the device refuses, and what can go wrong in it.

DeviceError
├── InvalidInput               the request itself is wrong; trying again won't help
│   ├── InvalidText            blank, too long, or characters that can't be stored
│   ├── TooManyTexts
│   ├── UnknownTask
│   ├── UnknownLabel
│   ├── ParameterOutOfBounds
│   ├── IdempotencyKeyReused
│   ├── InvalidExport          not an export, or not one that this device can open
│   ├── KnowledgeInvalid       an entry of the knowledge base, or a package of it, that can't be used
│   ├── InvalidEntry           an entry of the calendar, the contacts or the notes that can't be kept
│   └── InvalidFile            a calendar, address book or note as a file that can't be read
├── NotFound
│   ├── UnknownPrediction
│   ├── UnknownSample
│   ├── UnknownUpdate
│   ├── UnknownThought
│   ├── UnknownInsight
│   ├── UnknownGoal
│   └── UnknownEntry           of the calendar, the contacts or the notes
├── Refused                    right in itself, not now
│   ├── ConsentRequired
│   ├── UpdateRunning
│   ├── UpdateFinished
│   ├── ConditionsNotMet
│   ├── NothingToLearn
│   ├── HeadRejected           a head from elsewhere that the gate does not let in
│   ├── TaskNotUpdatable
│   ├── SoundsLikeDanger       a text that is not kept; the message is the answer to it
│   ├── InsightsUnavailable    the bundle lacks a task that insights need
│   ├── ConversationBusy       another request of it is being answered
│   ├── EgressBlocked          the last check found a secret in what was about to leave
│   ├── VaultFull              a conversation holds more sensitive values than there are placeholders
│   └── NothingToRollBack
├── NetworkRefused             the guard let no connection, name lookup or process pass
├── CloudUnavailable           no whole answer of the cloud model; what had arrived of it is in `arrived`
│   ├── CloudNotConfigured
│   ├── CloudTimeout
│   ├── CloudRateLimited
│   ├── CloudFailed            it can't be reached, or refuses
│   ├── CloudAnswerInvalid     it answers, but not with an answer
│   └── CloudCutOff            the answer ended before its end
├── UpdateCancelled            a training run that was stopped; never reaches a caller of the HTTP contract
└── StateError                 the state directory can't be used
    ├── StateLocked            another process owns it
    ├── WrongKey               passphrase, key file or keyring entry does not open it
    ├── StateCorrupt           bytes were changed or are missing
    ├── StateRolledBack        an older database was put back
    ├── StorageFull
    └── DeviceClosed           the device is shutting down

Bundle and version errors are those of `model_store.errors`. No message ever holds a user's text.
"""

from collections.abc import Sequence
from typing import ClassVar


class DeviceError(Exception):
    """Base of this package's errors; `code` is a stable slug, `allowed` what would have been accepted."""

    code: ClassVar[str] = "device-error"

    def __init__(self, message: str, *, field: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.allowed = tuple(allowed)


class InvalidInput(DeviceError):
    """The request can't be carried out as it stands."""

    code = "invalid-input"


class InvalidText(InvalidInput):
    """A text that is blank, too long, or holds characters that are not text."""

    code = "invalid-text"


class TooManyTexts(InvalidInput):
    """More texts in one call than the device takes."""

    code = "too-many-texts"


class UnknownTask(InvalidInput):
    """The bundle has no such task."""

    code = "unknown-task"


class UnknownLabel(InvalidInput):
    """The task has no such label."""

    code = "unknown-label"


class ParameterOutOfBounds(InvalidInput):
    """A training parameter outside what the head's manifest allows."""

    code = "parameter-out-of-bounds"


class IdempotencyKeyReused(InvalidInput):
    """The key was used before, for another request."""

    code = "idempotency-key-reused"


class InvalidExport(InvalidInput):
    """The document is no export, was changed, or needs another key."""

    code = "invalid-export"


class KnowledgeInvalid(InvalidInput):
    """An entry of the knowledge base that can't be used; the message names it."""

    code = "invalid-knowledge"


class InvalidEntry(InvalidInput):
    """An entry of the calendar, the contacts or the notes that can't be kept; the message names the field."""

    code = "invalid-entry"


class InvalidFile(InvalidInput):
    """A calendar, an address book or a note as a file that can't be read at all."""

    code = "invalid-file"


class NotFound(DeviceError):
    """What the request names does not exist."""

    code = "not-found"


class UnknownPrediction(NotFound):
    """No prediction of that id is remembered."""

    code = "unknown-prediction"


class UnknownSample(NotFound):
    """No sample of that id is stored."""

    code = "unknown-sample"


class UnknownUpdate(NotFound):
    """No update of that id was ever begun."""

    code = "unknown-update"


class UnknownThought(NotFound):
    """No such thought is kept or remembered."""

    code = "unknown-thought"


class UnknownInsight(NotFound):
    """The knowledge base has no such entry, or it was not offered for this thought."""

    code = "unknown-insight"


class UnknownGoal(NotFound):
    """There is no such goal."""

    code = "unknown-goal"


class UnknownEntry(NotFound):
    """The calendar, the contacts or the notes have no entry of that id."""

    code = "unknown-entry"


class Refused(DeviceError):
    """The device's present state does not allow it."""

    code = "refused"


class ConsentRequired(Refused):
    """The user has not agreed to personalisation."""

    code = "consent-required"


class UpdateRunning(Refused):
    """One update at a time."""

    code = "update-running"


class UpdateFinished(Refused):
    """It is too late to cancel."""

    code = "update-finished"


class ConditionsNotMet(Refused):
    """The device is not in a state to train in; the message says what is missing."""

    code = "conditions-not-met"


class NothingToLearn(Refused):
    """There are no samples to train on."""

    code = "nothing-to-learn"


class SoundsLikeDanger(Refused):
    """A text that sounds like danger to somebody's life is not kept; the message says who can be called."""

    code = "sounds-like-danger"


class InsightsUnavailable(Refused):
    """The bundle lacks a task that insights need."""

    code = "insights-unavailable"


class ConversationBusy(Refused):
    """Another request of the conversation is being answered; turns are answered one after the other."""

    code = "conversation-busy"


class EgressBlocked(Refused):
    """The last check found a secret in what was about to leave; nothing was sent."""

    code = "egress-blocked"


class VaultFull(Refused):
    """A conversation holds more sensitive values than there are placeholders; a new one has room."""

    code = "vault-full"


class HeadRejected(Refused):
    """A head from elsewhere is worse than the active version, or forgets."""

    code = "head-rejected"


class TaskNotUpdatable(Refused):
    """The bundle says that this task's head is fixed."""

    code = "task-not-updatable"


class NothingToRollBack(Refused):
    """Version 0 is active already."""

    code = "nothing-to-roll-back"


class NetworkRefused(DeviceError, PermissionError):
    """The network guard refused; an OSError too, so that clients clean up as they do when a network is down."""

    code = "network-refused"


class CloudUnavailable(DeviceError):
    """No whole answer of the cloud model. `arrived` is what had come of it, `retry_after` the seconds to wait."""

    code = "cloud-unavailable"

    def __init__(self, message: str, *, arrived: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.arrived = arrived
        self.retry_after = retry_after


class CloudNotConfigured(CloudUnavailable):
    """The settings name no cloud model."""

    code = "cloud-not-configured"


class CloudTimeout(CloudUnavailable):
    """It did not answer in time."""

    code = "cloud-timeout"


class CloudRateLimited(CloudUnavailable):
    """It asks to be left alone for a while."""

    code = "cloud-rate-limited"


class CloudFailed(CloudUnavailable):
    """It can't be reached, refuses, or broke down before it answered."""

    code = "cloud-failed"


class CloudAnswerInvalid(CloudUnavailable):
    """What came back is no answer of a chat model."""

    code = "cloud-answer-invalid"


class CloudCutOff(CloudUnavailable):
    """The answer broke off."""

    code = "cloud-cut-off"


class UpdateCancelled(DeviceError):
    """A training run was stopped before its end."""

    code = "update-cancelled"


class StateError(DeviceError):
    """The state directory can't be used as it is."""

    code = "state-error"


class StateLocked(StateError):
    """Another process owns the state directory."""

    code = "state-locked"


class WrongKey(StateError):
    """The key at hand does not open the key store."""

    code = "wrong-key"


class StateCorrupt(StateError):
    """Something in the state directory is missing or was changed."""

    code = "state-corrupt"


class StateRolledBack(StateError):
    """The database is older than the key store's counter: an old copy was put back."""

    code = "state-rolled-back"


class StorageFull(StateError):
    """The disk has no room; nothing of the request was kept."""

    code = "storage-full"


class DeviceClosed(StateError):
    """The device is shutting down and takes no more work."""

    code = "device-closed"
