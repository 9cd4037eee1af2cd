"""What the toolchain refuses.

ToolchainError
├── DataError          a file that is missing, empty, or not in the form that its source has
├── CheckpointError    a starting checkpoint that can't be used
├── ExportError        an exported graph that does not answer as the model it came from
├── RecipeError        a recipe that asks for something that can't be
└── WorkError          a working directory of another recipe, or without room
"""


class ToolchainError(Exception):
    """Base of this package's errors; messages are for the person at the keyboard."""


class DataError(ToolchainError):
    """Training or measuring data that is missing or malformed."""


class CheckpointError(ToolchainError):
    """A starting checkpoint that is missing, or is no BERT or MobileBERT with a tokenizer."""


class ExportError(ToolchainError):
    """A graph with values that are not finite, or that differ from the model's."""


class WorkError(ToolchainError):
    """A working directory that belongs to another recipe, or can't be written."""


class RecipeError(ToolchainError):
    """A recipe that is malformed, or asks for what can't be."""
