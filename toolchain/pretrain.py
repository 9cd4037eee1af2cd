"""Pretraining an encoder on plain text: replaced-token detection, or masked language modelling.

Replaced-token detection (Clark et al., ELECTRA, 2020): a small masked-LM *generator* fills masked places with likely
tokens, and the encoder learns to tell which tokens were replaced. It learns from every token, not from the masked ones
alone, which at this size is the better use of the same time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from toolchain.checkpoint import extend_positions, load_masked_lm, new_config, new_masked_lm
from toolchain.corpus import Sequences, TextSource, sequences
from toolchain.errors import RecipeError
from toolchain.model import pad
from toolchain.settings import Settings
from toolchain.structure import deepen
from toolchain.training import Batches, Loop, Report, Schedule


class PretrainSettings(Settings):
    """How to pretrain."""

    sources: tuple[TextSource, ...] = Field(min_length=1, description="files of plain text, each {path, times}")
    objective: Literal["replaced-token-detection", "masked-lm"] = Field(
        default="replaced-token-detection",
        description="replaced-token-detection: tell which tokens a generator replaced; masked-lm: guess hidden tokens",
    )
    steps: int = Field(default=10_000, ge=1, description="batches to train on")
    rows: int = Field(default=256, ge=1, description="sequences a step, at most")
    tokens: int = Field(default=4_096, ge=16, description="tokens a step, with padding, at most")
    lengths: tuple[Annotated[int, Field(ge=8)], ...] = Field(
        default=(32, 64, 64, 128, 256), min_length=1, description="lengths of sequences to draw from, in tokens"
    )
    positions: int = Field(default=256, ge=16, le=8_192, description="positions of the encoder, at least")
    blocks: int | None = Field(
        default=None, ge=1, le=100, description="blocks, at least; a checkpoint with fewer has its own repeated"
    )
    masked: float = Field(default=0.15, gt=0, lt=1, description="share of the tokens that are hidden")
    generator_blocks: int = Field(default=2, ge=1, description="depth of the generator")
    detection_weight: float = Field(default=50.0, gt=0, description="weight of the detection's loss (50 in the paper)")
    schedule: Schedule = Schedule(peak=5e-4, warm_up=500, decay=0.3, save_every=250)
    seed: int = Field(default=0, description="of the sequences and their order, and of random weights to begin with")


class MaskedLanguageModel(nn.Module):
    """BERT's objective: of the masked tokens 80 % become [MASK], 10 % a random token, 10 % stay."""

    def __init__(self, model: PreTrainedModel, masker: "Masker") -> None:
        super().__init__()
        self.model = model
        self.masker = masker

    @property
    def encoder(self) -> PreTrainedModel:
        """What is pretrained."""
        encoder: PreTrainedModel = self.model.base_model
        return encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor, seed: int) -> Tensor:
        """The mean cross entropy over masked places."""
        shown, places = self.masker(input_ids, attention_mask, seed)
        logits = self.logits(shown, attention_mask, places)
        return functional.cross_entropy(logits.float(), input_ids[places])

    def logits(self, shown: Tensor, attention_mask: Tensor, places: Tensor) -> Tensor:
        """Vocabulary logits [places, V] at the masked places only."""
        hidden = self.encoder(input_ids=shown, attention_mask=attention_mask).last_hidden_state
        logits: Tensor = self.model.cls.predictions(hidden[places])
        return logits


class ReplacedTokenDetection(nn.Module):
    """The generator's masked-LM loss, and the encoder's of telling replaced tokens; they share their embeddings."""

    def __init__(self, generator: MaskedLanguageModel, encoder: PreTrainedModel, weight: float) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.generator = generator
        self.generator.encoder.embeddings = encoder.embeddings
        predictions = generator.model.cls.predictions
        predictions.decoder.weight = encoder.embeddings.word_embeddings.weight
        self.detector = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))
        self._weight = weight

    def forward(self, input_ids: Tensor, attention_mask: Tensor, seed: int) -> Tensor:
        """The weighted sum of both losses."""
        shown, places = self.generator.masker(input_ids, attention_mask, seed)
        logits = self.generator.logits(shown, attention_mask, places).float()
        filled = input_ids.clone()
        with torch.no_grad():
            filled[places] = _sample(logits, seed + 1)
        hidden = self.encoder(input_ids=filled, attention_mask=attention_mask).last_hidden_state
        real = attention_mask.bool()
        scores = self.detector(hidden[real]).squeeze(-1).float()
        replaced = (filled != input_ids)[real].float()
        detection = functional.binary_cross_entropy_with_logits(scores, replaced)
        return functional.cross_entropy(logits, input_ids[places]) + self._weight * detection


