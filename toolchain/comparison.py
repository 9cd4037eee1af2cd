"""What a comparison of runs holds: a row for each stage, with its size, latency and accuracy, and what it lost."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Step:
    """One round of pruning: accuracy on held-out text before the cut, after it, and after recovery. `removed` is the
    share of the parameters that is gone since the beginning.
    """

    parameters: int
    removed: float
    before: float
    cut: float
    recovered: float


@dataclass(frozen=True)
class Row:
    """One stage. `form` is the precision of its graph (mixed: fp16, but for some nodes in fp32), `bytes` the graph's
    size, `milliseconds` medians by length, and `faster` how many times as long the first row's graph takes. What was
    not measured is None, or missing.

    `measures` holds each measure's main figure: accuracy, or of spans the mean F1 over their types. `lost` is by how
    much each is below that of the stage `against`: the one that it began with, or its teacher. `reached` says whether
    pruning came to its target. `largest` is the greatest value that any node gave on real texts, as a share of fp16's
    range; `not_finite` names what gave NaN or infinity.
    """

    work: str
    stage: str
    do: str
    start: str | None
    teacher: str | None
    form: str | None
    parameters: int | None
    bytes: int | None
    milliseconds: dict[int, float]
    faster: dict[int, float]
    measures: dict[str, float]
    against: str | None
    lost: dict[str, float]
    steps: tuple[Step, ...]
    reached: bool | None
    largest: float | None
    not_finite: tuple[str, ...]
    note: str

    @property
    def verdict(self) -> str:
        """What was found of overflow and NaN."""
        if self.not_finite:
            return f"NaN or infinity: {', '.join(self.not_finite[:3])}"
        if self.largest is None:
            return "not looked for"
        if self.largest <= 1:
            return "finite"
        return "finite, in fp32 where fp16 would overflow" if self.form == "mixed" else "finite, fp16 would overflow"


@dataclass(frozen=True)
class Comparison:
    """The rows in the order of the runs; `lengths` were asked for."""

    rows: tuple[Row, ...]
    lengths: tuple[int, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """All measures that any row has."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.measures))

    def label(self, row: Row) -> str:
        """The stage's name, with its working directory's where there are several."""
        works = {other.work for other in self.rows}
        if len(works) == 1:
            return row.stage
        names = [Path(work).name for work in works]
        return f"{Path(row.work).name if len(set(names)) == len(names) else row.work}/{row.stage}"

    def as_json(self) -> dict[str, Any]:
        """The comparison, to be written as JSON."""
        return {"lengths": self.lengths, "rows": [{**asdict(row), "verdict": row.verdict} for row in self.rows]}
