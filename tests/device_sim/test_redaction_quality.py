"""How much of labelled texts the device's whole redactor finds, on the bundle that ships, and how much it leaves alone.

`sensitive_plain.jsonl` was written by somebody who saw nothing of this project, with the names and numbers of everyday
life, and read once before anything was changed for it (PERSON 0.984, COMPANY 0.977, AMOUNT 0.933, all other structured
types 1.000, 9 of 115 harmless texts touched). `sensitive_hard.jsonl` is full of names that are words.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import Settings
from device_sim.runtime import Runtime

SUPPORT = Path(__file__).parents[1] / "support"
STRUCTURED = ("PHONE", "EMAIL", "ID", "CARD", "PASSPORT", "PLATE", "LINK", "DATE", "ACCOUNT", "AMOUNT")


@dataclass(frozen=True)
class Found:
    """Spans by type, those of them that are wholly hidden, and the share of texts without any that is touched."""

    spans: Counter[str]
    hidden: Counter[str]
    touched: float

    def recall(self, *kinds: str) -> float:
        """The share of spans of these types that is hidden."""
        return sum(self.hidden[kind] for kind in kinds) / sum(self.spans[kind] for kind in kinds)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A device with the shipped bundle and nothing in it."""
    settings = Settings.model_validate({"state_dir": tmp_path_factory.mktemp("device") / "state"})
    device = Runtime.open(settings.device(), ticking=False)
    yield device
    device.close()


def found_in(device: Runtime, name: str) -> Found:
    """What is found in a file of labelled texts."""
    spans, hidden = Counter[str](), Counter[str]()
    clean = touched = 0
    for line in (SUPPORT / name).read_text("utf-8").splitlines():
        row = json.loads(line)
        text = row["text"]
        entities = device.assistant.redact(text).entities
        covered = {place for entity in entities for place in range(entity.start, entity.end)}
        for span in row["spans"]:
            spans[span["type"]] += 1
            places = (place for place in range(span["start"], span["end"]) if not text[place].isspace())
            hidden[span["type"]] += covered.issuperset(places)
        clean += not row["spans"]
        touched += not row["spans"] and bool(entities)
    return Found(spans, hidden, touched / clean)


def test_values_of_everyday_life_are_found_and_harmless_texts_left_alone(device: Runtime) -> None:
    found = found_in(device, "sensitive_plain.jsonl")
    assert found.recall(*STRUCTURED) >= 0.985
    assert found.recall("PERSON") >= 0.97
    assert found.recall("COMPANY") >= 0.96
    assert found.touched <= 0.03


@pytest.mark.parametrize(
    ("name", "persons", "companies"), [("sensitive_heldout.jsonl", 0.98, 0.97), ("sensitive_hard.jsonl", 0.91, 0.92)]
)
def test_so_are_most_of_those_that_are_hard(device: Runtime, name: str, persons: float, companies: float) -> None:
    found = found_in(device, name)
    assert found.recall(*STRUCTURED) >= 0.985
    assert found.recall("PERSON") >= persons
    assert found.recall("COMPANY") >= companies
    assert found.touched <= 0.035
