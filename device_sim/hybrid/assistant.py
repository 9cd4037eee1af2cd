"""The hybrid assistant: a private request is answered here with the network shut; for any other a cloud model gets a
prompt of placeholders, and its answer is put together here.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing

from device_sim import network_guard
from device_sim.consent import read_consent
from device_sim.errors import CloudUnavailable, ConsentRequired, ConversationBusy, EgressBlocked, NetworkRefused
from device_sim.heads import ServingHeads
from device_sim.hybrid.cloud import CloudModel
from device_sim.hybrid.conversations import Conversation, Conversations
from device_sim.hybrid.dispatcher import Route, RouteLabel, dispatch
from device_sim.hybrid.gateway import Gateway
from device_sim.hybrid.ledger import Destination, Ledger
from device_sim.hybrid.material import Material, Source, material
from device_sim.hybrid.private import PrivateAnswers
from device_sim.hybrid.prompt import general_prompt, mixed_prompt
from device_sim.hybrid.replies import Ask, Event, Fault, Hidden, Piece, Prepared, Prompt, Reply, Routed
from device_sim.inference import Encoder, check_text
from device_sim.insights.assistant import InsightAssistant
from device_sim.personal.store import PersonalStore
from device_sim.predictor import PredictionMemory, Remembered
from device_sim.privacy.redactor import Outbound, Redacted
from device_sim.privacy.restorer import StreamRestorer
from device_sim.privacy.vault import Vault
from device_sim.state import State

ROUTE = "route"
_FOUND = 3  # notes, and entries of the calendar, that are looked at for a mixed request
_DRY = "这是会发送的内容；这次没有发送。"
_WOULD_CHANGE = "这会改动手机里的数据；试运行时没有执行，也什么都没有发送。"
_NO_CLOUD = "没有设置云端模型（ATTUNE_CLOUD_BASE_URL、ATTUNE_CLOUD_MODEL），所以没有发送。下面是脱敏后的提示词，可以自己拿去用。"
_NO_CONSENT = "还没有同意使用云端协助（cloud_assist），所以没有发送。下面是同意后会发送的内容。"
_BLOCKED = "发送前的最后检查发现内容里还有不该离开手机的信息，已经拦下，什么都没有发送。"
_NO_ANSWER = "云端模型这次没有给出回答。"


class HybridAssistant:
    """Thread-safe; requests of one conversation are answered one after the other."""

    def __init__(
        self, state: State, encoder: Encoder, heads: ServingHeads, memory: PredictionMemory, store: PersonalStore,
        private: PrivateAnswers, insights: InsightAssistant, ledger: Ledger, cloud: CloudModel,
    ) -> None:  # fmt: skip
        self._state = state
        self._encoder = encoder
        self._heads = heads
        self._memory = memory
        self._store = store
        self._private = private
        self._insights = insights
        self._ledger = ledger
        self._cloud = cloud
        self._gateway = Gateway(encoder, heads, store)
        self._conversations = Conversations()

    def answer(self, ask: Ask) -> Iterator[Event]:
        """Answer a request step by step; the last event is the whole reply. Closing the iterator hangs up.

        Raises (while iterating):
            InvalidText, UnknownTask: the bundle has no task `route`. ConversationBusy, VaultFull, StateError.
        """
        check_text(ask.text)
        conversation = self._conversations.get(ask.conversation_id)
        if not conversation.lock.acquire(blocking=False):
            raise ConversationBusy("another request of this conversation is being answered")
        try:
            yield from self._answer(ask, conversation)
        finally:
            conversation.lock.release()

    def redact(self, text: str, conversation_id: str | None = None, *, strict: bool = False) -> tuple[Redacted, str]:
        """The text as it may leave, and the conversation that it is of. Raises InvalidText, VaultFull."""
        conversation = self._conversations.get(conversation_id)
        redactor = self._gateway.strict if strict else self._gateway.plain
        return redactor.redact(check_text(text), conversation.vault), conversation.id

    def forget(self, conversation_id: str | None = None) -> None:
        """Forget a conversation, or all."""
        self._conversations.forget(conversation_id)

    def _answer(self, ask: Ask, conversation: Conversation) -> Iterator[Event]:
        routed = self._route(ask, conversation)
        yield routed
        help_ = self._insights.help_for(ask.text)
        if help_ is not None:
            yield Reply(routed, help_.answer, help=help_)
        elif routed.route.label is RouteLabel.PRIVATE:
            yield self._answer_here(ask, routed)
        else:
            yield from self._answer_with_help(ask, routed, conversation)

    def _route(self, ask: Ask, conversation: Conversation) -> Routed:
        self._heads.spec(ROUTE)
        features = self._encoder.encode(ask.text)
        head = self._heads.serving(ROUTE)
        shares = head.parameters.probabilities(features[None])[0].tolist()
        probabilities = dict(zip(head.labels, shares, strict=True))
        if ask.route is not None:
            route = Route(RouteLabel(ask.route), probabilities, ("the user chose it",))
        else:
            route = dispatch(ask.text, probabilities, self._gateway.evidence(ask.text))
        request_id = uuid.uuid4().hex
        self._memory.remember(request_id, Remembered(ROUTE, ask.text, features))
        return Routed(request_id, conversation.id, route, head.version)

    def _answer_here(self, ask: Ask, routed: Routed) -> Reply:
        if ask.dry_run and self._private.would_change(ask.text):
            return Reply(routed, _WOULD_CHANGE)
        with network_guard.private():
            found = self._private.answer(ask.text)
        return Reply(
            routed, found.text, found.sources, understood=found.understood, changed=found.changed, undo=found.undo
        )

    def _answer_with_help(self, ask: Ask, routed: Routed, conversation: Conversation) -> Iterator[Event]:
        vault, turns = conversation.vault, conversation.turns
        known = Material((), ())
        if routed.route.label is RouteLabel.GENERAL:
            asked, outbound = general_prompt(ask.text, turns, self._gateway.plain, vault)
        else:
            with network_guard.private():
                known = self._material(ask.text)
            asked, outbound = mixed_prompt(ask.text, known, turns, self._gateway.strict, vault)
        prompt = self._prompt(outbound, vault)
        yield Prepared(prompt)
        fault, words = self._reason_not_to_send(ask)
        if words is not None:
            yield Reply(routed, words, known.sources, prompt=prompt, fault=fault)
        else:
            yield from self._send(routed, conversation, asked, outbound, prompt, known.sources)

    def _material(self, text: str) -> Material:
        """What the phone knows about a request, by its words and its meaning."""
        notes = self._store.search_notes(text, _FOUND, guess=True)
        events = self._store.search_events(text, _FOUND)
        return material(text, notes, events, self._encoder.encode, lambda at: f"{at:%Y年}{at.month}月{at.day}日")

    def _reason_not_to_send(self, ask: Ask) -> tuple[Fault | None, str | None]:
        if ask.dry_run:
            return None, _DRY
        if not self._cloud.configured:
            return Fault("cloud-not-configured", "no cloud model is configured; nothing was sent"), _NO_CLOUD
        with self._state.reading() as connection:
            consented = read_consent(connection).cloud_assist
        if not consented:
            detail = "the user has not agreed to help from a cloud model; nothing was sent"
            return Fault(ConsentRequired.code, detail), _NO_CONSENT
        return None, None

    def _send(
        self, routed: Routed, conversation: Conversation, asked: Redacted, outbound: Outbound, prompt: Prompt,
        sources: Sequence[Source],
    ) -> Iterator[Event]:  # fmt: skip
        to = Destination(self._cloud.host, self._cloud.model)
        vault = conversation.vault

        def last_check(body: bytes) -> None:
            self._gateway.check(body, vault, self._cloud.model)

        attempts = self._ledger.attempts(routed.id, routed.route.label.value, to, last_check)
        restorer, said, fault = StreamRestorer(vault), list[str](), None
        try:
            with closing(self._cloud.stream(outbound, attempts)) as pieces:
                for piece in pieces:
                    ready = restorer.feed(piece)
                    if ready:
                        said.append(ready)
                        yield Piece(ready)
                fault = _unfinished(pieces.finish_reason)
        except (CloudUnavailable, EgressBlocked, ConsentRequired, NetworkRefused) as error:
            fault = Fault(error.code, str(error))
        rest = restorer.finish()
        if rest.text:
            said.append(rest.text)
            yield Piece(rest.text)
        answer = "".join(said)
        if answer:
            conversation.remember(asked, self._gateway.strict.redact(answer, vault))
        elif fault is not None:
            answer = _BLOCKED if fault.code == EgressBlocked.code else _NO_ANSWER
        yield Reply(
            routed, answer, tuple(sources), prompt=prompt, sent=attempts.left, unresolved=rest.unresolved, fault=fault
        )  # fmt: skip

    def _prompt(self, outbound: Outbound, vault: Vault) -> Prompt:
        messages = tuple((message.role, message.content) for message in outbound.messages)
        content = "\n".join(text for _, text in messages)
        hidden = tuple(
            Hidden(name, str(vault.type_of(value)), value) for name, value in vault.values.items() if name in content
        )
        return Prompt(messages, self._cloud.body(outbound) if self._cloud.configured else None, hidden)


def _unfinished(finish_reason: str | None) -> Fault | None:
    """Why the model ended before its answer did, if it says so."""
    if finish_reason in (None, "stop"):
        return None
    return Fault("cloud-unfinished", f"the cloud model ended its answer early ({finish_reason})")
