"""Text to features: checks, tokenisation and the encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Encoding, Tokenizer

from device_sim.errors import InvalidText, TooManyTexts
from device_sim.onnx_runtime import EncoderSession
from device_sim.stages import stage
from model_store.bundle import Bundle
from model_store.errors import BundleCorrupt
from model_store.head import Float32
from model_store.manifest import ENCODER, TOKENIZER

MAX_CHARACTERS = 10_000
MAX_TEXTS = 256


def check_text(text: str) -> str:
    """`text`, if it can be understood and stored.

    Raises:
        InvalidText: blank, longer than `MAX_CHARACTERS`, a NUL, or half of a surrogate pair.
    """
    if not text.strip():
        raise InvalidText("the text is empty or blank", field="text")
    if len(text) > MAX_CHARACTERS:
        raise InvalidText(f"the text has {len(text)} characters; at most {MAX_CHARACTERS} are allowed", field="text")
    if "\0" in text:
        raise InvalidText("the text holds a NUL character (U+0000)", field="text")
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "the text holds half of a surrogate pair, which is no character"
        raise InvalidText(message, field="text") from None
    return text


def check_texts(texts: Sequence[str]) -> None:
    """Check each of `texts`, and that there are between 1 and `MAX_TEXTS`.

    Raises:
        TooManyTexts, InvalidText.
    """
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise TooManyTexts(f"{len(texts)} texts in one call; between 1 and {MAX_TEXTS} are allowed", field="texts")
    for text in texts:
        check_text(text)


@dataclass(frozen=True, eq=False)
class Encoded:
    """One text after one pass of the encoder: `features` [D] for sentence tasks, `token_features` [S, D] for others.

    `offsets` are the characters (code points) of the text that each of the S tokens stands for, as (start, end); (0, 0)
    is a token that the tokenizer added.
    """

    features: Float32
    token_features: Float32
    offsets: tuple[tuple[int, int], ...]


class Encoder:
    """The bundle's tokenizer and base model. Safe to use from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.base_id = bundle.manifest.base_id
        self.width = bundle.manifest.feature_width
        content = bundle.read(TOKENIZER)
        try:
            self._tokenizer = Tokenizer.from_buffer(content)
        except Exception as error:  # the library raises nothing narrower
            raise BundleCorrupt(f"{TOKENIZER} is no tokenizer that can be read") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(bundle.manifest.max_length)
        self._session = EncoderSession(bundle.read(ENCODER))
        kinds = {task.kind for task in bundle.manifest.tasks.values()}
        if "token" in kinds and not self._session.reads_tokens:
            raise BundleCorrupt("the bundle has a token task, and its encoder gives no token features")

    def encode(self, text: str) -> Float32:
        """Features [D] of one text, cut at the bundle's maximum length.

        Texts are never batched: the int8 graph scales its activations by the greatest value in a batch, so a text's
        features would depend on what else was asked at the moment (by up to 0.04 where they were measured), and
        batches of 16 are only a third faster per text.

        Raises:
            InvalidText: nothing but characters that the tokenizer drops, such as controls.
        """
        with stage("encode"):
            return self._session.features(self._tokens(text).ids)

    def encode_all(self, text: str) -> Encoded:
        """Everything that heads of any kind need of one text, from one pass; cut and refused as by `encode`."""
        with stage("encode"):
            tokens = self._tokens(text)
            features, token_features = self._session.all_features(tokens.ids)
        return Encoded(features, token_features, tuple(tokens.offsets))

    def _tokens(self, text: str) -> Encoding:
        encoding = self._tokenizer.encode(text)
        if len(encoding.ids) == sum(encoding.special_tokens_mask):
            raise InvalidText("the text holds nothing that the model can read", field="text")
        return encoding
