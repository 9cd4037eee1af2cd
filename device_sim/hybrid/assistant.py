"""The hybrid assistant: a private request is answered here with the network shut; for any other a cloud model gets a
prompt of placeholders, and its answer is put together here.
"""

import re
import threading
import uuid
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import datetime

from device_sim import network_guard
from device_sim.consent import read_consent
from device_sim.errors import CloudUnavailable, ConsentRequired, EgressBlocked, NetworkRefused, StateError
from device_sim.heads import ServingHeads
from device_sim.hybrid.cloud import CloudModel, CloudStream
from device_sim.hybrid.conversations import Conversation, Conversations
from device_sim.hybrid.dispatcher import Route, RouteLabel, dispatch
from device_sim.hybrid.gateway import Gateway
from device_sim.hybrid.ledger import Destination, Ledger, RecordedAttempts
from device_sim.hybrid.material import Material, material
from device_sim.hybrid.private import PrivateAnswers
from device_sim.hybrid.prompt import general_prompt, mixed_prompt
from device_sim.hybrid.replies import Ask, Event, Fault, Hidden, Piece, Prepared, Prompt, Reply, Routed
from device_sim.inference import Encoder, check_text
from device_sim.insights.assistant import InsightAssistant
from device_sim.personal.records import Event as CalendarEntry
from device_sim.personal.store import PersonalStore
from device_sim.personal.times import read_times
from device_sim.predictor import PredictionMemory, Remembered
from device_sim.privacy.redactor import Outbound, Redacted
from device_sim.privacy.restorer import StreamRestorer
from device_sim.privacy.vault import Vault
from device_sim.stages import Stage, happened, stage
from device_sim.state import State

ROUTE = "route"
_CALENDAR = re.compile("日程|安排|行程|日历|待办|会议?|空|约|忙")
_OF_A_TIME = 8  # entries of the calendar that a request about a time is given
_FOUND = 3  # notes, and entries of the calendar, that are looked at for a mixed request
_PART, _LONGEST = 256, 200_000  # characters of an answer that are restored at once, and at all
_DRY = "这是会发送的内容；这次没有发送。"
_WOULD_CHANGE = "这会改动手机里的数据；试运行时没有执行，也什么都没有发送。"
_NO_CLOUD = "没有设置云端模型（ATTUNE_CLOUD_BASE_URL），所以没有发送。下面是脱敏后的提示词，可以自己拿去用。"
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

    def answer(self, ask: Ask, gone: threading.Event | None = None) -> Iterator[Event]:
        """Answer a request step by step; the last event is the whole reply. Closing the iterator hangs up, and so does,
        from any thread, setting `gone`.

        Raises (while iterating):
            InvalidText, UnknownTask: the bundle has no task `route`. ConversationBusy, VaultFull, StateError.
        """
        check_text(ask.text)
        conversation = self._conversations.begin(ask.conversation_id)
        try:
            with (
                stage("assist") as told,
                closing(self._answer(ask, conversation, gone or threading.Event())) as events,
            ):
                for event in events:
                    _tell_event(told, event)
                    yield event
        finally:
            self._conversations.end(conversation)

    def redact(self, text: str, conversation_id: str | None = None, *, strict: bool = False) -> Redacted:
        """The text as it may leave. Raises InvalidText, ConversationBusy, VaultFull."""
        redactor = self._gateway.strict if strict else self._gateway.plain
        check_text(text)
        conversation = self._conversations.begin(conversation_id)
        try:
            redacted = redactor.redact(text, conversation.vault)
            _tell_hidden(entity.type for entity in redacted.entities)
            return redacted
        finally:
            self._conversations.end(conversation)

    def forget(self, conversation_id: str | None = None) -> None:
        """Forget a conversation, or all, and then also what was made ready of the personal data."""
        self._conversations.forget(conversation_id)
        if conversation_id is None:
            self._gateway.forget()

    def _answer(
        self, ask: Ask, conversation: Conversation, gone: threading.Event
    ) -> Generator[Event, None, None]:  # fmt: skip
        with stage("route"):
            routed = self._route(ask, conversation)
        yield routed
        help_ = self._insights.help_for(ask.text)
        if help_ is not None:
            yield Reply(routed, help_.answer, help=help_)
        elif routed.route.label is RouteLabel.PRIVATE:
            yield self._answer_here(ask, routed)
        else:
            yield from self._answer_with_help(ask, routed, conversation, gone)

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
        with stage("answer-here"), network_guard.private():
            found = self._private.answer(ask.text)
        return Reply(
            routed, found.text, found.sources, understood=found.understood, changed=found.changed, undo=found.undo
        )

    def _answer_with_help(
        self, ask: Ask, routed: Routed, conversation: Conversation, gone: threading.Event
    ) -> Iterator[Event]:
        vault, turns = conversation.vault, conversation.turns
        known = Material((), ())
        with stage("prompt"):
            if routed.route.label is RouteLabel.GENERAL:
                outbound = general_prompt(ask.text, turns, self._gateway.plain, vault)
            else:
                with network_guard.private():
                    known = self._material(ask.text)
                outbound = mixed_prompt(ask.text, known, turns, self._gateway.strict, vault)
            prompt = self._prompt(outbound, vault)
        yield Prepared(prompt)
        fault, words = self._reason_not_to_send(ask)
        if words is not None:
            yield Reply(routed, words, known.sources, prompt=prompt, fault=fault)
            return
        attempts = self._attempts(routed, vault)
        answer = _Answer(vault)
        with stage("cloud") as told:
            yield from answer.arriving(self._cloud.stream(outbound, attempts, gone))
            told.facts["outcome"] = answer.fault.code if answer.fault else "answered"
        if answer.said:
            conversation.remember(ask.text, answer.said)
        words = answer.said or (_BLOCKED if answer.blocked and not attempts.left else _NO_ANSWER)
        yield Reply(
            routed, words, known.sources, prompt=prompt, sent=attempts.left, unresolved=answer.unresolved,
            fault=answer.fault,
        )  # fmt: skip

    def _attempts(self, routed: Routed, vault: Vault) -> RecordedAttempts:
        def last_check(body: bytes) -> None:
            self._gateway.check(body, vault, self._cloud.model)

        to = Destination(self._cloud.host, self._cloud.model)
        return self._ledger.attempts(routed.id, routed.route.label.value, to, last_check)

    def _material(self, text: str) -> Material:
        """What the phone knows about a request, by its words and its meaning."""
        notes = self._store.search_notes(text, _FOUND, guess=True)
        events = self._store.search_events(text, _FOUND)
        dated: list[CalendarEntry] = []
        if _CALENDAR.search(text):
            for span in read_times(text, self._store.now()).spans[:_FOUND]:
                dated += self._store.events(span.start, span.end, _OF_A_TIME)
        return material(text, notes, events, dated, self._encoder.encode, _say_time)

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

    def _prompt(self, outbound: Outbound, vault: Vault) -> Prompt:
        messages = tuple((message.role, message.content) for message in outbound.messages)
        content = "\n".join(text for _, text in messages)
        hidden = tuple(
            Hidden(name, str(vault.type_of(value)), value) for name, value in vault.values.items() if name in content
        )
        return Prompt(messages, self._cloud.body(outbound) if self._cloud.configured else None, hidden)


