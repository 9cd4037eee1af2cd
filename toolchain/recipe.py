"""What decides how a bundle comes out: the settings of all its stages."""

from dataclasses import dataclass, field

from toolchain.finetune import FinetuneRecipe
from toolchain.replay import ReplayRecipe

TASK = "sentiment"


@dataclass(frozen=True)
class UpdateDefaults:
    """What a device may train the head with, unless asked otherwise; see `model_store.manifest.ParameterBounds`.

    Measured on the shipped bundle with eight sets of twenty corrections: at twice the weight one or two of them cost
    more than the point in general that the gate allows; here none does, and all are learnt.
    """

    epochs: int = 60
    mini_batch_size: int = 32
    learning_rate: float = 0.003
    user_weight: float = 0.05


@dataclass(frozen=True)
class BundleRecipe:
    """Everything that decides what a bundle holds, besides the checkpoint and the data.

    `most_lost` is how much of a measured figure int8 may lose against fp32, at most.
    """

    version: str = "1.0.0"
    finetune: FinetuneRecipe = field(default_factory=FinetuneRecipe)
    replay: ReplayRecipe = field(default_factory=ReplayRecipe)
    updates: UpdateDefaults = field(default_factory=UpdateDefaults)
    most_lost: float = 0.005
