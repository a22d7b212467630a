"""A DataFrame whose blocks a frame shares: pandas is told, so that it copies before it writes, and gets back what it gave."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ._pandas_common import Held, Identities


class Shallow(Held):
    """A shallow copy, and columns that stand beside it."""

    def __init__(self, identities: Identities, copy: Any, beside: list[Any], again: bool) -> None:
        self.identities, self.copy, self.beside, self.again = identities, copy, beside, again

    def columns(self) -> list[Any]:
        return [column for _, column in self.copy.items()] + self.beside

    def whole(self) -> Any:
        return self.copy if self.again else None


class Lent(Held):
    """What a shallow copy would hold, of which only that is made which pandas has to know before it writes: a reference to
    this object beside each block's own. The copy is made when it is asked for.

    ``_iolink._Blocks`` fills in the blocks: (class, values, places, references) of each.
    """

    def __init__(self, manager: Any, axes: list[Any], names: list[Any]) -> None:
        self.manager = manager
        # The names of labels can be set from outside; nothing else about them can.
        self.axes, self.names = axes, names
        self.blocks: list[tuple[Any, Any, Any, Any]] = []
        self.copy: Any = None

    def columns(self) -> list[Any]:
        return [column for _, column in self.whole().items()]

    def whole(self) -> Any:
        if self.copy is None:
            axes = []
            for labels, name in zip(self.axes, self.names, strict=True):
                axis = labels.view()
                axis.name = name
                axes.append(axis)
            blocks = (kind(values, placement=at, ndim=2, refs=refs) for kind, values, at, refs in self.blocks)
            manager = self.manager(tuple(blocks), axes, verify_integrity=False)
            self.copy = pd.DataFrame._from_mgr(manager, axes=axes)
        return self.copy