def _tell_event(told: Stage, event: Event) -> None:
    """What may be known of a step outside: no text."""
    if isinstance(event, Routed):
        told.facts.update(route=event.route.label.value, version=event.version)
    elif isinstance(event, Prepared):
        _tell_hidden(hidden.type for hidden in event.prompt.placeholders)
    elif isinstance(event, Reply):
        told.facts.update(sent=event.sent, fault=event.fault.code if event.fault else "none")


def _tell_hidden(types: Iterable[str]) -> None:
    for kind, count in Counter(types).items():
        happened("redacted", type=str(kind), count=count)


def _say_time(at: datetime) -> str:
    return f"{at.month}月{at.day}日{at:%H:%M}"


class _Answer:
    """A cloud model's answer as it arrives: restored, bounded, and what went wrong."""

    def __init__(self, vault: Vault) -> None:
        self._restorer = StreamRestorer(vault)
        self._pieces: list[str] = []
        self._length = 0
        self.unresolved: tuple[str, ...] = ()
        self.fault: Fault | None = None
        self.blocked = False

    @property
    def said(self) -> str:
        """What arrived, values in it."""
        return "".join(self._pieces)

    def arriving(self, stream: CloudStream) -> Iterator[Piece]:
        """The pieces, each as soon as it is certain."""
        try:
            with closing(stream):
                yield from self._read(stream)
        except (CloudUnavailable, EgressBlocked, ConsentRequired, NetworkRefused, StateError) as error:
            self.fault = Fault(error.code, str(error))
            self.blocked = isinstance(error, EgressBlocked)
        rest = self._restorer.finish()
        yield from self._told(rest.text)
        self.unresolved = rest.unresolved

    def _read(self, stream: CloudStream) -> Iterator[Piece]:
        for received in stream:
            # In parts: of a few characters a placeholder may make thousands.
            for start in range(0, len(received), _PART):
                yield from self._told(self._restorer.feed(received[start : start + _PART]))
                if self._length > _LONGEST:
                    self.fault = Fault("cloud-unfinished", f"the answer was cut after {_LONGEST} characters")
                    return
        if stream.finish_reason not in (None, "stop"):
            self.fault = Fault("cloud-unfinished", f"the cloud model ended its answer early ({stream.finish_reason})")

    def _told(self, text: str) -> Iterator[Piece]:
        if text:
            self._pieces.append(text)
            self._length += len(text)
            yield Piece(text)
