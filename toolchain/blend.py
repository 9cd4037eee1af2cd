"""Blending: a fine-tuned encoder drawn part of the way back to the one that it was fine-tuned from.

Long fine-tuning fits its own text ever better, and may lose what pretraining knew of other text. Weights between the
two often keep both (Wortsman et al., Robust fine-tuning of zero-shot models, 2022).
"""

import torch
from pydantic import Field
from transformers import PreTrainedModel

from toolchain.errors import RecipeError
from toolchain.model import MultiTaskModel
from toolchain.settings import Settings

# What else decides what weights mean.
_FORM = ("model_type", "num_attention_heads", "hidden_act", "normalization_type", "trigram_input", "layer_norm_eps")


class BlendSettings(Settings):
    """How much of the fine-tuning stays."""

    share: float = Field(default=0.75, gt=0, lt=1, description="of the way from the origin to the fine-tuned encoder")


def blend(model: MultiTaskModel, origin: PreTrainedModel, share: float) -> None:
    """Move `model`'s encoder, in place, to `share` of the way from `origin`'s weights to its own. The heads stay.

    Raises:
        RecipeError: `origin` is an encoder of another shape.
    """
    begun, weights = origin.state_dict(), model.encoder.state_dict()
    shapes = [{name: value.shape for name, value in state.items()} for state in (begun, weights)]
    forms = [[getattr(config, name, None) for name in _FORM] for config in (origin.config, model.encoder.config)]
    if shapes[0] != shapes[1] or forms[0] != forms[1]:
        raise RecipeError("blending needs the encoder that was fine-tuned: the origin is one of another shape")
    with torch.no_grad():
        for name, value in weights.items():
            if value.is_floating_point():
                value.copy_(torch.lerp(begun[name].to(value), value, share))
