"""Names, organisations, projects and addresses as the bundle's `entities` head marks them."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from device_sim.errors import InvalidText
from device_sim.heads import ServingHeads
from device_sim.inference import Encoder
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.latin_names import is_first_name
from device_sim.privacy.name_edges import whole, without_neighbours
from device_sim.privacy.name_words import (
    CITIES,
    COUNTRIES,
    HOMOGRAPHS,
    LATIN_NO_NAMES,
    NO_ENTRY,
    NO_NAMES,
    ORGANISATIONS,
    PROVINCES,
    SURNAMES,
    one_of,
)
from device_sim.privacy.organisation_rules import is_general, is_public
from device_sim.privacy.person_context import beside
from device_sim.privacy.reading import Reading, read
from model_store.han import simplified
from model_store.head import Float64
from model_store.spans import OUTSIDE, TextSpan, decode_spans, types_of

TASK = "entities"
_SOURCE = "entities head"
_TYPES = {
    "PERSON": SensitiveType.PERSON,
    "ORG": SensitiveType.COMPANY,
    "PROJECT": SensitiveType.PROJECT,
    "ADDRESS": SensitiveType.ADDRESS,
}
# Characters of a window, and how many two windows share at least: more than any name has.
_WINDOW, _SHARED = 200, 40
_SHORT = 2  # letters of what may be the code of a project alone
# So probable has a span to be: one that is an everyday word, a project made of such words, others made of them, any.
_CERTAIN, _LIKELY, _RATHER, _POSSIBLE = 0.97, 0.8, 0.7, 0.3
_SELDOM_ASKED = (SensitiveType.PROJECT, SensitiveType.ADDRESS)
# What is missed leaves the phone, what is hidden in vain comes back; not so in a general question.
_MORE_FREQUENT = 10.0
_SENTENCE_END = re.compile(r"[。!?!?;;\n…]+|\.(?=\s)")
# Numbers, buses, colours, and places that everybody knows.
_NO_NAME = re.compile(
    rf"[\W\d]+|[一二三四五六七八九十]{{1,2}}[楼层]|(?:地铁|公交|快线)?[A-Z]?\d+\s?(?:路|路公交|号线|次)[和换到]?"
    r"|#?[0-9A-Fa-f]{6}|Error ?\d+"
    rf"|(?:(?:{one_of((*PROVINCES, *CITIES, *COUNTRIES))})[省市]?)+"
)
_MODEL = re.compile(r"-\d")  # KFR-35GW
_EDGE = " \t\r\n\u3000,,.。、;;::!!??\"'“”‘’()()《》<>"


class Entities:
    """A recogniser. A text that is longer than what the encoder reads at once is read in windows that overlap."""

    def __init__(self, encoder: Encoder, heads: ServingHeads, everyday: EverydayWords) -> None:
        self._encoder = encoder
        self._heads = heads
        self._everyday = everyday

    @property
    def available(self) -> bool:
        """Whether the bundle marks any of these; if not, nothing is ever found."""
        spec = self._heads.tasks.get(TASK)
        return spec is not None and spec.kind == "token" and not _TYPES.keys().isdisjoint(types_of(spec.labels))

    def find(self, text: str) -> list[Finding]:
        """See `Recogniser`. A name that the head sees in one place is found wherever the text has it."""
        if not self.available:
            return []
        text = simplified(text)
        found: dict[tuple[int, int], SensitiveType] = {}
        reading = read(text, self._everyday)
        general = is_general(text)
        for span in self._spans(text, 1.0 if general else _MORE_FREQUENT):
            kind = _TYPES.get(span.type)
            start, end = _trimmed(text, span.start, span.end)
            if kind is None or start >= end or not self._believed(reading, start, end, kind, span.probability):
                continue
            place = without_neighbours(text, *whole(reading, start, end, kind), kind)
            if kind is SensitiveType.COMPANY and is_public(text, *place):
                continue
            if general and kind in _SELDOM_ASKED and span.probability < _CERTAIN:
                continue
            if not _is_no_name(text[slice(*place)]):
                found[place] = kind
        persons = [place for place, kind in found.items() if kind is SensitiveType.PERSON]
        for place in beside(text, persons, self._everyday):
            found.setdefault(place, SensitiveType.PERSON)
        for value, kind in {text[start:end]: kind for (start, end), kind in found.items() if end - start > 1}.items():
            for again in re.finditer(_alone(value), text):
                found.setdefault(again.span(), kind)
        return [Finding(start, end, kind, _SOURCE) for (start, end), kind in found.items()]

    def _believed(self, reading: Reading, start: int, end: int, kind: SensitiveType, probability: float) -> bool:
        """Is it likely to be a name? The head is made to miss few, so it also marks what is none."""
        value = reading.text[start:end]
        surname = kind is SensitiveType.PERSON and value in SURNAMES and probability >= _LIKELY
        if surname or value in ORGANISATIONS or is_first_name(value):
            return True
        if _is_no_name(value) or (value.isascii() and len(value) <= _SHORT and kind is not SensitiveType.PROJECT):
            return False
        if kind is SensitiveType.PERSON and value in NO_ENTRY:
            return False
        if len(value) == 1 or value in HOMOGRAPHS:
            return probability >= _CERTAIN
        if value in self._everyday:
            return probability >= (_RATHER if self._everyday.is_rare(value) else _CERTAIN)
        if value.isascii() and value.islower():
            return kind is not SensitiveType.PERSON and not value.isalpha() and probability >= _CERTAIN
        if value.isascii() and _MODEL.match(reading.text, end):
            return False
        begins_with_word = reading.words.get(start, start) > start + 1  # 王朝更替, 张开嘴
        formed = kind is SensitiveType.PERSON and len(value) > 2 and value[0] in SURNAMES and not begins_with_word
        if formed or not self._made_of_words(reading, start, end):
            return probability >= _POSSIBLE
        return probability >= (_LIKELY if kind is SensitiveType.PROJECT else _RATHER)

    def _made_of_words(self, reading: Reading, start: int, end: int) -> bool:
        """Do everyday words explain all of it?"""
        while start < end:
            stop = reading.words.get(start, start)
            if stop == start and not (reading.single(start) and self._everyday.is_usual(reading.text[start])):
                return False
            start = max(stop, start + 1)
        return True

    def _spans(self, text: str, more_frequent: float) -> Iterator[TextSpan]:
        for start, end in windows(text):
            yield from self._read(text, start, end, more_frequent)

    def _read(self, text: str, start: int, end: int, more_frequent: float) -> Iterator[TextSpan]:
        try:
            encoded = self._encoder.encode_all(text[start:end])
        except InvalidText:
            return  # nothing but what the model can't see
        head = self._heads.serving(TASK)
        leaning = _leaning(head.parameters.probabilities(encoded.token_features), head.labels, more_frequent)
        spans = decode_spans(leaning, head.labels, encoded.offsets)
        for span in spans:
            yield TextSpan(start + span.start, start + span.end, span.type, span.probability)
        read = start + max(stop for _, stop in encoded.offsets)
        if end - start > 1 and any(c.isprintable() and not c.isspace() for c in text[read:end]):
            # The encoder cuts what is longer than it reads.
            middle = (start + end) // 2
            shared = min(_SHARED, (end - start) // 4)
            yield from self._read(text, start, middle + shared, more_frequent)
            yield from self._read(text, middle - shared, end, more_frequent)


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Parts of the text that together are all of it, cut where sentences end if they are not too long; where one has to
    be cut, what stands at the cut is whole in one of them.
    """
    start = 0
    while len(text) - start > _WINDOW:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, start, start + _WINDOW)]
        good = [end for end in ends if end - start > _WINDOW // 2]
        if good:
            yield start, good[-1]
            # The sentence before is read again: its names are those of the next.
            again = [end for end in ends[:-1] if good[-1] - end <= _SHARED]
            start = again[0] if again else good[-1]
        else:
            yield start, start + _WINDOW
            start += _WINDOW - _SHARED
    if start < len(text):
        yield start, len(text)


def _leaning(probabilities: Float64, labels: Sequence[str], more_frequent: float) -> Float64:
    """The probabilities [S, C] if names were more frequent than in the texts that the head was made with."""
    weights = np.array([1.0 if label == OUTSIDE else more_frequent for label in labels])
    leaning = probabilities * weights
    return np.asarray(leaning / leaning.sum(axis=1, keepdims=True))


def _alone(value: str) -> str:
    """A pattern of the value; in letters, not as a part of a word."""
    pattern = re.escape(value)
    return rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])" if value.isascii() else pattern


def _is_no_name(value: str) -> bool:
    lower = value.lower()
    if lower in NO_NAMES or _NO_NAME.fullmatch(value):
        return True
    return value.isascii() and LATIN_NO_NAMES.issuperset(lower.split())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return start, end
