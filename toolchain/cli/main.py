"""`attune-toolchain`: run recipes or single stages, and measure, profile and compare what came out."""

import sys
from importlib.util import find_spec

import typer

from model_store.errors import StoreError
from toolchain.cli import crisis, everyday, exporting, heads, measuring, running
from toolchain.errors import ToolchainError

_NEEDED = (
    "torch",
    "transformers",
    "accelerate",
    "safetensors",
    "onnx",
    "onnxruntime",
    "rich",
    "yaml",
    "jieba",
    "matplotlib",
    "coremltools",
    "onnxruntime_extensions",
)


def main() -> None:
    """Entry point: exit code 0 done, 1 failed, 2 wrong usage."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        how = "run `pip install -e '.[toolchain]'` in Attune's folder"
        sys.exit(f"attune-toolchain needs {', '.join(missing)}: {how}")
    application = typer.Typer(
        help="Train, compress, measure and bundle the models that Attune devices run.", no_args_is_help=True,
        pretty_exceptions_enable=False,
    )  # fmt: skip
    running.add_to(application)
    measuring.add_to(application)
    exporting.add_to(application)
    heads.add_to(application)
    everyday.add_to(application)
    crisis.add_to(application)
    try:
        application()
    except (ToolchainError, StoreError) as error:
        sys.exit(f"attune-toolchain: {error}")
    except OSError as error:
        sys.exit(f"attune-toolchain: {error.filename or 'a file'}: {error.strerror or type(error).__name__}")