class Masker:
    """Chooses places at random, never special tokens, and hides what stands there."""

    def __init__(self, tokenizer: Tokenizer, share: float, vocabulary: int) -> None:
        names = ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]")
        missing = [name for name in names if tokenizer.token_to_id(name) is None]
        if missing:
            raise RecipeError(f"the tokenizer lacks {missing[0]}, which pretraining needs")
        ids = [int(tokenizer.token_to_id(name) or 0) for name in names]
        self._mask_id = ids[3]
        self._special = torch.tensor(ids)
        self._share = share
        self._vocabulary = vocabulary

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Token ids [B, S] as they are shown, and where they were hidden (bool [B, S]; at least at one place)."""
        draw = torch.Generator().manual_seed(seed)
        may = attention_mask.bool().cpu() & ~torch.isin(input_ids.cpu(), self._special)
        chance = torch.rand(input_ids.shape, generator=draw).masked_fill(~may, 2.0)
        places = (chance < self._share) | (chance == chance.min())
        kind = torch.rand(input_ids.shape, generator=draw)
        anything = torch.randint(len(self._special), self._vocabulary, input_ids.shape, generator=draw)
        hidden = torch.where(kind < 0.1, anything, self._mask_id)
        shown = torch.where(places & (kind < 0.9), hidden, input_ids.cpu())
        return shown.to(input_ids.device), places.to(input_ids.device)


def pretrain(
    start: str | None, config: dict[str, Any] | None, tokenizer: Tokenizer, data: Path, kept_out: set[str],
    settings: PretrainSettings, work: Path, report: Report,
) -> PreTrainedModel:  # fmt: skip
    """Pretrain from the checkpoint `start`, or from random weights of the model that `config` describes.

    Progress lies in `work`; a second call with the same recipe resumes there.

    Raises:
        ToolchainError: see `toolchain.errors`.
    """
    torch.manual_seed(settings.seed)
    model = _objective(start, config, tokenizer, settings)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # Hardly a text comes twice: there is nothing to overfit, and it costs time.
    longest = int(model.encoder.config.max_position_embeddings)
    lengths = [min(length, longest) for length in settings.lengths]
    text = sequences(data, settings.sources, kept_out, tokenizer, lengths, settings.seed, work / "sequences.npz")
    batches = Batches(text.lengths, settings.rows, settings.tokens, settings.seed)
    loop = Loop(model, settings.schedule, settings.steps, work / "pretrain.pt", {"recipe": _plain(settings)})
    loop.run(batches, lambda module, batch: module(*_rows(text, batch, loop), loop.step), report)
    trained: PreTrainedModel = loop.result().encoder
    return trained


def _objective(
    start: str | None, config: dict[str, Any] | None, tokenizer: Tokenizer, settings: PretrainSettings
) -> MaskedLanguageModel | ReplacedTokenDetection:
    full = _masked_lm(start, config, tokenizer, settings)
    if settings.blocks is not None:
        if start is None:
            raise RecipeError("blocks repeats those of a checkpoint: of a new model, num_hidden_layers says how many")
        deepen(full.base_model, settings.blocks)
    masker = Masker(tokenizer, settings.masked, full.config.vocab_size)
    if settings.objective == "masked-lm":
        return MaskedLanguageModel(full, masker)
    shallow = _masked_lm(start, config, tokenizer, settings)
    blocks = shallow.base_model.encoder.layer
    del blocks[min(settings.generator_blocks, len(blocks)) :]
    return ReplacedTokenDetection(MaskedLanguageModel(shallow, masker), full.base_model, settings.detection_weight)


def _masked_lm(
    start: str | None, config: dict[str, Any] | None, tokenizer: Tokenizer, settings: PretrainSettings
) -> PreTrainedModel:
    if start is not None:
        model = load_masked_lm(start)
    elif config is not None:
        fields = {**config, "vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": settings.positions}
        model = new_masked_lm(new_config(fields, "the recipe's model"))
    else:
        raise RecipeError("pretraining needs a checkpoint to start from, or a model to begin")
    extend_positions(model.base_model, settings.positions)
    return model


def _sample(logits: Tensor, seed: int) -> Tensor:
    """A token [N] drawn for each row of logits [N, V]: where a uniform number falls in the cumulated probabilities.

    Several times as fast as `torch.multinomial`, which draws a number for every token of the vocabulary.
    """
    draw = torch.Generator().manual_seed(seed)
    cumulated = logits.softmax(-1).cumsum(-1)
    # Scaled by the last sum, which rounding leaves near 1, so that no draw lies beyond it.
    chance = torch.rand((len(logits), 1), generator=draw).to(logits.device) * cumulated[:, -1:]
    return torch.searchsorted(cumulated, chance).squeeze(1).clamp_(max=logits.shape[1] - 1)


def _rows(text: Sequences, batch: Sequence[int], loop: Loop) -> tuple[Tensor, Tensor]:
    input_ids, attention_mask = pad([text.row(index) for index in batch])
    return input_ids.to(loop.accelerator.device), attention_mask.to(loop.accelerator.device)


def _plain(settings: PretrainSettings) -> dict[str, Any]:
    """The settings as a save holds them; how often it saves decides nothing of the result."""
    return settings.model_dump(mode="json", exclude={"schedule": {"save_every"}})
