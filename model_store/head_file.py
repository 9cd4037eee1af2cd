"""A head on its way between a device, a phone and the toolchain: one JSON document, its parameters sealed.

A trained head is personal data: parameters never leave a device unsealed. Everything else about them is readable, so
that a file tells what it is for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model_store.errors import HeadFileInvalid, HeadInvalid, SealBroken
from model_store.head import HeadParameters
from model_store.sealing import Seal

SCHEMA = "attune-head/1"
_TEXTS = ("task", "base_id", "bundle")


@dataclass(frozen=True, eq=False)
class HeadFile:
    """A head, and what it is a head of. `version` is its number on the device that it comes from; 0 is the bundle's."""

    task: str
    labels: tuple[str, ...]
    base_id: str
    bundle: str
    version: int
    parameters: HeadParameters

    def sealed(self, passphrase: str) -> dict[str, Any]:
        """The document: what it is, and its parameters under the passphrase."""
        seal = Seal.of_passphrase(passphrase)
        return {
            "schema": SCHEMA,
            "task": self.task,
            "labels": list(self.labels),
            "base_id": self.base_id,
            "bundle": self.bundle,
            "version": self.version,
            "seal": seal.description,
            "parameters": seal.close(self.parameters.to_bytes(), self._purpose),
        }

    @property
    def _purpose(self) -> str:
        return _purpose(self.task, self.labels, self.base_id, self.bundle, self.version)

    @classmethod
    def opened(cls, document: Mapping[str, Any], passphrase: str | None) -> "HeadFile":
        """What `sealed` made a document of.

        Raises:
            HeadFileInvalid: it is none, the passphrase is wrong, or anything in it was changed.
        """
        if document.get("schema") != SCHEMA:
            raise HeadFileInvalid("the document is not a head that this version reads")
        labels, version = document.get("labels"), document.get("version")
        texts = [document.get(name) for name in _TEXTS]
        if not all(isinstance(text, str) for text in texts) or not isinstance(version, int):
            raise HeadFileInvalid("the head does not say what task, base and version it is of")
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise HeadFileInvalid("the head does not list its labels")
        task, base_id, bundle = map(str, texts)
        purpose = _purpose(task, labels, base_id, bundle, version)
        try:
            seal = Seal.reopen(document.get("seal"), None, passphrase)
            parameters = HeadParameters.from_bytes(seal.open(document.get("parameters"), purpose))
        except (SealBroken, HeadInvalid) as error:
            raise HeadFileInvalid(str(error)) from None
        return cls(task, tuple(labels), base_id, bundle, version, parameters)


def _purpose(task: str, labels: Sequence[str], base_id: str, bundle: str, version: int) -> str:
    """What the seal vouches for besides the parameters: said to be of anything else, they do not open."""
    return json.dumps([task, list(labels), base_id, bundle, version], ensure_ascii=False)
