"""Writes the resources of AttuneKit's tests from the bundle that ships: `python -m tests.swift.resources`.

They lie in the repository, so that the Swift package can be tested without Python; test_attunekit.py sees to it that
they are those of the bundle.
"""

import json
from pathlib import Path

from tokenizers import Tokenizer

from model_store.manifest import TOKENIZER
from tests.swift.edge_cases import EDGE_CASES
from toolchain.formats import unmark
from toolchain.wordpiece import read_wordpiece

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "swift" / "AttuneKit"
RESOURCES = PACKAGE / "Tests" / "AttuneKitTests" / "Resources"
_BUNDLE = ROOT / "model_store" / "bundle"
_SENTENCES = ROOT / "toolchain" / "corpora" / "validation.tsv"
_MOST_SENTENCES = 250


def resources() -> dict[str, str]:
    """The content of each file by its name: the tokenizer's tables, and texts with the token ids that the `tokenizers`
    library gives.
    """
    tokenizer = Tokenizer.from_file(str(_BUNDLE / TOKENIZER))
    longest: int = json.loads((_BUNDLE / "manifest.json").read_text("utf-8"))["max_length"]
    tables = read_wordpiece(tokenizer).to_json(longest)
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    vectors = [{"text": text, "ids": tokenizer.encode(text).ids} for text in (*_sentences(), *EDGE_CASES)]
    # ASCII: an editor shows neither control characters nor the other direction of writing.
    lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
    return {"wordpiece.json": tables, "vectors.json": f"[\n{lines}\n]\n"}


def _sentences() -> list[str]:
    rows = [row for row in _SENTENCES.read_text("utf-8").splitlines() if row and not row.startswith("#")]
    return [unmark(row.split("\t")[-1])[0] for row in rows][:_MOST_SENTENCES]


def main() -> None:
    """Write the files."""
    RESOURCES.mkdir(parents=True, exist_ok=True)
    for name, content in resources().items():
        (RESOURCES / name).write_text(content, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
