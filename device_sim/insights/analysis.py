"""What a thought says: intent, feeling, direction of life and topics, all from one pass of the encoder; a text of
several thoughts takes one more for each.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from device_sim.errors import InsightsUnavailable, InvalidText
from device_sim.heads import Head, ServingHeads
from device_sim.inference import Encoded, Encoder
from device_sim.insights.knowledge import DIRECTIONS
from model_store.head import Float32
from model_store.spans import decode_spans

INTENT, SENTIMENT, DIRECTION, ENTITIES = "intent", "sentiment", "insight", "entities"
TOPIC = "TOPIC"
FEELINGS = {"负面": "negative", "中性": "neutral", "正面": "positive"}
# Where one thought ends and another may begin.
_BREAKS = re.compile(r"[。！？!?；;\n]+|，(?=另外|还有|而且|同时|再说|对了|还想|还要|也想)|\s{2,}")
_MOST_PARTS = 4
_LEAST_CHARACTERS = 5  # of a thought of its own
_SURELY_FELT, _UNDECIDED = 0.5, "neutral"  # a feeling less probable than that is not put into anybody's mouth
_SURE = 0.6  # probability from which a part's own direction counts beside that of the whole


@dataclass(frozen=True)
class Choice:
    """A label, its probability, and those of all labels."""

    label: str
    probability: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Part:
    """One of several thoughts in a text: the characters `start` to `end`, and what it says."""

    start: int
    end: int
    text: str
    intent: Choice
    sentiment: Choice
    direction: Choice


@dataclass(frozen=True, eq=False)
class Analysis:
    """What a text says. `direction` is by the user's own head, `topic` by the bundle's: what it is about for anybody.

    `parts` are the thoughts in it, if there are several of different directions; `features` [D] are its own.
    """

    text: str
    intent: Choice
    sentiment: Choice
    direction: Choice
    topic: Choice
    entities: tuple[str, ...]
    parts: tuple[Part, ...]
    features: Float32
    version: int


class Analyst:
    """Reads texts with the heads that serve at that moment."""

    def __init__(self, encoder: Encoder, heads: ServingHeads) -> None:
        self._encoder = encoder
        self._heads = heads

    def require(self) -> None:
        """Raises InsightsUnavailable if the bundle lacks a task that is needed."""
        for task, known in ((INTENT, None), (SENTIMENT, {*FEELINGS, *FEELINGS.values()}), (DIRECTION, {*DIRECTIONS})):
            spec = self._heads.tasks.get(task)
            if spec is None or spec.kind != "sentence":
                raise InsightsUnavailable(f"the bundle has no task {task}, which insights need")
            if known is not None and not set(spec.labels) <= known:
                raise InsightsUnavailable(f"the bundle's task {task} has labels that insights do not know")

    def read(self, text: str) -> Analysis:
        """Raises InsightsUnavailable; InvalidText if the model can't read it."""
        self.require()
        if ENTITIES in self._heads.tasks:
            encoded = self._encoder.encode_all(text)
        else:
            encoded = Encoded(self._encoder.encode(text), np.zeros((0, 0), np.float32), ())
        intent, sentiment, own = (self._heads.serving(task) for task in (INTENT, SENTIMENT, DIRECTION))
        return Analysis(
            text=text,
            intent=_choice(intent, encoded.features),
            sentiment=_feeling(sentiment, encoded.features),
            direction=_choice(own, encoded.features),
            topic=_choice(self._heads.base(DIRECTION), encoded.features),
            entities=self._entities(text, encoded),
            parts=self._parts(text, intent, sentiment, own),
            features=encoded.features,
            version=own.version,
        )

    def _parts(self, text: str, intent: Head, sentiment: Head, own: Head) -> tuple[Part, ...]:
        """The thoughts of a text that are surely of different directions; none where it is one thought.

        Each is read by itself: the features of its tokens within the whole text say what the whole is about.
        """
        places = _places(text)[:_MOST_PARTS]
        parts = []
        for start, end in places if len(places) > 1 else ():
            said = text[start:end]
            with suppress(InvalidText):  # nothing but characters that the tokenizer drops
                features = self._encoder.encode(said)
                direction = _choice(own, features)
                if direction.probability >= _SURE:
                    mood, aim = _feeling(sentiment, features), _choice(intent, features)
                    parts.append(Part(start, end, said, aim, mood, direction))
        return tuple(parts) if len({part.direction.label for part in parts}) > 1 else ()

    def _entities(self, text: str, encoded: Encoded) -> tuple[str, ...]:
        if ENTITIES not in self._heads.tasks:
            return ()
        head = self._heads.serving(ENTITIES)
        spans = decode_spans(head.parameters.bulk_probabilities(encoded.token_features), head.labels, encoded.offsets)
        return tuple(dict.fromkeys(text[span.start : span.end] for span in spans if span.type == TOPIC))


def _places(text: str) -> list[tuple[int, int]]:
    found, begin = [], 0
    for match in (*_BREAKS.finditer(text), None):
        end = match.start() if match else len(text)
        if end - begin >= _LEAST_CHARACTERS:
            found.append((begin, end))
            begin = match.end() if match else end
        elif match is None and found:
            found[-1] = (found[-1][0], end)
    return found


def _choice(head: Head, features: Float32) -> Choice:
    return _of(head.labels, head.parameters.probabilities(features[None])[0].tolist())


def _feeling(head: Head, features: Float32) -> Choice:
    labels = [FEELINGS.get(label, label) for label in head.labels]
    chosen = _of(labels, head.parameters.probabilities(features[None])[0].tolist())
    if chosen.probability >= _SURELY_FELT or _UNDECIDED not in labels:
        return chosen
    return Choice(_UNDECIDED, chosen.probabilities[_UNDECIDED], chosen.probabilities)


def _of(labels: Sequence[str], probabilities: Sequence[float]) -> Choice:
    best = max(range(len(labels)), key=lambda place: probabilities[place])
    return Choice(labels[best], probabilities[best], dict(zip(labels, probabilities, strict=True)))
