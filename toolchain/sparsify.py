"""Unstructured magnitude pruning: small weights become zero, one by one, and the matrices stay as large as they were.

It is here to be measured beside structured pruning: a dense kernel multiplies zeros as fast as any other number.
Source: Han et al. (2015).
"""

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils import parametrize

from toolchain.finetune import FinetuneSettings
from toolchain.model import MultiTaskModel


class SparsifySettings(FinetuneSettings):
    """Which share of the encoder's matrices becomes zero, and how the rest recovers."""

    sparsity: float = Field(default=0.4, gt=0, lt=1, description="share of the weights to set to zero")


class _Mask(nn.Module):
    """Keeps zero what was set to zero, whatever the optimizer does to it."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.mask = nn.Buffer(mask)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.mask


def sparsify(model: MultiTaskModel, sparsity: float) -> None:
    """Set the smallest weights of all matrices of the encoder's blocks to zero, and keep them there while it trains."""
    layers = [layer for layer in model.blocks.modules() if isinstance(layer, nn.Linear)]
    sizes = torch.cat([layer.weight.detach().abs().flatten() for layer in layers])
    least = sizes.kthvalue(max(1, int(sparsity * len(sizes)))).values
    for layer in layers:
        mask = (layer.weight.detach().abs() > least).float()
        parametrize.register_parametrization(layer, "weight", _Mask(mask))


def settle(model: MultiTaskModel) -> float:
    """Make the zeros part of the weights again, as in any checkpoint; the share of zeros."""
    zeros = total = 0
    for layer in model.blocks.modules():
        if parametrize.is_parametrized(layer):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            weight: Tensor = layer.get_parameter("weight")
            zeros += int(weight.eq(0).sum())
            total += weight.numel()
    return zeros / max(1, total)
