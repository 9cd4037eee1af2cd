"""What can be cut out of an encoder: attention heads, feed-forward neurons, and whole blocks.

BERT and MobileBERT name these parts alike; a MobileBERT block has several feed-forward networks.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from toolchain.checkpoint import SHAPES, new_encoder

FFN, HEADS = "feed-forward", "attention"


@dataclass(frozen=True)
class Group:
    """Units of one layer that are cut alike: those of a feed-forward network are its neurons, those of attention its
    heads, `width` rows each. Their rows are in the layers `inward`, their columns in the layer `outward`.
    """

    kind: str
    name: str
    inward: tuple[nn.Linear, ...]
    outward: nn.Linear
    width: int

    @property
    def units(self) -> int:
        """How many there are."""
        return self.outward.in_features // self.width

    @property
    def unit_parameters(self) -> int:
        """What one unit weighs."""
        return self.width * (sum(layer.in_features + 1 for layer in self.inward) + self.outward.out_features)

    def cut(self, keep: Sequence[int]) -> None:
        """Keep only these units: the layers become smaller."""
        rows = torch.tensor([unit * self.width + offset for unit in sorted(keep) for offset in range(self.width)])
        for layer in self.inward:
            _replace(layer, layer.weight[rows], layer.bias[rows])
        _replace(self.outward, self.outward.weight[:, rows], self.outward.bias)


def groups(encoder: PreTrainedModel) -> Iterator[Group]:
    """The groups of every block, from the first block on."""
    for index, block in enumerate(encoder.encoder.layer):
        attention = block.attention.self
        inward = (attention.query, attention.key, attention.value)
        output = block.attention.output.dense
        yield Group(HEADS, f"{index}.attention", inward, output, attention.attention_head_size)
        networks = [*getattr(block, "ffn", ()), block]
        for number, network in enumerate(networks):
            name = f"{index}.feed-forward.{number}"
            yield Group(FFN, name, (network.intermediate.dense,), network.output.dense, 1)


def drop_block(encoder: PreTrainedModel, index: int) -> None:
    """Take a block out."""
    del encoder.encoder.layer[index]
    encoder.config.num_hidden_layers = len(encoder.encoder.layer)


def deepen(encoder: PreTrainedModel, count: int) -> None:
    """Repeat blocks, each next to itself, until there are `count`; an encoder that is deep enough stays.

    To begin deep with copies of what a shallow one has learnt is progressive stacking (Gong et al., 2019), which puts
    the whole stack on top of itself.
    """
    blocks = encoder.encoder.layer
    if count <= len(blocks):
        return
    taken = [place * len(blocks) // count for place in range(count)]
    encoder.encoder.layer = nn.ModuleList(copy.deepcopy(blocks[place]) for place in taken)
    encoder.config.num_hidden_layers = count


def record_shapes(encoder: PreTrainedModel) -> None:
    """Note in the configuration which layers are of other sizes than it says, so that it can be loaded again."""
    with torch.device("meta"):
        plain = dict(new_encoder(encoder.config).named_modules())
    shapes = {}
    for name, module in encoder.named_modules():
        if isinstance(module, nn.Linear):
            usual = plain[name]
            assert isinstance(usual, nn.Linear)  # noqa: S101  # the same architecture
            if module.weight.shape != usual.weight.shape:
                shapes[name] = list(module.weight.shape)
    setattr(encoder.config, SHAPES, shapes)


def parameter_count(encoder: PreTrainedModel) -> int:
    """All parameters of an encoder, embeddings included."""
    return sum(parameter.numel() for parameter in encoder.parameters())


def _replace(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """Give a layer other weights, in place: whoever holds it sees the new ones."""
    layer.weight = nn.Parameter(weight.detach().clone())
    layer.bias = nn.Parameter(bias.detach().clone())
    layer.out_features, layer.in_features = layer.weight.shape
