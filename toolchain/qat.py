"""Quantisation-aware training: the encoder computes what ONNX Runtime will compute of its int8 form.

Sources: Jacob et al. (2018) for training with quantisation in the forward pass; Bengio et al. (2013) for the straight-
through gradient. The arithmetic is that of `quantize_dynamic` with int8 weights per channel (ONNX Runtime 1.19.2):

- a linear layer's weights: per output channel, [-greatest, greatest] to -127..127;
- its input: per text, [least, greatest] widened to hold 0, to 0..255 with the zero point that is next (the operator
  DynamicQuantizeLinear). Devices encode one text at a time, so here every row of a batch has a range of its own, over
  its real tokens;
- an embedding table: as a whole, [-greatest, greatest] to 0..255 around the zero point 128.

Products with a bias, attention, normalisation and activation functions stay in floating point.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

from toolchain.model import MultiTaskModel

_TINY = torch.finfo(torch.float32).tiny


def prepare(model: MultiTaskModel) -> None:
    """Quantise the encoder's linear layers and embeddings in the forward pass, in place. The parameters stay the float
    ones under the same names, so that training, averaging and saving go on as before. Export after `strip`: the graph's
    trace passes by the place where the attention mask is noted.
    """
    if any(isinstance(module, _Quantised) for module in model.encoder.modules()):
        return
    mask = _Mask()
    mask.handle = model.encoder.register_forward_pre_hook(mask, with_kwargs=True)
    config = model.encoder.config
    # Without trigrams MobileBERT multiplies the embeddings as they were looked up: they are not quantised again.
    looked_up = None if getattr(config, "trigram_input", True) else "embeddings.embedding_transformation"

    def quantised(name: str, module: nn.Module) -> nn.Module | None:
        if type(module) is nn.Linear:
            return QuantisedLinear(module, mask, input_is_quantised=name == looked_up)
        return QuantisedEmbedding(module, mask) if type(module) is nn.Embedding else None

    _replace(model.encoder, quantised)


def strip(model: MultiTaskModel) -> None:
    """Put plain modules with the same parameters back, in place; a model that was not prepared stays as it is."""
    masks = {module.mask for module in model.encoder.modules() if isinstance(module, _Quantised)}
    _replace(model.encoder, lambda _, module: module.plain() if isinstance(module, _Quantised) else None)
    for mask in masks:
        if mask.handle is not None:
            mask.handle.remove()


class _Mask:
    """Which tokens of the batch at hand are real, [B, S]: the encoder's forward pass is noted by a hook."""

    def __init__(self) -> None:
        self.value: Tensor | None = None
        self.handle: RemovableHandle | None = None

    def __call__(self, _encoder: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.value = kwargs.get("attention_mask", args[1] if len(args) > 1 else None)


class _Quantised:
    """What both kinds of modules share."""

    mask: _Mask

    def plain(self) -> nn.Module:
        """The plain module with the same parameters."""
        raise NotImplementedError


class QuantisedLinear(_Quantised, nn.Linear):
    """A linear layer [B, S, in] to [B, S, out] in integer arithmetic, held in floating point.

    Both factors are whole numbers of at most 8 bits and a sign, which bfloat16 holds exactly: mixed precision rounds
    the product, not what goes into it.
    """

    def __init__(self, plain: nn.Linear, mask: _Mask, *, input_is_quantised: bool) -> None:
        super().__init__(plain.in_features, plain.out_features, bias=plain.bias is not None, device="meta")
        self.weight, self.bias = plain.weight, plain.bias
        self.mask = mask
        self._input_is_quantised = input_is_quantised
        self.train(plain.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the base class's name
        """The product of the whole numbers, scaled back, with the bias."""
        weight, weight_scale = _weights(self.weight)
        if self._input_is_quantised:
            product = functional.linear(input, weight) * weight_scale
        else:
            values, scale = _activations(input, self.mask.value)
            product = functional.linear(values, weight) * (scale * weight_scale)
        return product if self.bias is None else product + self.bias

    def plain(self) -> nn.Module:
        """See the base class."""
        plain = nn.Linear(self.in_features, self.out_features, bias=self.bias is not None, device="meta")
        plain.weight, plain.bias = self.weight, self.bias
        return plain.train(self.training)


class QuantisedEmbedding(_Quantised, nn.Embedding):
    """A table whose rows are rounded as they are looked up.

    Padding is 0, whatever the table says of it: MobileBERT looks at both neighbours of a token (the trigrams of Sun et
    al., 2020), and beside the last token of a text that is encoded alone there is 0.
    """

    def __init__(self, plain: nn.Embedding, mask: _Mask) -> None:
        super().__init__(plain.num_embeddings, plain.embedding_dim, plain.padding_idx, device="meta")
        self.weight = plain.weight
        self.mask = mask
        self.train(plain.training)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the base class's name
        """The rounded rows [..., D]."""
        rows = super().forward(input)
        with torch.no_grad():
            scale = _scale(self.weight.abs().max(), 255)
            rounded = (rows / scale).round().clamp(-128, 127) * scale
        rows = _straight_through(rows, rounded)
        mask = self.mask.value if self.padding_idx is not None else None  # Only the table of words has such a row.
        return rows if mask is None else rows * mask[..., None]

    def plain(self) -> nn.Module:
        """See the base class."""
        plain = nn.Embedding(self.num_embeddings, self.embedding_dim, self.padding_idx, device="meta")
        plain.weight = self.weight
        return plain.train(self.training)


def _weights(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weights [out, in] as whole numbers, and their scale [out]."""
    with torch.no_grad():
        scale = _scale(weight.abs().amax(1), 254)
    steps = weight / scale[:, None]
    return _straight_through(steps, steps.detach().round().clamp(-127, 127)), scale


def _activations(values: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Activations [B, S, D] as whole numbers, their zero point taken off, and their scale [B, 1, 1]."""
    values = values.float()
    with torch.no_grad():
        # 0 is in every range, so that padding may count as 0.
        real = values if mask is None else values * mask[..., None]
        least = real.amin((1, 2), keepdim=True).clamp(max=0)
        scale = (real.amax((1, 2), keepdim=True).clamp(min=0) - least) / 255
        scale = torch.where(scale == 0, 1.0, scale)
        zero = (-least / scale).round().clamp(0, 255)
    steps = values / scale
    return _straight_through(steps, (steps.detach().round() + zero).clamp(0, 255) - zero), scale


def _scale(greatest: Tensor, steps: int) -> Tensor:
    """The size of a step where [-greatest, greatest] has `steps`; computed in float64, as the quantiser does."""
    scale = (2 * greatest.double() / steps).float()
    return torch.where(scale < _TINY, 1.0, scale)


def _straight_through(values: Tensor, rounded: Tensor) -> Tensor:
    """`rounded`, with the gradient of `values`. The difference of a number and its rounding has no error of its own."""
    return values + (rounded - values).detach()


def _replace(root: nn.Module, other: Callable[[str, nn.Module], nn.Module | None]) -> None:
    """Replace every module below `root`, of that name, for which `other` gives another."""
    for name, module in list(root.named_modules()):
        fresh = other(name, module)
        if fresh is not None:
            parent, _, attribute = name.rpartition(".")
            setattr(root.get_submodule(parent), attribute, fresh)
