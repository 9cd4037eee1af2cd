"""Names, organisations, projects and addresses as the bundle's `entities` head marks them."""

import re
from collections.abc import Iterator

from device_sim.errors import InvalidText
from device_sim.heads import ServingHeads
from device_sim.inference import Encoder
from device_sim.privacy.everyday import EverydayWords
from device_sim.privacy.findings import Finding, SensitiveType
from device_sim.privacy.latin_names import is_first_name
from device_sim.privacy.name_words import (
    NO_NAMES,
    ORGANISATION_ENDS,
    ORGANISATION_PARTS,
    ORGANISATIONS,
    SURNAMES,
    TITLES,
    one_of,
)  # fmt: skip
from device_sim.privacy.reading import Reading, read
from model_store.spans import TextSpan, decode_spans, types_of

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
# A word that everyday text holds, or that cuts one, has to be so probable to be a name; a single character more.
_LIKELY, _CERTAIN = 0.9, 0.97
_SHORT = 2  # characters
_SENTENCE_END = re.compile(r"[。!?!?;;\n…]+|\.(?=\s)")
_TITLE = re.compile(one_of(TITLES))
_MORE = re.compile(one_of(word for word in (*ORGANISATION_ENDS, *ORGANISATION_PARTS) if len(word) > 1))
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
        found: dict[tuple[int, int], SensitiveType] = {}
        reading = read(text, self._everyday)
        for span in self._spans(text):
            kind = _TYPES.get(span.type)
            start, end = _trimmed(text, span.start, span.end)
            if kind is not None and start < end and self._believed(reading, start, end, kind, span.probability):
                found[start, _whole(reading, end, kind)] = kind
        for value, kind in {text[start:end]: kind for (start, end), kind in found.items() if end - start > 1}.items():
            for again in re.finditer(_alone(value), text):
                found.setdefault(again.span(), kind)
        return [Finding(start, end, kind, _SOURCE) for (start, end), kind in found.items()]

    def _believed(self, reading: Reading, start: int, end: int, kind: SensitiveType, probability: float) -> bool:
        """Is it likely to be a name? The head is made to miss few, so it also marks what is none."""
        value = reading.text[start:end]
        surname = kind is SensitiveType.PERSON and value in SURNAMES
        if surname or value in ORGANISATIONS or is_first_name(value):
            return True
        if value.lower() in NO_NAMES or (len(value) == 1 and probability < _CERTAIN):
            return False
        if kind is SensitiveType.PERSON and value.isascii() and value.islower():
            return False
        whole = reading.parts(start, end) or len(value) > _SHORT
        return probability >= _LIKELY or (whole and value not in self._everyday)

    def _spans(self, text: str) -> Iterator[TextSpan]:
        for start, end in windows(text):
            yield from self._read(text, start, end)

    def _read(self, text: str, start: int, end: int) -> Iterator[TextSpan]:
        try:
            encoded = self._encoder.encode_all(text[start:end])
        except InvalidText:
            return  # nothing but what the model can't see
        head = self._heads.serving(TASK)
        spans = decode_spans(head.parameters.probabilities(encoded.token_features), head.labels, encoded.offsets)
        for span in spans:
            yield TextSpan(start + span.start, start + span.end, span.type, span.probability)
        read = start + max(stop for _, stop in encoded.offsets)
        if end - start > 1 and any(c.isprintable() and not c.isspace() for c in text[read:end]):
            # The encoder cuts what is longer than it reads.
            middle = (start + end) // 2
            shared = min(_SHARED, (end - start) // 4)
            yield from self._read(text, start, middle + shared)
            yield from self._read(text, middle - shared, end)


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


def _alone(value: str) -> str:
    """A pattern of the value; in letters, not as a part of a word."""
    pattern = re.escape(value)
    return rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])" if value.isascii() else pattern


def _whole(reading: Reading, end: int, kind: SensitiveType) -> int:
    """Where the name ends if what stands behind it belongs to it: 华宇 and 建材, 上官 and 导演."""
    if end in reading.inside:
        return end
    if kind is SensitiveType.PERSON:
        title = _TITLE.match(reading.text, end)
        return title.end() if title else end
    while kind is SensitiveType.COMPANY:
        more = _MORE.match(reading.text, end)
        if more is None or more.end() in reading.inside:
            break
        end = more.end()
    return end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return start, end
