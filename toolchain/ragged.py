"""Rows of different lengths, end to end in one tensor: batches are cut from it without a loop over their rows."""

from collections.abc import Iterable, Sequence
from itertools import chain

import torch
from torch import Tensor


class Ragged:
    """`values` holds the rows one after another; `lengths` says how long each is."""

    def __init__(self, values: Tensor, lengths: Tensor) -> None:
        self._values = values
        self._lengths = lengths
        self._starts = lengths.cumsum(0) - lengths

    @classmethod
    def of(cls, rows: Sequence[Iterable[int]], dtype: torch.dtype = torch.int32) -> "Ragged":
        """Rows of whole numbers."""
        kept = [list(row) for row in rows]
        values = torch.tensor(list(chain.from_iterable(kept)), dtype=dtype)
        return cls(values, torch.tensor([len(row) for row in kept], dtype=torch.long))

    @property
    def lengths(self) -> list[int]:
        """Of every row."""
        lengths: list[int] = self._lengths.tolist()
        return lengths

    def padded(self, rows: Sequence[int], fill: int = 0) -> tuple[Tensor, Tensor]:
        """The `rows` as int64 [B, S], filled up to the longest, and the mask [B, S] of what is theirs."""
        chosen = torch.tensor(rows)
        lengths = self._lengths[chosen]
        place = torch.arange(int(lengths.max()))
        mask = place < lengths[:, None]
        index = (self._starts[chosen][:, None] + place).masked_fill_(~mask, 0)
        return self._values[index].long().masked_fill_(~mask, fill), mask
