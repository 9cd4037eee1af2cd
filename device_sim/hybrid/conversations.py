"""Conversations with the assistant: what was said, redacted, and what its placeholders stand for. In memory only."""

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field

from device_sim.privacy.redactor import Redacted
from device_sim.privacy.vault import Vault

_CONVERSATIONS = 64
_TURNS = 6  # questions and answers that go with the next question


@dataclass(eq=False)
class Conversation:
    """One conversation. `lock` is held while a request of it is answered, so that turns don't mix."""

    id: str
    vault: Vault = field(default_factory=Vault, repr=False)
    turns: list[tuple[str, Redacted]] = field(default_factory=list, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def remember(self, question: Redacted, answer: Redacted) -> None:
        """Keep a turn for those that follow."""
        self.turns += [("user", question), ("assistant", answer)]
        del self.turns[: -2 * _TURNS]


class Conversations:
    """The latest conversations, by id; never shared between ids, and gone with the process. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, conversation_id: str | None) -> Conversation:
        """The conversation of that id, or a new one; without an id, a new one."""
        with self._lock:
            name = conversation_id or uuid.uuid4().hex
            found = self._known.get(name)
            if found is None:
                found = self._known[name] = Conversation(name)
            self._known.move_to_end(name)
            while len(self._known) > _CONVERSATIONS:
                self._known.popitem(last=False)
            return found

    def forget(self, conversation_id: str | None = None) -> None:
        """Forget one, or all."""
        with self._lock:
            if conversation_id is None:
                self._known.clear()
            else:
                self._known.pop(conversation_id, None)
