"""A DataFrame whose values a frame shares: pandas is told, so that it copies before it writes, and gets back what it gave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from ._pandas_common import copies_on_write

# A column's values, and what keeps pandas from writing to them.
Column = tuple[Any, Any]


class Whole:
    """A shallow copy of the DataFrame."""

    def __init__(self, df: Any) -> None:
        self.copy = df.copy(deep=False)

    def columns(self) -> Iterator[Column]:
        """Without a Series for each, which would cost more than everything else."""
        if hasattr(self.copy, "_iter_column_arrays"):
            arrays = self.copy._iter_column_arrays()
        else:
            arrays = (column.array for _, column in self.copy.items())
        return ((values, self.copy) for values in arrays)

    def dataframe(self) -> Any:
        """The DataFrame as it was."""
        return self.copy


class Blocks:
    """Its blocks alone, copied as a shallow copy does it; the rest of one is made when it is asked for.

    Half of the time that a DataFrame of few columns takes went into that rest. Blocks are pandas' own affair, so whether it knows
    of the copies is looked up, by the word that it goes by before it writes.
    """

    def __init__(self, blocks: list[Any], manager: Any, index: Any, labels: Any) -> None:
        self.blocks, self.manager = blocks, manager
        # The names of labels can be set from outside; nothing else about them can.
        self.axes = [(labels, labels.name), (index, index.name)]
        self.copy: Any = None

    @staticmethod
    def of(df: Any) -> Blocks | None:
        """`None` where there is more to keep than blocks and plain labels, or pandas has other ways than those known here."""
        if type(df) is not pd.DataFrame or df.attrs or not df.flags.allows_duplicate_labels:
            return None
        try:
            manager = df._mgr
            labels, index = manager.axes
            if type(labels) is not pd.Index or type(index) is not pd.RangeIndex:
                return None
            blocks = [block.copy(deep=False) for block in manager.blocks]
            known = all(block.refs.has_reference() for block in blocks)
        except (AttributeError, TypeError, ValueError):
            return None
        return Blocks(blocks, type(manager), index, labels) if known else None

    def columns(self) -> list[Column]:
        """By their places, whatever the order of the blocks."""
        placed: dict[int, Column] = {}
        for block in self.blocks:
            values = block.values
            for row, place in enumerate(block.mgr_locs):
                placed[place] = (values if values.ndim == 1 else values[row]), block
        return [placed[place] for place in range(len(placed))]

    def dataframe(self) -> Any:
        """The DataFrame as it was."""
        if self.copy is None:
            axes = []
            for labels, name in self.axes:
                axis = labels.view()
                axis.name = name
                axes.append(axis)
            manager = self.manager(tuple(self.blocks), axes, verify_integrity=False)
            self.copy = pd.DataFrame._from_mgr(manager, axes=axes)
        return self.copy


def lent(df: Any) -> Blocks | Whole | None:
    """What is kept of a DataFrame whose values are shared; `None` where this pandas writes to shared values."""
    return (Blocks.of(df) or Whole(df)) if copies_on_write() else None
