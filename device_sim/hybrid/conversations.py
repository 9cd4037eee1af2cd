"""Conversations with the assistant: what was said in them, and what their placeholders stand for. In memory only."""

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field

from device_sim.errors import ConversationBusy
from device_sim.privacy.vault import Vault

_CONVERSATIONS = 256
_TURNS = 6  # questions and answers that go with the next question
_CHARACTERS = 2_000  # of a question or an answer that are remembered


@dataclass(frozen=True)
class Turn:
    """What was asked and what was answered, as the user knows them: redacted anew whenever they are sent."""

    question: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(eq=False)
class Conversation:
    """One conversation, `named` by its client or by us. `lock` is held while a request of it is answered, so that turns
    don't mix.
    """

    id: str
    named: bool
    vault: Vault = field(default_factory=Vault, repr=False)
    turns: list[Turn] = field(default_factory=list, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def remember(self, question: str, answer: str) -> None:
        """Keep a turn for those that follow."""
        self.turns.append(Turn(question[:_CHARACTERS], answer[:_CHARACTERS]))
        del self.turns[:-_TURNS]


class Conversations:
    """The latest conversations that have something to go on with, by id; gone with the process. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, conversation_id: str | None) -> Conversation:
        """The conversation of that id, or a new one, locked for the caller; without an id, a new one.

        Raises:
            ConversationBusy: somebody has it.
        """
        with self._lock:
            found = self._known.get(conversation_id or "") or Conversation(
                conversation_id or uuid.uuid4().hex, named=conversation_id is not None
            )
            if not found.lock.acquire(blocking=False):
                raise ConversationBusy("another request of this conversation is being answered")
            self._keep(found)  # from now on, so that it can be forgotten before its first answer
            return found

    def end(self, conversation: Conversation) -> None:
        """Give it back; it is kept if there is anything to go on with."""
        with self._lock:
            if conversation.turns or conversation.named:
                self._keep(conversation)
            else:
                self._known.pop(conversation.id, None)
            conversation.lock.release()

    def forget(self, conversation_id: str | None = None) -> None:
        """Forget one, or all. One that is being answered ends as it is, and is gone then."""
        with self._lock:
            gone = [self._known.pop(conversation_id, None)] if conversation_id else list(self._known.values())
            if conversation_id is None:
                self._known.clear()
        for conversation in filter(None, gone):
            conversation.id = ""

    def _keep(self, conversation: Conversation) -> None:
        if not conversation.id:  # forgotten meanwhile
            return
        self._known[conversation.id] = conversation
        self._known.move_to_end(conversation.id)
        for name in [name for name, one in self._known.items() if not one.lock.locked()]:
            if len(self._known) <= _CONVERSATIONS:
                break
            del self._known[name]
